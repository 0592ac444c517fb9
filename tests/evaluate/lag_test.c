/* Lag bins and trend: SciPy's rank correlation (tests/golden/make_score_golden.py), and a planted
 * effect. */
#include "evaluate/lag.h"

#include "base/memory.h"
#include "score/planted_scores.h"

static golden_file golden;
static planted_scores scores;
static double lag[SCORES_N];

static void golden_lags(void) {
    uint64_t hash = formula_hash("lag");
    for (int64_t i = 0; i < SCORES_N; i++)
        lag[i] = rint(8 * (formula_uniform(hash, i) + 1)) / 2;
}

static void trend_equals_scipy(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.6, &scores);
    mos_bootstrap_options options = mos_bootstrap_defaults(2);
    mos_lag out;
    golden_lags();
    assert_int_equal(mos_lag_measure(&input, lag, mos_lag_edges, MOS_LAG_EDGES, &options, &out),
                     MOSAIC_OK);
    golden_near("spearman", out.trend.value, score_golden(&golden, "spearman", 0), 1, 1e-12);
    double half = 1.96 / sqrt(SCORES_N); /* of a rank correlation near 0 */
    golden_near("low", out.trend.low, out.trend.value - half, half, 0.2);
    golden_near("high", out.trend.high, out.trend.value + half, half, 0.2);
    mos_lag_release(&out);
}

static void bins_hold_their_rows(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.6, &scores);
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    const double edges[] = {0, 2, 4, 100, 200};
    mos_lag out;
    mos_bootstrap whole;
    options.resamples = 30;
    for (int64_t i = 0; i < SCORES_N; i++)
        lag[i] = i % 3 == 0 ? 2 : i % 3 == 1 ? 3.5 : NAN; /* an edge belongs to the bin above */
    assert_int_equal(mos_lag_measure(&input, lag, edges, 5, &options, &out), MOSAIC_OK);
    assert_int_equal(out.count, 4);
    assert_int_equal(out.bins[0].rows, 0);
    assert_int_equal(out.bins[0].scores.classes, 0);
    assert_int_equal(out.bins[1].rows, 200);
    assert_true(fabs(out.bins[1].mean_days - 2.75) < 1e-12);
    assert_int_equal(out.unknown, 100);
    mos_lag_release(&out);
    for (int64_t i = 0; i < SCORES_N; i++)
        lag[i] = 3;
    assert_int_equal(mos_lag_measure(&input, lag, edges, 5, &options, &out), MOSAIC_OK);
    assert_int_equal(mos_bootstrap_scores(&input, &options, &whole), MOSAIC_OK);
    assert_true(out.bins[1].scores.macro_f1.value == whole.macro_f1.value);
    assert_true(out.bins[1].scores.macro_f1.low == whole.macro_f1.low);
    assert_true(isnan(out.trend.value) && isnan(out.trend.low)); /* one lag only */
    mos_lag_release(&out);
    mos_bootstrap_release(&whole);
    const double falling[] = {0, 2, 1};
    assert_int_equal(mos_lag_measure(&input, lag, falling, 3, &options, &out), MOSAIC_ERR_USAGE);
}

/* The longer the lag, the more the scores are noise. */
static void a_planted_effect_is_found(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.9, &scores);
    mos_bootstrap_options options = mos_bootstrap_defaults(2);
    const double edges[] = {0, 3, 6, 9};
    uint64_t hash = formula_hash("effect");
    mos_lag out;
    golden_lags();
    for (int64_t i = 0; i < SCORES_N; i++)
        for (int64_t j = 0; j < SCORES_L; j++) {
            double share = lag[i] / 9;
            double noise = 0.5 + 0.5 * formula_uniform(hash, i * SCORES_L + j);
            float *p = &scores.probability[i * SCORES_L + j];
            *p = (float)((1 - share) * (double)*p + share * noise);
        }
    assert_int_equal(mos_lag_measure(&input, lag, edges, 4, &options, &out), MOSAIC_OK);
    assert_true(out.trend.low > 0.1);
    for (int k = 0; k < 2; k++) {
        assert_true(out.bins[k].scores.micro_f1.value > out.bins[k + 1].scores.micro_f1.value);
        assert_true(out.bins[k].scores.hamming_loss.value <
                    out.bins[k + 1].scores.hamming_loss.value);
    }
    assert_true(out.bins[0].scores.micro_f1.low > out.bins[2].scores.micro_f1.high);
    mos_lag_release(&out);
}

static void allocation_failures_surface(void **state) {
    (void)state;
    mos_score_input input = planted_input("a", 0.9, &scores);
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    const double edges[] = {0, 3, 9};
    options.resamples = 2;
    golden_lags();
    for (uint64_t k = 1;; k++) {
        mos_lag out;
        mos_alloc_fail_at(k);
        mosaic_status status = mos_lag_measure(&input, lag, edges, 3, &options, &out);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(k > 20);
            mos_lag_release(&out);
            break;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trend_equals_scipy),
        cmocka_unit_test(bins_hold_their_rows),
        cmocka_unit_test(a_planted_effect_is_found),
        cmocka_unit_test(allocation_failures_surface),
    };
    golden_read("score_golden.txt", &golden);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_release(&golden);
    return failed;
}
