/* Maps written block by block: pixels, overviews and places of tiles as GDAL finds them, in files of
 * either width, and files that are damaged before they are joined. */
#include "io/raster_map.h"

#include "io/cog_join.h"
#include "io/io_support.h"
#include "io/raster_pyramid.h"

#include <gdal.h>
#include <math.h>
#include <unistd.h>

enum { WIDTH = 1100, HEIGHT = 1030, BANDS = 2, NOTHING = 65535 };
static const char *const names[] = {"one", "two"};
static const double transform[6] = {600000.25, 10, 0, 5300000.5, 0, -10};

static uint16_t pixel(int b, int64_t x, int64_t y) {
    if (x < 40 && y < 40) return NOTHING; /* and one pixel of data among them */
    return (uint16_t)((x * 7 + y * 13 + 1000 * b) % 10001);
}

/* Mean of what is data, rounded, as level after level has it. */
static uint16_t wanted(int b, int64_t x, int64_t y, int level) {
    if (level == 0) return x < WIDTH && y < HEIGHT ? pixel(b, x, y) : NOTHING;
    int64_t sum = 0, count = 0;
    const int64_t across = (WIDTH + (1 << (level - 1)) - 1) >> (level - 1),
                  down = (HEIGHT + (1 << (level - 1)) - 1) >> (level - 1);
    for (int i = 0; i < 4; i++) {
        const int64_t column = 2 * x + i % 2, row = 2 * y + i / 2;
        if (column >= across || row >= down) continue;
        const uint16_t value = wanted(b, column, row, level - 1);
        if (value == NOTHING) continue;
        sum += value;
        count++;
    }
    return count == 0 ? NOTHING : (uint16_t)((sum + count / 2) / count);
}

static void write_map(const char *path) {
    static uint16_t block[BANDS * MOS_MAP_STRIP * MOS_MAP_STRIP];
    const mos_map_spec spec = {.width = WIDTH,
                               .height = HEIGHT,
                               .bands = BANDS,
                               .dtype = MOS_U16,
                               .crs = "EPSG:32633",
                               .transform = transform,
                               .nodata = NOTHING,
                               .scale = 1e-4,
                               .names = names,
                               .threads = 3,
                               .format = "COG"};
    mos_map *map;
    int threads = 1;
    assert_int_equal(mos_map_create(path, &spec, &map), MOSAIC_OK);
    assert_int_equal(mos_map_write(map, 0, 0, 20, block), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_map_write_block(map, 0, 7, 512, 20, block, 1), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_map_write_block(map, 512, 0, 500, 512, block, 1), MOSAIC_ERR_USAGE);
    for (int64_t y = 0; y < HEIGHT; y += MOS_MAP_STRIP) {
        const int64_t rows = HEIGHT - y < MOS_MAP_STRIP ? HEIGHT - y : MOS_MAP_STRIP;
        for (int64_t x = 0; x < WIDTH; x += MOS_MAP_STRIP) {
            const int64_t width = WIDTH - x < MOS_MAP_STRIP ? WIDTH - x : MOS_MAP_STRIP,
                          pixels = width * rows;
            for (int64_t i = 0; i < BANDS * pixels; i++)
                block[i] = pixel((int)(i / pixels), x + i % pixels % width, y + i % pixels / width);
            assert_int_equal(mos_map_write_block(map, x, y, width, rows, block, threads++),
                             MOSAIC_OK);
        }
    }
    assert_int_equal(mos_map_finish(&map), MOSAIC_OK);
}

static void check_band(GDALRasterBandH band, int b, int level) {
    static uint16_t found[WIDTH * HEIGHT];
    const int width = GDALGetRasterBandXSize(band), height = GDALGetRasterBandYSize(band);
    assert_int_equal(width, (WIDTH + (1 << level) - 1) >> level);
    assert_int_equal(height, (HEIGHT + (1 << level) - 1) >> level);
    assert_int_equal(
        GDALRasterIO(band, GF_Read, 0, 0, width, height, found, width, height, GDT_UInt16, 0, 0),
        CE_None);
    for (int64_t i = 0; i < (int64_t)width * height; i++)
        if (found[i] != wanted(b, i % width, i / width, level))
            fail_msg("band %d, level %d, pixel %d: %d, wanted %d", b, level, (int)i, found[i],
                     wanted(b, i % width, i / width, level));
}

static int64_t number(GDALRasterBandH band, const char *key) {
    const char *text = GDALGetMetadataItem(band, key, "TIFF");
    assert_non_null(text);
    return strtoll(text, NULL, 10);
}

