/* Class confusion against NumPy's counts (tests/golden/make_score_golden.py), and planted swaps. */
#include "score/confusability.h"

#include "base/memory.h"
#include "base/rng.h"
#include "score/planted_scores.h"

static golden_file golden;
static planted_scores scores;

static void golden_embedding(float *x) {
    uint64_t noise = formula_hash("embedding"), mix = formula_hash("mix");
    for (int64_t i = 0; i < SCORES_N; i++)
        for (int64_t k = 0; k < SCORES_D; k++) {
            double sum = 0;
            for (int64_t j = 0; j < SCORES_L; j++)
                sum += 0.8 * (double)scores.labels[i * SCORES_L + j] *
                       formula_uniform(mix, j * SCORES_D + k);
            x[i * SCORES_D + k] = (float)(formula_uniform(noise, i * SCORES_D + k) + sum);
        }
}

static void equals_numpy(void **state) {
    (void)state;
    static float x[SCORES_N * SCORES_D];
    mos_score_input input = planted_input("a", 0.6, &scores);
    mos_confusability c;
    golden_embedding(x);
    assert_int_equal(mos_confusability_measure(&input, (const float *const[]){x}, 1, SCORES_D, &c),
                     MOSAIC_OK);
    assert_int_equal(c.count, SCORES_L * (SCORES_L - 1));
    for (int64_t k = 0; k < c.count; k++) {
        const mos_confusion_pair *p = &c.pairs[k];
        int64_t at = p->from * SCORES_L + p->to;
        golden_near("rate", p->rate, score_golden(&golden, "rate", at), 1, 1e-12);
        golden_near("base_rate", p->base_rate, score_golden(&golden, "base_rate", at), 1, 1e-12);
        golden_near("correlation", p->score_correlation, score_golden(&golden, "correlation", at),
                    1, 1e-9);
        golden_near("cosine", p->prototype_cosine, score_golden(&golden, "cosine", at), 1, 1e-6);
        assert_true(k == 0 || p->excess <= c.pairs[k - 1].excess);
        assert_true(p->prototype_cosine <=
                    score_golden(&golden, "cosine", p->from * SCORES_L + c.nearest[p->from]) +
                        1e-6);
        for (int e = 0; e < MOS_CONFUSION_EXAMPLES; e++) {
            int64_t row = p->example[e];
            if (row < 0) continue;
            assert_int_equal(scores.labels[row * SCORES_L + p->from], 1);
            assert_int_equal(scores.labels[row * SCORES_L + p->to], 0);
            assert_true(scores.probability[row * SCORES_L + p->to] >= 0.5f);
            assert_true(e == 0 || scores.probability[row * SCORES_L + p->to] <=
                                      scores.probability[p->example[e - 1] * SCORES_L + p->to]);
        }
    }
    mos_confusability_release(&c);
    mos_confusability_release(&c);
}

/* Ten classes, some common, some rare, two that nearly always come together, one predicted far too
 * often; the model swaps 4 for 7 in a third of the patches and 2 for 9 in a sixth. */
