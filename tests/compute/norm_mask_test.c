/* Batch norm with absent rows equals batch norm without those rows, on ref and on cpu; groups of
 * one value or none leave finite numbers and untouched running statistics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "op_support.h"

#include <math.h>
#include <string.h>

enum { N = 8, C = 16, H = 2, W = 3, PLANE = H * W, ROW = C * PLANE };

/* All that a forward and a backward pass leave behind, on the host. */
typedef struct norm_result {
    double y[N * ROW], dx[N * ROW], dskip[N * ROW];
    double running_mean[C], running_var[C], dgamma[C], dbeta[C];
} norm_result;

/* Rows of x, skip and dy as given; momentum 0.1, running statistics from 0 and 1. */
static void run_norm(mos_device *device, int64_t n, int64_t groups, const double *x,
                     const double *skip, const double *dy, const uint8_t *present,
                     norm_result *out) {
    const mos_norm_shape shape = {n,    C,    H,    W,   groups, false, true,
                                  true, true, 1e-5, 0.1, false,  NULL};
    const mos_backend *ops = device->ops;
    double *gamma_host = support_normal(C, 4), *beta_host = support_normal(C, 5), ones[C];
    mos_norm *norm;
    for (int i = 0; i < C; i++)
        ones[i] = 1;
    support_check(ops->norm_create(device, &shape, &norm), "batch norm");
    void *xa = support_act(device, x, n, C, H, W), *skipa = support_act(device, skip, n, C, H, W);
    void *dya = support_act(device, dy, n, C, H, W), *y = support_act(device, NULL, n, C, H, W);
    void *dx = support_act(device, NULL, n, C, H, W),
         *dskip = support_act(device, NULL, n, C, H, W);
    void *gamma = support_real(device, gamma_host, C), *beta = support_real(device, beta_host, C);
    void *running_mean = support_real(device, NULL, C),
         *running_var = support_real(device, ones, C);
    void *mean = support_real(device, NULL, groups * C),
         *rstd = support_real(device, NULL, groups * C);
    void *dgamma = support_real(device, NULL, C), *dbeta = support_real(device, NULL, C);
    void *mask = support_table(device, present, (size_t)n);
    ops->norm_forward(device, norm, xa, skipa, gamma, beta, running_mean, running_var, mean, rstd,
                      y, mask);
    ops->norm_backward(device, norm, xa, y, dya, NULL, gamma, beta, mean, rstd, dx, dskip, dgamma,
                       dbeta, mask);
    (void)!mos_get_act(device, y, out->y, n, C, H, W);
    (void)!mos_get_act(device, dx, out->dx, n, C, H, W);
    (void)!mos_get_act(device, dskip, out->dskip, n, C, H, W);
    (void)!mos_get_f64(device, running_mean, out->running_mean, C);
    (void)!mos_get_f64(device, running_var, out->running_var, C);
    (void)!mos_get_f64(device, dgamma, out->dgamma, C);
    (void)!mos_get_f64(device, dbeta, out->dbeta, C);
    void *arrays[] = {xa,           skipa,       dya,  y,    dx,     dskip, gamma, beta,
                      running_mean, running_var, mean, rstd, dgamma, dbeta, mask};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        ops->free(device, arrays[i]);
    ops->norm_destroy(device, &norm);
    mos_free(gamma_host);
    mos_free(beta_host);
}

static void expect_near(const double *found, const double *want, int count, double tolerance) {
    for (int i = 0; i < count; i++)
        if (!(fabs(found[i] - want[i]) <= tolerance * fmax(1, fabs(want[i]))))
            fail_msg("value %d: found %.12g, want %.12g", i, found[i], want[i]);
}

/* Two groups of four rows, of which the same number is absent, against two groups of three. */
static void check_mask(mos_device *device, double tolerance) {
    static const uint8_t present[N] = {1, 0, 1, 1, 1, 1, 1, 0};
    double *x = support_normal(N * ROW, 1), *skip = support_normal(N * ROW, 2);
    double *dy = support_normal(N * ROW, 3), kept[3][N * ROW];
    norm_result *masked = support_host(1, sizeof *masked),
                *compact = support_host(1, sizeof *compact);
    int count = 0;
    for (int i = 0; i < N; i++) {
        if (!present[i]) continue;
        memcpy(kept[0] + count * ROW, x + i * ROW, ROW * sizeof *x);
        memcpy(kept[1] + count * ROW, skip + i * ROW, ROW * sizeof *x);
        memcpy(kept[2] + count * ROW, dy + i * ROW, ROW * sizeof *x);
        count++;
    }
    run_norm(device, N, 2, x, skip, dy, present, masked);
    run_norm(device, count, 2, kept[0], kept[1], kept[2], NULL, compact);
    expect_near(masked->running_mean, compact->running_mean, C, tolerance);
    expect_near(masked->running_var, compact->running_var, C, tolerance);
    expect_near(masked->dgamma, compact->dgamma, C, tolerance);
    expect_near(masked->dbeta, compact->dbeta, C, tolerance);
    count = 0;
    for (int i = 0; i < N; i++) {
        if (present[i]) {
            expect_near(masked->y + i * ROW, compact->y + count * ROW, ROW, tolerance);
            expect_near(masked->dx + i * ROW, compact->dx + count * ROW, ROW, tolerance);
            expect_near(masked->dskip + i * ROW, compact->dskip + count * ROW, ROW, tolerance);
            count++;
            continue;
        }
        for (int k = i * ROW; k < (i + 1) * ROW; k++)
            assert_true(masked->dx[k] == 0 && masked->dskip[k] == 0 && isfinite(masked->y[k]));
    }
    mos_free(x);
    mos_free(skip);
    mos_free(dy);
    mos_free(masked);
    mos_free(compact);
}

