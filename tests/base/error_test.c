#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static mosaic_status inner(int code) {
    return code == 0 ? MOSAIC_OK
                     : mos_fail(MOSAIC_ERR_DATA, "record %d: wanted 3 bands, found 2", code);
}

static mosaic_status middle(int code) {
    MOS_TRY(inner(code));
    return MOSAIC_OK;
}

static mosaic_status outer(int code, int *released) {
    mosaic_status status;
    MOS_GOTO(middle(code));
done:
    (*released)++;
    return mos_context(status, "%s", "pairs.csv");
}

static void test_detail_grows_on_the_way_up(void **state) {
    (void)state;
    int released = 0;
    assert_int_equal(outer(7, &released), MOSAIC_ERR_DATA);
    assert_string_equal(mosaic_error(), "pairs.csv: record 7: wanted 3 bands, found 2");
    assert_int_equal(outer(0, &released), MOSAIC_OK);
    assert_int_equal(released, 2);
    /* success leaves the last detail alone */
    assert_string_equal(mosaic_error(), "pairs.csv: record 7: wanted 3 bands, found 2");
}

static void test_detail_may_quote_itself(void **state) {
    (void)state;
    (void)mos_fail(MOSAIC_ERR_IO, "first");
    assert_int_equal(mos_fail(MOSAIC_ERR_USAGE, "second after %s", mosaic_error()),
                     MOSAIC_ERR_USAGE);
    assert_string_equal(mosaic_error(), "second after first");
}

static void test_long_details_are_cut(void **state) {
    (void)state;
    char large[5000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    (void)mos_fail(MOSAIC_ERR_IO, "%s", large);
    size_t size = strlen(mosaic_error());
    assert_in_range(size, 1000, 4000);
    (void)mos_context(MOSAIC_ERR_IO, "front %d", 1);
    assert_memory_equal(mosaic_error(), "front 1: xxx", 12);
    assert_int_equal(strlen(mosaic_error()), size);
    (void)mos_context(MOSAIC_ERR_IO, "%s", large);
    assert_int_equal(strlen(mosaic_error()), size);
}

static void test_detail_is_one_line(void **state) {
    (void)state;
    (void)mos_fail(MOSAIC_ERR_IO, "a\nb\tc\r");
    assert_string_equal(mosaic_error(), "a b c ");
}

static void test_system_errors_name_the_reason(void **state) {
    (void)state;
    errno = ENOENT;
    assert_int_equal(mos_fail_errno("open", "/a/b"), MOSAIC_ERR_IO);
    assert_string_equal(mosaic_error(), "cannot open /a/b: No such file or directory");
    assert_int_equal(mos_fail_memory(12, "a plan"), MOSAIC_ERR_MEMORY);
    assert_non_null(strstr(mosaic_error(), "12 bytes for a plan"));
}

static void *fail_elsewhere(void *pointer) {
    if (strcmp(mosaic_error(), "") != 0) return NULL;
    (void)mos_fail(MOSAIC_ERR_NUMERIC, "from the worker");
    mos_error_copy(pointer, 16);
    return pointer;
}

static void test_details_are_per_thread_and_travel(void **state) {
    (void)state;
    char text[64] = "";
    pthread_t thread;
    void *result;
    (void)mos_fail(MOSAIC_ERR_IO, "mine");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, text), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_non_null(result);
    assert_string_equal(mosaic_error(), "mine");
    assert_string_equal(text, "from the worker"); /* 15 letters and the NUL just fit */
    mos_error_restore(text);
    assert_string_equal(mosaic_error(), "from the worker");
    mos_error_copy(text, 5);
    assert_string_equal(text, "from");
    mos_error_copy(NULL, 0);
}

static void test_codes_and_names(void **state) {
    (void)state;
    static const int codes[] = {0, 1, 1, 1, 1, 2, 3, 4, 5, 75};
    for (int i = 0; i <= MOSAIC_INTERRUPTED; i++) {
        assert_int_equal(mosaic_exit_code((mosaic_status)i), codes[i]);
        assert_string_not_equal(mosaic_status_name((mosaic_status)i), "unknown status");
    }
    assert_int_equal(mosaic_exit_code((mosaic_status)99), 1);
    assert_string_equal(mosaic_status_name((mosaic_status)99), "unknown status");
    assert_string_equal(mosaic_version(), MOSAIC_VERSION);
}

static void test_nearest_name(void **state) {
    (void)state;
    static const char *const names[] = {"epochs", "batch", "learning_rate", "seed"};
    assert_string_equal(mos_nearest_name("epoch", names, 4), "epochs");
    assert_string_equal(mos_nearest_name("ehcops", names, 4), "epochs");
    assert_string_equal(mos_nearest_name("bacth", names, 4), "batch");
    assert_string_equal(mos_nearest_name("learningrate", names, 4), "learning_rate");
    assert_null(mos_nearest_name("modality", names, 4));
    assert_null(mos_nearest_name("", names, 4));
    assert_null(mos_nearest_name("seed", names, 0));
    char large[200];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_null(mos_nearest_name(large, names, 4));
    const char *const large_names[] = {large, "seed"};
    assert_string_equal(mos_nearest_name("sed", large_names, 2), "seed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detail_grows_on_the_way_up),
        cmocka_unit_test(test_detail_may_quote_itself),
        cmocka_unit_test(test_long_details_are_cut),
        cmocka_unit_test(test_detail_is_one_line),
        cmocka_unit_test(test_system_errors_name_the_reason),
        cmocka_unit_test(test_details_are_per_thread_and_travel),
        cmocka_unit_test(test_codes_and_names),
        cmocka_unit_test(test_nearest_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
