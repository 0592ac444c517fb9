/* Folders of one's own with a table, and the TerraMesh sample with its one tile of processing
 * baseline 04.00. */
#include "data_support.h"

#include <math.h>

static void terramesh(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    mos_reader *reader;
    const char *const *classes;
    real_path("terramesh_patches", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_string_equal(mos_dataset_format(dataset), "csv");
    assert_int_equal(mos_dataset_count(dataset), 48);
    static const char *const wanted[] = {"Bare ground", "Built area", "Crops",
                                         "Rangeland",   "Trees",      "Water"};
    assert_int_equal(mos_dataset_classes(dataset, &classes), 6);
    for (int c = 0; c < 6; c++)
        assert_string_equal(classes[c], wanted[c]);
    int64_t train = 0, positives[6] = {0};
    for (int64_t i = 0; i < 48; i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        train += sample.split == MOS_SPLIT_TRAIN;
        assert_int_equal(sample.present, 3);
        for (int c = 0; c < 6; c++)
            positives[c] += sample.labels[c];
    }
    static const int64_t counts[] = {15, 22, 32, 34, 30, 31};
    assert_int_equal(train, 32);
    assert_memory_equal(positives, counts, sizeof counts);
    /* The 16 patches of tile 433D lose 1000 and nothing else does, whatever bands are asked for. */
    EXPECT_OK(mos_reader_open(dataset, &reader));
    mos_patch *patch = malloc(sizeof *patch);
    assert_non_null(patch);
    int bands[12], blue = 1;
    for (int64_t i = 47; i >= 0; i--) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        EXPECT_OK(mos_reader_read(reader, i, 1, &blue, 1, patch));
        float minimum = INFINITY;
        for (int p = 0; p < 120 * 120; p++)
            minimum = fminf(minimum, patch->band[0].data[p]);
        assert_true(minimum < 900.0f && minimum >= 1.0f);
    }
    assert_int_equal(mos_dataset_offsets_removed(dataset), 16);
    /* max(v - 1000, 1) summed by NumPy. */
    static const double sums[] = {5226768,  6684466,  8510915,  10209777, 14011456, 21782160,
                                  25167644, 27870680, 28609216, 29043684, 28087696, 19899920};
    for (int b = 0; b < 12; b++)
        bands[b] = b;
    EXPECT_OK(mos_reader_read(reader, mos_dataset_find(dataset, "433D_629L_3_1_30"), 1, bands, 12,
                              patch));
    for (int b = 0; b < 12; b++) {
        double sum = 0;
        for (int p = 0; p < 120 * 120; p++)
            sum += (double)patch->band[b].data[p];
        assert_true(sum == sums[b]);
    }
    free(patch);
    mos_reader_close(&reader);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.boa_offset", "keep", NULL));
    assert_true(first_pixel(dataset, "433D_629L_3_1_30", "s2", "B02") > 1000.0f);
    assert_int_equal(mos_dataset_offsets_removed(dataset), 0);
    mos_dataset_close(&dataset);
}

/* s1 and s2 as multi-band rasters, dem with one band, c.tif missing, labels with commas. */
static void write_set(const char *folder) {
    static const float dem[] = {-12.5f}, s1[] = {-11.25f, -17.25f};
    static const int s2[] = {300, 310, 320, 330, 340, 350, 360, 370, 380, 390};
    char path[4096];
    static const char *const ids[] = {"a", "b"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/s1_%s.tif", folder, ids[i]);
        write_float_raster(path, 2, TEST_SIDE, s1, 0.125f);
        snprintf(path, sizeof path, "%s/s2_%s.tif", folder, ids[i]);
        write_u16_raster(path, 10, TEST_SIDE, s2);
    }
    snprintf(path, sizeof path, "%s/dem_a.tif", folder);
    write_float_raster(path, 1, TEST_SIDE, dem, 0.25f);
}

