/* The self-test of `mosaic doctor`: it finds nothing wrong here, and on a machine that is too busy it says what it
 * did not reach and fails nothing. */
#include "support/test_support.h"

#include "base/log.h"
#include "bench/self_test.h"

#include <string.h>

static void a_machine_that_computes_right(void **state) {
    (void)state;
    mos_text text = {0};
    assert_int_equal(mos_self_test(2, INT64_MAX, &text), MOSAIC_OK);
    assert_non_null(strstr(text.data, "training, fp32           ok"));
    assert_null(strstr(text.data, "FAILED"));
    assert_null(strstr(text.data, "not reached"));
    mos_text_release(&text);
}

static void no_time(void **state) {
    (void)state;
    mos_text text = {0};
    assert_int_equal(mos_self_test(2, mos_now_ns(), &text), MOSAIC_OK);
    assert_non_null(strstr(text.data, "training, fp32           not reached: 0 of 8 steps"));
    assert_null(strstr(text.data, "FAILED"));
    mos_text_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_that_computes_right),
        cmocka_unit_test(no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
