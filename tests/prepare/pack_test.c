/* Packing: same values, same samples, rico-hdl's layout for BigEarthNet, nothing twice, nothing
 * mixed. */
#include "data/data_support.h"

#include "data/sample_table.h"
#include "io/lmdb_store.h"
#include "prepare/pack/pack.h"

static mosaic_status pack_into(mos_dataset *dataset, const char *folder, int threads,
                               mos_pack_result *result) {
    return mos_pack(dataset, &(mos_pack_options){.folder = folder, .threads = threads}, result);
}

static void expect_same_values(mos_dataset *a, mos_dataset *b) {
    mos_reader *readers[2];
    const mos_modality *modalities;
    mos_raw_band raw[2][MOS_DATA_MAX_BANDS];
    EXPECT_OK(mos_reader_open(a, &readers[0]));
    EXPECT_OK(mos_reader_open(b, &readers[1]));
    int64_t count = mos_dataset_modalities(a, &modalities);
    assert_int_equal(mos_dataset_count(a), mos_dataset_count(b));
    for (int64_t i = 0; i < mos_dataset_count(a); i++) {
        mos_sample one, two;
        EXPECT_OK(mos_dataset_sample(a, i, &one));
        int64_t j = mos_dataset_find(b, one.id);
        EXPECT_OK(mos_dataset_sample(b, j, &two));
        assert_int_equal(one.split, two.split);
        assert_int_equal(one.present, two.present);
        assert_string_equal(one.country, two.country);
        assert_memory_equal(one.labels, two.labels, (size_t)a->class_count);
        assert_memory_equal(one.time_s, two.time_s, sizeof one.time_s);
        for (int64_t m = 0; m < count; m++) {
            if (!(one.present >> m & 1)) continue;
            for (int64_t k = 0; k < modalities[m].band_count; k++) {
                int band = (int)k,
                    there = (int)mos_modality_band(&b->modalities[m], modalities[m].bands[k].name);
                EXPECT_OK(mos_reader_read_raw(readers[0], i, m, &band, 1, raw[0]));
                EXPECT_OK(mos_reader_read_raw(readers[1], j, m, &there, 1, raw[1]));
                assert_int_equal(raw[0]->dtype, raw[1]->dtype);
                assert_int_equal(raw[0]->width, raw[1]->width);
                assert_int_equal(raw[0]->has_nodata, raw[1]->has_nodata);
                assert_memory_equal(raw[0]->data, raw[1]->data,
                                    (size_t)(raw[0]->width * raw[0]->height) *
                                        mos_dtype_bytes(raw[0]->dtype));
            }
        }
    }
    mos_reader_close(&readers[0]);
    mos_reader_close(&readers[1]);
}

static void expect_same_identity(const mos_dataset *a, const mos_dataset *b) {
    char one[65], two[65];
    mos_dataset_fingerprint(a, one);
    mos_dataset_fingerprint(b, two);
    assert_string_equal(one, two);
}

static void real_pairs(void **state) {
    char root[4096], metadata[4096], folder[4096];
    mos_dataset *tree, *packed;
    mos_pack_result result;
    real_path("bigearthnet_v2_pairs", root);
    real_path("bigearthnet_v2/metadata.parquet", metadata);
    EXPECT_OK(mos_path_join(folder, sizeof folder, *state, "packed"));
    EXPECT_OK(open_dataset(&tree, "data.root", root, "data.metadata", metadata, NULL));
    EXPECT_OK(pack_into(tree, folder, 2, &result));
    assert_int_equal(result.samples, 5);
    assert_int_equal(result.records, 10);
    /* The sizes rico-hdl's records have. */
    assert_int_equal(result.bytes, 5 * (115344 + 160832));
    EXPECT_OK(open_dataset(&packed, "data.root", folder, NULL));
    assert_string_equal(mos_dataset_format(packed), "bigearthnet-v2-lmdb");
    expect_same_values(tree, packed);
    expect_same_identity(tree, packed);
    mos_dataset_close(&packed);
    EXPECT_OK(pack_into(tree, folder, 1, &result));
    assert_int_equal(result.records, 0);
    assert_int_equal(result.already, 10);
    mos_dataset_close(&tree);
}