static void own_folder(void **state) {
    mos_dataset *dataset;
    mos_sample sample;
    const mos_modality *modalities;
    const char *const *classes;
    write_set(*state);
    write_text(*state, "mine.csv",
               "id,s1,s2,dem,labels,split,datetime_s1,datetime,country,remark\n"
               "a,s1_a.tif,s2_a.tif,dem_a.tif,\"Sand, dunes;Water\",train,2020-01-02T03:04:05Z,"
               "2020-01-05,Peru,fine\n"
               "b,s1_b.tif,s2_b.tif,,,,,,,\n"
               "c,s1_c.tif,,,Water,test,,,,\n"
               "d,s1_a.tif,,,Water,test,,,,\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    assert_int_equal(mos_dataset_modalities(dataset, &modalities), 3);
    assert_string_equal(modalities[0].bands[0].name, "VV");
    assert_string_equal(modalities[1].bands[7].name, "B8A");
    assert_string_equal(modalities[2].bands[0].name, "dem");
    assert_int_equal(mos_dataset_classes(dataset, &classes), 2);
    assert_string_equal(classes[0], "Sand, dunes");
    EXPECT_OK(mos_dataset_sample(dataset, 0, &sample));
    assert_int_equal(sample.present, 7);
    assert_int_equal(sample.labels[0], 1);
    assert_int_equal(sample.time_s[0], 1577934245); /* date -u -d 2020-01-02T03:04:05Z +%s */
    assert_int_equal(sample.time_s[1], 1578182400);
    assert_string_equal(sample.country, "Peru");
    EXPECT_OK(mos_dataset_sample(dataset, 1, &sample));
    assert_int_equal(sample.present, 3);
    assert_int_equal(sample.split, MOS_SPLIT_NONE);
    assert_int_equal(sample.labels[0], -1);
    assert_int_equal(sample.time_s[0], INT64_MIN);
    expect_defect(dataset, "missing file", 1, "s1_c.tif");
    expect_defect(dataset, "row without files", 1, "c");
    assert_true(first_pixel(dataset, "a", "dem", "dem") == -12.5f);
    assert_true(first_pixel(dataset, "d", "s1", "VH") == -17.25f);
    mos_dataset_close(&dataset);
    char path[4096];
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "mine.csv"));
    EXPECT_OK(open_dataset(&dataset, "data.root", path, "data.class_names", "Water",
                           "data.class_names", "Sand, dunes", NULL));
    mos_dataset_classes(dataset, &classes);
    assert_string_equal(classes[0], "Water");
    mos_dataset_close(&dataset);
}

static void one_file_per_band(void **state) {
    mos_dataset *dataset;
    const mos_modality *modalities;
    char path[4096];
    static const int base[] = {300, 400};
    for (int b = 0; b < 2; b++) {
        snprintf(path, sizeof path, "%s/%d.tif", (const char *)*state, b);
        write_u16_raster(path, 1, TEST_SIDE / (b + 1), &base[b]);
    }
    write_text(*state, "patches.csv",
               "id,s2:B02,s2:B11,\"class:Sand, dunes\",class:Water,split\n"
               "a,0.tif,1.tif,1,0,train\nb,0.tif,,,1,train\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_int_equal(mos_dataset_count(dataset), 2);
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, 1, &sample));
    assert_int_equal(sample.labels[0], -1);
    assert_int_equal(sample.labels[1], 1);
    assert_int_equal(sample.present, 0);
    expect_defect(dataset, "missing band", 1, "b: s2 has 1 of 2 bands");
    assert_int_equal(mos_dataset_modalities(dataset, &modalities), 1);
    assert_true(first_pixel(dataset, "a", "s2", "B11") == 400.0f);
    mos_dataset_close(&dataset);
}

static void band_names(void **state) {
    mos_dataset *dataset;
    char path[4096];
    static const int s2[] = {300, 310, 320};
    snprintf(path, sizeof path, "%s/a.tif", (const char *)*state);
    write_u16_raster(path, 3, TEST_SIDE, s2);
    write_text(*state, "patches.csv", "id,s2,labels\na,a.tif,Water\n");
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL), "set data.bands");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", "s2=B4,B03,B02", NULL));
    assert_true(first_pixel(dataset, "a", "s2", "B04") == 300.0f);
    mos_dataset_close(&dataset);
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  open_dataset(&dataset, "data.root", *state, "data.bands", "s2=B04,B03", NULL));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, open_dataset(&dataset, "data.root", *state, "data.bands",
                                                 "s2=B04,B03,B02,B08", NULL));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, open_dataset(&dataset, "data.root", *state, "data.bands",
                                                 "S2=B04,B03,B02", NULL));
    assert_non_null(strstr(mosaic_error(), "'S2=B04,B03,B02'"));
}

