/* Hand-made V2 trees: what is missing, left over, swapped, cut short or of the wrong scale is said
 * by name. */
#include "data_support.h"

#define TILE  "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP"
#define SCENE "S1A_IW_GRDH_1SDV_20170613T165043"

static void write_pair(const char *root, int column, float vv, float vh, float step) {
    char s1[128], s2[128];
    snprintf(s2, sizeof s2, TILE "_%02d_43", column);
    snprintf(s1, sizeof s1, SCENE "_33UUP_%d_43", column);
    write_s2_patch(root, s2, TEST_SIDE, 300);
    write_s1_patch(root, SCENE, s1, TEST_SIDE, vv, vh, step);
}

static const char table[] =
    "patch_id,labels,split,country,s1_name\n" TILE
    "_01_43,\"['Arable land', 'Beaches, dunes, sands']\",train,Austria," SCENE "_33UUP_1_43\n" TILE
    "_02_43,Urban fabric;Marine waters,validation,Ireland," SCENE "_33UUP_2_43\n" TILE
    "_03_43,\"[\"\"Pastures\"\"]\",test,Ireland," SCENE "_33UUP_3_43\n" TILE
    "_04_43,Pastures,test,Austria," SCENE "_33UUP_4_43\n" TILE "_05_43,,train,Austria," SCENE
    "_33UUP_5_43\n";

static void write_tree(const char *root) {
    write_pair(root, 1, -11.25f, -18.25f, 0.125f);
    write_pair(root, 2, -10.25f, -17.25f, 0.125f);
    write_pair(root, 5, -10.25f, -17.25f, 0.125f);
    write_s2_patch(root, TILE "_03_43", TEST_SIDE, 400); /* its partner is missing */
    write_s2_patch(root, TILE "_09_43", TEST_SIDE, 400); /* no row */
    write_s1_patch(root, SCENE, SCENE "_33UUP_8_43", TEST_SIDE, -9.5f, -12.25f, 0.125f);
    write_text(root, "metadata.csv", table);
}

static void whole_tree(void **state) {
    mos_dataset *dataset;
    write_tree(*state);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_int_equal(mos_dataset_count(dataset), 4);
    expect_defect(dataset, "row without files", 1, TILE "_04_43");
    expect_defect(dataset, "missing partner (no s1)", 1, TILE "_03_43 wants " SCENE "_33UUP_3_43");
    expect_defect(dataset, "orphan s2 patch", 1, TILE "_09_43");
    expect_defect(dataset, "orphan s1 patch", 1, SCENE "_33UUP_8_43");
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, 0, &sample));
    for (int c = 0; c < 19; c++) /* lexicographic: 1 Arable land, 2 Beaches, dunes, sands */
        assert_int_equal(sample.labels[c], c == 1 || c == 2);
    assert_string_equal(sample.country, "Austria");
    assert_int_equal(sample.time_s[1], 1497348631);
    EXPECT_OK(mos_dataset_sample(dataset, 3, &sample));
    for (int c = 0; c < 19; c++)
        assert_int_equal(sample.labels[c], -1);
    /* By name, whatever the order on disk: VH sorts before VV, B8A after B12. */
    assert_true(first_pixel(dataset, TILE "_01_43", "s1", "VV") == -11.25f);
    assert_true(first_pixel(dataset, TILE "_01_43", "s1", "VH") == -18.25f);
    assert_true(first_pixel(dataset, TILE "_01_43", "s2", "B8A") == 380.0f);
    assert_true(first_pixel(dataset, TILE "_01_43", "s2", "B12") == 410.0f);
    assert_int_equal(mos_dataset_find(dataset, TILE "_04_43"), -1);
    char first[65], second[65];
    mos_dataset_fingerprint(dataset, first);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.limit", "1", NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    mos_dataset_fingerprint(dataset, second);
    assert_string_not_equal(first, second);
    mos_dataset_close(&dataset);
}

static void options(void **state) {
    mos_dataset *dataset;
    mos_sample sample;
    write_tree(*state);
    expect_no_such_classes(*state, "43", "bigearthnet-v2 has default, 19");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.class_order", "paper", NULL));
    EXPECT_OK(mos_dataset_sample(dataset, 1, &sample));
    for (int c = 0; c < 19; c++) /* paper: 0 Urban fabric, 18 Marine waters */
        assert_int_equal(sample.labels[c], c == 0 || c == 18);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.countries", "Ireland", NULL));
    assert_int_equal(mos_dataset_count(dataset), 2);
    mos_dataset_close(&dataset);
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  open_dataset(&dataset, "data.root", *state, "data.countries", "Irland", NULL));
    assert_non_null(strstr(mosaic_error(), "'Ireland' meant"));
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.policy", "skip", NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    expect_defect(dataset, "skipped for a missing modality", 1, TILE "_03_43");
    mos_dataset_close(&dataset);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, "data.policy", "refuse", NULL),
                      TILE "_03_43");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.rows_without_files", "keep", NULL));
    assert_int_equal(mos_dataset_count(dataset), 5);
    mos_dataset_close(&dataset);
}

