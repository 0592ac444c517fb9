/* The official metadata and the real samples: counts to the last row, pixels as GDAL prints them.
 */
#include "data_support.h"

#include "data/names/patch_name.h"
#include "data/summary.h"
#include "prepare/split/split_rule.h"

#include <math.h>

static const char official[] = "bigearthnet_v2/metadata.parquet";

static const struct {
    const char *name;
    int64_t counts[3];
} class_table[] = {
    {"Agro-forestry areas", {15082, 8157, 9942}},
    {"Arable land", {88236, 49737, 50052}},
    {"Beaches, dunes, sands", {738, 426, 152}},
    {"Broad-leaved forest", {64164, 35387, 36377}},
    {"Coastal wetlands", {670, 610, 117}},
    {"Complex cultivation patterns", {51034, 26486, 22078}},
    {"Coniferous forest", {76344, 39554, 39043}},
    {"Industrial or commercial units", {6398, 2726, 2018}},
    {"Inland waters", {30466, 15900, 16846}},
    {"Inland wetlands", {11344, 5056, 4519}},
    {"Land principally occupied by agriculture, with significant areas of natural vegetation",
     {60127, 32736, 29846}},
    {"Marine waters", {35914, 14064, 11854}},
    {"Mixed forest", {78791, 42705, 44284}},
    {"Moors, heathland and sclerophyllous vegetation", {6329, 3806, 3759}},
    {"Natural grassland and sparsely vegetated areas", {6984, 2687, 2211}},
    {"Pastures", {42968, 25915, 26722}},
    {"Permanent crops", {15190, 8688, 5710}},
    {"Transitional woodland, shrub", {64198, 36429, 40523}},
    {"Urban fabric", {33626, 17308, 12824}},
};

static const struct {
    const char *name;
    int64_t count;
} country_table[] = {{"Finland", 155227},  {"Portugal", 89792},   {"Serbia", 73385},
                     {"Lithuania", 48365}, {"Ireland", 48326},    {"Austria", 43797},
                     {"Belgium", 11196},   {"Switzerland", 4874}, {"Luxembourg", 3460},
                     {"Kosovo", 1616}};

static void official_counts(void **state) {
    (void)state;
    char path[4096], root[4096];
    mos_dataset *dataset;
    mos_summary summary;
    real_path(official, path);
    real_path("bigearthnet_v2", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.rows_without_files", "keep", NULL));
    assert_int_equal(mos_dataset_count(dataset), 480038);
    EXPECT_OK(mos_summary_make(dataset, &summary));
    assert_int_equal(summary.split[MOS_SPLIT_TRAIN], 237871);
    assert_int_equal(summary.split[MOS_SPLIT_VALIDATION], 122342);
    assert_int_equal(summary.split[MOS_SPLIT_TEST], 119825);
    assert_int_equal(summary.labeled[MOS_SPLIT_TRAIN], 237871);
    assert_int_equal(summary.classes, 19);
    const char *const *names;
    mos_dataset_classes(dataset, &names);
    for (int c = 0; c < 19; c++) {
        assert_string_equal(names[c], class_table[c].name);
        assert_memory_equal(summary.positives + c * MOS_SPLIT_COUNT, class_table[c].counts,
                            sizeof class_table[c].counts);
        assert_int_equal(summary.cooccurrence[c * 19 + c], class_table[c].counts[0] +
                                                               class_table[c].counts[1] +
                                                               class_table[c].counts[2]);
    }
    assert_int_equal(summary.countries, 10);
    for (int c = 0; c < 10; c++) {
        const int64_t *row = summary.country + c * MOS_SPLIT_COUNT;
        assert_string_equal(summary.country_names[c], country_table[c].name);
        assert_int_equal(row[0] + row[1] + row[2] + row[3], country_table[c].count);
    }
    assert_int_equal(summary.country[6 * MOS_SPLIT_COUNT + MOS_SPLIT_TEST], 142);
    assert_int_equal(summary.country[9 * MOS_SPLIT_COUNT + MOS_SPLIT_TEST], 280);
    static const int64_t per_patch[] = {0,     86375, 94649, 135885, 102036, 45329,
                                        12963, 2478,  302,   15,     1,      5};
    for (int n = 0; n < 12; n++)
        assert_int_equal(summary.labels_per_sample[n], per_patch[n]);
    int64_t seasons = 0;
    for (int s = 0; s < MOS_SEASONS; s++)
        seasons += summary.season[s][0] + summary.season[s][1] + summary.season[s][2];
    assert_int_equal(seasons, 480038);
    mos_summary_release(&summary);
    expect_defect(dataset, "row without files", 480036, "S2A_MSIL2A");
    mos_dataset_close(&dataset);
}

static void split_rule_and_lag(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    mos_summary summary;
    real_path(official, root);
    real_path("bigearthnet_v2", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.rows_without_files", "keep",
                           "data.include_snow_cloud", "true", NULL));
    assert_int_equal(mos_dataset_count(dataset), 549488);
    int64_t agree = 0;
    for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
        mos_sample sample;
        mos_patch_name name;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        assert_true(mos_patch_name_parse_s2(sample.id, strlen(sample.id), &name));
        agree += mos_split_rule_v2(name.column, name.row) == sample.split;
    }
    assert_int_equal(agree, 549488);
    assert_null(find_defect(dataset, "s1 and s2 of different places"));
    EXPECT_OK(mos_summary_make(dataset, &summary));
    assert_int_equal(summary.split[MOS_SPLIT_TRAIN], 272544);
    assert_int_equal(summary.split[MOS_SPLIT_VALIDATION], 139577);
    assert_int_equal(summary.split[MOS_SPLIT_TEST], 137367);
    static const int64_t lag[] = {263237, 164797, 104184, 17123};
    for (int d = 0; d < 4; d++)
        assert_int_equal(summary.lag[d], lag[d]);
    assert_int_equal(summary.lag[4] + summary.lag[5] + summary.lag[6], 147);
    assert_int_equal(summary.lag[MOS_LAG_BINS], 0);
    mos_summary_release(&summary);
    mos_dataset_close(&dataset);
}

