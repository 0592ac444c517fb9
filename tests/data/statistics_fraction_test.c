/* Statistics against NumPy, independent of threads; labelled fractions nested, covering,
 * stratified, saved. */
#include "data_support.h"

#include "base/rng.h"
#include "data/band_histogram.h"
#include "data/fraction.h"
#include "data/statistics.h"

#include <math.h>

static const mos_band_statistics *find_row(const mos_band_statistics *rows, int64_t count,
                                           const char *band) {
    for (int64_t r = 0; r < count; r++) {
        if (strcmp(rows[r].band, band) == 0) return &rows[r];
    }
    fail_msg("no band %s", band);
    return NULL;
}

/* numpy mean, std and percentile over all 48 patches; S2 with the offset of tile 433D removed. */
static void terramesh_statistics(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    mos_band_statistics *rows[2];
    int64_t count[2];
    real_path("terramesh_patches", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    for (int t = 0; t < 2; t++)
        EXPECT_OK(mos_statistics_compute(NULL, dataset, MOS_SPLIT_COUNT, 0, t == 0 ? 1 : 3, false,
                                         &rows[t], &count[t]));
    assert_int_equal(count[0], 14);
    assert_int_equal(count[1], 14);
    assert_memory_equal(rows[0], rows[1], 14 * sizeof **rows);
    const mos_band_statistics *vv = find_row(rows[0], 14, "VV"), *vh = find_row(rows[0], 14, "VH"),
                              *blue = find_row(rows[0], 14, "B02");
    assert_int_equal(vv->valid, 48 * 14400);
    assert_true(fabs(vv->mean + 12.03407485632433) < 1e-11);
    assert_true(fabs(vv->sd - 4.2474712090060045) < 1e-11);
    assert_true(fabs(vh->mean + 18.001647265398944) < 1e-11);
    assert_true(fabs(vh->sd - 3.6283270056263923) < 1e-11);
    assert_true(vv->minimum == -27.734375 && vv->maximum == 2.6484375);
    const double vv_percentiles[] = {-21.890625, -11.65625, -3.515625};
    assert_true(fabs(vv->p1 / vv_percentiles[0] - 1) < 1.0 / 2048);
    assert_true(fabs(vv->p50 / vv_percentiles[1] - 1) < 1.0 / 2048);
    assert_true(fabs(vv->p99 / vv_percentiles[2] - 1) < 1.0 / 2048);
    assert_true(fabs(blue->mean - 471.8812702546296) < 1e-9);
    assert_true(fabs(blue->sd - 603.7836795446674) < 1e-9);
    assert_true(blue->p1 == 1 && blue->p50 == 265 && blue->p99 == 3206);
    assert_true(blue->minimum == 1 && blue->maximum == 5516);
    mos_free(rows[0]);
    mos_free(rows[1]);
    EXPECT_OK(
        mos_statistics_compute(NULL, dataset, MOS_SPLIT_TEST, 5, 2, false, &rows[0], &count[0]));
    assert_int_equal(rows[0][0].valid, 5 * 14400);
    mos_free(rows[0]);
    EXPECT_DATA_ERROR(
        mos_statistics_compute(NULL, dataset, MOS_SPLIT_NONE, 0, 1, false, &rows[0], &count[0]),
        "none");
    mos_dataset_close(&dataset);
}

static void invalid_pixels(void **state) {
    char path[4096];
    mos_dataset *dataset;
    mos_band_statistics *rows;
    int64_t count;
    float vv[16], vh[16];
    for (int i = 0; i < 16; i++) {
        vv[i] = -10.5f - (float)(i % 2); /* -10.5 and -11.5 */
        vh[i] = -20.25f;
    }
    vv[3] = NAN;
    vv[4] = INFINITY;
    vv[5] = -9999.0f;
    vh[0] = -20.75f;
    const double nodata = -9999;
    snprintf(path, sizeof path, "%s/a.tif", (const char *)*state);
    EXPECT_OK(mos_raster_write(path, MOS_F32, 4, 4, 2, (const void *const[]){vv, vh}, NULL, 0,
                               &nodata, NULL));
    write_text(*state, "patches.csv", "id,s1,labels\na,a.tif,W\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(mos_statistics_compute(NULL, dataset, MOS_SPLIT_COUNT, 0, 1, false, &rows, &count));
    assert_int_equal(rows[0].valid, 13);
    assert_int_equal(rows[0].invalid, 3);
    /* 7 of -10.5 and 6 of -11.5 are left. */
    assert_true(fabs(rows[0].mean - (-10.5 * 7 - 11.5 * 6) / 13) < 1e-12);
    assert_true(rows[0].minimum == -11.5 && rows[0].maximum == -10.5);
    assert_int_equal(rows[1].invalid, 0);
    mos_free(rows);
    mos_dataset_close(&dataset);
}

/* What data.constant_bands keeps from training is in none of its statistics: band s1_VH of `b`. */
static void constant_bands(void **state) {
    static const char *const choices[] = {"keep", "refuse", "mask", "skip"};
    char path[4096];
    float vv[16], vh[2][16];
    const double nodata = -9999;
    for (int i = 0; i < 16; i++) {
        vv[i] = -10.25f - (float)i;
        vh[0][i] = -20.25f - (float)(i % 2);
        vh[1][i] = i == 7 ? -9999 : -12;
    }
    for (int p = 0; p < 2; p++) {
        snprintf(path, sizeof path, "%s/c%d.tif", (const char *)*state, p);
        EXPECT_OK(mos_raster_write(path, MOS_F32, 4, 4, 2, (const void *const[]){vv, vh[p]}, NULL,
                                   0, &nodata, NULL));
    }
    write_text(*state, "patches.csv", "id,s1,labels\na,c0.tif,W\nb,c1.tif,W\n");
    for (int c = 0; c < 4; c++) {
        mos_dataset *dataset;
        mos_band_statistics *rows;
        int64_t count;
        bool out = c >= 2;
        EXPECT_OK(
            open_dataset(&dataset, "data.root", *state, "data.constant_bands", choices[c], NULL));
        EXPECT_OK(
            mos_statistics_compute(NULL, dataset, MOS_SPLIT_COUNT, 0, 2, false, &rows, &count));
        assert_int_equal(rows[0].valid, 32);
        assert_int_equal(rows[1].valid, out ? 16 : 31);
        assert_int_equal(rows[1].invalid, out ? 16 : 1);
        assert_true(fabs(rows[1].mean - (out ? -20.75 : (-20.75 * 16 - 12.0 * 15) / 31)) < 1e-12);
        assert_true(rows[1].maximum == (out ? -20.25 : -12) && rows[1].p99 <= rows[1].maximum);
        mos_free(rows);
        mos_dataset_close(&dataset);
    }
}

static void quantiles(void **state) {
    (void)state;
    mos_band_histogram histogram;
    EXPECT_OK(mos_band_histogram_init(&histogram, true));
    assert_true(isnan(mos_band_histogram_quantile(&histogram, 0.5)));
    for (int v = 1; v <= 4; v++)
        mos_band_histogram_add(&histogram, (float)(10 * v));
    assert_true(mos_band_histogram_quantile(&histogram, 0) == 10);
    assert_true(mos_band_histogram_quantile(&histogram, 0.5) == 25);
    assert_true(fabs(mos_band_histogram_quantile(&histogram, 0.25) - 17.5) < 1e-12);
    assert_true(mos_band_histogram_quantile(&histogram, 1) == 40);
    mos_band_histogram_release(&histogram);
    EXPECT_OK(mos_band_histogram_init(&histogram, false));
    mos_rng rng = mos_rng_at(1, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < 100000; i++)
        mos_band_histogram_add(&histogram, (float)(mos_rng_uniform64(&rng) * 40 - 30));
    for (double share = 0.05; share < 1; share += 0.1) {
        double wanted = share * 40 - 30;
        assert_true(fabs(mos_band_histogram_quantile(&histogram, share) - wanted) < 0.3);
    }
    mos_band_histogram_release(&histogram);
}

/* n samples over 7 classes of very different frequency; class 0 of one sample only. */
static void write_labeled_set(const char *folder, int n) {
    char path[4096];
    static const float s1[] = {-11.25f, -17.25f};
    mos_text text = {0};
    mos_rng rng = mos_rng_at(7, MOS_RNG_TEST, 0, 0, 0);
    snprintf(path, sizeof path, "%s/a.tif", folder);
    write_float_raster(path, 2, 4, s1, 0.125f);
    mos_text_add(&text, "id,s1,labels,split\n");
    for (int i = 0; i < n; i++) {
        static const double rate[] = {0, 0.004, 0.02, 0.1, 0.3, 0.5, 0.7};
        mos_text_add(&text, "p%d,a.tif,\"", i);
        bool any = i == n / 2;
        if (any) mos_text_add(&text, "c0");
        for (int c = 1; c < 7; c++) {
            if (mos_rng_uniform64(&rng) >= rate[c]) continue;
            mos_text_add(&text, "%sc%d", any ? ";" : "", c);
            any = true;
        }
        mos_text_add(&text, "\",%s\n", i % 5 == 0 ? "test" : "train");
    }
    write_text(folder, "patches.csv", text.data);
    mos_text_release(&text);
}

static void count_kept(const mos_dataset *dataset, const uint8_t *keep, int64_t *kept,
                       int64_t positives[7]) {
    *kept = 0;
    memset(positives, 0, 7 * sizeof *positives);
    for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        if (!keep[i]) continue;
        (*kept)++;
        assert_int_equal(sample.split, MOS_SPLIT_TRAIN);
        assert_true(sample.labels[0] >= 0);
        for (int c = 0; c < 7; c++)
            positives[c] += sample.labels[c] == 1;
    }
}

static void fractions(void **state) {
    enum { N = 3000 };
    mos_dataset *dataset;
    static uint8_t keep[5][N], other[N];
    static const double share[] = {0.001, 0.01, 0.1, 0.5, 1};
    int64_t kept, all, positives[7], total[7];
    write_labeled_set(*state, N);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    const char *const *names;
    assert_int_equal(mos_dataset_classes(dataset, &names), 7);
    for (int f = 0; f < 5; f++)
        EXPECT_OK(mos_fraction_choose(dataset, MOS_SPLIT_TRAIN, share[f], 3, keep[f]));
    count_kept(dataset, keep[4], &all, total);
    for (int64_t i = 0; i < N; i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        assert_int_equal(keep[4][i], sample.split == MOS_SPLIT_TRAIN && sample.labels[1] >= 0);
        for (int f = 0; f + 1 < 5; f++)
            assert_true(keep[f][i] <= keep[f + 1][i]);
    }
    for (int f = 0; f < 4; f++) {
        count_kept(dataset, keep[f], &kept, positives);
        int64_t wanted = (int64_t)floor(share[f] * (double)all + 0.5);
        assert_true(kept >= wanted && kept <= (wanted > 7 ? wanted : 7));
        for (int c = 0; c < 7; c++) {
            assert_true(positives[c] >= 1 || total[c] == 0);
            /* The share of each class within one and a half samples and 3 % of that of the set. */
            double fair = (double)total[c] * (double)kept / (double)all;
            if (f >= 2) assert_true(fabs((double)positives[c] - fair) <= 1.5 + 0.03 * fair);
        }
    }
    EXPECT_OK(mos_fraction_choose(dataset, MOS_SPLIT_TRAIN, 0.1, 3, other));
    assert_memory_equal(keep[2], other, N);
    EXPECT_OK(mos_fraction_choose(dataset, MOS_SPLIT_TRAIN, 0.1, 4, other));
    assert_memory_not_equal(keep[2], other, N);
    EXPECT_OK(mos_fraction_choose(dataset, MOS_SPLIT_TRAIN, 0, 4, other));
    for (int i = 0; i < N; i++)
        assert_int_equal(other[i], 0);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_fraction_choose(dataset, MOS_SPLIT_TRAIN, 1.5, 4, other));
    char path[4096];
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "labelled.txt"));
    EXPECT_OK(mos_fraction_save(dataset, keep[2], 0.1, 3, path));
    EXPECT_OK(mos_fraction_load(dataset, path, other));
    assert_memory_equal(keep[2], other, N);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.limit", "50", NULL));
    EXPECT_DATA_ERROR(mos_fraction_load(dataset, path, other), "another data set");
    write_text(*state, "labelled.txt", "p1\np2\n");
    EXPECT_DATA_ERROR(mos_fraction_load(dataset, path, other), "not a list");
    mos_dataset_close(&dataset);
}

static void failing_reads(void **state) {
    mos_dataset *dataset;
    mos_band_statistics *rows;
    int64_t count;
    char path[4096];
    write_labeled_set(*state, 100);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "a.tif"));
    EXPECT_OK(mos_atomic_write(path, "II*", 3));
    EXPECT_DATA_ERROR(
        mos_statistics_compute(NULL, dataset, MOS_SPLIT_COUNT, 0, 2, false, &rows, &count),
        "a.tif");
    assert_null(rows);
    mos_dataset_close(&dataset);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terramesh_statistics),
        IN_FOLDER(invalid_pixels),
        IN_FOLDER(constant_bands),
        cmocka_unit_test(quantiles),
        IN_FOLDER(fractions),
        IN_FOLDER(failing_reads),
    };
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