/* Metadata decides before pixels; bright samples follow the others; contradiction is refused. */
static void offset_rules(void **state) {
    static const int dark[] = {300, 310, 320}, shifted[] = {1300, 1310, 1320},
                     bright[] = {3300, 3310, 3320};
    static const struct {
        const char *name;
        const int *bases;
    } files[] = {{"dark", dark}, {"shifted", shifted}, {"bright", bright}};
    static const char header[] = "id,s2,product,labels\n";
    char path[4096], text[1024];
    mos_dataset *dataset;
    for (int f = 0; f < 3; f++) {
        snprintf(path, sizeof path, "%s/%s.tif", (const char *)*state, files[f].name);
        write_u16_raster(path, 3, TEST_SIDE, files[f].bases);
    }
    const char *names = "s2=B02,B03,B04";
    snprintf(text, sizeof text,
             "%sold,shifted.tif,S2A_MSIL2A_20200101T101031_N0213_R022_T33UUP_x,W\n"
             "plain,dark.tif,,W\nmoved,shifted.tif,,W\n",
             header);
    write_text(*state, "patches.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", names, NULL));
    assert_true(first_pixel(dataset, "old", "s2", "B02") == 1300.0f);
    assert_true(first_pixel(dataset, "plain", "s2", "B02") == 300.0f);
    assert_true(first_pixel(dataset, "moved", "s2", "B02") == 300.0f);
    assert_int_equal(mos_dataset_offsets_removed(dataset), 1);
    mos_dataset_close(&dataset);
    /* A name that says +1000 above pixels that were harmonised already: never subtracted again. */
    snprintf(text, sizeof text, "%snew,dark.tif,S2A_MSIL2A_20220301T101031_N0400_R022_T33UUP_x,W\n",
             header);
    write_text(*state, "patches.csv", text);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, "data.bands", names, NULL),
                      "baseline 0400");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", names, "data.accept",
                           "boa-offset-conflict", NULL));
    assert_true(first_pixel(dataset, "new", "s2", "B02") == 1.0f);
    mos_dataset_close(&dataset);
    snprintf(text, sizeof text, "%sa,bright.tif,,W\nb,shifted.tif,,W\n", header);
    write_text(*state, "patches.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", names, NULL));
    assert_true(first_pixel(dataset, "a", "s2", "B02") == 2300.0f);
    mos_dataset_close(&dataset);
    snprintf(text, sizeof text, "%sa,bright.tif,,W\nb,dark.tif,,W\n", header);
    write_text(*state, "patches.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", names, NULL));
    assert_true(first_pixel(dataset, "a", "s2", "B02") == 3300.0f);
    mos_dataset_close(&dataset);
    snprintf(text, sizeof text, "%sa,bright.tif,,W\nb,dark.tif,,W\nc,shifted.tif,,W\n", header);
    write_text(*state, "patches.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", names, NULL));
    mos_reader *reader;
    mos_patch *patch = malloc(sizeof *patch);
    assert_non_null(patch);
    int band = 0;
    EXPECT_OK(mos_reader_open(dataset, &reader));
    EXPECT_DATA_ERROR(mos_reader_read(reader, 0, 0, &band, 1, patch), "sample 'a': too bright");
    EXPECT_OK(mos_reader_read(reader, 1, 0, &band, 1, patch));
    free(patch);
    mos_reader_close(&reader);
    mos_dataset_close(&dataset);
}

/* A later file with a no-data value of its own is refused: its gaps would pass for measurements. */
static void nodata_differs(void **state) {
    float plane[16];
    char path[4096];
    mos_dataset *dataset;
    mos_reader *reader;
    static const double values[] = {-99, -9999};
    for (int i = 0; i < 16; i++)
        plane[i] = -10.5f - (float)i;
    for (int f = 0; f < 2; f++) {
        snprintf(path, sizeof path, "%s/%d.tif", (const char *)*state, f);
        EXPECT_OK(mos_raster_write(path, MOS_F32, 4, 4, 2, (const void *const[]){plane, plane},
                                   NULL, 0, &values[f], NULL));
    }
    write_text(*state, "patches.csv", "id,s1,labels\na,0.tif,W\nb,1.tif,W\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(mos_reader_open(dataset, &reader));
    mos_patch *patch = malloc(sizeof *patch);
    assert_non_null(patch);
    int band = 0;
    EXPECT_OK(mos_reader_read(reader, 0, 0, &band, 1, patch));
    assert_true(patch->band[0].has_nodata && patch->band[0].nodata == -99.0f);
    EXPECT_DATA_ERROR(mos_reader_read(reader, 1, 0, &band, 1, patch), "1.tif: no-data value -9999");
    free(patch);
    mos_reader_close(&reader);
    mos_dataset_close(&dataset);
}

static void one_nomenclature(void **state) {
    mos_dataset *dataset;
    write_set(*state);
    write_text(*state, "patches.csv", "id,s1,labels\na,s1_a.tif,Water\n");
    expect_no_such_classes(*state, "43", "csv has default, 19");
    expect_no_such_classes(*state, "igbp10", "csv has default, 19");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.classes", "19", NULL));
    mos_dataset_close(&dataset);
}

static void bad_tables(void **state) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"id,labels\na,Water\n", "no column holds paths"},
        {"s1,labels\ns1_a.tif,Water\n", "no column 'id'"},
        {"id,s1,labels\na,s1_a.tif,Water\na,s1_b.tif,Water\n", "'a' occurs twice"},
        {"id,s1,labels,split\na,s1_a.tif,Water,trainn\n", "'trainn'"},
        {"id,s1,labels,datetime\na,s1_a.tif,Water,yesterday\n", "'yesterday' is no time"},
        {"id,s1,class:W\na,s1_a.tif,2\n", "'2', wanted 1, 0 or nothing"},
        {"id,s1,labels\na,s1_a.tif,A;;B\n", "neither A;B"},
        {"id,s1:VV,other,s1:VH,labels\na,s1_a.tif,x,s1_b.tif,A\n", "not side by side"},
        {"id,s1,labels\n,s1_a.tif,A\n", "empty id"},
        {"id,s1,labels\na,s1_a.tif\n", "patches.csv"},
    };
    mos_dataset *dataset;
    write_set(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(*state, "patches.csv", cases[i].text);
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", *state, NULL), cases[i].part);
    }
}