static void planted_swaps_rank_first(void **state) {
    (void)state;
    enum { N = 2000, L = 10, D = 16 };
    static float p[N * L], x[N * D];
    static int8_t y[N * L];
    double threshold[L], axis[L][D];
    mos_rng rng = mos_rng_at(5, MOS_RNG_TEST, 1, 0, 0);
    for (int j = 0; j < L; j++)
        for (int k = 0; k < D; k++)
            axis[j][k] = k == j;
    memcpy(axis[7], axis[4], sizeof axis[4]); /* 4 and 7 look alike */
    axis[7][10] = 0.3;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < L; j++)
            y[i * L + j] = mos_rng_uniform64(&rng) < (j == 0 ? 0.6 : j == 3 ? 0.03 : 0.2);
        if (y[i * L + 5]) y[i * L + 6] = mos_rng_uniform64(&rng) < 0.95; /* come together */
        for (int k = 0; k < D; k++) {
            double sum = 0.2 * mos_rng_normal(&rng);
            for (int j = 0; j < L; j++)
                sum += y[i * L + j] * axis[j][k];
            x[i * D + k] = (float)sum;
        }
        for (int j = 0; j < L; j++) {
            double bias = j == 8 ? 0.25 : 0; /* predicted everywhere */
            double score = (y[i * L + j] ? 0.75 : 0.25) + bias + 0.2 * mos_rng_normal(&rng);
            p[i * L + j] = (float)fmin(fmax(score, 0), 1);
        }
        if (y[i * L + 4] && !y[i * L + 7] && mos_rng_uniform64(&rng) < 0.33) {
            p[i * L + 4] = 0.2f;
            p[i * L + 7] = 0.8f;
        }
        if (y[i * L + 2] && !y[i * L + 9] && mos_rng_uniform64(&rng) < 0.16) {
            p[i * L + 2] = 0.2f;
            p[i * L + 9] = 0.8f;
        }
    }
    for (int j = 0; j < L; j++)
        threshold[j] = 0.5;
    mos_score_input input = {p, y, threshold, N, L};
    mos_confusability c;
    assert_int_equal(mos_confusability_measure(&input, (const float *const[]){x, x}, 2, D, &c),
                     MOSAIC_OK);
    assert_int_equal(c.pairs[0].from, 4);
    assert_int_equal(c.pairs[0].to, 7);
    assert_int_equal(c.pairs[1].from, 2);
    assert_int_equal(c.pairs[1].to, 9);
    assert_true(c.pairs[0].lift > 2 && c.pairs[1].lift > 1.5);
    assert_true(c.pairs[2].excess < 0.05); /* nothing else stands out */
    assert_int_equal(c.nearest[4], 7);
    assert_int_equal(c.nearest[7], 4);
    mos_confusability_release(&c);
}

static void absent_classes_and_unknown_labels(void **state) {
    (void)state;
    const float p[] = {.9f, .8f, .1f, .2f, .9f, .1f};
    const int8_t y[] = {1, 0, 0, 1, -1, 0};
    const double half[] = {.5, .5, .5};
    const mos_score_input input = {p, y, half, 2, 3};
    mos_confusability c;
    assert_int_equal(mos_confusability_measure(&input, NULL, 0, 0, &c), MOSAIC_OK);
    for (int64_t k = 0; k < c.count; k++) {
        const mos_confusion_pair *pair = &c.pairs[k];
        assert_true(isnan(pair->prototype_cosine));
        if (pair->from == 0 && pair->to == 1) { /* row 1 does not say whether it has class 1 */
            assert_int_equal(pair->rows, 1);
            assert_int_equal(pair->confused, 1);
            assert_int_equal(pair->example[0], 0);
            assert_int_equal(pair->example[1], -1);
        }
        if (pair->from == 2) {
            assert_int_equal(pair->rows, 0);
            assert_true(isnan(pair->rate) && isnan(pair->lift) && isinf(pair->excess));
        }
    }
    assert_int_equal(c.nearest[0], -1);
    mos_confusability_release(&c);
}

static void allocation_failures_surface(void **state) {
    (void)state;
    static float x[SCORES_N * SCORES_D];
    mos_score_input input = planted_input("a", 0.6, &scores);
    golden_embedding(x);
    for (uint64_t k = 1;; k++) {
        mos_confusability c;
        mos_alloc_fail_at(k);
        mosaic_status status =
            mos_confusability_measure(&input, (const float *const[]){x}, 1, SCORES_D, &c);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(k > 5);
            mos_confusability_release(&c);
            break;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_numpy),
        cmocka_unit_test(planted_swaps_rank_first),
        cmocka_unit_test(absent_classes_and_unknown_labels),
        cmocka_unit_test(allocation_failures_surface),
    };
    golden_read("score_golden.txt", &golden);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_release(&golden);
    return failed;
}
