/* Intervals against a plain bootstrap of scikit-learn's scores (tests/golden/make_score_golden.py,
 * make_paired_golden.py), and against the metrics themselves. */
#include "score/bootstrap.h"

#include "base/memory.h"
#include "base/rng.h"
#include "score/metrics.h"
#include "score/planted_scores.h"
#include "score/score_table.h"

static golden_file golden;
static planted_scores first, second;

static void list(const mos_bootstrap *b, mos_interval out[5]) {
    out[0] = b->macro_f1;
    out[1] = b->micro_f1;
    out[2] = b->macro_ap;
    out[3] = b->micro_ap;
    out[4] = b->hamming_loss;
}

/* Two different generators: bounds agree within what 4,000 resamples leave open. */
static void intervals_equal_a_plain_bootstrap(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.6, &first);
    mos_bootstrap_options options = mos_bootstrap_defaults(2);
    mos_bootstrap b;
    mos_interval interval[5];
    options.resamples = 4000;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &b), MOSAIC_OK);
    list(&b, interval);
    for (int s = 0; s < 5; s++) {
        double low = score_golden(&golden, "low", s), high = score_golden(&golden, "high", s);
        golden_near("value", interval[s].value, score_golden(&golden, "value", s), 1, 1e-9);
        golden_near("low", interval[s].low, low, high - low, 0.06);
        golden_near("high", interval[s].high, high, high - low, 0.06);
        assert_true(isnan(interval[s].p));
    }
    mos_bootstrap_release(&b);
    mos_bootstrap_release(&b);
}

/* A resample must be what the metrics say of the rows drawn, repeated. */
static void a_resample_equals_its_rows(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.3, &first);
    static float p[SCORES_N * SCORES_L];
    static int8_t y[SCORES_N * SCORES_L];
    static int32_t weight[SCORES_N];
    for (int64_t i = 0; i < SCORES_N * SCORES_L; i++) {
        first.probability[i] = roundf(first.probability[i] * 16) / 16; /* ties */
        if (i % 7 == 0) first.labels[i] = -1;
    }
    for (int64_t i = 0; i < SCORES_N; i++) /* no positives in class 3 */
        first.labels[i * SCORES_L + 3] = 0;
    mos_score_table table;
    int64_t counts[5 * SCORES_L], at = 0;
    double found[MOS_STAT_CLASSES + 2 * SCORES_L];
    assert_int_equal(mos_score_table_make(&input, &table), MOSAIC_OK);
    mos_bootstrap_draw(9, 4, SCORES_N, weight);
    for (int64_t i = 0; i < SCORES_N; i++)
        for (int32_t k = 0; k < weight[i]; k++, at++) {
            memcpy(p + at * SCORES_L, first.probability + i * SCORES_L, SCORES_L * sizeof *p);
            memcpy(y + at * SCORES_L, first.labels + i * SCORES_L, SCORES_L);
        }
    assert_int_equal(at, SCORES_N);
    mos_metrics m;
    assert_int_equal(mos_metrics_compute(p, y, SCORES_N, SCORES_L, first.threshold, &m), MOSAIC_OK);
    mos_score_table_measure(&table, weight, counts, found);
    assert_true(fabs(found[MOS_STAT_MACRO_F1] - m.macro.f1) < 1e-12);
    assert_true(fabs(found[MOS_STAT_MICRO_F1] - m.micro.f1) < 1e-12);
    assert_true(fabs(found[MOS_STAT_MACRO_AP] - m.macro.average_precision) < 1e-12);
    assert_true(fabs(found[MOS_STAT_MICRO_AP] - m.micro.average_precision) < 1e-12);
    assert_true(fabs(found[MOS_STAT_HAMMING] - m.hamming_loss) < 1e-12);
    for (int64_t j = 0; j < SCORES_L; j++) {
        double ap = found[MOS_STAT_CLASSES + SCORES_L + j];
        assert_true(fabs(found[MOS_STAT_CLASSES + j] - m.per_class[j].scores.f1) < 1e-12);
        if (j == 3)
            assert_true(isnan(ap));
        else
            assert_true(fabs(ap - m.per_class[j].scores.average_precision) < 1e-12);
    }
    mos_metrics_release(&m);
    mos_score_table_release(&table);
}

