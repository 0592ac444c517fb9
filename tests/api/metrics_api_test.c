/* The public metrics call: the same numbers as inside, defaults, and bad arguments. */
#include "mosaic/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void numbers_and_defaults(void **state) {
    (void)state;
    const float probability[] = {.9f, .4f, .2f, .6f, .8f, .1f};
    const int8_t labels[] = {1, 1, 0, 1, 0, -1};
    const double threshold[] = {.5, .3};
    mosaic_metrics m = {.struct_size = sizeof m};
    mosaic_average per_class[2];
    assert_int_equal(mosaic_metrics_compute(probability, labels, 3, 2, NULL, &m, per_class),
                     MOSAIC_OK);
    assert_int_equal(m.known, 5);
    assert_float_equal(m.hamming_loss, 2.0 / 5, 1e-12);
    assert_float_equal(per_class[0].precision, 0.5, 1e-12);
    assert_float_equal(per_class[1].recall, 0.5, 1e-12);
    assert_int_equal(mosaic_metrics_compute(probability, labels, 3, 2, threshold, &m, NULL),
                     MOSAIC_OK);
    assert_float_equal(m.hamming_loss, 1.0 / 5, 1e-12);
}

static void bad_arguments(void **state) {
    (void)state;
    const float probability[] = {NAN}, good[] = {0.5f};
    const int8_t labels[] = {1};
    mosaic_metrics m = {.struct_size = sizeof m};
    assert_int_equal(mosaic_metrics_compute(probability, labels, 1, 0, NULL, &m, NULL),
                     MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_metrics_compute(probability, labels, 1, 1, NULL, &m, NULL),
                     MOSAIC_ERR_NUMERIC);
    assert_true(mosaic_error()[0] != 0);
    m.struct_size = sizeof m - 8; /* of an older header */
    m.known = 77;
    assert_int_equal(mosaic_metrics_compute(good, labels, 1, 1, NULL, &m, NULL), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "mosaic_metrics.struct_size"));
    assert_int_equal(m.known, 77);
    m.struct_size = sizeof m + 8; /* of a newer one */
    assert_int_equal(mosaic_metrics_compute(good, labels, 1, 1, NULL, &m, NULL), MOSAIC_OK);
    assert_int_equal(m.struct_size, sizeof m + 8);
    assert_int_equal(m.known, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_defaults),
                                       cmocka_unit_test(bad_arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