static void check_map(const char *path, bool big) {
    unsigned char head[4];
    double found[6];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(head, 1, 4, file), 4);
    (void)fclose(file);
    assert_int_equal(head[2], big ? 43 : 42);
    GDALDatasetH dataset = GDALOpen(path, GA_ReadOnly);
    assert_non_null(dataset);
    assert_int_equal(GDALGetGeoTransform(dataset, found), CE_None);
    assert_memory_equal(found, transform, sizeof transform);
    assert_string_equal(GDALGetMetadataItem(dataset, "LAYOUT", "IMAGE_STRUCTURE"), "COG");
    for (int b = 0; b < BANDS; b++) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, b + 1);
        assert_string_equal(GDALGetDescription(band), names[b]);
        assert_int_equal(GDALGetOverviewCount(band), 2);
        check_band(band, b, 0);
        for (int level = 1; level <= 2; level++)
            check_band(GDALGetOverview(band, level - 1), b, level);
        /* The smallest overview lies first, the image last. */
        assert_true(number(GDALGetOverview(band, 1), "BLOCK_OFFSET_0_0") <
                    number(GDALGetOverview(band, 0), "BLOCK_OFFSET_0_0"));
        assert_true(number(GDALGetOverview(band, 0), "BLOCK_OFFSET_0_0") <
                    number(band, "BLOCK_OFFSET_0_0"));
    }
    GDALClose(dataset);
}

static void test_blocks(void **state) {
    char path[4096], part[4200];
    write_map(test_path(state, "map.tif", path));
    check_map(path, false);
    (void)snprintf(part, sizeof part, "%s.tiles1.part", path);
    assert_int_not_equal(access(part, F_OK), 0);
}

/* Floats with their predictor, bytes with and without one: what GDAL reads is what was written. */
static void check_type(const char *path, mos_dtype dtype, GDALDataType type, bool codes) {
    enum { ACROSS = 530, DOWN = 70 };
    static float pixels[ACROSS * DOWN], block[MOS_MAP_STRIP * DOWN], found[ACROSS * DOWN];
    const mos_map_class class = {1, "one", 1, 2, 3};
    const mos_map_spec spec = {.width = ACROSS,
                               .height = DOWN,
                               .bands = 1,
                               .dtype = dtype,
                               .crs = "EPSG:32633",
                               .transform = transform,
                               .nodata = codes ? 0 : 255,
                               .scale = 1,
                               .names = names,
                               .codes = codes ? &class : NULL,
                               .code_count = codes,
                               .format = "COG"};
    mos_map *map;
    for (int i = 0; i < ACROSS * DOWN; i++)
        pixels[i] = dtype == MOS_F32 ? (float)sin(0.01 * i) : (float)(i * i / 700 % 251);
    assert_int_equal(mos_map_create(path, &spec, &map), MOSAIC_OK);
    for (int x = 0; x < ACROSS; x += MOS_MAP_STRIP) {
        const int width = ACROSS - x < MOS_MAP_STRIP ? ACROSS - x : MOS_MAP_STRIP;
        for (int y = 0; y < DOWN; y++)
            GDALCopyWords(pixels + y * ACROSS + x, GDT_Float32, 4,
                          (unsigned char *)block + (size_t)(y * width) * mos_dtype_bytes(dtype),
                          type, (int)mos_dtype_bytes(dtype), width);
        assert_int_equal(mos_map_write_block(map, x, 0, width, DOWN, block, 1), MOSAIC_OK);
    }
    assert_int_equal(mos_map_finish(&map), MOSAIC_OK);
    GDALDatasetH dataset = GDALOpen(path, GA_ReadOnly);
    assert_non_null(dataset);
    assert_int_equal(GDALRasterIO(GDALGetRasterBand(dataset, 1), GF_Read, 0, 0, ACROSS, DOWN, found,
                                  ACROSS, DOWN, GDT_Float32, 0, 0),
                     CE_None);
    assert_memory_equal(found, pixels, sizeof pixels);
    GDALClose(dataset);
}

static void test_types(void **state) {
    char path[4096];
    check_type(test_path(state, "float.tif", path), MOS_F32, GDT_Float32, false);
    check_type(test_path(state, "byte.tif", path), MOS_U8, GDT_Byte, false);
    check_type(test_path(state, "code.tif", path), MOS_U8, GDT_Byte, true);
}

