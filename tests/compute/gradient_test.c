/* Every backward of the reference backend against finite differences, and the checker against
 * problems whose answer is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gradient_cases.h"
#include "op_support.h"

#include <math.h>
#include <stdio.h>

static void every_backward_agrees(void **state) {
    (void)state;
    mos_device *device = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    int wrong = 0;
    double worst = 0;
    for (int i = 0; i < gradient_case_count; i++) {
        const gradient_case *which = &gradient_cases[i];
        const grad_report report = which->run(device, which);
        worst = fmax(worst, report.error);
        if (report.verdict == GRAD_RIGHT) continue;
        printf("%s: gradient of %s is %s: relative error %.2g, want %.2g\n", which->name,
               report.part,
               report.verdict == GRAD_WRONG ? "wrong" : "inconclusive, all directions meet kinks",
               report.error, gradient_tolerance);
        wrong++;
    }
    printf("%d gradient cases, worst relative error %.2g\n", gradient_case_count, worst);
    support_close(&device);
    assert_int_equal(wrong, 0);
}

/* f(x) = |x| elementwise + x^2, with a backward of adjustable wrongness. */
static void kinked_forward(void *context, const double *in, double *out) {
    (void)context;
    for (int i = 0; i < 4; i++)
        out[i] = fabs(in[i]) + in[i] * in[i];
}

static void kinked_backward(void *context, const double *in, const double *dout, double *din) {
    const double factor = *(const double *)context;
    for (int i = 0; i < 4; i++)
        din[i] = factor * dout[i] * (copysign(1, in[i]) + 2 * in[i]);
}

static grad_report check_kinked(double factor, const double *point) {
    const grad_problem problem = {.parts = {{"x", 4}},
                                  .part_count = 1,
                                  .outputs = 4,
                                  .forward = kinked_forward,
                                  .backward = kinked_backward,
                                  .context = &factor};
    return grad_check(&problem, point, gradient_tolerance, 5);
}

static void checker_tells_wrong_from_kink(void **state) {
    (void)state;
    const double smooth[4] = {1, -2, 0.5, -0.25}, kinked[4] = {1, 1e-4, 0.5, -2e-5};
    assert_int_equal(check_kinked(1, smooth).verdict, GRAD_RIGHT);
    assert_int_equal(check_kinked(1, smooth).kinks, 0);
    assert_int_equal(check_kinked(-1, smooth).verdict, GRAD_WRONG);
    assert_int_equal(check_kinked(1.00001, smooth).verdict, GRAD_WRONG);
    assert_int_equal(check_kinked(1, kinked).verdict, GRAD_INCONCLUSIVE);
    assert_true(check_kinked(1, kinked).kinks > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(checker_tells_wrong_from_kink),
                                       cmocka_unit_test(every_backward_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