static void threads_and_seed(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.6, &first);
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    mos_bootstrap one, same, other;
    options.resamples = 50;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &one), MOSAIC_OK);
    options.threads = 3;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &same), MOSAIC_OK);
    options.seed = 1;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &other), MOSAIC_OK);
    assert_true(one.macro_ap.low == same.macro_ap.low && one.macro_ap.high == same.macro_ap.high);
    assert_true(one.class_f1[2].low == same.class_f1[2].low);
    assert_true(one.macro_ap.low != other.macro_ap.low);
    mos_bootstrap_release(&one);
    mos_bootstrap_release(&same);
    mos_bootstrap_release(&other);
}

/* Few positives: a row drawn twice ranks beside itself, resamples lie above the value, and BCa
 * takes that back. One row has no interval at all. */
static void bias_is_taken_back(void **state) {
    (void)state;
    enum { ROWS = 80 };
    float p[ROWS];
    int8_t y[ROWS] = {0};
    double half = 0.5;
    mos_bootstrap b;
    for (int i = 0; i < ROWS; i++)
        p[i] = (float)i / ROWS;
    y[70] = y[60] = y[41] = y[22] = 1;
    const mos_score_input input = {p, y, &half, ROWS, 1};
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    assert_int_equal(mos_bootstrap_scores(&input, &options, &b), MOSAIC_OK);
    mos_score_table table;
    int64_t counts[5];
    int32_t weight[ROWS];
    double found[MOS_STAT_CLASSES + 2], resampled[500], low, high, mean = 0;
    assert_int_equal(mos_score_table_make(&input, &table), MOSAIC_OK);
    for (int64_t r = 0; r < 500; r++) {
        mos_bootstrap_draw(0, r, ROWS, weight);
        mos_score_table_measure(&table, weight, counts, found);
        resampled[r] = found[MOS_STAT_MACRO_AP];
        mean += isnan(resampled[r]) ? 0 : resampled[r] / 500;
    }
    mos_percentile_bounds(resampled, 500, 0.95, &low, &high);
    assert_true(mean > b.macro_ap.value + 0.01);
    assert_true(b.macro_ap.low < low && b.macro_ap.high < high);
    assert_true(b.macro_ap.low <= b.macro_ap.value && b.macro_ap.value <= b.macro_ap.high);
    mos_score_table_release(&table);
    mos_bootstrap_release(&b);
    const mos_score_input one = {p + 70, y + 70, &half, 1, 1};
    assert_int_equal(mos_bootstrap_scores(&one, &options, &b), MOSAIC_OK);
    assert_true(b.micro_f1.value == 1);
    assert_true(isnan(b.micro_f1.low) && isnan(b.micro_f1.high) && isnan(b.class_f1[0].low));
    mos_bootstrap_release(&b);
}

static void paired_differences(void **state) {
    (void)state;
    mos_score_input good = planted_input("a", 0.6, &first), bad = planted_input("a", 0.3, &second);
    mos_bootstrap_options options = mos_bootstrap_defaults(2);
    mos_bootstrap b;
    mos_interval interval[5];
    assert_int_equal(mos_bootstrap_paired(&good, &bad, &options, &b), MOSAIC_OK);
    list(&b, interval);
    for (int s = 0; s < 5; s++) {
        double sign = s == 4 ? -1 : 1; /* a lower Hamming loss is better */
        assert_true(sign * interval[s].low > 0 && sign * interval[s].high > 0);
        assert_true(interval[s].low <= interval[s].value && interval[s].value <= interval[s].high);
        assert_true(interval[s].p > 0 && interval[s].p < 0.01);
    }
    mos_bootstrap_release(&b);
    assert_int_equal(mos_bootstrap_paired(&good, &good, &options, &b), MOSAIC_OK);
    assert_true(b.macro_f1.low == 0 && b.macro_f1.high == 0 && b.macro_f1.p == 1);
    mos_bootstrap_release(&b);
    second.labels[3] = !second.labels[3];
    assert_int_equal(mos_bootstrap_paired(&good, &bad, &options, &b), MOSAIC_ERR_DATA);
}