/* A patch of the second file is left out on purpose, and taken when asked for. */
static void snow_and_cloud(void **state) {
    mos_dataset *dataset;
    write_tree(*state);
    write_text(*state, "metadata_for_patches_with_snow_cloud_or_shadow.csv",
               "patch_id,labels,split,country,s1_name\n" TILE "_09_43,Pastures,train,Austria," SCENE
               "_33UUP_9_43\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    expect_defect(dataset, "snow, cloud or shadow: left out", 1, TILE "_09_43");
    assert_null(find_defect(dataset, "orphan s2 patch"));
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.include_snow_cloud", "true", NULL));
    assert_int_equal(mos_dataset_count(dataset), 5);
    mos_dataset_close(&dataset);
}

static void bad_metadata(void **state) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"patch_id,labels,split,country,s1_name\n" TILE "_1_43,Pastures,train,A," SCENE
         "_33UUP_1_43\n",
         "'" TILE "_1_43' is not a BigEarthNet S2 patch name"},
        {"patch_id,labels,split,country,s1_name\n" TILE "_01_43,Pastures,train,A," SCENE
         "_33UUP_01_43\n",
         "is not a BigEarthNet S1 patch name"},
        {"patch_id,labels,split,country,s1_name\n" TILE "_01_43,Pastures,training,A," SCENE
         "_33UUP_1_43\n",
         "split 'training'"},
        {"patch_id,labels,split,country,s1_name\n" TILE "_01_43,Pasture,train,A," SCENE
         "_33UUP_1_43\n",
         "is 'Pastures' meant?"},
        {"patch_id,labels,split,country,s1_name\n" TILE "_01_43,\"['Pastures\",train,A," SCENE
         "_33UUP_1_43\n",
         "neither A;B nor a list"},
        {"patch_id,labels,country,s1_name\n" TILE "_01_43,Pastures,A," SCENE "_33UUP_1_43\n",
         "no column 'split'"},
        {"labels,split\nPastures,train\n", "no column 'patch_id' or 'id'"},
        {"patch_id,labels,split,country,s1_name\n" TILE "_01_43,Pastures,train,A," SCENE
         "_33UUP_1_43\n" TILE "_01_43,Pastures,train,A," SCENE "_33UUP_1_43\n",
         "occurs twice"},
    };
    mos_dataset *dataset;
    write_tree(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(*state, "metadata.csv", cases[i].text);
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL), cases[i].part);
    }
    /* One stranger among known labels is counted and named. */
    write_text(*state, "metadata.csv",
               "patch_id,labels,split,country,s1_name\n" TILE
               "_01_43,Pastures;Pasture,train,A," SCENE "_33UUP_1_43\n" TILE
               "_02_43,Pastures,train,A," SCENE "_33UUP_7_43\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    expect_defect(dataset, "label not in the nomenclature", 1, "'Pasture'");
    expect_defect(dataset, "s1 and s2 of different places", 1, TILE "_02_43");
    mos_dataset_close(&dataset);
}

static mosaic_status read_all(mos_dataset *dataset, int64_t sample, int64_t modality) {
    const mos_modality *modalities;
    mos_dataset_modalities(dataset, &modalities);
    int bands[MOS_DATA_MAX_BANDS];
    for (int b = 0; b < modalities[modality].band_count; b++)
        bands[b] = b;
    mos_reader *reader;
    EXPECT_OK(mos_reader_open(dataset, &reader));
    mos_patch *patch = malloc(sizeof *patch);
    assert_non_null(patch);
    mosaic_status status =
        mos_reader_read(reader, sample, modality, bands, modalities[modality].band_count, patch);
    free(patch);
    mos_reader_close(&reader);
    return status;
}

