/* Log lines and progress go to the sink that was handed in, and to nobody else. */
#include "base/log.h"

#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

/* What the sink got, as "level:text;" and "label done/total text;" or "label ended;". */
static struct {
    char text[1 << 16];
    size_t size;
    int lines;
} got;

static void add(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(got.text + got.size, sizeof got.text - got.size, format, arguments);
    va_end(arguments);
    assert_true(more >= 0 && (size_t)more < sizeof got.text - got.size);
    got.size += (size_t)more;
}

static void take_line(void *context, mos_log_level level, const char *text) {
    assert_ptr_equal(context, &got);
    add("%d:%s;", (int)level, text);
    got.lines++;
}

static void take_progress(void *context, const mos_progress *progress, bool ended) {
    assert_ptr_equal(context, &got);
    if (ended)
        add("%s ended;", progress->label);
    else
        add("%s %d/%d %s;", progress->label, (int)progress->done, (int)progress->total,
            progress->text);
}

static int begin(void **state) {
    (void)state;
    const mos_log_sink sink = {&got, take_line, take_progress};
    mos_log_set_sink(&sink); /* what earlier tests repeated is said now */
    memset(&got, 0, sizeof got);
    mos_log_set_level(MOS_LOG_NOTICE);
    return 0;
}

static void log_one_of_each(void) {
    mos_log(MOS_LOG_ERROR, "e %d", 1);
    mos_log(MOS_LOG_WARNING, "w");
    mos_log(MOS_LOG_NOTICE, "n");
    mos_log(MOS_LOG_DEBUG, "d");
}

static void test_levels(void **state) {
    (void)state;
    assert_int_equal(mos_log_get_level(), MOS_LOG_NOTICE);
    log_one_of_each();
    mos_log_set_level(MOS_LOG_ERROR);
    log_one_of_each();
    mos_log_set_level(MOS_LOG_DEBUG);
    mos_log(MOS_LOG_DEBUG, "d");
    assert_string_equal(got.text, "0:e 1;1:w;2:n;0:e 1;3:d;");
}

static void test_file_gets_stamped_lines(void **state) {
    (void)state;
    char text[256];
    FILE *file = tmpfile();
    assert_non_null(file);
    mos_log_set_file(file);
    mos_log_set_level(MOS_LOG_ERROR);
    log_one_of_each();
    mos_log_set_file(NULL);
    mos_log(MOS_LOG_ERROR, "later");
    assert_string_equal(got.text, "0:e 1;0:later;");
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    /* 2026-01-01T00:00:00Z error: e 1 */
    assert_int_equal(strlen(text), 3 * 21 + strlen("error: e 1\nwarning: w\nn\n"));
    assert_int_equal(text[10], 'T');
    assert_memory_equal(text + 19, "Z error: e 1\n", 13);
    (void)fclose(file);
}

static void log_lines(void *context, int64_t first, int64_t end, int thread) {
    (void)context;
    for (int64_t i = first; i < end; i++)
        mos_log(MOS_LOG_WARNING, "line of thread %d: %03d.", thread, (int)i);
}

static void test_one_call_at_a_time(void **state) {
    (void)state;
    mos_parallel_for(4, 400, log_lines, NULL);
    assert_int_equal(got.lines, 400);
    assert_int_equal(got.size, 400 * strlen("1:line of thread 0: 000.;"));
}