/* The two records of the real store, packed anew from the tree, are the same bytes. */
static void same_bytes_as_rico(void **state) {
    char root[4096], store[4096], folder[4096];
    mos_dataset *tree;
    mos_pack_result result;
    mos_lmdb *db[2];
    mos_lmdb_reader *readers[2];
    static const char *const keys[] = {"S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43",
                                       "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48"};
    real_path("bigearthnet_v2", root);
    real_path("bigearthnet_v2_lmdb", store);
    EXPECT_OK(mos_path_join(folder, sizeof folder, *state, "packed"));
    EXPECT_OK(open_dataset(&tree, "data.root", root, NULL));
    EXPECT_OK(pack_into(tree, folder, 1, &result));
    mos_dataset_close(&tree);
    assert_int_equal(result.records, 2);
    EXPECT_OK(mos_lmdb_open(store, &db[0]));
    EXPECT_OK(mos_lmdb_open(folder, &db[1]));
    for (int s = 0; s < 2; s++)
        EXPECT_OK(mos_lmdb_reader_open(db[s], &readers[s]));
    for (int k = 0; k < 2; k++) {
        const void *data[2];
        size_t size[2];
        for (int s = 0; s < 2; s++) {
            EXPECT_OK(mos_lmdb_get(readers[s], keys[k], &data[s], &size[s]));
            assert_non_null(data[s]);
        }
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(data[0], data[1], size[0]);
    }
    for (int s = 0; s < 2; s++) {
        mos_lmdb_reader_close(&readers[s]);
        mos_lmdb_close(&db[s]);
    }
}

static void csv_set(void **state) {
    static const float s1[] = {-11.25f, -17.25f}, dem[] = {1234.5f};
    static const int s2[] = {1300, 1310, 1320};
    char path[4096], folder[4096];
    mos_dataset *source, *packed;
    mos_pack_result result;
    const double nodata = -99;
    float plane[TEST_SIDE * TEST_SIDE];
    for (int i = 0; i < TEST_SIDE * TEST_SIDE; i++)
        plane[i] = dem[0] + (float)i;
    snprintf(path, sizeof path, "%s/s1.tif", (const char *)*state);
    write_float_raster(path, 2, TEST_SIDE, s1, 0.125f);
    snprintf(path, sizeof path, "%s/s2.tif", (const char *)*state);
    write_u16_raster(path, 3, TEST_SIDE, s2);
    snprintf(path, sizeof path, "%s/dem.tif", (const char *)*state);
    EXPECT_OK(mos_raster_write(path, MOS_F32, TEST_SIDE, TEST_SIDE, 1, (const void *const[]){plane},
                               NULL, 0, &nodata, NULL));
    write_text(*state, "patches.csv",
               "id,s1,s2,dem,\"class:Sand, dunes\",class:Water,split,datetime,product,country\n"
               "a,s1.tif,s2.tif,dem.tif,1,,train,2020-01-02T03:04:05Z,"
               "S2A_MSIL2A_20200101T101031_N0213_R022_T33UUP_x,Peru\n"
               "b,s1.tif,,dem.tif,0,1,test,,,\n"
               "c,s1.tif,s2.tif,,,,,,,Chile\n");
    EXPECT_OK(mos_path_join(folder, sizeof folder, *state, "packed"));
    EXPECT_OK(open_dataset(&source, "data.root", *state, "data.bands", "s2=B04,B03,B02", NULL));
    EXPECT_OK(pack_into(source, folder, 3, &result));
    assert_int_equal(result.records, 7);
    EXPECT_OK(open_dataset(&packed, "data.root", folder, NULL));
    expect_same_values(source, packed);
    expect_same_identity(source, packed);
    assert_true(first_pixel(packed, "a", "s2", "B02") ==
                1320.0f); /* the product still says 02.13 */
    assert_true(first_pixel(packed, "c", "s2", "B02") == 320.0f);
    /* And once more from the store. */
    char again[4096];
    mos_dataset *twice;
    EXPECT_OK(mos_path_join(again, sizeof again, *state, "again"));
    EXPECT_OK(pack_into(packed, again, 1, &result));
    EXPECT_OK(open_dataset(&twice, "data.root", again, NULL));
    expect_same_values(source, twice);
    expect_same_identity(source, twice);
    mos_dataset_close(&twice);
    mos_dataset_close(&packed);
    mos_dataset_close(&source);
    expect_no_such_classes(folder, "igbp17", "bigearthnet-v2-lmdb has default, 19");
    /* A store of one source is not continued with another. */
    EXPECT_OK(open_dataset(&source, "data.root", *state, "data.bands", "s2=B04,B03,B02",
                           "data.countries", "Peru", NULL));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, pack_into(source, folder, 1, &result));
    assert_non_null(strstr(mosaic_error(), "another data set"));
    mos_dataset_close(&source);
}

