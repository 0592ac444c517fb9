#include "io/io_support.h"
#include "io/lmdb_store.h"
#include "io/safetensors.h"

#include <math.h>

static const float weights[6] = {0, 1, 2, 3, -4.5f, 1e-30f};
static const uint16_t counts[2] = {7, 65535};
static const char *const metadata[] = {"format", "pt", "name", "a \"quoted\" é"};

static const mos_tensor_source sources[] = {
    {.name = "conv1.weight", .dtype = MOS_F32, .rank = 2, .shape = {2, 3}, .data = weights},
    {.name = "a \"quoted\" name", .dtype = MOS_U16, .rank = 1, .shape = {2}, .data = counts},
    {.name = "empty", .dtype = MOS_F64, .rank = 3, .shape = {4, 0, 2}, .data = NULL},
    {.name = "scalar", .dtype = MOS_U8, .rank = 0, .data = "\x2a"},
};

/* A blob from JSON text and `data_bytes` zeros. */
static char *make_blob(const char *json, size_t data_bytes, size_t *size) {
    uint64_t length = strlen(json);
    *size = 8 + length + data_bytes;
    char *blob = calloc(1, *size);
    assert_non_null(blob);
    memcpy(blob, &length, 8);
    memcpy(blob + 8, json, length);
    return blob;
}

static void check_round_trip(const mos_safetensors *file) {
    assert_int_equal(file->count, 4);
    assert_string_equal(file->tensors[0].name, "conv1.weight"); /* order of the offsets */
    const mos_tensor_view *view = mos_safetensors_find(file, "conv1.weight");
    assert_int_equal(view->dtype, MOS_F32);
    assert_int_equal(view->rank, 2);
    assert_int_equal(view->shape[1], 3);
    assert_memory_equal(view->data, weights, sizeof weights);
    view = mos_safetensors_find(file, "a \"quoted\" name");
    assert_memory_equal(view->data, counts, sizeof counts);
    assert_int_equal(mos_safetensors_find(file, "empty")->bytes, 0);
    assert_int_equal(mos_safetensors_find(file, "scalar")->rank, 0);
    assert_int_equal(*(const uint8_t *)mos_safetensors_find(file, "scalar")->data, 42);
    assert_null(mos_safetensors_find(file, "absent"));
    assert_string_equal(mos_safetensors_metadata(file, "name"), "a \"quoted\" é");
    assert_null(mos_safetensors_metadata(file, "absent"));
}

static void round_trip_in_memory_and_on_disk(void **state) {
    void *blob;
    size_t size, disk_size;
    EXPECT_OK(mos_safetensors_encode(sources, 4, metadata, 2, &blob, &size));
    uint64_t header;
    memcpy(&header, blob, 8);
    assert_int_equal(header % 8, 0);
    mos_safetensors file;
    EXPECT_OK(mos_safetensors_parse(blob, size, "blob", &file));
    check_round_trip(&file);
    mos_safetensors_release(&file);
    char path[4096], *disk;
    EXPECT_OK(
        mos_safetensors_write(test_path(state, "x.safetensors", path), sources, 4, metadata, 2));
    EXPECT_OK(mos_file_read(path, 1 << 20, &disk, &disk_size));
    assert_int_equal(disk_size, size);
    assert_memory_equal(disk, blob, size);
    EXPECT_OK(mos_safetensors_open(path, &file));
    check_round_trip(&file);
    mos_safetensors_release(&file);
    mos_safetensors_release(&file); /* an empty one is fine */
    mos_free(disk);
    mos_free(blob);
}

static void writing_leaves_the_old_file_on_failure(void **state) {
    char path[4096];
    EXPECT_OK(
        mos_safetensors_write(test_path(state, "kept.safetensors", path), sources, 4, NULL, 0));
    const mos_tensor_source twice[] = {sources[0], sources[0]};
    EXPECT_STATUS(MOSAIC_ERR_RUNTIME, mos_safetensors_write(path, twice, 2, NULL, 0));
    assert_non_null(strstr(mosaic_error(), "conv1.weight"));
    mos_safetensors file;
    EXPECT_OK(mos_safetensors_open(path, &file));
    assert_int_equal(file.count, 4);
    mos_safetensors_release(&file);
}

static void refuses_malformed_headers(void **state) {
    (void)state;
    static const struct {
        const char *json;
        size_t data_bytes;
        const char *part;
    } cases[] = {
        {"", 0, "no JSON header"},
        {"[1]", 0, "no JSON header"},
        {"{\"a\":1}", 0, "\"a\": entry is not an object"},
        {"{\"a\":{}}", 0, "needs dtype, shape and two data_offsets"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
         "unknown dtype \"F33\""},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "need 8 bytes, data_offsets give 4"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3,
         "[0, 4] are outside the 3 data bytes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5,
         "tensors end at byte 4 of 5"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
         "after a hole from 0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 8, "outside"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
         "something other than sizes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4,
         "something other than sizes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0,
         "shape overflows"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
         "rank 9"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\","
         "\"shape\":[2],"
         "\"data_offsets\":[1,3]}}",
         3, "inside a tensor that ends at 2"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"a\":{\"dtype\":\"U8\","
         "\"shape\":[2],"
         "\"data_offsets\":[0,2]}}",
         2, "duplicate"},
        {"{\"__metadata__\":{\"x\":1}}", 0, "__metadata__"},
        {"{\"a\":{\"b\":[[[[[[[[1]]]]]]]]}}", 0, "nests deeper"},
        {"{\"a\":", 0, "safetensors header, byte"},
        {"{\"a\xff\":1}", 0, "unable to decode byte 0xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        char *blob = make_blob(cases[i].json, cases[i].data_bytes, &size);
        mos_safetensors file;
        EXPECT_DATA_ERROR(mos_safetensors_parse(blob, size, "record x", &file), cases[i].part);
        assert_non_null(strstr(mosaic_error(), "record x"));
        assert_null(strchr(mosaic_error(), '\n'));
        free(blob);
    }
    const uint64_t huge = UINT64_MAX;
    mos_safetensors file;
    EXPECT_DATA_ERROR(mos_safetensors_parse(&huge, 8, "x", &file), "not safetensors");
}