/* One draw of rows for both sides of both pairs (tests/golden/make_paired_golden.py). */
static void a_mean_of_pairs_is_numpys(void **state) {
    (void)state;
    static planted_scores scores[4];
    const mos_score_input a[2] = {planted_input_of("a.labels", "own0.scores", 0.40, &scores[0]),
                                  planted_input_of("a.labels", "own1.scores", 0.40, &scores[1])};
    const mos_score_input b[2] = {planted_input_of("a.labels", "other0.scores", 0.385, &scores[2]),
                                  planted_input_of("a.labels", "other1.scores", 0.385, &scores[3])};
    mos_bootstrap_options options = mos_bootstrap_defaults(2);
    golden_file paired;
    mos_bootstrap found;
    mos_interval interval[5];
    golden_read("paired_golden.txt", &paired);
    options.resamples = 4000;
    assert_int_equal(mos_bootstrap_paired_mean(a, b, 2, &options, &found), MOSAIC_OK);
    list(&found, interval);
    for (int s = 0; s < 5; s++) {
        double low = score_golden(&paired, "low", s), high = score_golden(&paired, "high", s);
        double p = score_golden(&paired, "p", s);
        golden_near("value", interval[s].value, score_golden(&paired, "value", s), 1, 1e-9);
        golden_near("low", interval[s].low, low, high - low, 0.06);
        golden_near("high", interval[s].high, high, high - low, 0.06);
        /* four standard errors of a share out of 2,000 */
        golden_near("p", interval[s].p, p, 1, 4 * sqrt(2 * p / 2000) + 0.001);
    }
    mos_bootstrap_release(&found);
    scores[3].labels[7] = !scores[3].labels[7];
    assert_int_equal(mos_bootstrap_paired_mean(a, b, 2, &options, &found), MOSAIC_ERR_DATA);
    assert_int_equal(mos_bootstrap_paired_mean(a, b, 0, &options, &found), MOSAIC_ERR_USAGE);
    golden_release(&paired);
}

static void percentiles_are_numpys(void **state) {
    (void)state;
    double v[] = {5, NAN, 1, 2, 4, 3}, low, high; /* numpy.percentile([1..5], [10, 90]) */
    mos_percentile_bounds(v, 6, 0.8, &low, &high);
    assert_true(fabs(low - 1.4) < 1e-12 && fabs(high - 4.6) < 1e-12);
    mos_percentile_bounds(v, 0, 0.8, &low, &high);
    assert_true(isnan(low) && isnan(high));
}

static void bad_input_is_refused(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.6, &first);
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    mos_bootstrap b;
    options.resamples = 0;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &b), MOSAIC_ERR_USAGE);
    options.resamples = 5;
    input.n = 0;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &b), MOSAIC_ERR_USAGE);
    input.n = SCORES_N;
    first.probability[8] = NAN;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &b), MOSAIC_ERR_NUMERIC);
    assert_non_null(strstr(mosaic_error(), "row 1, class 3"));
}

static void allocation_failures_surface(void **state) {
    (void)state;
    mos_score_input a = planted_input("a", 0.6, &first), b = planted_input("a", 0.3, &second);
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    options.resamples = 2;
    for (uint64_t k = 1;; k++) {
        mos_bootstrap out;
        mos_alloc_fail_at(k);
        mosaic_status status = mos_bootstrap_paired(&a, &b, &options, &out);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(k > 12);
            mos_bootstrap_release(&out);
            break;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_equal_a_plain_bootstrap),
        cmocka_unit_test(a_resample_equals_its_rows),
        cmocka_unit_test(threads_and_seed),
        cmocka_unit_test(bias_is_taken_back),
        cmocka_unit_test(paired_differences),
        cmocka_unit_test(a_mean_of_pairs_is_numpys),
        cmocka_unit_test(percentiles_are_numpys),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(allocation_failures_surface),
    };
    golden_read("score_golden.txt", &golden);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_release(&golden);
    return failed;
}
