/* Contrastive problems of large batches: scratch grows with the rows, never with their square, no
 * heap is touched, and the streamed result is the judge's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "op_support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 4, CLASSES = 19, LARGE = 8192, SMALL = 1024 };

typedef struct contrast_rows {
    int64_t n;
    int32_t *self, *partner;
    int8_t *labels;
    double *z;
} contrast_rows;

static contrast_rows make_rows(int64_t n) {
    contrast_rows rows = {.n = n,
                          .self = malloc((size_t)n * sizeof *rows.self),
                          .partner = malloc((size_t)n * sizeof *rows.partner),
                          .labels = malloc((size_t)(n * CLASSES)),
                          .z = support_normal(n * D, 3)};
    for (int64_t i = 0; i < n; i++) {
        double norm = 0;
        rows.self[i] = (int32_t)i;
        rows.partner[i] = (int32_t)((i + n / 2) % n);
        for (int64_t k = 0; k < D; k++)
            norm += rows.z[i * D + k] * rows.z[i * D + k];
        for (int64_t k = 0; k < D; k++)
            rows.z[i * D + k] /= sqrt(norm);
        for (int64_t l = 0; l < CLASSES; l++)
            rows.labels[i * CLASSES + l] = (int8_t)((i * 7 + l * l * 3) % 11 == 0);
    }
    return rows;
}

static void release_rows(contrast_rows *rows) {
    free(rows->self);
    free(rows->partner);
    free(rows->labels);
    mos_free(rows->z);
}

static mos_contrast problem_of(const contrast_rows *rows, mos_positives positives) {
    return (mos_contrast){.anchors = rows->n,
                          .references = rows->n,
                          .d = D,
                          .tau = 0.5,
                          .positives = positives,
                          .self = rows->self,
                          .partner = rows->partner,
                          .anchor_labels = rows->labels,
                          .reference_labels = rows->labels,
                          .classes = CLASSES};
}

/* Of the anchors that the problem takes: gradient [n, D] on the host, to be freed. */
static double *run_problem(const char *name, const contrast_rows *rows, mos_contrast problem,
                           mos_contrast_result *result) {
    mos_device *device;
    support_check(mos_device_open(name, MOS_PRECISION_FP32, 2, &device), name);
    void *z = support_real(device, rows->z, rows->n * D),
         *dz = support_real(device, NULL, rows->n * D);
    support_problem made = support_problem_make(device, &problem);
    const uint64_t allocations = mos_alloc_count();
    device->ops->contrast(device, &made.problem, z, z, 1, dz, dz, made.scratch, made.result);
    if (strcmp(name, "cpu") == 0) assert_int_equal(mos_alloc_count(), allocations);
    double *gradient = malloc((size_t)(rows->n * D) * sizeof *gradient);
    (void)!mos_get_f64(device, dz, gradient, rows->n * D);
    device->ops->free(device, z);
    device->ops->free(device, dz);
    *result = support_problem_take(device, &made);
    mos_device_close(&device);
    return gradient;
}

static double *run(const char *name, const contrast_rows *rows, mos_positives positives,
                   mos_contrast_result *result) {
    return run_problem(name, rows, problem_of(rows, positives), result);
}

/* Shares of the anchors, of 3 and 5 in every 8, add up to the whole; N is that of all in each. */
static void check_shares(const char *name, mos_positives positives) {
    enum { ROWS = 48, PART = 8, CUT = 3 };
    contrast_rows rows = make_rows(ROWS);
    mos_contrast problem = problem_of(&rows, positives);
    mos_contrast_result whole, share[2];
    double *gradient = run(name, &rows, positives, &whole), *own[2], apart = 0, size = 0;
    assert_true(whole.weight > 0);
    problem.part = PART;
    for (int i = 0; i < 2; i++) {
        problem.own_first = i == 0 ? 0 : CUT;
        problem.own_count = i == 0 ? CUT : PART - CUT;
        own[i] = run_problem(name, &rows, problem, &share[i]);
        assert_true(fabs(share[i].weight - whole.weight) < 1e-12 * whole.weight);
        assert_true(share[i].anchors_used > 0 && share[i].anchors_used < whole.anchors_used);
    }
    for (int64_t i = 0; i < ROWS * D; i++) {
        apart = fmax(apart, fabs(own[0][i] + own[1][i] - gradient[i]));
        size = fmax(size, fabs(gradient[i]));
    }
    assert_true(size > 0 && apart < 1e-5 * size);
    assert_true(fabs(share[0].loss + share[1].loss - whole.loss) < 1e-6 * fabs(whole.loss));
    assert_true(fabs(share[0].floor + share[1].floor - whole.floor) <= 1e-9);
    assert_int_equal(share[0].anchors_used + share[1].anchors_used, whole.anchors_used);
    assert_int_equal(share[0].anchors_without_positive + share[1].anchors_without_positive,
                     whole.anchors_without_positive);
    assert_int_equal(share[0].positives + share[1].positives, whole.positives);
    for (int i = 0; i < 2; i++)
        free(own[i]);
    free(gradient);
    release_rows(&rows);
}

static void shares_add_up(void **state) {
    (void)state;
    for (int positives = MOS_POSITIVES_PARTNER; positives <= MOS_POSITIVES_SOFT; positives++) {
        check_shares("cpu", (mos_positives)positives);
        check_shares("ref", (mos_positives)positives);
    }
}

static void compare(int64_t n, mos_positives positives) {
    contrast_rows rows = make_rows(n);
    mos_contrast_result found, want;
    double *gradient = run("cpu", &rows, positives, &found);
    double *judge = run("ref", &rows, positives, &want);
    double error = 0, size = 0;
    for (int64_t i = 0; i < n * D; i++) {
        error += (gradient[i] - judge[i]) * (gradient[i] - judge[i]);
        size += judge[i] * judge[i];
    }
    assert_true(size > 0);
    assert_true(sqrt(error / size) < 1e-5);
    assert_true(fabs(found.loss - want.loss) < 1e-6 * fabs(want.loss));
    assert_int_equal(found.positives, want.positives);
    free(gradient);
    free(judge);
    release_rows(&rows);
}

static void large_batches_are_exact(void **state) {
    (void)state;
    /* in an emulator a quarter: 67 million exponentials in double take it minutes */
    compare(getenv("MOSAIC_EMULATED") ? LARGE / 4 : LARGE, MOS_POSITIVES_PARTNER);
    compare(SMALL, MOS_POSITIVES_MULSUPCON);
}

static void scratch_is_linear(void **state) {
    (void)state;
    mos_device *device;
    support_check(mos_device_open("cpu", MOS_PRECISION_FP32, 2, &device), "cpu");
    for (int positives = MOS_POSITIVES_PARTNER; positives <= MOS_POSITIVES_JACCARD; positives++) {
        contrast_rows small = make_rows(SMALL), large = make_rows(LARGE);
        const mos_contrast one = problem_of(&small, (mos_positives)positives),
                           eight = problem_of(&large, (mos_positives)positives);
        double few = (double)device->ops->contrast_bytes(device, &one),
               many = (double)device->ops->contrast_bytes(device, &eight);
        assert_true(many <= 8.01 * few);
        assert_true(many < 0.04 * sizeof(float) * LARGE * LARGE); /* of anchors x references */
        release_rows(&small);
        release_rows(&large);
    }
    mos_device_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(large_batches_are_exact),
                                       cmocka_unit_test(shares_add_up),
                                       cmocka_unit_test(scratch_is_linear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
