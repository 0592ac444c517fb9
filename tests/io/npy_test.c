#include "io/io_support.h"
#include "io/npy.h"

static const float values[6] = {0, -1.5f, 2, 3, 1e30f, 5};

/* Bytes as numpy.save writes them for an array of float32, shape (2, 3). */
static const char numpy_header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

static size_t make_npy(int major, const char *header, const void *data, size_t data_bytes,
                       char *out) {
    size_t length = strlen(header), begin = major == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (char)major;
    out[7] = 0;
    uint32_t field = (uint32_t)length;
    memcpy(out + 8, &field, begin - 8);
    memcpy(out + begin, header, length);
    if (data_bytes > 0) memcpy(out + begin + length, data, data_bytes);
    return begin + length + data_bytes;
}

static mosaic_status parse(const char *bytes, size_t size, mos_dtype *dtype, int *rank,
                           int64_t *shape, void **data) {
    char *exact = exact_copy(bytes, size);
    mosaic_status status = mos_npy_parse(exact, size, "x.npy", dtype, rank, shape, data);
    free(exact);
    return status;
}

static void written_arrays_read_back(void **state) {
    static const struct {
        mos_dtype dtype;
        int rank;
        int64_t shape[3];
    } cases[] = {{MOS_F32, 2, {2, 3}}, {MOS_F32, 1, {6}},       {MOS_U8, 0, {0}},
                 {MOS_F64, 2, {0, 5}}, {MOS_I64, 3, {1, 1, 3}}, {MOS_BOOL, 1, {24}},
                 {MOS_F16, 2, {3, 4}}, {MOS_U16, 1, {12}},      {MOS_I16, 1, {12}},
                 {MOS_I8, 1, {7}},     {MOS_U32, 1, {6}},       {MOS_I32, 2, {3, 2}},
                 {MOS_U64, 1, {3}}};
    char path[4096];
    test_path(state, "a.npy", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EXPECT_OK(mos_npy_write(path, cases[i].dtype, cases[i].rank, cases[i].shape, values));
        mos_dtype dtype;
        int rank;
        int64_t shape[MOS_TENSOR_MAX_RANK], count = 1;
        void *data;
        EXPECT_OK(mos_npy_read(path, &dtype, &rank, shape, &data));
        assert_int_equal(dtype, cases[i].dtype);
        assert_int_equal(rank, cases[i].rank);
        for (int r = 0; r < rank; r++) {
            assert_int_equal(shape[r], cases[i].shape[r]);
            count *= shape[r];
        }
        if (count > 0) assert_memory_equal(data, values, (size_t)count * mos_dtype_bytes(dtype));
        mos_free(data);
        char *bytes;
        size_t size;
        EXPECT_OK(mos_file_read(path, 1 << 16, &bytes, &size));
        assert_int_equal((size - (size_t)count * mos_dtype_bytes(dtype)) % 64,
                         0); /* data begin aligned */
        mos_free(bytes);
    }
    EXPECT_STATUS(MOSAIC_ERR_RUNTIME, mos_npy_write(path, MOS_BF16, 0, NULL, values));
}

static void reads_both_versions(void **state) {
    (void)state;
    char bytes[512];
    for (int major = 1; major <= 2; major++) {
        size_t size = make_npy(major, numpy_header, values, sizeof values, bytes);
        mos_dtype dtype;
        int rank;
        int64_t shape[MOS_TENSOR_MAX_RANK];
        void *data;
        EXPECT_OK(parse(bytes, size, &dtype, &rank, shape, &data));
        assert_int_equal(rank, 2);
        assert_memory_equal(data, values, sizeof values);
        mos_free(data);
        for (size_t cut = 0; cut < size; cut++) {
            EXPECT_STATUS(MOSAIC_ERR_DATA, parse(bytes, cut, &dtype, &rank, shape, &data));
            assert_null(data);
        }
    }
}

static void refuses_other_arrays(void **state) {
    (void)state;
    static const struct {
        const char *header, *part;
    } cases[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", "'>f4'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "'|O'"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }", "not supported"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", "Fortran"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", "not what its shape needs"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
         "not what its shape needs"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 4), }",
         "damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 2, 3), }",
         "damaged"},
        {"{'descr': '<f4', 'fortran_order': False}", "damaged"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } x", "damaged"},
        {"", "damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[512];
        size_t size = make_npy(1, cases[i].header, values, sizeof values, bytes);
        mos_dtype dtype;
        int rank;
        int64_t shape[MOS_TENSOR_MAX_RANK];
        void *data;
        EXPECT_DATA_ERROR(parse(bytes, size, &dtype, &rank, shape, &data), cases[i].part);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_arrays_read_back),
        cmocka_unit_test(reads_both_versions),
        cmocka_unit_test(refuses_other_arrays),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
