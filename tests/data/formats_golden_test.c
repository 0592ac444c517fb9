/* One hash per format over real samples: ids, splits, labels, times, band names, and every pixel as
 * it is delivered; and one over the statistics of all bands. What was right stays right, to the
 * last byte: whoever changes a number here has to say why. */
#include "data_support.h"

#include "base/text.h"
#include "data/statistics.h"

static void add_table(const mos_dataset *dataset, mos_text *out) {
    const mos_modality *modalities;
    int64_t count = mos_dataset_modalities(dataset, &modalities);
    char fingerprint[65];
    mos_dataset_fingerprint(dataset, fingerprint);
    mos_text_add(out, "%s\n", fingerprint);
    for (int64_t m = 0; m < count; m++) {
        mos_text_add(out, "%s", modalities[m].name);
        for (int64_t b = 0; b < modalities[m].band_count; b++)
            mos_text_add(out, " %s", modalities[m].bands[b].name);
        mos_text_add(out, "\n");
    }
    for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        mos_text_add(out, "%s %s %s %u", sample.id, mos_split_names[sample.split], sample.country,
                     (unsigned)sample.present);
        for (int64_t m = 0; m < count; m++)
            mos_text_add(out, " %lld", (long long)sample.time_s[m]);
        mos_text_add(out, "\n");
    }
}

static void add_pixels(mos_dataset *dataset, mos_text *out) {
    const mos_modality *modalities;
    int64_t count = mos_dataset_modalities(dataset, &modalities);
    mos_reader *reader;
    int bands[MOS_DATA_MAX_BANDS];
    for (int b = 0; b < MOS_DATA_MAX_BANDS; b++)
        bands[b] = b;
    EXPECT_OK(mos_reader_open(dataset, &reader));
    for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        for (int64_t m = 0; m < count; m++) {
            mos_patch patch;
            if (!(sample.present >> m & 1)) continue;
            EXPECT_OK(mos_reader_read(reader, i, m, bands, modalities[m].band_count, &patch));
            for (int64_t b = 0; b < patch.bands; b++) {
                char hex[65];
                const struct mos_patch_band *band = &patch.band[b];
                mos_sha256(band->data, (size_t)(band->width * band->height) * sizeof *band->data,
                           hex);
                mos_text_add(out, "%lld x %lld %s\n", (long long)band->width,
                             (long long)band->height, hex);
            }
        }
    }
    mos_reader_close(&reader);
}

static void add_statistics(mos_dataset *dataset, mos_text *out) {
    mos_band_statistics *rows = NULL;
    int64_t count = 0;
    EXPECT_OK(mos_statistics_compute(NULL, dataset, MOS_SPLIT_COUNT, 0, 1, false, &rows, &count));
    for (int64_t i = 0; i < count; i++) {
        const double values[] = {rows[i].mean, rows[i].sd, rows[i].minimum, rows[i].maximum,
                                 rows[i].p50};
        mos_text_add(out, "%s %s %lld %lld", rows[i].modality, rows[i].band,
                     (long long)rows[i].valid, (long long)rows[i].invalid);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            mos_text_add(out, " ");
            mos_text_add_number(out, values[v]);
        }
        mos_text_add(out, "\n");
    }
    mos_free(rows);
}

static void expect_hash(const char *what, const mos_text *text, const char *wanted) {
    char hex[65];
    assert_false(text->failed);
    mos_sha256(text->data, text->size, hex);
    if (strcmp(hex, wanted) != 0) print_error("%s: %s\n", what, hex);
    assert_string_equal(hex, wanted);
}

static void compare(mos_dataset *dataset, const char *table, const char *statistics) {
    mos_text text = {0};
    add_table(dataset, &text);
    add_pixels(dataset, &text);
    expect_hash("samples", &text, table);
    mos_text_release(&text);
    text = (mos_text){0};
    add_statistics(dataset, &text);
    expect_hash("statistics", &text, statistics);
    mos_text_release(&text);
    mos_dataset_close(&dataset);
}

static void csv(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    real_path("terramesh_patches", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    compare(dataset, "c174d14cf393d8fa6a31f67c1bd1e8f9f7364477dbf240c461b490686f5d1292",
            "aaa38bf55b8177917ec22d7d14a0696a7aece6287634084fb05440c1e4bf632b");
}

static void scene(void **state) {
    char root[4096], text[16384], path[4096];
    mos_dataset *dataset;
    real_path("terramesh_scene", root);
    snprintf(
        text, sizeof text,
        "grid: {size: 56}\nmodalities:\n"
        "  s2: {file: %s/s2/433D_629L_3_1.tif, bands: [B01, B02, B03, B04, B05, B06, B07, B08, "
        "B8A, B09, B11, B12]}\n"
        "  s1: {file: %s/s1/433D_629L_3_1.tif, bands: [VV, VH]}\n",
        root, root);
    write_text(*state, "scene.yaml", text);
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "scene.yaml"));
    EXPECT_OK(open_dataset(&dataset, "data.root", path, NULL));
    compare(dataset, "c1750bd166e9a7fb9039c6cb512e2c9fefb3bf737eec224699ee42ce20f77c47",
            "d26870c9e0175c44a5f26d0ba6b59288ea46ee24ed19ce498e9c7cbc9dd0ff58");
}

static void sen12ms(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    real_path("sen12ms", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    compare(dataset, "288b0a0ae23880e4219075bab5116a2a082c858389dc888908db0708192d04cb",
            "b655f58a552d32a487c707ccd00d64fb7319da22c8c5ede564f44912c778f7ea");
}

static void version_1(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    real_path("bigearthnet_v1", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    compare(dataset, "3ac022b10be131980667ec2521397cdc5383972bbce46d1c3ff43408a8bb9d56",
            "97f99ec532196c6ba0c5ffd7b1ae09236e929cdc56897ca26346762df8e29f10");
}

static void version_2(void **state) {
    (void)state;
    char root[4096], metadata[4096];
    mos_dataset *dataset;
    real_path("bigearthnet_v2_pairs", root);
    real_path("bigearthnet_v2/metadata.parquet", metadata);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", metadata, NULL));
    compare(dataset, "e17e1519ed526c2155d9ce5a7252f691d6b4e88afe40f8bdb29fb4a72263b354",
            "8700807f936ecc58ee762157c0e9428c9e55d0c430592eab3900fe192272d7f8");
}

static void store(void **state) {
    (void)state;
    char root[4096], metadata[4096];
    mos_dataset *dataset;
    real_path("bigearthnet_v2_lmdb", root);
    real_path("bigearthnet_v2/metadata.parquet", metadata);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", metadata, NULL));
    compare(dataset, "aefda7a3d1377245ba5b885071ac066ca8fe398bc6dfa753055f4c217a2e7f2f",
            "f0d4e0ceee2b7ae72b2ad83a32fb414bac73366eab9bb0b96de9f39fb8a39118");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),
        cmocka_unit_test_setup_teardown(scene, make_test_folder, remove_test_folder),
        cmocka_unit_test(sen12ms),
        cmocka_unit_test(version_1),
        cmocka_unit_test(version_2),
        cmocka_unit_test(store)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
