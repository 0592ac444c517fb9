/* The short way for small GeoTIFFs: the very values that GDAL gives, on real files and made ones,
 * good and damaged; and everything out of the ordinary left to GDAL. */
#include "io_support.h"

#include "io/raster.h"
#include "io/tiff_plain.h"

#include <ftw.h>

enum { SIDE = 20 };

static struct { int files, plain; } seen;

/* Both ways, on the bytes of one file. */
static void compare_file(const char *path) {
    char *bytes;
    size_t size;
    mos_raster_info info;
    if (mos_raster_info_read(path, &info) != MOSAIC_OK || info.bands != 1) return;
    EXPECT_OK(mos_file_read(path, 64 << 20, &bytes, &size));
    size_t pixels = (size_t)(info.width * info.height), item = mos_dtype_bytes(info.dtype);
    unsigned char *one = malloc(pixels * item), *two = malloc(pixels * item);
    assert_non_null(one);
    assert_non_null(two);
    memset(one, 0x5a, pixels * item);
    seen.files++;
    EXPECT_OK(mos_raster_read_band(path, 1, info.dtype, two, info.width, info.height));
    if (mos_tiff_plain_read(bytes, size, info.dtype, one, info.width, info.height)) {
        seen.plain++;
        assert_memory_equal(one, two, pixels * item);
    }
    memset(one, 0x5a, pixels * item);
    EXPECT_OK(
        mos_raster_read_bytes(path, bytes, size, 1, info.dtype, one, info.width, info.height));
    assert_memory_equal(one, two, pixels * item);
    free(one);
    free(two);
    mos_free(bytes);
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *place) {
    size_t size = strlen(path);
    (void)info;
    (void)place;
    if (kind == FTW_F && size > 4 && strcmp(path + size - 4, ".tif") == 0) compare_file(path);
    return 0;
}

/* Every single-band GeoTIFF of the real samples; those of BigEarthNet all go the short way. */
static void real_files(void **state) {
    char root[4096];
    static const char *const sets[] = {"bigearthnet_v2", "bigearthnet_v2_pairs", "bigearthnet_v1"};
    (void)state;
    memset(&seen, 0, sizeof seen);
    for (int i = 0; i < 3; i++)
        assert_int_equal(nftw(real_path(sets[i], root), visit, 16, FTW_PHYS), 0);
    print_message("%d files, %d the short way\n", seen.files, seen.plain);
    assert_true(seen.files >= 15 + 5 * 14 + 4 * 14);
    assert_int_equal(seen.plain, seen.files);
    assert_int_equal(nftw(real_path(".", root), visit, 16, FTW_PHYS), 0);
    print_message("%d files, %d the short way\n", seen.files, seen.plain);
}

static char *made_file(const char *path, mos_dtype dtype, const char *const *options,
                       size_t *size) {
    unsigned char pixels[SIDE * SIDE * 8];
    const void *planes[] = {pixels};
    char *bytes;
    const double nodata = 0;
    memset(pixels, 0, sizeof pixels);
    for (int i = 0; i < SIDE * SIDE; i++) {
        float value = (float)(i % 37) * 0.25f - 20;
        uint16_t number = (uint16_t)(i * 31 % 5000);
        if (dtype == MOS_F32) memcpy(pixels + 4 * i, &value, 4);
        if (dtype == MOS_U16) memcpy(pixels + 2 * i, &number, 2);
        if (dtype == MOS_U8) pixels[i] = (unsigned char)number;
    }
    EXPECT_OK(mos_raster_write(path, dtype, SIDE, SIDE, 1, planes, NULL, 0, &nodata, options));
    EXPECT_OK(mos_file_read(path, 1 << 20, &bytes, size));
    return bytes;
}

static void made_files(void **state) {
    static const struct {
        mos_dtype dtype;
        const char *options[3];
        bool plain;
    } cases[] = {
        {MOS_U16, {NULL}, true},
        {MOS_F32, {NULL}, true},
        {MOS_U8, {NULL}, true},
        {MOS_U16, {"COMPRESS=DEFLATE", "PREDICTOR=2", NULL}, true},
        {MOS_F32, {"COMPRESS=DEFLATE", "PREDICTOR=3", NULL}, true},
        {MOS_U16, {"COMPRESS=LZW", NULL}, false},
        {MOS_U16, {"BLOCKYSIZE=3", NULL}, true},
        {MOS_U16, {"BIGTIFF=YES", NULL}, false},
        {MOS_U16, {"ENDIANNESS=BIG", NULL}, false},
        {MOS_U16, {"TILED=YES", NULL}, false},
        {MOS_U16, {"COMPRESS=ZSTD", NULL}, false},
        {MOS_U16, {"NBITS=13", NULL}, false},
        {MOS_U16, {"SPARSE_OK=TRUE", NULL}, true},
        {MOS_U8, {"PHOTOMETRIC=MINISWHITE", NULL}, false},
    };
    char path[4096];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size;
        unsigned char pixels[SIDE * SIDE * 4];
        mos_dtype dtype = cases[i].dtype;
        char *bytes = made_file(test_path(state, "made.tif", path), dtype, cases[i].options, &size);
        if (mos_tiff_plain_read(bytes, size, dtype, pixels, SIDE, SIDE) != cases[i].plain)
            fail_msg("%s: taken the other way", cases[i].options[0]);
        compare_file(path);
        /* Another size or type is not what was asked for. */
        assert_false(mos_tiff_plain_read(bytes, size, dtype, pixels, SIDE, SIDE - 1));
        assert_false(mos_tiff_plain_read(bytes, size, dtype == MOS_F32 ? MOS_U32 : MOS_F32, pixels,
                                         SIDE, SIDE));
        mos_free(bytes);
    }
}