static void real_pairs(void **state) {
    (void)state;
    char root[4096], metadata[4096];
    mos_dataset *dataset;
    mos_reader *reader;
    real_path("bigearthnet_v2_pairs", root);
    real_path(official, metadata);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", metadata, NULL));
    assert_string_equal(mos_dataset_format(dataset), "bigearthnet-v2");
    assert_int_equal(mos_dataset_count(dataset), 5);
    assert_int_equal(mos_dataset_metadata_rows(dataset), 480038);
    int64_t splits[MOS_SPLIT_COUNT] = {0};
    for (int64_t i = 0; i < 5; i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        splits[sample.split]++;
        assert_int_equal(sample.present, 3);
    }
    assert_int_equal(splits[MOS_SPLIT_TRAIN], 3);
    assert_int_equal(splits[MOS_SPLIT_VALIDATION], 1);
    assert_int_equal(splits[MOS_SPLIT_TEST], 1);
    int64_t sample =
        mos_dataset_find(dataset, "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_87_48");
    assert_true(sample >= 0);
    /* Band order B01..B12 as documented; sums and first pixels by GDAL's Python bindings. */
    static const double sums[] = {214136,   8921616,  14628572, 14269374, 5512962, 10545622,
                                  12599417, 52185084, 13459606, 1496819,  8362302, 5774132};
    static const float firsts[] = {610,  813,  1302, 1262, 1784, 3089,
                                   3525, 3480, 3546, 3729, 2828, 2057};
    static const int64_t sides[] = {20, 120, 120, 120, 60, 60, 60, 120, 60, 20, 60, 60};
    int bands[12];
    for (int b = 0; b < 12; b++)
        bands[b] = b;
    mos_patch *patch = malloc(sizeof *patch);
    assert_non_null(patch);
    EXPECT_OK(mos_reader_open(dataset, &reader));
    EXPECT_OK(mos_reader_read(reader, sample, 1, bands, 12, patch));
    for (int b = 0; b < 12; b++) {
        double sum = 0;
        assert_int_equal(patch->band[b].width, sides[b]);
        assert_int_equal(patch->band[b].height, sides[b]);
        assert_true(patch->band[b].has_nodata && patch->band[b].nodata == 0.0f);
        for (int64_t i = 0; i < sides[b] * sides[b]; i++)
            sum += (double)patch->band[b].data[i];
        assert_true(sum == sums[b]);
        assert_true(patch->band[b].data[0] == firsts[b]);
    }
    /* gdallocationinfo -valonly at (0, 0), (119, 119), (37, 64); asked for in the order VH, VV. */
    EXPECT_OK(mos_reader_read(reader, sample, 0, (const int[]){1, 0}, 2, patch));
    static const struct {
        int band, x, y;
        double value;
    } seen[] = {{1, 0, 0, -10.8508749008179},     {1, 119, 119, -10.3101711273193},
                {1, 37, 64, -9.3626766204834},    {0, 0, 0, -19.7591152191162},
                {0, 119, 119, -19.6745529174805}, {0, 37, 64, -21.6285133361816}};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        float value = patch->band[seen[i].band].data[seen[i].y * 120 + seen[i].x];
        assert_true(fabs((double)value - seen[i].value) < 1e-12);
    }
    assert_int_equal(mos_dataset_offsets_removed(dataset), 0);
    free(patch);
    mos_reader_close(&reader);
    mos_dataset_close(&dataset);
}