/* Every allocation on the way may fail; none of it leaks or crashes (watched by the sanitizer
 * build). */
static void failing_allocations(void **state) {
    mos_dataset *dataset;
    write_set(*state);
    write_text(*state, "patches.csv",
               "id,s1,s2,labels\na,s1_a.tif,s2_a.tif,Water;Sand\nb,s1_b.tif,s2_b.tif,Sand\n");
    for (uint64_t n = 1;; n++) {
        mos_alloc_fail_at(n);
        mosaic_status status = open_dataset(&dataset, "data.root", *state, NULL);
        mos_alloc_fail_at(0);
        assert_true(n < 2000);
        if (status == MOSAIC_OK && find_defect(dataset, "unreadable") == NULL) {
            mos_dataset_close(&dataset);
            break;
        }
        mos_dataset_close(&dataset);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

/* What a table most likely means is said, with the key or the separator. */
static void likely_slips_are_explained(void **state) {
    mos_dataset *dataset;
    mos_sample sample;
    const char *const *classes;
    write_set(*state);
    write_text(*state, "mine.csv", "id,s1,labels\na,s1_a.tif,10|30|80\nb,s1_b.tif,30\n");
    assert_int_equal(open_dataset(&dataset, "data.root", *state, NULL), MOSAIC_ERR_DATA);
    assert_non_null(
        strstr(mosaic_error(), "'10|30|80' looks like several with '|' between them: wanted ';'"));
    write_text(*state, "mine.csv", "id,VV,VH\na,s1_a.tif,s1_a.tif\n");
    assert_int_equal(open_dataset(&dataset, "data.root", *state, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "'s1:VV'"));
    write_text(*state, "mine.csv", "id,b8a\na,s1_a.tif\n");
    assert_int_equal(open_dataset(&dataset, "data.root", *state, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "'s2:b8a'"));
    write_text(*state, "mine.csv", "name,s1,classes\na,s1_a.tif,Sand\n");
    assert_int_equal(open_dataset(&dataset, "data.root", *state, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "its columns are 'name', 's1', 'classes'"));
    write_text(*state, "mine.csv", "id,s1,labels\na,s1_a.tif,10;80\nb,s1_b.tif,Grassland\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.nomenclature", "worldcover", NULL));
    assert_int_equal(mos_dataset_classes(dataset, &classes), 11);
    assert_string_equal(classes[7], "Permanent water bodies");
    EXPECT_OK(mos_dataset_sample(dataset, 0, &sample));
    assert_int_equal(sample.labels[0], 1);
    assert_int_equal(sample.labels[7], 1);
    assert_int_equal(sample.labels[2], 0);
    EXPECT_OK(mos_dataset_sample(dataset, 1, &sample));
    assert_int_equal(sample.labels[2], 1);
    assert_false(mos_dataset_classes_found(dataset));
    mos_dataset_close(&dataset);
    write_text(*state, "mine.csv", "id,s1,labels\na,s1_a.tif,10;80\nb,s1_b.tif,Sand\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.nomenclature", "worldcover", NULL));
    expect_defect(dataset, "label not in the nomenclature", 1, "Sand");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_true(mos_dataset_classes_found(dataset));
    mos_dataset_close(&dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terramesh),    IN_FOLDER(own_folder),
        IN_FOLDER(one_file_per_band),   IN_FOLDER(band_names),
        IN_FOLDER(offset_rules),        IN_FOLDER(bad_tables),
        IN_FOLDER(one_nomenclature),    IN_FOLDER(nodata_differs),
        IN_FOLDER(failing_allocations), IN_FOLDER(likely_slips_are_explained),
    };
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