static void survives_truncation(void **state) {
    (void)state;
    void *blob;
    size_t size;
    EXPECT_OK(mos_safetensors_encode(sources, 4, metadata, 2, &blob, &size));
    for (size_t cut = 0; cut < size; cut++) {
        char *part = exact_copy(blob, cut);
        mos_safetensors file;
        EXPECT_STATUS(MOSAIC_ERR_DATA, mos_safetensors_parse(part, cut, "cut", &file));
        free(part);
    }
    mos_free(blob);
}

static void reparse_moves_only_pointers(void **state) {
    (void)state;
    void *first, *second, *third;
    size_t size, third_size;
    static const uint16_t other[2] = {1, 2};
    mos_tensor_source changed[4];
    memcpy(changed, sources, sizeof changed);
    changed[1].data = other;
    EXPECT_OK(mos_safetensors_encode(sources, 4, NULL, 0, &first, &size));
    EXPECT_OK(mos_safetensors_encode(changed, 4, NULL, 0, &second, &size));
    EXPECT_OK(mos_safetensors_encode(changed, 2, NULL, 0, &third, &third_size));
    mos_safetensors file = {0};
    EXPECT_OK(mos_safetensors_reparse(first, size, "a", &file));
    uint64_t allocations = mos_alloc_count();
    EXPECT_OK(mos_safetensors_reparse(second, size, "b", &file));
    assert_true(mos_alloc_count() == allocations);
    assert_memory_equal(mos_safetensors_find(&file, "a \"quoted\" name")->data, other,
                        sizeof other);
    assert_memory_equal(mos_safetensors_find(&file, "conv1.weight")->data, weights, sizeof weights);
    EXPECT_OK(mos_safetensors_reparse(third, third_size, "c", &file));
    assert_int_equal(file.count, 2);
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_safetensors_reparse(third, third_size - 1, "d", &file));
    assert_int_equal(file.count, 0);
    mos_safetensors_release(&file);
    mos_free(first);
    mos_free(second);
    mos_free(third);
}

static mosaic_status encode_and_parse(void *context) {
    (void)context;
    void *blob = NULL;
    size_t size = 0;
    mos_safetensors file = {0};
    mosaic_status status = mos_safetensors_encode(sources, 4, metadata, 2, &blob, &size);
    if (status == MOSAIC_OK) status = mos_safetensors_parse(blob, size, "x", &file);
    mos_safetensors_release(&file);
    mos_free(blob);
    return status;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    fail_every_allocation(encode_and_parse, NULL);
}

/* Records that rico-hdl wrote: names, types, shapes. */
static void reads_real_records(void **state) {
    (void)state;
    char path[4096];
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    EXPECT_OK(mos_lmdb_open(real_path("bigearthnet_v2_lmdb", path), &db));
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    const void *data;
    size_t size;
    EXPECT_OK(
        mos_lmdb_get(reader, "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43", &data, &size));
    assert_int_equal(size, 160832);
    mos_safetensors file;
    EXPECT_OK(mos_safetensors_parse(data, size, "S2", &file));
    assert_int_equal(file.count, 12);
    static const char *const names[] = {"B01", "B02", "B03", "B04", "B05", "B06",
                                        "B07", "B08", "B09", "B11", "B12", "B8A"};
    static const int sides[] = {20, 120, 120, 120, 60, 60, 60, 120, 20, 60, 60, 60};
    for (size_t i = 0; i < 12; i++) {
        assert_string_equal(file.tensors[i].name, names[i]);
        assert_int_equal(file.tensors[i].dtype, MOS_U16);
        assert_int_equal(file.tensors[i].rank, 2);
        assert_int_equal(file.tensors[i].shape[0], sides[i]);
        assert_int_equal(file.tensors[i].shape[1], sides[i]);
    }
    mos_safetensors_release(&file);
    EXPECT_OK(mos_lmdb_get(reader, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48", &data, &size));
    EXPECT_OK(mos_safetensors_parse(data, size, "S1", &file));
    const mos_tensor_view *vv = mos_safetensors_find(&file, "VV");
    assert_int_equal(vv->dtype, MOS_F32);
    float value;
    memcpy(&value, (const char *)vv->data + 4 * 7200, 4);
    assert_true(value > -60 && value < 20); /* dB */
    mos_safetensors_release(&file);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_in_memory_and_on_disk),
        cmocka_unit_test(writing_leaves_the_old_file_on_failure),
        cmocka_unit_test(refuses_malformed_headers),
        cmocka_unit_test(survives_truncation),
        cmocka_unit_test(reparse_moves_only_pointers),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(reads_real_records),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
