/* Exchanging partners: who is exchanged with whom, a planted rise of the error with the lag found
 * and its absence not; and cycles without a fixed point. */
#include "evaluate/lag_repair.h"
#include "evaluate/modality_ablation.h"

#include "base/memory.h"
#include "base/rng.h"
#include "io/raster.h"
#include "support/test_support.h"

#include <math.h>

enum { PLACES = 150, DAYS = 4, N = PLACES * DAYS, L = 3 };

/* Every place on four days: S2 always of the 1st of June, S1 of the 1st, 2nd, 5th and 21st. */
static mos_dataset *make_set(const char *folder, const char *extra) {
    static const int days[DAYS] = {1, 2, 5, 21};
    float vv[16], vh[16];
    char path[4096];
    mos_text text = {0};
    mos_dataset *dataset;
    mos_data_options options = {0};
    for (int i = 0; i < 16; i++) {
        vv[i] = -10.5f - (float)i / 8;
        vh[i] = -17.25f - (float)i / 8;
    }
    EXPECT_OK(mos_path_join(path, sizeof path, folder, "a.tif"));
    EXPECT_OK(mos_raster_write(path, MOS_F32, 4, 4, 2, (const void *const[]){vv, vh}, NULL, 0, NULL,
                               NULL));
    EXPECT_OK(mos_path_join(path, sizeof path, folder, "b.tif"));
    EXPECT_OK(
        mos_raster_write(path, MOS_F32, 4, 4, 1, (const void *const[]){vv}, NULL, 0, NULL, NULL));
    mos_text_add(&text, "id,s1,s2,labels,location,datetime_s1,datetime_s2\n");
    for (int p = 0; p < PLACES; p++)
        for (int d = 0; d < DAYS; d++)
            mos_text_add(&text, "p%d_%d,a.tif,b.tif,A;B;C,place %d,2018-06-%02d,2018-06-01\n", p, d,
                         p, days[d]);
    mos_text_add(&text, "%s", extra);
    EXPECT_OK(mos_path_join(path, sizeof path, folder, "patches.csv"));
    EXPECT_OK(mos_atomic_write(path, text.data, text.size));
    mos_text_release(&text);
    EXPECT_OK(mos_options_init(&mos_data_option_table, &options));
    EXPECT_OK(mos_copy_text(path, &options.root));
    EXPECT_OK(mos_dataset_open(&options, &dataset));
    mos_options_release(&mos_data_option_table, &options);
    return dataset;
}

static void list_all(const mos_dataset *dataset, int64_t *samples, int64_t *n) {
    *n = mos_dataset_count(dataset);
    for (int64_t i = 0; i < *n; i++)
        samples[i] = i;
}

static void partners(void **state) {
    static int64_t samples[N + 8];
    int64_t n;
    mos_lag_pairs pairs;
    mos_dataset *dataset = make_set(*state, "alone,a.tif,b.tif,A,elsewhere,2018-06-03,2018-06-01\n"
                                            "timeless,a.tif,b.tif,A,place 0,,2018-06-01\n"
                                            "radarless,,b.tif,A,place 0,2018-06-09,2018-06-01\n");
    list_all(dataset, samples, &n);
    EXPECT_OK(mos_lag_pairs_make(dataset, samples, n, 0, 1, mos_lag_edges, MOS_LAG_EDGES, &pairs));
    assert_int_equal(pairs.rows, N);
    assert_int_equal(pairs.lonely, 1);
    assert_int_equal(pairs.unknown, 2);
    /* Lags 0, 1, 4 and 20 days lie in four bins: each row has its own pair and three others. */
    assert_int_equal(pairs.count, 4 * N);
    for (int64_t i = 0; i < pairs.count; i++) {
        const mos_lag_pair *pair = &pairs.pairs[i];
        assert_int_equal(pair->own / DAYS, pair->partner / DAYS);
        assert_int_equal(pair->own == pair->partner, i % 4 == 0);
        static const double lag[DAYS] = {0, 1, 4, 20};
        assert_true(pair->days == lag[pair->partner % DAYS]);
    }
    mos_lag_pairs_release(&pairs);
    /* One bin from 1 to 30 days: the nearest of those in it. */
    static const double wide[] = {1, 30};
    EXPECT_OK(mos_lag_pairs_make(dataset, samples, n, 0, 1, wide, 2, &pairs));
    for (int64_t i = 0; i < pairs.count; i++)
        if (pairs.pairs[i].own != pairs.pairs[i].partner)
            assert_true(pairs.pairs[i].days == (pairs.pairs[i].own % DAYS == 1 ? 4 : 1));
    mos_lag_pairs_release(&pairs);
    mos_dataset_close(&dataset);
}

