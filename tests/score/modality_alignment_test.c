/* Alignment of two modalities against a plain double loop, and planted cases whose answer is known.
 */
#include "score/modality_alignment.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { N = 60, D = 7, L = 4 };
static float a[N * D], b[N * D];
static uint8_t a_there[N], b_there[N];
static int8_t labels[N * L];

static mos_alignment_input input(int threads) {
    return (mos_alignment_input){a, b, a_there, b_there, labels, N, D, L, threads};
}

static float noise(mos_rng *rng) {
    return (float)mos_rng_normal(rng);
}

/* Rows of any length, some absent, one of zeros, some labels unknown; class 3 nowhere. */
static void make_rows(void) {
    mos_rng rng = mos_rng_at(4, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        a_there[i] = i % 9 != 3;
        b_there[i] = i % 11 != 5;
        for (int j = 0; j < L; j++)
            labels[i * L + j] = j == 3 ? 0 : mos_rng_uniform(&rng) < 0.4F;
        if (i % 13 == 6) labels[i * L + 1] = -1;
        for (int k = 0; k < D; k++) {
            float shared = noise(&rng);
            a[i * D + k] = i == 20 ? 0 : 3 * (shared + noise(&rng) + (float)labels[i * L]);
            b[i * D + k] = 0.1F * (shared + noise(&rng) - (float)labels[i * L + 2]);
        }
    }
}

static bool is_pair(int i) {
    return a_there[i] && b_there[i] && i != 20;
}

static double cosine(const float *x, const float *y) {
    double xx = 0, yy = 0, xy = 0;
    for (int k = 0; k < D; k++) {
        xx += (double)x[k] * (double)x[k];
        yy += (double)y[k] * (double)y[k];
        xy += (double)x[k] * (double)y[k];
    }
    return xy / sqrt(xx * yy);
}

static int which(int row, int i, int j) {
    const int8_t *of = labels + row * L;
    if (!is_pair(row)) return -1;
    return of[i] == 1 && of[j] == 0 ? 0 : of[i] == 0 && of[j] == 1 ? 1 : -1;
}

/* Mean cosine of rows of class `of` (of a) with rows of class `with` (of b), other patches only. */
static double mean_cosine(int i, int j, int of, int with) {
    double sum = 0;
    int count = 0;
    for (int r = 0; r < N; r++)
        for (int q = 0; q < N; q++)
            if (r != q && which(r, i, j) == of && which(q, i, j) == with) {
                sum += cosine(a + r * D, b + q * D);
                count++;
            }
    return sum / count;
}

/* Share of x's rows of class `of` nearer to y's mean of their own class without their own patch. */
static double share(const float *x, const float *y, int i, int j, int of) {
    int rows = 0;
    double right = 0;
    for (int r = 0; r < N; r++) {
        float mean[2][D] = {{0}};
        if (which(r, i, j) != of) continue;
        for (int q = 0; q < N; q++) {
            int with = which(q, i, j);
            double square = 0;
            if (with < 0 || q == r) continue;
            for (int k = 0; k < D; k++)
                square += (double)y[q * D + k] * (double)y[q * D + k];
            for (int k = 0; k < D; k++)
                mean[with][k] += y[q * D + k] / (float)sqrt(square);
        }
        rows++;
        right += cosine(x + r * D, mean[of]) > cosine(x + r * D, mean[1 - of]);
    }
    return right / rows;
}

static void equals_a_plain_loop(void **state) {
    (void)state;
    make_rows();
    mos_modality_alignment found;
    const mos_alignment_input in = input(2);
    assert_int_equal(mos_modality_alignment_measure(&in, &found), MOSAIC_OK);
    double own = 0, other = 0;
    int rows = 0, first[2] = {0, 0};
    for (int i = 0; i < N; i++) {
        if (!is_pair(i)) continue;
        bool best[2] = {true, true};
        rows++;
        own += cosine(a + i * D, b + i * D);
        for (int q = 0; q < N; q++) {
            if (q == i || !is_pair(q)) continue;
            other += cosine(a + i * D, b + q * D);
            best[0] &= cosine(a + i * D, b + q * D) < cosine(a + i * D, b + i * D);
            best[1] &= cosine(a + q * D, b + i * D) < cosine(a + i * D, b + i * D);
        }
        first[0] += best[0];
        first[1] += best[1];
    }
    assert_int_equal(found.rows, rows);
    assert_int_equal(found.retrieval_rows, rows);
    assert_near(found.pair, own / rows, 1e-6);
    assert_near(found.alignment, 2 - 2 * own / rows, 1e-6);
    assert_near(found.other, other / (rows * (rows - 1)), 1e-6);
    for (int side = 0; side < 2; side++) {
        assert_near(found.first[side], (double)first[side] / rows, 1e-12);
        assert_true(found.among[side] >= found.first[side] && found.among[side] <= 1);
    }
    assert_int_equal(found.count, L * (L - 1) / 2);
    for (int64_t k = 0; k < found.count; k++) {
        const mos_class_alignment *c = &found.pairs[k];
        int i = (int)c->i, j = (int)c->j;
        double margin = c->within - c->across, before = k ? c[-1].within - c[-1].across : -9;
        assert_true(i < j);
        if (j == 3) { /* without rows: last, and not a number */
            assert_int_equal(c->rows_j, 0);
            assert_true(isnan(margin) && isnan(c->told_apart[0]) && k >= 3);
            continue;
        }
        assert_true(margin >= before);
        assert_near(c->within, (mean_cosine(i, j, 0, 0) + mean_cosine(i, j, 1, 1)) / 2, 1e-6);
        assert_near(c->across, (mean_cosine(i, j, 0, 1) + mean_cosine(i, j, 1, 0)) / 2, 1e-6);
        assert_near(c->told_apart[0], (share(a, b, i, j, 0) + share(a, b, i, j, 1)) / 2, 1e-9);
        assert_near(c->told_apart[1], (share(b, a, i, j, 0) + share(b, a, i, j, 1)) / 2, 1e-9);
    }
    mos_modality_alignment_release(&found);
    mos_modality_alignment_release(&found);
}