/* Levels that GDAL made, joined by hand. */
static void make_level(const char *path, int level) {
    char *options[] = {(char[]){"TILED=YES"},
                       (char[]){"BLOCKXSIZE=512"},
                       (char[]){"BLOCKYSIZE=512"},
                       (char[]){"INTERLEAVE=BAND"},
                       (char[]){"COMPRESS=DEFLATE"},
                       (char[]){"BIGTIFF=YES"},
                       NULL};
    static uint16_t pixels[WIDTH * HEIGHT];
    const int width = (WIDTH + (1 << level) - 1) >> level,
              height = (HEIGHT + (1 << level) - 1) >> level;
    GDALDatasetH dataset =
        GDALCreate(GDALGetDriverByName("GTiff"), path, width, height, BANDS, GDT_UInt16, options);
    double place[6];
    assert_non_null(dataset);
    memcpy(place, transform, sizeof place);
    assert_int_equal(GDALSetGeoTransform(dataset, place), CE_None);
    for (int b = 0; b < BANDS; b++) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, b + 1);
        if (level == 0) GDALSetDescription(band, names[b]);
        for (int i = 0; i < width * height; i++)
            pixels[i] = wanted(b, i % width, i / width, level);
        assert_int_equal(GDALRasterIO(band, GF_Write, 0, 0, width, height, pixels, width, height,
                                      GDT_UInt16, 0, 0),
                         CE_None);
    }
    GDALClose(dataset);
}

static void test_widths(void **state) {
    char level[3][4096], out[4096];
    mos_cog_image images[3] = {0};
    for (int l = 0; l < 3; l++) {
        char name[16];
        (void)snprintf(name, sizeof name, "level%d.tif", l);
        images[l].directory = test_path(state, name, level[l]);
        make_level(level[l], l);
    }
    test_path(state, "joined.tif", out);
    assert_int_equal(mos_cog_join(images, 3, 1000, out), MOSAIC_OK);
    check_map(out, true);
    assert_int_equal(mos_cog_join(images, 0, MOS_COG_CLASSIC, out), MOSAIC_ERR_USAGE);
    /* Cut, or no TIFF at all. */
    assert_int_equal(truncate(level[1], 3000), 0);
    assert_int_equal(mos_cog_join(images, 3, MOS_COG_CLASSIC, out), MOSAIC_ERR_IO);
    assert_int_equal(truncate(level[1], 3), 0);
    assert_int_equal(mos_cog_join(images, 3, MOS_COG_CLASSIC, out), MOSAIC_ERR_IO);
    assert_int_equal(unlink(level[1]), 0);
    assert_int_equal(mos_cog_join(images, 3, MOS_COG_CLASSIC, out), MOSAIC_ERR_IO);
}

static void test_overviews_of_codes(void **state) {
    (void)state;
    const uint8_t codes[3][5] = {{1, 2, 0, 0, 7}, {2, 1, 0, 3, 7}, {4, 4, 9, 8, 0}};
    const uint8_t half[2][3] = {{1, 3, 7}, {4, 8, 0}}, quarter[2] = {4, 7};
    uint8_t found[6];
    mos_pyramid_mode(&codes[0][0], 5, 3, 1, 0, found);
    assert_memory_equal(found, half, sizeof half);
    mos_pyramid_mode(&codes[0][0], 5, 3, 2, 0, found); /* 1 1 2 2 3 4 4 8 9: the least of 1, 2, 4 */
    assert_int_equal(found[0], 1);
    assert_int_equal(found[1], quarter[1]);
}

static void test_overviews_of_values(void **state) {
    (void)state;
    const uint8_t bytes[2][3] = {{10, 255, 255}, {13, 20, 255}};
    const float reals[2][3] = {{1, NAN, NAN}, {2, 6, NAN}};
    uint8_t of_bytes[2];
    float of_reals[2];
    mos_pyramid_mean(MOS_U8, bytes, 3, 2, 255, of_bytes);
    assert_int_equal(of_bytes[0], 14); /* 43 / 3 */
    assert_int_equal(of_bytes[1], 255);
    mos_pyramid_mean(MOS_F32, reals, 3, 2, (double)NAN, of_reals);
    assert_true(of_reals[0] == 3.0f && isnan(of_reals[1]));
}

/* GDAL as the program sets it up: no side files. */
static int load_gdal(void **state) {
    const char *version;
    (void)state;
    return mos_raster_version(&version) == MOSAIC_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_blocks, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(test_types, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(test_widths, make_test_folder, remove_test_folder),
        cmocka_unit_test(test_overviews_of_codes),
        cmocka_unit_test(test_overviews_of_values),
    };
    return cmocka_run_group_tests(tests, load_gdal, NULL);
}