/* Labels are all 1; a score is wrong with probability `base + slope * days`. */
static void plant(const mos_lag_pairs *pairs, double slope, uint64_t seed, float *probability,
                  int8_t *labels) {
    mos_rng rng = mos_rng_at(seed, MOS_RNG_TEST, 0, 0, 0);
    for (int64_t i = 0; i < pairs->count; i++)
        for (int j = 0; j < L; j++) {
            labels[i * L + j] = 1;
            double wrong = 0.1 + slope * pairs->pairs[i].days;
            probability[i * L + j] = mos_rng_uniform64(&rng) < wrong ? 0.1f : 0.9f;
        }
}

static void planted_effect(void **state) {
    static int64_t samples[N];
    static const double threshold[L] = {0.5, 0.5, 0.5};
    int64_t n;
    float *probability;
    int8_t *labels;
    mos_lag_pairs pairs;
    mos_lag_repair repair, again;
    mos_dataset *dataset = make_set(*state, "");
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    list_all(dataset, samples, &n);
    EXPECT_OK(mos_lag_pairs_make(dataset, samples, n, 0, 1, mos_lag_edges, MOS_LAG_EDGES, &pairs));
    EXPECT_OK(mos_alloc((size_t)pairs.count * L, sizeof *probability, "test", &probability));
    EXPECT_OK(mos_alloc((size_t)pairs.count * L, 1, "test", &labels));
    const mos_score_input input = {probability, labels, threshold, pairs.count, L};

    plant(&pairs, 0.03, 3, probability, labels);
    EXPECT_OK(
        mos_lag_repair_measure(&input, &pairs, mos_lag_edges, MOS_LAG_EDGES, &options, &repair));
    assert_int_equal(repair.rows, N);
    assert_int_equal(repair.pairs, 3 * N);
    /* Bins 0-1, 1-2, 3-5 and 15-: errors 0.1, 0.13, 0.22 and 0.7. */
    static const int used[] = {0, 1, 3, 6};
    static const double error[] = {0.1, 0.13, 0.22, 0.7}, days[] = {0, 1, 4, 20};
    for (int k = 0; k < 4; k++) {
        const mos_lag_change *bin = &repair.bins[used[k]];
        assert_int_equal(bin->pairs, 3 * PLACES);
        assert_true(bin->mean_days == days[k]);
        assert_true(fabs(bin->error.value - error[k]) < 0.04);
        assert_true(bin->error.low < bin->error.value && bin->error.value < bin->error.high);
        assert_true(bin->error.high - bin->error.low < 0.12);
        assert_true(k == 0 || bin->error.value > repair.bins[used[k - 1]].error.value);
    }
    assert_int_equal(repair.bins[2].pairs, 0);
    assert_true(repair.bins[6].increase.low > 0.4);
    assert_true(repair.farthest.low > 0);
    assert_true(repair.per_day.low > 0.025 && repair.per_day.high < 0.035);
    EXPECT_OK(
        mos_lag_repair_measure(&input, &pairs, mos_lag_edges, MOS_LAG_EDGES, &options, &again));
    assert_memory_equal(repair.bins, again.bins, (size_t)repair.count * sizeof *repair.bins);
    mos_lag_repair_release(&again);
    mos_lag_repair_release(&repair);

    plant(&pairs, 0, 2, probability, labels);
    EXPECT_OK(
        mos_lag_repair_measure(&input, &pairs, mos_lag_edges, MOS_LAG_EDGES, &options, &repair));
    assert_true(repair.per_day.low < 0 && 0 < repair.per_day.high);
    assert_true(repair.bins[6].increase.low < 0 && 0 < repair.bins[6].increase.high);
    mos_lag_repair_release(&repair);
    /* No label known: nothing to say, and no NaN made into a number. */
    memset(labels, -1, (size_t)pairs.count * L);
    EXPECT_OK(
        mos_lag_repair_measure(&input, &pairs, mos_lag_edges, MOS_LAG_EDGES, &options, &repair));
    assert_int_equal(repair.bins[6].pairs, 0);
    assert_true(isnan(repair.per_day.value) && isnan(repair.bins[6].increase.low));
    mos_lag_repair_release(&repair);
    mos_lag_pairs_release(&pairs);
    mos_free(probability);
    mos_free(labels);
    mos_dataset_close(&dataset);
}

static void cycles(void **state) {
    (void)state;
    int64_t next[50], seen;
    for (uint64_t seed = 0; seed < 40; seed++)
        for (int64_t n = 1; n <= 50; n += 7) {
            int64_t at = 0;
            mos_random_cycle(seed, n, next);
            for (seen = 0; seen == 0 || at != 0; seen++) {
                assert_true(n == 1 || next[at] != at);
                at = next[at];
            }
            assert_int_equal(seen, n);
        }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(partners),
        IN_FOLDER(planted_effect),
        cmocka_unit_test(cycles),
    };
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
