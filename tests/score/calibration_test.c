/* Calibration and curves against scikit-learn's (tests/golden/make_score_golden.py). */
#include "score/calibration.h"

#include "base/memory.h"
#include "score/planted_scores.h"
#include "score/roc_pr.h"

static golden_file golden;
static planted_scores scores;

static void bins_equal_scikit_learn(void **state) {
    (void)state;
    mos_calibration c;
    (void)planted_input("a", 0.6, &scores);
    mos_calibration_measure(scores.probability, scores.labels, SCORES_N * SCORES_L, 1, &c);
    double ece = 0;
    int64_t filled = 0;
    for (int b = 0; b < MOS_CALIBRATION_BINS; b++) {
        if (c.bin[b].count == 0) continue;
        double frequency = score_golden(&golden, "frequency", filled),
               confidence = score_golden(&golden, "confidence", filled);
        golden_near("frequency", c.bin[b].frequency, frequency, 1, 1e-9);
        golden_near("confidence", c.bin[b].confidence, confidence, 1, 1e-9);
        ece += (double)c.bin[b].count / (SCORES_N * SCORES_L) * fabs(frequency - confidence);
        filled++;
    }
    assert_int_equal(filled, golden_find(&golden, "frequency")->count);
    assert_int_equal(c.known, SCORES_N * SCORES_L);
    golden_near("ece", c.ece, ece, 1, 1e-9);
    golden_near("brier", c.brier, score_golden(&golden, "brier", 0), 1, 1e-9);
    assert_true(c.largest_error >= c.ece && c.ece > 0.01);
}

static void edges_and_unknown_labels(void **state) {
    (void)state;
    const float p[] = {0, 1, 0.2f, 0.7f};
    const int8_t y[] = {0, 1, -1, -1};
    mos_calibration c;
    mos_calibration_measure(p, y, 4, 1, &c);
    assert_int_equal(c.known, 2);
    assert_int_equal(c.bin[0].count, 1);
    assert_int_equal(c.bin[MOS_CALIBRATION_BINS - 1].count, 1);
    assert_true(c.ece == 0 && c.brier == 0);
    mos_calibration_measure(p + 2, y + 2, 2, 1, &c);
    assert_true(isnan(c.ece) && isnan(c.brier) && c.known == 0);
}

static float ties[SCORES_N];
static void round_scores(void) {
    (void)planted_input("a", 0.6, &scores);
    for (int64_t i = 0; i < SCORES_N; i++)
        ties[i] = rintf(scores.probability[i * SCORES_L] * 16) / 16;
    for (int64_t i = 0; i < SCORES_N; i++) /* the column alone */
        scores.labels[i] = scores.labels[i * SCORES_L];
}

static void curves_equal_scikit_learn(void **state) {
    (void)state;
    mos_score_curve c;
    round_scores();
    assert_int_equal(mos_score_curve_make(ties, scores.labels, SCORES_N, 1, 0, &c), MOSAIC_OK);
    assert_int_equal(c.count, golden_find(&golden, "fpr")->count);
    for (int64_t i = 0; i < c.count; i++) {
        const mos_curve_point *p = &c.points[i];
        golden_near("fpr", p->false_positive_rate, score_golden(&golden, "fpr", i), 1, 1e-12);
        golden_near("tpr", p->recall, score_golden(&golden, "tpr", i), 1, 1e-12);
        golden_near("recall", p->recall, score_golden(&golden, "recall", i), 1, 1e-12);
        golden_near("precision", p->precision, score_golden(&golden, "precision", i), 1, 1e-12);
        if (i > 0)
            golden_near("threshold", p->threshold, score_golden(&golden, "threshold", i - 1), 1,
                        1e-12);
    }
    assert_true(isinf(c.points[0].threshold));
    mos_score_curve_release(&c);
}

static double area(const mos_score_curve *c) {
    double sum = 0;
    for (int64_t i = 1; i < c->count; i++)
        sum += (c->points[i].false_positive_rate - c->points[i - 1].false_positive_rate) *
               (c->points[i].recall + c->points[i - 1].recall) / 2;
    return sum;
}

static void thinned_curves_keep_their_shape(void **state) {
    (void)state;
    mos_score_curve whole, thin;
    (void)planted_input("a", 0.6, &scores);
    int64_t n = SCORES_N * SCORES_L;
    assert_int_equal(mos_score_curve_make(scores.probability, scores.labels, n, 1, 0, &whole),
                     MOSAIC_OK);
    assert_int_equal(mos_score_curve_make(scores.probability, scores.labels, n, 1, 100, &thin),
                     MOSAIC_OK);
    assert_true(whole.count > 500);
    assert_true(thin.count <= 100 && thin.count > 40);
    assert_true(fabs(area(&whole) - area(&thin)) < 2e-3);
    assert_true(thin.points[thin.count - 1].recall == 1);
    assert_true(thin.points[0].recall == 0);
    mos_score_curve_release(&whole);
    mos_score_curve_release(&thin);
}

static void curves_without_a_class(void **state) {
    (void)state;
    const float p[] = {.3f, .9f, .5f};
    const int8_t none[] = {0, 0, -1};
    mos_score_curve c;
    assert_int_equal(mos_score_curve_make(p, none, 3, 1, 10, &c), MOSAIC_OK);
    assert_int_equal(c.positives, 0);
    assert_int_equal(c.count, 3);
    assert_true(isnan(c.points[2].recall) && c.points[2].precision == 0 &&
                c.points[2].false_positive_rate == 1);
    mos_score_curve_release(&c);
    assert_int_equal(mos_score_curve_make(p, none, 3, 1, 1, &c), MOSAIC_ERR_USAGE);
    const float bad[] = {.3f, NAN, .5f};
    assert_int_equal(mos_score_curve_make(bad, none, 3, 1, 0, &c), MOSAIC_ERR_NUMERIC);
    for (uint64_t k = 1; k <= 2; k++) {
        mos_alloc_fail_at(k);
        assert_int_equal(mos_score_curve_make(p, none, 3, 1, 0, &c), MOSAIC_ERR_MEMORY);
        mos_alloc_fail_at(0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_equal_scikit_learn),
        cmocka_unit_test(edges_and_unknown_labels),
        cmocka_unit_test(curves_equal_scikit_learn),
        cmocka_unit_test(thinned_curves_keep_their_shape),
        cmocka_unit_test(curves_without_a_class),
    };
    golden_read("score_golden.txt", &golden);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_release(&golden);
    return failed;
}