static void damaged_files(void **state) {
    mos_dataset *dataset;
    char path[4096], *data;
    size_t size;
    write_tree(*state);
    snprintf(path, sizeof path, "%s/BigEarthNet-S2/" TILE "/" TILE "_02_43/" TILE "_02_43_B05.tif",
             (const char *)*state);
    EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
    static const size_t cuts[] = {0, 4, 60, 200};
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        EXPECT_OK(mos_atomic_write(path, data, size < cuts[c] ? size - 1 : cuts[c]));
        EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
        expect_defect(dataset, "unreadable", 1, TILE "_02_43 s2: ");
        EXPECT_OK(read_all(dataset, 0, 1));
        EXPECT_DATA_ERROR(read_all(dataset, 1, 1), TILE "_02_43_B05.tif");
        mos_dataset_close(&dataset);
    }
    mos_free(data);
    int base = 300; /* the right bytes in the wrong size */
    write_u16_raster(path, 1, 5, &base);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_DATA_ERROR(read_all(dataset, 1, 1), TILE "_02_43_B05.tif");
    mos_dataset_close(&dataset);
    EXPECT_OK(mos_remove_tree(path));
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_int_not_equal(read_all(dataset, 1, 1), MOSAIC_OK);
    assert_non_null(strstr(mosaic_error(), TILE "_02_43_B05.tif"));
    mos_dataset_close(&dataset);
}

static void radar_scales(void **state) {
    mos_dataset *dataset;
    write_tree(*state);
    /* Whole numbers: refused unless taken on purpose. */
    for (int column = 1; column <= 2; column++)
        write_pair(*state, column, -11, -18, 1);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL), "whole numbers");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.s1_scale", "db", NULL));
    expect_defect(dataset, "s1 all whole numbers", 2, TILE);
    assert_true(first_pixel(dataset, TILE "_01_43", "s1", "VV") == -11.0f);
    mos_dataset_close(&dataset);
    /* Linear power among decibels. */
    for (int column = 1; column <= 2; column++)
        write_pair(*state, column, 0.1f, 0.01f, 0.001f);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL), "linear power");
    /* All linear: converted, with a notice. 10 log10(0.1) = -10, 10 log10(0.01) = -20. */
    write_pair(*state, 5, 0.1f, 0.01f, 0.001f);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    expect_defect(dataset, "s1 in linear power: converted to dB", 1, TILE);
    assert_float_equal(first_pixel(dataset, TILE "_01_43", "s1", "VV"), -10.0f, 1e-5f);
    assert_float_equal(first_pixel(dataset, TILE "_01_43", "s1", "VH"), -20.0f, 1e-5f);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.s1_scale", "db", NULL));
    assert_float_equal(first_pixel(dataset, TILE "_01_43", "s1", "VV"), 0.1f, 1e-7f);
    mos_dataset_close(&dataset);
    /* VV and VH swapped on disk. */
    for (int column = 1; column <= 5; column++)
        write_pair(*state, column, -18.25f, -11.25f, 0.125f);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_non_null(find_defect(dataset, "vv-below-vh"));
    mos_dataset_close(&dataset);
}

static void own_processing_with_offset(void **state) {
    mos_dataset *dataset;
    write_tree(*state);
    /* One bright patch among dark ones keeps its values: N9999 is one processing. */
    write_s2_patch(*state, TILE "_02_43", TEST_SIDE, 1300);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_true(first_pixel(dataset, TILE "_02_43", "s2", "B02") == 1310.0f);
    assert_int_equal(mos_dataset_offsets_removed(dataset), 0);
    mos_dataset_close(&dataset);
    /* All of them are shifted: removed. */
    for (int column = 1; column <= 9; column++) {
        char name[128];
        snprintf(name, sizeof name, TILE "_%02d_43", column);
        write_s2_patch(*state, name, TEST_SIDE, 1300);
    }
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_true(first_pixel(dataset, TILE "_02_43", "s2", "B02") == 310.0f);
    assert_non_null(find_defect(dataset, "+1000 offset, removed (among the probed)"));
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.boa_offset", "keep", NULL));
    assert_true(first_pixel(dataset, TILE "_02_43", "s2", "B02") == 1310.0f);
    mos_dataset_close(&dataset);
}

static void nothing_there(void **state) {
    mos_dataset *dataset;
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL),
                      "no known data set here: wanted one of bigearthnet-v2-lmdb, bigearthnet-v2, "
                      "bigearthnet-v1, sen12ms, csv");
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", "/nonexistent/x", NULL),
                      "/nonexistent/x");
    EXPECT_STATUS(MOSAIC_ERR_USAGE, open_dataset(&dataset, NULL));
    EXPECT_DATA_ERROR(
        open_dataset(&dataset, "data.root", *state, "data.format", "bigearthnet-v2", NULL),
        "metadata.parquet");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(whole_tree),
        IN_FOLDER(options),
        IN_FOLDER(snow_and_cloud),
        IN_FOLDER(bad_metadata),
        IN_FOLDER(damaged_files),
        IN_FOLDER(radar_scales),
        IN_FOLDER(own_processing_with_offset),
        IN_FOLDER(nothing_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