static void test_repeated_lines(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) {
        mos_log(MOS_LOG_WARNING, "the same");
        mos_log(MOS_LOG_WARNING, "other %d", i % 2);
    }
    mos_log(MOS_LOG_NOTICE, "the same"); /* of another level */
    mos_log_flush();
    mos_log_flush(); /* once */
    mos_log(MOS_LOG_WARNING, "the same");
    assert_string_equal(got.text, "1:the same;1:other 0;1:other 1;2:the same;"
                                  "1:4 more times: the same;1:2 more times: other 0;"
                                  "1:1 more time: other 1;1:the same;");
    begin(NULL); /* a line that was long ago comes again */
    for (int i = 0; i < 12; i++) {
        mos_log(MOS_LOG_WARNING, "old");
        if (i > 0) mos_log(MOS_LOG_WARNING, "line %d", i);
    }
    assert_non_null(strstr(got.text, "more times: old;"));
    assert_non_null(strstr(strstr(got.text, "more times: old;"), "1:old;"));
    FILE *file = tmpfile(); /* a file has all of its own, counts too */
    assert_non_null(file);
    mos_log(MOS_LOG_WARNING, "to both");
    mos_log_set_file(file);
    mos_log(MOS_LOG_WARNING, "to both");
    mos_log(MOS_LOG_WARNING, "to both");
    mos_log_set_file(NULL);
    char lines[4096];
    rewind(file);
    lines[fread(lines, 1, sizeof lines - 1, file)] = '\0';
    assert_non_null(strstr(lines, "Z warning: to both\n"));
    assert_non_null(strstr(lines, "Z warning: 1 more time: to both\n"));
    (void)fclose(file);
}

static void test_progress(void **state) {
    (void)state;
    mos_progress progress;
    mos_progress_begin(&progress, "pack", 10);
    mos_progress_update(&progress, 5);
    mos_progress_update(&progress, 3); /* never back */
    mos_progress_text(&progress, "step %d", 7);
    mos_progress_end(&progress);
    mos_progress_end(&progress); /* once is enough */
    assert_string_equal(got.text, "pack 5/10 ;pack 5/10 ;pack 5/10 step 7;pack ended;");
    begin(NULL);
    mos_log_set_level(MOS_LOG_ERROR); /* quiet is quiet */
    mos_progress_begin(&progress, "pack", 10);
    mos_progress_update(&progress, 10);
    mos_progress_text(&progress, "x");
    mos_progress_end(&progress);
    assert_string_equal(got.text, "");
}

/* A task's own words enter the file at once, and then once in ten seconds. */
static void test_words_in_the_file_are_rare(void **state) {
    (void)state;
    char text[256];
    mos_progress progress;
    FILE *file = tmpfile();
    assert_non_null(file);
    mos_log_set_file(file);
    mos_progress_begin(&progress, "train", 0);
    for (int i = 0; i < 1000; i++)
        mos_progress_text(&progress, "step %d", i);
    mos_progress_end(&progress);
    mos_log_set_file(NULL);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_string_equal(text + 20, " train: step 0\n");
    (void)fclose(file);
}

/* Without a sink nothing reaches stderr, and nothing fails. */
static void test_nobody_listens(void **state) {
    (void)state;
    mos_progress progress;
    FILE *file = tmpfile();
    assert_non_null(file);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    mos_log_set_sink(NULL);
    log_one_of_each();
    mos_progress_begin(&progress, "pack", 10);
    mos_progress_update(&progress, 10);
    mos_progress_text(&progress, "x");
    mos_progress_end(&progress);
    (void)fflush(stderr);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_int_equal(ftell(file), 0);
    assert_string_equal(got.text, "");
    (void)fclose(file);
}

static void test_clock_goes_forward(void **state) {
    (void)state;
    int64_t before = mos_now_ns();
    (void)usleep(2000);
    int64_t passed = mos_now_ns() - before;
    assert_in_range(passed, 2000000, INT64_C(60000000000));
}

static void a_prefix_stands_before_every_line(void **state) {
    (void)state;
    mos_log_set_prefix("rank 3 (node): ");
    mos_log(MOS_LOG_WARNING, "w %d", 5);
    mos_log_set_prefix("");
    mos_log(MOS_LOG_WARNING, "w %d", 5);
    assert_string_equal(got.text, "1:rank 3 (node): w 5;1:w 5;");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_levels, begin),
        cmocka_unit_test_setup(test_file_gets_stamped_lines, begin),
        cmocka_unit_test_setup(test_one_call_at_a_time, begin),
        cmocka_unit_test_setup(test_repeated_lines, begin),
        cmocka_unit_test_setup(test_progress, begin),
        cmocka_unit_test_setup(test_words_in_the_file_are_rare, begin),
        cmocka_unit_test_setup(test_nobody_listens, begin),
        cmocka_unit_test_setup(test_clock_goes_forward, begin),
        cmocka_unit_test_setup(a_prefix_stands_before_every_line, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
