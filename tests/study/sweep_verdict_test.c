/* When a sweep says "differs": patches and seeds must both say so. */
#include "study/sweep_results.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void both_tests_must_agree(void **state) {
    (void)state;
    static const struct {
        double patches, seeds;
        bool differs;
    } cases[] = {{0.01, 0.01, true}, {0.01, 0.2, false},  {0.2, 0.01, false},
                 {0.2, 0.2, false},  {0, NAN, false}, /* one seed */
                 {NAN, 0, false},    {0.05, 0.01, false}, {0.0499, 0.0499, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const mos_sweep_difference d = {.p_holm = cases[i].patches, .p_seeds_holm = cases[i].seeds};
        assert_int_equal(mos_sweep_differs(&d), cases[i].differs);
    }
}

/* Holm 1979: the smallest times the number, and so on down, never less than the one before. */
static void holm(void **state) {
    (void)state;
    static const double p[] = {0.04, 0.01, NAN, 0.03, 0.9};
    static const double wanted[] = {0.09, 0.04, NAN, 0.09, 0.9};
    double found[5];
    mos_holm_adjust(p, 5, found);
    for (int i = 0; i < 5; i++)
        assert_true(isnan(wanted[i]) ? isnan(found[i]) : fabs(found[i] - wanted[i]) < 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_tests_must_agree),
                                       cmocka_unit_test(holm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
