/* Patches as pictures: bands by name, colours, stretch, no-data, averaging. */
#include "evaluate/picture.h"

#include "base/file.h"
#include "base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 8, BIG = 2 * MOS_PICTURE_SIDE };

static mos_modality make_modality(const char *const *names, int count) {
    mos_modality modality = {.band_count = count};
    for (int b = 0; b < count; b++)
        (void)snprintf(modality.bands[b].name, sizeof modality.bands[b].name, "%s", names[b]);
    return modality;
}

static void bands_come_by_name(void **state) {
    (void)state;
    static const char *const s2[] = {"B02", "B03", "B04", "B08"}, *const s1[] = {"VH", "VV"},
                             *const dem[] = {"height"}, *const swir[] = {"B03", "B08", "B11"};
    mos_modality modality = make_modality(s2, 4);
    mos_picture_kind kind;
    int bands[3];
    assert_int_equal(mos_picture_bands(&modality, &kind, bands), 3);
    assert_int_equal(kind, MOS_PICTURE_NATURAL);
    assert_int_equal(bands[0], 2); /* red is B04 */
    assert_int_equal(bands[2], 0);
    modality = make_modality(swir, 3);
    assert_int_equal(mos_picture_bands(&modality, &kind, bands), 3);
    assert_int_equal(kind, MOS_PICTURE_FALSE);
    assert_int_equal(bands[0], 2); /* B11 is red, B08 green, B03 blue */
    assert_int_equal(bands[1], 1);
    assert_int_equal(bands[2], 0);
    modality = make_modality(s1, 2);
    assert_int_equal(mos_picture_bands(&modality, &kind, bands), 2);
    assert_int_equal(kind, MOS_PICTURE_RADAR);
    assert_int_equal(bands[0], 1); /* VV */
    modality = make_modality(dem, 1);
    assert_int_equal(mos_picture_bands(&modality, &kind, bands), 1);
    assert_int_equal(kind, MOS_PICTURE_GREY);
}

static void colours_keep_their_order(void **state) {
    (void)state;
    float red[SIDE * SIDE], green[SIDE * SIDE], blue[SIDE * SIDE];
    uint8_t rgb[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++) {
        red[i] = i < SIDE ? 3000 : 200;
        green[i] = i >= SIDE && i < 2 * SIDE ? 3000 : 200;
        blue[i] = 250;
    }
    red[SIDE * SIDE - 1] = NAN;
    green[SIDE * SIDE - 2] = 0;
    const mos_patch patch = {.bands = 3,
                             .band = {{red, SIDE, SIDE, false, 0},
                                      {green, SIDE, SIDE, true, 0},
                                      {blue, SIDE, SIDE, 0, 0}}};
    assert_int_equal(mos_picture_draw(MOS_PICTURE_NATURAL, &patch, rgb), MOSAIC_OK);
    assert_int_equal(rgb[0], 255);
    assert_int_equal(rgb[1], 0);
    assert_int_equal(rgb[3 * SIDE], 0);
    assert_int_equal(rgb[3 * SIDE + 1], 255);
    for (int k = 0; k < 6; k++) /* NaN, and the no-data value of one band */
        assert_int_equal(rgb[3 * (SIDE * SIDE - 2) + k], 127);
}

/* Noise of a few digital numbers must not become black and white. */
static void calm_water_stays_calm(void **state) {
    (void)state;
    float band[SIDE * SIDE];
    uint8_t rgb[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++)
        band[i] = (float)(150 + i % 4 * 10);
    const mos_patch patch = {.bands = 3,
                             .band = {{band, SIDE, SIDE, true, 0},
                                      {band, SIDE, SIDE, true, 0},
                                      {band, SIDE, SIDE, true, 0}}};
    assert_int_equal(mos_picture_draw(MOS_PICTURE_NATURAL, &patch, rgb), MOSAIC_OK);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        assert_true(rgb[i] < 20);
}

/* Dark land as 8 bits, 3 to 63: no digital numbers, and no black picture. */
static void eight_bits_are_seen(void **state) {
    (void)state;
    float band[SIDE * SIDE];
    uint8_t rgb[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++)
        band[i] = (float)(3 + i % SIDE * 60 / (SIDE - 1));
    const mos_patch patch = {
        .bands = 3,
        .band = {{band, SIDE, SIDE, 0, 0}, {band, SIDE, SIDE, 0, 0}, {band, SIDE, SIDE, 0, 0}}};
    assert_int_equal(mos_picture_draw(MOS_PICTURE_NATURAL, &patch, rgb), MOSAIC_OK);
    assert_int_equal(rgb[0], 0);
    assert_int_equal(rgb[3 * (SIDE - 1)], 255);
}

static void radar_has_fixed_ranges(void **state) {
    (void)state;
    float vv[4] = {0, -22, -11, NAN}, vh[4] = {-7, -29, -18, -20};
    uint8_t rgb[12];
    const mos_patch patch = {.bands = 2, .band = {{vv, 2, 2, false, 0}, {vh, 2, 2, false, 0}}};
    assert_int_equal(mos_picture_draw(MOS_PICTURE_RADAR, &patch, rgb), MOSAIC_OK);
    assert_int_equal(rgb[0], 255);
    assert_int_equal(rgb[1], 255);
    assert_int_equal(rgb[3], 0);
    assert_int_equal(rgb[4], 0);
    assert_in_range(rgb[6], 126, 129);
    assert_in_range(rgb[7], 126, 129);
    assert_int_equal(rgb[9], 127);
}

static void large_patches_are_averaged(void **state) {
    (void)state;
    float *band;
    uint8_t *rgb;
    int64_t width, height;
    assert_int_equal(mos_alloc(BIG * BIG, sizeof *band, "band", &band), MOSAIC_OK);
    assert_int_equal(mos_alloc(3 * MOS_PICTURE_SIDE * MOS_PICTURE_SIDE, 1, "rgb", &rgb), MOSAIC_OK);
    for (int i = 0; i < BIG * BIG; i++) /* a chequerboard over two halves */
        band[i] = (float)((i / BIG + i) % 2 + (i % BIG >= BIG / 2 ? 2 : 0));
    const mos_patch patch = {.bands = 1, .band = {{band, BIG, BIG, false, 0}}};
    mos_picture_size(&patch, &width, &height);
    assert_int_equal(width, MOS_PICTURE_SIDE);
    assert_int_equal(height, MOS_PICTURE_SIDE);
    assert_int_equal(mos_picture_draw(MOS_PICTURE_GREY, &patch, rgb), MOSAIC_OK);
    for (int i = 0; i < MOS_PICTURE_SIDE * MOS_PICTURE_SIDE; i++)
        assert_int_equal(rgb[3 * i], i % MOS_PICTURE_SIDE < MOS_PICTURE_SIDE / 2 ? 0 : 255);
    assert_int_equal(mos_picture_draw(MOS_PICTURE_NATURAL, &patch, rgb), MOSAIC_ERR_RUNTIME);
    mos_free(band);
    mos_free(rgb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_come_by_name),         cmocka_unit_test(colours_keep_their_order),
        cmocka_unit_test(calm_water_stays_calm),      cmocka_unit_test(radar_has_fixed_ranges),
        cmocka_unit_test(large_patches_are_averaged), cmocka_unit_test(eight_bits_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