/* The second of two groups has nobody: as if there were one group. */
static void check_empty_group(mos_device *device, double tolerance) {
    static const uint8_t present[N] = {1, 1, 1, 1, 0, 0, 0, 0};
    double *x = support_normal(N * ROW, 1), *skip = support_normal(N * ROW, 2);
    double *dy = support_normal(N * ROW, 3);
    norm_result *masked = support_host(1, sizeof *masked), *first = support_host(1, sizeof *first);
    run_norm(device, N, 2, x, skip, dy, present, masked);
    run_norm(device, N / 2, 1, x, skip, dy, NULL, first);
    expect_near(masked->running_mean, first->running_mean, C, tolerance);
    expect_near(masked->running_var, first->running_var, C, tolerance);
    expect_near(masked->dgamma, first->dgamma, C, tolerance);
    expect_near(masked->y, first->y, N / 2 * ROW, tolerance);
    expect_near(masked->dx, first->dx, N / 2 * ROW, tolerance);
    for (int k = N / 2 * ROW; k < N * ROW; k++)
        assert_true(masked->dx[k] == 0 && masked->dskip[k] == 0 && isfinite(masked->y[k]));
    mos_free(x);
    mos_free(skip);
    mos_free(dy);
    mos_free(masked);
    mos_free(first);
}

/* A feature of one row: a mean, but no unbiased variance to learn. */
static void check_single_value(mos_device *device) {
    const mos_norm_shape shape = {2, 3, 1, 1, 1, true, false, false, true, 1e-5, 0.5, false, NULL};
    static const uint8_t present[2] = {0, 1};
    const double x_host[6] = {9, 9, 9, 2, -4, 8}, ones[3] = {1, 1, 1}, halves[3] = {0.5, 0.5, 0.5};
    double found[6];
    mos_norm *norm;
    support_check(device->ops->norm_create(device, &shape, &norm), "batch norm");
    void *x = support_real(device, x_host, 6), *y = support_real(device, NULL, 6);
    void *gamma = support_real(device, ones, 3), *beta = support_real(device, halves, 3);
    void *running_mean = support_real(device, NULL, 3),
         *running_var = support_real(device, ones, 3);
    void *mean = support_real(device, NULL, 3), *rstd = support_real(device, NULL, 3);
    void *mask = support_table(device, present, sizeof present);
    device->ops->norm_forward(device, norm, x, NULL, gamma, beta, running_mean, running_var, mean,
                              rstd, y, mask);
    (void)!mos_get_f64(device, running_mean, found, 3);
    for (int i = 0; i < 3; i++)
        assert_true(found[i] == x_host[3 + i] / 2);
    (void)!mos_get_f64(device, running_var, found, 3);
    for (int i = 0; i < 3; i++)
        assert_true(found[i] == 1);
    (void)!mos_get_f64(device, y, found, 6);
    for (int i = 0; i < 3; i++)
        assert_true(isfinite(found[i]) && found[3 + i] == 0.5);
    void *arrays[] = {x, y, gamma, beta, running_mean, running_var, mean, rstd, mask};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        device->ops->free(device, arrays[i]);
    device->ops->norm_destroy(device, &norm);
}

static void ref_leaves_absent_rows_out(void **state) {
    (void)state;
    mos_device *device = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    check_mask(device, 1e-12);
    check_empty_group(device, 1e-12);
    check_single_value(device);
    support_close(&device);
}

/* The same sums in fp32, in another order. */
static void cpu_leaves_absent_rows_out(void **state) {
    (void)state;
    mos_device *device = support_open_cpu(MOS_PRECISION_FP32);
    if (device == NULL) skip();
    check_mask(device, 1e-5);
    check_empty_group(device, 1e-5);
    check_single_value(device);
    support_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ref_leaves_absent_rows_out),
                                       cmocka_unit_test(cpu_leaves_absent_rows_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
