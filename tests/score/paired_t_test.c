/* Student's paired test against tables and closed forms. */
#include "score/paired_t.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double found, double wanted, double tolerance) {
    if (!(fabs(found - wanted) <= tolerance)) fail_msg("%.17g, wanted %.17g", found, wanted);
}

static void probabilities(void **state) {
    (void)state;
    const double pi = acos(-1);
    static const double values[] = {0, 0.01, 0.5, 1, 2.5, 10, 300};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        double t = values[i];
        /* closed forms for 1, 2 and 4 degrees of freedom */
        near(mos_student_p(t, 1), 1 - 2 / pi * atan(t), 1e-13);
        near(mos_student_p(t, 2), 1 - t / sqrt(2 + t * t), 1e-13);
        double s = t / sqrt(4 + t * t);
        near(mos_student_p(t, 4), 1 - s * (1 + (1 - s * s) / 2), 1e-13);
        near(mos_student_p(-t, 4), mos_student_p(t, 4), 0);
    }
    near(mos_student_p(4.302652729749462, 2), 0.05, 1e-13); /* the usual table */
    /* scipy.stats.t.sf, twice */
    near(mos_student_p(2.5, 9), 0.03386182768298571, 1e-13);
    near(mos_student_p(2.75, 30), 0.009999894526931188, 1e-13);
    near(mos_student_p(0.3, 7), 0.7728900504021343, 1e-13);
    near(mos_student_p(1.9599639845, 1e7), 0.0500000277341945, 1e-9);
    assert_true(mos_student_p(INFINITY, 2) == 0);
    assert_true(isnan(mos_student_p(NAN, 2)) && isnan(mos_student_p(1, 0)));
}

static void differences(void **state) {
    (void)state;
    static const double d[] = {0.02, 0.05, 0.01};
    mos_paired_t found = mos_paired_t_test(d, 3);
    near(found.mean, 0.08 / 3, 1e-15);
    near(found.sd, 0.020816659994661327, 1e-15);
    near(found.t, 2.218800784900916, 1e-12);
    near(found.p, 1 - 2.218800784900916 / sqrt(2 + 2.218800784900916 * 2.218800784900916), 1e-12);
    near(found.effect, 1.2810252304406971, 1e-12);
    mos_paired_t one = mos_paired_t_test(d, 1);
    near(one.mean, 0.02, 0);
    assert_true(isnan(one.p) && isnan(one.sd) && isnan(one.effect));
    assert_true(isnan(mos_paired_t_test(d, 0).mean));
    static const double same[] = {0.5, 0.5}, none[] = {0, 0, 0};
    assert_true(mos_paired_t_test(same, 2).p == 0 && isinf(mos_paired_t_test(same, 2).effect));
    assert_true(mos_paired_t_test(none, 3).p == 1 && mos_paired_t_test(none, 3).effect == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(probabilities),
                                       cmocka_unit_test(differences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