static mosaic_status read_with_gdal(void **state, const char *bytes, size_t size, uint16_t *out) {
    char path[4096];
    EXPECT_OK(mos_atomic_write(test_path(state, "bent.tif", path), bytes, size));
    return mos_raster_read_band(path, 1, MOS_U16, out, SIDE, SIDE);
}

/* Cut off and bent at every place: what the short way takes, GDAL takes with the same values. */
static void damaged_files(void **state) {
    static const char *const deflate[] = {"COMPRESS=DEFLATE", "PREDICTOR=2", NULL};
    char path[4096];
    int taken = 0;
    for (int kind = 0; kind < 2; kind++) {
        size_t size;
        uint16_t one[SIDE * SIDE], two[SIDE * SIDE];
        char *bytes = made_file(test_path(state, "made.tif", path), MOS_U16,
                                kind == 1 ? deflate : NULL, &size);
        for (size_t cut = 0; cut < size; cut += 7) {
            char *copy = exact_copy(bytes, cut);
            bool plain = mos_tiff_plain_read(copy, cut, MOS_U16, one, SIDE, SIDE);
            if (plain) fail_msg("taken though cut off at byte %zu of %zu", cut, size);
            free(copy);
        }
        for (size_t at = 0; at < size && at < 1200; at++) {
            char *copy = exact_copy(bytes, size);
            copy[at] = (char)(copy[at] ^ (1 << at % 8));
            bool plain = mos_tiff_plain_read(copy, size, MOS_U16, one, SIDE, SIDE);
            mosaic_status status = plain ? read_with_gdal(state, copy, size, two) : MOSAIC_ERR_DATA;
            if (plain && status != MOSAIC_OK) fail_msg("byte %zu: only GDAL minds", at);
            if (plain) assert_memory_equal(one, two, sizeof one);
            taken += plain;
            free(copy);
        }
        mos_free(bytes);
    }
    assert_true(taken > 100); /* bits of pixels and of tags that do not matter */
}

/* Messages name the source, not where GDAL was shown the bytes. */
static void named_errors(void **state) {
    uint16_t pixels[SIDE * SIDE];
    mos_raster_info info;
    (void)state;
    EXPECT_DATA_ERROR(mos_raster_read_bytes("archive.tar: a/b.tif", "II*\0garbage", 11, 1, MOS_U16,
                                            pixels, SIDE, SIDE),
                      "archive.tar: a/b.tif: ");
    assert_null(strstr(mosaic_error(), "vsimem"));
    EXPECT_DATA_ERROR(mos_raster_info_bytes("b.tif", "", 0, &info), "b.tif: ");
    assert_null(strstr(mosaic_error(), "vsimem"));
}

static bool is_silent(const char *path, int bands, const double *nodata, bool has, double wanted) {
    static const uint16_t plane[SIDE * SIDE];
    const void *const planes[] = {plane, plane};
    char *bytes;
    size_t size;
    EXPECT_OK(mos_raster_write(path, MOS_U16, SIDE, SIDE, bands, planes, NULL, 0, nodata, NULL));
    EXPECT_OK(mos_file_read(path, 1 << 20, &bytes, &size));
    bool silent = mos_tiff_is_silent(bytes, size, has, wanted);
    for (size_t cut = 0; cut < size; cut += 3)
        (void)mos_tiff_is_silent(bytes, cut, has, wanted); /* nothing beyond the bytes is read */
    mos_free(bytes);
    return silent;
}

/* Another no-data value or another band is something to listen to. */
static void silent_files(void **state) {
    const double zero = 0, gap = -9999;
    char path[4096];
    test_path(state, "silent.tif", path);
    assert_true(is_silent(path, 1, NULL, false, 0));
    assert_true(is_silent(path, 1, NULL, true, 0));
    assert_true(is_silent(path, 1, &zero, true, 0));
    assert_false(is_silent(path, 1, &zero, false, 0));
    assert_false(is_silent(path, 1, &gap, true, 0));
    assert_true(is_silent(path, 1, &gap, true, -9999));
    assert_false(is_silent(path, 2, NULL, false, 0));
    assert_false(mos_tiff_is_silent("MM\0*", 4, false, 0));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_files), IN_FOLDER(made_files),          IN_FOLDER(damaged_files),
        IN_FOLDER(silent_files),      cmocka_unit_test(named_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