static void threads_change_nothing(void **state) {
    (void)state;
    mos_modality_alignment one, three;
    mos_alignment_input in = input(1);
    make_rows();
    assert_int_equal(mos_modality_alignment_measure(&in, &one), MOSAIC_OK);
    in.threads = 3;
    assert_int_equal(mos_modality_alignment_measure(&in, &three), MOSAIC_OK);
    assert_memory_equal(one.pairs, three.pairs, (size_t)one.count * sizeof *one.pairs);
    assert_true(one.first[1] == three.first[1] && one.other == three.other);
    mos_modality_alignment_release(&one);
    mos_modality_alignment_release(&three);
}

/* Classes 0 and 1 point apart in both modalities, 1 and 2 in a alone. */
static void a_class_one_sensor_cannot_see_is_named(void **state) {
    (void)state;
    mos_rng rng = mos_rng_at(5, MOS_RNG_TEST, 0, 0, 0);
    mos_modality_alignment found;
    memset(labels, 0, sizeof labels);
    for (int i = 0; i < N; i++) {
        int class = i % 3, seen_by_b = class == 0 ? 0 : 1;
        a_there[i] = b_there[i] = 1;
        labels[i * L + class] = 1;
        for (int k = 0; k < D; k++) {
            a[i * D + k] = (k == class ? 1.0F : 0) + 0.02F * noise(&rng);
            b[i * D + k] = (k == seen_by_b ? 1.0F : 0) + 0.02F * noise(&rng);
        }
    }
    const mos_alignment_input in = input(1);
    assert_int_equal(mos_modality_alignment_measure(&in, &found), MOSAIC_OK);
    assert_int_equal(found.pairs[0].i, 1); /* the least margin */
    assert_int_equal(found.pairs[0].j, 2);
    assert_near(found.pairs[0].within - found.pairs[0].across, 0, 0.03);
    for (int64_t k = 1; k < 3; k++) {
        const mos_class_alignment *c = &found.pairs[k];
        assert_true(c->i == 0 && c->within - c->across > 0.4);
        if (c->j == 1) assert_true(c->told_apart[0] == 1 && c->told_apart[1] == 1);
    }
    mos_modality_alignment_release(&found);
}

static void nothing_in_common_is_not_a_number(void **state) {
    (void)state;
    mos_modality_alignment found;
    make_rows();
    memset(b_there, 0, sizeof b_there);
    const mos_alignment_input in = input(2);
    assert_int_equal(mos_modality_alignment_measure(&in, &found), MOSAIC_OK);
    assert_int_equal(found.rows, 0);
    assert_true(isnan(found.alignment) && isnan(found.first[0]) && isnan(found.pairs[0].within));
    mos_modality_alignment_release(&found);
}

static void memory_that_fails_is_given_back(void **state) {
    (void)state;
    mos_modality_alignment found;
    const mos_alignment_input in = input(1);
    make_rows();
    for (uint64_t n = 1;; n++) {
        mos_alloc_fail_at(n);
        mosaic_status status = mos_modality_alignment_measure(&in, &found);
        mos_alloc_fail_at(0);
        mos_modality_alignment_release(&found);
        if (status == MOSAIC_OK) break;
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
        assert_true(n < 30);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_a_plain_loop),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_class_one_sensor_cannot_see_is_named),
        cmocka_unit_test(nothing_in_common_is_not_a_number),
        cmocka_unit_test(memory_that_fails_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
