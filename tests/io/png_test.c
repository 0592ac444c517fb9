/* Pictures written here are read back by GDAL's PNG driver, pixel by pixel. */
#include "io/png.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/raster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 97 * 64 };

/* Flat, striped, noisy: what every filter is for. */
static uint8_t pixel(int64_t x, int64_t y, int k) {
    static uint32_t state = 1;
    if (y % 5 == 0) return (uint8_t)(40 * k);
    if (y % 5 == 1) return (uint8_t)(3 * x + k);
    if (y % 5 == 2) return (uint8_t)(2 * x * y + 5 * k);
    state = state * 1664525U + 1013904223U;
    return (uint8_t)(state >> 24);
}

static void round_trip(int64_t width, int64_t height) {
    static uint8_t rgb[MOST * 3], plane[MOST];
    char path[] = "/tmp/mosaic-png-XXXXXX";
    mos_text out = {0};
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int k = 0; k < 3; k++)
                rgb[(y * width + x) * 3 + k] = pixel(x, y, k);
    assert_int_equal(mos_png_write(rgb, width, height, &out), MOSAIC_OK);
    assert_false(out.failed);
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(close(file), 0);
    assert_int_equal(mos_atomic_write(path, out.data, out.size), MOSAIC_OK);
    mos_text_release(&out);
    mos_raster_info info;
    assert_int_equal(mos_raster_info_read(path, &info), MOSAIC_OK);
    assert_int_equal(info.width, width);
    assert_int_equal(info.height, height);
    assert_int_equal(info.bands, 3);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(mos_raster_read_band(path, k + 1, MOS_U8, plane, width, height),
                         MOSAIC_OK);
        for (int64_t i = 0; i < width * height; i++)
            assert_int_equal(plane[i], rgb[3 * i + k]);
    }
    assert_int_equal(mos_remove_tree(path), MOSAIC_OK);
}

static void pictures_are_read_back(void **state) {
    (void)state;
    round_trip(1, 1);
    round_trip(2, 3);
    round_trip(97, 64);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    uint8_t rgb[3] = {0};
    mos_text out = {0};
    assert_int_equal(mos_png_write(rgb, 0, 1, &out), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_png_write(rgb, 1, MOS_PNG_MAX_SIDE + 1, &out), MOSAIC_ERR_USAGE);
    assert_null(out.data);
}

static void lack_of_memory_is_survived(void **state) {
    (void)state;
    uint8_t rgb[12] = {0};
    mos_text out = {0};
    for (uint64_t k = 1; k <= 3; k++) {
        mos_alloc_fail_at(k);
        assert_int_not_equal(mos_png_write(rgb, 2, 2, &out), MOSAIC_OK);
        mos_alloc_fail_at(0);
    }
    mos_text_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_read_back),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(lack_of_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
