/* Losses and linear layers: bits do not depend on the number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "op_support.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS = 3 };
static const int thread_counts[RUNS] = {1, 2, 5};

/* Values of a real buffer on the host; frees the buffer. */
static void take(mos_device *device, void *real, int64_t count, double *out) {
    (void)!mos_get_f64(device, real, out, count);
    device->ops->free(device, real);
}

/* 400 anchors are three blocks of rows. dz [2 N, D]: of anchors, of references. */
enum { N = 400, D = 72, CLASSES = 5 };

static void contrast(int threads, mos_positives positives, double *dz, double *loss) {
    static int8_t labels[N * CLASSES];
    static int32_t partner[N];
    mos_device *device = support_open(&mos_backend_cpu, MOS_PRECISION_FP32, threads);
    for (int i = 0; i < N; i++) {
        partner[i] = i * 7 % N;
        for (int l = 0; l < CLASSES; l++)
            labels[i * CLASSES + l] = (int8_t)((i * 3 + l * l) % 4 == 0);
    }
    const mos_contrast problem = {.anchors = N,
                                  .references = N,
                                  .d = D,
                                  .tau = 0.5,
                                  .positives = positives,
                                  .partner = partner,
                                  .anchor_labels = labels,
                                  .reference_labels = labels,
                                  .classes = CLASSES};
    double *values[2] = {support_normal(N * D, 3), support_normal(N * D, 4)};
    void *z[2], *gradient[2];
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < N * D; i++)
            values[side][i] *= 0.1;
        z[side] = support_real(device, values[side], N * D);
        gradient[side] = support_real(device, NULL, N * D);
        mos_free(values[side]);
    }
    support_problem made = support_problem_make(device, &problem);
    device->ops->contrast(device, &made.problem, z[0], z[1], 1, gradient[0], gradient[1],
                          made.scratch, made.result);
    *loss = support_problem_take(device, &made).loss;
    for (int side = 0; side < 2; side++) {
        device->ops->free(device, z[side]);
        take(device, gradient[side], N * D, dz + side * N * D);
    }
    support_close(&device);
}

static void losses_are_the_same(void **state) {
    (void)state;
    static double first[2 * N * D], other[2 * N * D];
    for (int positives = MOS_POSITIVES_PARTNER; positives <= MOS_POSITIVES_SOFT; positives++) {
        double loss, again;
        contrast(thread_counts[0], (mos_positives)positives, first, &loss);
        for (int r = 1; r < RUNS; r++) {
            contrast(thread_counts[r], (mos_positives)positives, other, &again);
            assert_true(loss == again);
            assert_memory_equal(first, other, sizeof first);
        }
    }
}

enum { ROWS = 130, IN = 300, OUT = 190, ALL = ROWS * OUT + ROWS * IN + OUT * IN + OUT };

/* all: y, dx, dw, db */
static void linear(int threads, double *all) {
    mos_device *device = support_open(&mos_backend_cpu, MOS_PRECISION_FP32, threads);
    double *x = support_normal(ROWS * IN, 1), *w = support_normal(OUT * IN, 2),
           *b = support_normal(OUT, 3);
    void *dx = support_real(device, NULL, ROWS * IN), *dw = support_real(device, NULL, OUT * IN),
         *db = support_real(device, NULL, OUT), *y = support_real(device, NULL, ROWS * OUT);
    void *rx = support_real(device, x, ROWS * IN), *rw = support_real(device, w, OUT * IN),
         *rb = support_real(device, b, OUT);
    device->ops->linear_forward(device, ROWS, IN, OUT, rx, IN, rw, rb, y, OUT);
    device->ops->linear_backward(device, ROWS, IN, OUT, rx, IN, rw, y, OUT, dx, IN, false, dw, db);
    take(device, y, ROWS * OUT, all);
    take(device, dx, ROWS * IN, all + ROWS * OUT);
    take(device, dw, OUT * IN, all + ROWS * OUT + ROWS * IN);
    take(device, db, OUT, all + ROWS * OUT + ROWS * IN + OUT * IN);
    device->ops->free(device, rx);
    device->ops->free(device, rw);
    device->ops->free(device, rb);
    mos_free(x);
    mos_free(w);
    mos_free(b);
    support_close(&device);
}

static void linear_layers_are_the_same(void **state) {
    (void)state;
    static double first[ALL], other[ALL];
    linear(thread_counts[0], first);
    for (int r = 1; r < RUNS; r++) {
        linear(thread_counts[r], other);
        assert_memory_equal(first, other, sizeof first);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(losses_are_the_same),
                                       cmocka_unit_test(linear_layers_are_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