/* A failure in the middle leaves what was written; the next try goes on from there. */
static void continued(void **state) {
    static const float s1[] = {-11.25f, -17.25f};
    char path[4096], last[4096], folder[4096], *good;
    size_t size;
    mos_dataset *source, *packed;
    mos_pack_result result;
    mos_text text = {0};
    mos_text_add(&text, "id,s1,labels\n");
    for (int i = 0; i < 50; i++) {
        snprintf(path, sizeof path, "%s/%d.tif", (const char *)*state, i);
        write_float_raster(path, 2, TEST_SIDE, s1, 0.125f);
        mos_text_add(&text, "p%d,%d.tif,W\n", i, i);
    }
    write_text(*state, "patches.csv", text.data);
    mos_text_release(&text);
    EXPECT_OK(mos_path_join(last, sizeof last, *state, "40.tif"));
    EXPECT_OK(mos_file_read(last, 1 << 20, &good, &size));
    EXPECT_OK(mos_atomic_write(last, good, size / 2));
    EXPECT_OK(mos_path_join(folder, sizeof folder, *state, "packed"));
    EXPECT_OK(open_dataset(&source, "data.root", *state, NULL));
    EXPECT_DATA_ERROR(pack_into(source, folder, 2, &result), "40.tif");
    EXPECT_DATA_ERROR(open_dataset(&packed, "data.root", folder, NULL), "metadata");
    EXPECT_OK(mos_atomic_write(last, good, size));
    EXPECT_OK(pack_into(source, folder, 2, &result));
    assert_true(result.already >= 32);
    assert_int_equal(result.already + result.records, 50);
    EXPECT_OK(open_dataset(&packed, "data.root", folder, NULL));
    expect_same_values(source, packed);
    mos_dataset_close(&packed);
    mos_dataset_close(&source);
    mos_free(good);
}

/* Nothing is begun: neither of the two records may stand for the other. */
static void expect_collision(const char *root, const char *folder, const char *part) {
    char path[4096];
    mos_dataset *source;
    mos_pack_result result;
    EXPECT_OK(mos_path_join(path, sizeof path, folder, "data.mdb"));
    EXPECT_OK(open_dataset(&source, "data.root", root, NULL));
    EXPECT_DATA_ERROR(pack_into(source, folder, 1, &result), part);
    assert_int_equal(result.records, 0);
    assert_false(mos_path_exists(path));
    mos_dataset_close(&source);
}

static void colliding_keys(void **state) {
    static const float height[] = {12.5f};
    char path[4096], packed[4096], folder[4096];
    mos_dataset *source;
    mos_pack_result result;
    snprintf(path, sizeof path, "%s/dem.tif", (const char *)*state);
    write_float_raster(path, 1, TEST_SIDE, height, 0.125f);
    EXPECT_OK(mos_path_join(packed, sizeof packed, *state, "packed"));
    EXPECT_OK(mos_path_join(folder, sizeof folder, *state, "again"));
    /* Keys are <id>_<modality>. */
    write_text(*state, "patches.csv",
               "id,early_dem,dem,labels\nx,dem.tif,dem.tif,W\nx_early,,dem.tif,W\n");
    expect_collision(*state, folder,
                     "records of sample 'x_early' and of 'x' have the same key 'x_early_dem'");
    write_text(*state, "patches.csv",
               "id,early_dem,dem,labels\nx,dem.tif,dem.tif,W\ny,dem.tif,dem.tif,W\n");
    EXPECT_OK(open_dataset(&source, "data.root", *state, NULL));
    EXPECT_OK(pack_into(source, packed, 1, &result));
    assert_int_equal(result.records, 4);
    mos_dataset_close(&source);
    /* A packed table names its keys. */
    write_text(packed, "metadata.csv",
               "id,split,record:early_dem,record:dem,class:W\nx,train,x_early_dem,x_dem,1\n"
               "y,train,y_dem,y_dem,1\n");
    expect_collision(packed, folder, "two records of sample 'y' have the key 'y_dem'");
    write_text(packed, "metadata.csv",
               "id,split,record:early_dem,record:dem,class:W\nx,train,x_early_dem,x_dem,1\n"
               "y,train,y_early_dem,x_dem,1\n");
    expect_collision(packed, folder, "records of sample 'y' and of 'x' have the same key 'x_dem'");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(real_pairs), IN_FOLDER(same_bytes_as_rico), IN_FOLDER(csv_set),
        IN_FOLDER(continued),  IN_FOLDER(colliding_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
