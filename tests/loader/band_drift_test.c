/* A band that leaves what the first patches promised is noted once, with the sample; a patch that
 * is only bright, dark or cloudy is not. */
#include "loader/band_drift.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 26, PIXELS = SIDE * SIDE, BANDS = 3 };

typedef struct rig {
    mos_drift drift;
    mos_loader_modality modality;
    mos_modality names;
    mos_patch patch;
    float pixels[BANDS][PIXELS];
} rig;

/* Between low and high, every pixel another value. */
static void paint(rig *it, int band, double low, double high) {
    for (int i = 0; i < PIXELS; i++)
        it->pixels[band][i] = (float)(low + (high - low) * (double)(i * 131 % PIXELS) / PIXELS);
}

static rig *make(bool radar) {
    static rig storage;
    rig *it = &storage;
    memset(it, 0, sizeof *it);
    mos_drift_init(&it->drift);
    it->names = (mos_modality){.name = "s", .band_count = BANDS};
    it->modality = (mos_loader_modality){.bands = BANDS, .dark = !radar};
    it->patch.bands = BANDS;
    for (int b = 0; b < BANDS; b++) {
        static const char *const names[2][BANDS] = {{"B02", "B03", "B04"}, {"VV", "VH", "HH"}};
        snprintf(it->names.bands[b].name, sizeof it->names.bands[b].name, "%s", names[radar][b]);
        it->modality.band[b] = b;
        it->modality.mean[b] = radar ? -12 : 600;
        it->modality.sd[b] = radar ? 4 : 400;
        it->modality.promise[b] = (mos_band_promise){
            .known = true, .surface = !radar, .radar = radar, .low = {60, 400 + 200 * b}};
        it->patch.band[b].data = it->pixels[b];
        it->patch.band[b].width = it->patch.band[b].height = SIDE;
        it->patch.band[b].has_nodata = !radar;
        paint(it, b, radar ? -20 : 100, radar ? -4 : 1100);
    }
    return it;
}

static void look(rig *it, const char *sample) {
    mos_drift_look(&it->drift, &it->modality, 0, &it->names, sample, &it->patch);
}

/* The next words hold all of `wanted`. */
static void expect_words(rig *it, const char *const *wanted) {
    char words[MOS_DRIFT_WORDS];
    if (!mos_drift_next(&it->drift, words, sizeof words)) fail_msg("nothing about %s", wanted[0]);
    for (; *wanted != NULL; wanted++)
        if (strstr(words, *wanted) == NULL) fail_msg("'%s' does not say '%s'", words, *wanted);
}
#define EXPECT(it, ...) expect_words(it, (const char *const[]){__VA_ARGS__, NULL})

static void expect_nothing(rig *it) {
    char words[MOS_DRIFT_WORDS];
    if (mos_drift_next(&it->drift, words, sizeof words)) fail_msg("unasked for: %s", words);
}

static void good_patches(void **state) {
    (void)state;
    for (int radar = 0; radar < 2; radar++) {
        rig *it = make(radar);
        for (int i = 0; i < 3 * MOS_DRIFT_WINDOW; i++)
            look(it, "good");
        expect_nothing(it);
        mos_drift_release(&it->drift);
    }
    rig *it = make(false); /* a cloud is bright in every band: no offset, and not far */
    for (int b = 0; b < BANDS; b++)
        paint(it, b, 2200, 3600);
    look(it, "cloud");
    expect_nothing(it);
    mos_drift_release(&it->drift);
}

/* Every band of a patch may begin above 1000 without an offset: bare sand climbs from band to band, snow is bright where it is seen, thin
 * cloud lifts one band more than the other. None is the first patches with 1000 more. */
static void bright_ground(void **state) {
    (void)state;
    static const double sand[BANDS] = {1150, 1900, 2800}, snow[BANDS] = {1900, 1800, 1700},
                        haze[BANDS] = {1800, 1500, 1250}, roof[BANDS] = {1050, 1900, 1950};
    const double *const grounds[] = {sand, snow, haze, roof};
    static const char *const names[] = {"sand", "snow", "haze", "roof"};
    for (size_t g = 0; g < sizeof grounds / sizeof *grounds; g++) {
        rig *it = make(false);
        for (int b = 0; b < BANDS; b++)
            paint(it, b, grounds[g][b], grounds[g][b] + 900);
        for (int i = 0; i < 3; i++)
            look(it, names[g]);
        expect_nothing(it);
        mos_drift_release(&it->drift);
    }
    rig *it = make(false); /* a forest with 1000 more, dark in two bands of three */
    const double forest[BANDS] = {1120, 1240, 1150};
    for (int b = 0; b < BANDS; b++) {
        it->modality.promise[b].low[1] = 300;
        paint(it, b, forest[b], forest[b] + 900);
    }
    look(it, "forest");
    EXPECT(it, "sample 'forest'", "B02 of s", "begins at 1120", "+1000");
    mos_drift_release(&it->drift);
}

static void planted(void **state) {
    (void)state;
    rig *it = make(false);
    for (int b = 0; b < BANDS; b++)
        paint(it, b, 1100 + 10 * b, 2100);
    look(it, "shifted");
    look(it, "shifted again");
    EXPECT(it, "sample 'shifted'", "B02 of s", "begins at 1100", "+1000");
    expect_nothing(it);
    it->modality.dark = false; /* where the first patches said nothing */
    look(it, "unknown");
    expect_nothing(it);
    it = make(false);
    memset(it->pixels[1], 0, sizeof it->pixels[1]);
    look(it, "empty");
    paint(it, 1, 77, 77);
    look(it, "flat");
    EXPECT(it, "sample 'empty'", "B03 of s", "all no-data");
    EXPECT(it, "sample 'flat'", "B03 of s", "77 everywhere");
    paint(it, 1, 30000, 31000);
    look(it, "far");
    EXPECT(it, "sample 'far'", "B03", "far from the 600 and 400");
    expect_nothing(it);
    mos_drift_release(&it->drift);
}

/* What the first patches showed too is no news. */
static void promised(void **state) {
    (void)state;
    rig *it = make(false);
    it->modality.promise[0].gaps = 0.9;
    it->modality.promise[0].constant = true;
    memset(it->pixels[0], 0, sizeof it->pixels[0]);
    look(it, "empty");
    paint(it, 0, 77, 77);
    look(it, "flat");
    expect_nothing(it);
    for (int b = 0; b < BANDS; b++)
        it->modality.promise[b].known = false; /* not watched */
    paint(it, 1, 60000, 61000);
    look(it, "unwatched");
    expect_nothing(it);
    mos_drift_release(&it->drift);
}

static void units(void **state) {
    (void)state;
    rig *it = make(true);
    paint(it, 1, 0.01, 0.2);
    look(it, "power");
    EXPECT(it, "sample 'power'", "VH", "never negative", "power?");
    expect_nothing(it);
    mos_drift_release(&it->drift);
}

/* No patch alone is far, their mean is. */
static void moved(void **state) {
    (void)state;
    rig *it = make(true);
    paint(it, 2, -3, 1);
    for (int i = 0; i + 1 < MOS_DRIFT_WINDOW; i++)
        look(it, "early");
    expect_nothing(it);
    look(it, "last");
    EXPECT(it, "sample 'last'", "HH", "64 patches with mean -1", "-12");
    expect_nothing(it);
    mos_drift_release(&it->drift);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_patches), cmocka_unit_test(bright_ground), cmocka_unit_test(planted),
        cmocka_unit_test(promised),     cmocka_unit_test(units),         cmocka_unit_test(moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