/* The store's two records are the two patches of bigearthnet_v2. */
static void lmdb_equals_tree(void **state) {
    (void)state;
    char tree_root[4096], store_root[4096], metadata[4096];
    mos_dataset *sets[2];
    mos_reader *readers[2];
    real_path("bigearthnet_v2", tree_root);
    real_path("bigearthnet_v2_lmdb", store_root);
    real_path(official, metadata);
    EXPECT_OK(open_dataset(&sets[0], "data.root", tree_root, NULL));
    EXPECT_OK(open_dataset(&sets[1], "data.root", store_root, "data.metadata", metadata, NULL));
    assert_string_equal(mos_dataset_format(sets[1]), "bigearthnet-v2-lmdb");
    static const char *const alone = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43";
    for (int s = 0; s < 2; s++) {
        assert_int_equal(mos_dataset_count(sets[s]), 2);
        expect_defect(sets[s], "missing partner (no s1)", 1,
                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43 wants "
                      "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_75_43");
        expect_defect(sets[s], "missing partner (no s2)", 1, "T33UUP_70_48");
        EXPECT_OK(mos_reader_open(sets[s], &readers[s]));
    }
    mos_patch *patches = malloc(2 * sizeof *patches);
    assert_non_null(patches);
    int bands[12];
    for (int b = 0; b < 12; b++)
        bands[b] = 11 - b;
    for (int64_t i = 0; i < 2; i++) {
        mos_sample samples[2];
        for (int s = 0; s < 2; s++)
            EXPECT_OK(mos_dataset_sample(sets[s], i, &samples[s]));
        assert_string_equal(samples[0].id, samples[1].id);
        int64_t modality = strcmp(samples[0].id, alone) == 0 ? 1 : 0;
        assert_int_equal(samples[0].present, 1u << modality);
        int64_t count = modality == 1 ? 12 : 2;
        for (int s = 0; s < 2; s++)
            EXPECT_OK(
                mos_reader_read(readers[s], i, modality, bands + 12 - count, count, &patches[s]));
        for (int64_t b = 0; b < count; b++) {
            size_t bytes = (size_t)(patches[0].band[b].width * patches[0].band[b].height) * 4;
            assert_int_equal(patches[0].band[b].width, patches[1].band[b].width);
            assert_memory_equal(patches[0].band[b].data, patches[1].band[b].data, bytes);
        }
        EXPECT_DATA_ERROR(mos_reader_read(readers[0], i, 1 - modality, bands + 11, 1, patches),
                          samples[0].id);
    }
    free(patches);
    for (int s = 0; s < 2; s++) {
        mos_reader_close(&readers[s]);
        mos_dataset_close(&sets[s]);
    }
}

static void truncated_metadata(void **state) {
    char path[4096], copy[4096], *data;
    size_t size;
    mos_dataset *dataset;
    real_path(official, path);
    EXPECT_OK(mos_file_read(path, (size_t)1 << 30, &data, &size));
    EXPECT_OK(mos_path_join(copy, sizeof copy, *state, "metadata.parquet"));
    char folder[4096];
    EXPECT_OK(mos_path_join(folder, sizeof folder, *state, "BigEarthNet-S2"));
    EXPECT_OK(mos_make_dirs(folder));
    static const size_t cuts[] = {0, 3, 8, 1000000};
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        EXPECT_OK(mos_atomic_write(copy, data, cuts[c]));
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL), "metadata.parquet");
        assert_null(dataset);
    }
    mos_free(data);
    real_path("bigearthnet_v2_lmdb/data.mdb", path);
    EXPECT_OK(mos_file_read(path, (size_t)1 << 30, &data, &size));
    EXPECT_OK(mos_path_join(copy, sizeof copy, *state, "data.mdb"));
    real_path(official, path);
    for (size_t cut = 0; cut < size; cut += 61440) {
        EXPECT_OK(mos_atomic_write(copy, data, cut));
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, "data.metadata", path, NULL),
                          "data.mdb");
    }
    mos_free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_counts),
        cmocka_unit_test(split_rule_and_lag),
        cmocka_unit_test(real_pairs),
        cmocka_unit_test(lmdb_equals_tree),
        cmocka_unit_test_setup_teardown(truncated_metadata, make_test_folder, remove_test_folder),
    };
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
