/* What a band is: one spelling, roles, scales that are digital numbers, guesses against pixels; and
 * files joined by their own descriptions. */
#include "data/band_identity.h"
#include "data/band_watch.h"
#include "data/sample_table.h"
#include "data_support.h"

#include <math.h>

static void spellings(void **state) {
    (void)state;
    static const struct {
        const char *given, *wanted;
        mos_band_role role;
    } rows[] = {{"vv", "VV", MOS_ROLE_RADAR},
                {" Vh ", "VH", MOS_ROLE_RADAR},
                {"Sigma0_VV_db", "VV", MOS_ROLE_RADAR},
                {"b2", "B02", MOS_ROLE_OPTICAL},
                {"B02", "B02", MOS_ROLE_OPTICAL},
                {"b8a", "B8A", MOS_ROLE_OPTICAL},
                {"B08A", "B8A", MOS_ROLE_OPTICAL},
                {"S2_B12", "B12", MOS_ROLE_OPTICAL},
                {"B4 (red)", "B04", MOS_ROLE_OPTICAL},
                {"angle", "angle", MOS_ROLE_UNKNOWN},
                {"B13", "B13", MOS_ROLE_UNKNOWN},
                {"VV_asc", "VV_asc", MOS_ROLE_UNKNOWN},
                {"Band 2", "Band 2", MOS_ROLE_UNKNOWN},
                {"VV_20190613", "VV", MOS_ROLE_RADAR},
                {"C-VH", "VH", MOS_ROLE_RADAR},
                {"polarization VV", "VV", MOS_ROLE_RADAR},
                {"VH_foo", "VH_foo", MOS_ROLE_UNKNOWN},
                {"Amplitude_VV", "Amplitude_VV", MOS_ROLE_UNKNOWN},
                {"B4, central wavelength 665 nm", "B04", MOS_ROLE_OPTICAL},
                {"T32UQD_20190613T101031_B8A_20m", "B8A", MOS_ROLE_OPTICAL},
                {"Sentinel-2 B01", "B01", MOS_ROLE_OPTICAL},
                {"B12_2019", "B12", MOS_ROLE_OPTICAL},
                {"sentinel2:B8A", "B8A", MOS_ROLE_OPTICAL},
                {"Sentinel1_VH", "VH", MOS_ROLE_RADAR},
                {"Gamma0_VV_linear_power", "VV", MOS_ROLE_RADAR},
                {"surface_reflectance_B12", "B12", MOS_ROLE_OPTICAL},
                {"VV/VH", "VV/VH", MOS_ROLE_UNKNOWN}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        char name[MOS_BAND_NAME_SIZE];
        assert_true(mos_band_normalise(rows[r].given, name));
        assert_string_equal(name, rows[r].wanted);
        assert_int_equal(mos_band_role_of(name), rows[r].role);
    }
    char name[MOS_BAND_NAME_SIZE];
    assert_false(mos_band_normalise("  ", name));
    assert_false(mos_band_normalise("a name that is far too long", name));
}

static void radar_or_not(void **state) {
    (void)state;
    static const char *const s1[] = {"VV", "vh"}, *const tagged[] = {"Sigma0_VV", "VH_db"},
                             *const angle[] = {"VV", "VH", "angle"}, *const s2[] = {"B02", "B8A"},
                             *const own[] = {"lights"};
    assert_true(mos_bands_are_radar(s1, 2));
    assert_true(mos_bands_are_radar(tagged, 2));
    assert_false(mos_bands_are_radar(angle, 3));
    assert_false(mos_bands_are_radar(s2, 2));
    assert_false(mos_bands_are_radar(own, 1));
    assert_false(mos_bands_are_radar(s1, 0));
}

static void scales(void **state) {
    (void)state;
    double scale = 1e-4, offset = -0.1;
    assert_int_equal(mos_band_scale(MOS_ROLE_OPTICAL, true, &scale, &offset), 1);
    assert_true(scale == 1 && offset == 0);
    scale = 1e-4, offset = 0;
    assert_int_equal(mos_band_scale(MOS_ROLE_OPTICAL, true, &scale, &offset), -1);
    assert_true(scale == 1 && offset == 0);
    scale = 40, offset = 0;
    assert_int_equal(mos_band_scale(MOS_ROLE_OPTICAL, true, &scale, &offset), 0);
    assert_true(scale == 40 && offset == 0);
    scale = 1e-4, offset = -0.1; /* floats are what they say */
    assert_int_equal(mos_band_scale(MOS_ROLE_OPTICAL, false, &scale, &offset), 0);
    assert_true(scale == 1e-4 && offset == -0.1);
}

static void contradictions(void **state) {
    (void)state;
    static const char *const names[] = {"B05", "B06", "B07", "B09", "B10", "B11", "B12"};
    const double natural[] = {900, 2000, 2400, 2300, 12, 1600, 1000},
                 cirrus[] = {900, 2000, 2400, 12, 1600, 1000, 900},
                 dip[] = {2900, 900, 2000, 2300, 12, 1600, 1000};
    assert_null(mos_band_contradiction(names, natural, 7));
    assert_string_equal(mos_band_contradiction(names, cirrus, 7), "B10 brighter than B09");
    assert_non_null(mos_band_contradiction(names, dip, 7));
    /* Water with the +1000 in every band; the same numbers in another order. */
    const double shifted[] = {1060, 1050, 1055, 1040, 1012, 1030, 1020},
                 reflectance[] = {0.106, 0.105, 0.1055, 0.104, 0.1012, 0.103, 0.102},
                 reordered[] = {1900, 2900, 3300, 1012, 2300, 1600, 1500};
    assert_null(mos_band_contradiction(names, shifted, 7));
    assert_null(mos_band_contradiction(names, reflectance, 7));
    assert_string_equal(mos_band_contradiction(names, reordered, 7), "B10 brighter than B09");
    /* Names that somebody gave: cirrus alone is judged. */
    assert_null(mos_band_no_cirrus(names, dip, 7));
    assert_string_equal(mos_band_no_cirrus(names, cirrus, 7), "B10 brighter than B09");
    /* Of ten or twelve bands that come the other way round; scene classes in the place of B12. */
    static const char *const visible[] = {"B02", "B03", "B04", "B05", "B08", "B09", "B10"};
    const double reversed[] = {1600, 2400, 2450, 2350, 940, 640, NAN},
                 bare[] = {900, 1300, 1900, 2100, 2600, 2500, NAN},
                 river[] = {900, 1000, 1100, 800, 300, 250, NAN},
                 classes[] = {300, 420, 640, 900, 2350, 2420, 1600};
    assert_non_null(mos_band_contradiction(visible, reversed, 7));
    assert_null(mos_band_contradiction(visible, bare, 7));
    assert_null(mos_band_contradiction(visible, river, 7));
    assert_string_equal(mos_band_contradiction(visible, classes, 7), "B10 nearly as bright as B09");
}

/* 16 x 16 of one type; what lies in the first two columns is replaced. */
static mos_raw_band patch_of(mos_dtype dtype, void *pixels, double ground, double fill) {
    for (int i = 0; i < 256; i++) {
        double value = i % 16 < 2 && !isnan(fill)             ? fill
                       : dtype == MOS_F32 || dtype == MOS_F64 ? ground - i % 7 / 64.0
                                                              : 700 + i % 50;
        if (dtype == MOS_F32) ((float *)pixels)[i] = (float)value;
        if (dtype == MOS_F64) ((double *)pixels)[i] = value;
        if (dtype == MOS_I32) ((int32_t *)pixels)[i] = (int32_t)value;
        if (dtype == MOS_U16) ((uint16_t *)pixels)[i] = (uint16_t)value;
        if (dtype == MOS_I16) ((int16_t *)pixels)[i] = (int16_t)value;
    }
    return (mos_raw_band){.dtype = dtype, .width = 16, .height = 16, .data = pixels};
}

static void fills_and_edges(void **state) {
    (void)state;
    static const struct {
        mos_dtype dtype;
        mos_band_role role;
        double fill;
        int64_t fills, edges;
    } rows[] = {{MOS_U16, MOS_ROLE_OPTICAL, NAN, 0, 0},
                {MOS_U16, MOS_ROLE_OPTICAL, 65535, 32, 0},
                {MOS_I16, MOS_ROLE_OPTICAL, -9999, 32, 0},
                {MOS_I16, MOS_ROLE_OPTICAL, -1, 32, 0},
                {MOS_I16, MOS_ROLE_OPTICAL, 32767, 32, 0},
                {MOS_U16, MOS_ROLE_OPTICAL, 1, 0, 32},
                {MOS_F32, MOS_ROLE_RADAR, NAN, 0, 0},
                {MOS_F32, MOS_ROLE_RADAR, -9999, 32, 32},
                {MOS_F32, MOS_ROLE_RADAR, 0, 0, 32},
                {MOS_F32, MOS_ROLE_RADAR, -99, 32, 32},
                {MOS_F64, MOS_ROLE_RADAR, 0, 0, 32},
                {MOS_I32, MOS_ROLE_OPTICAL, -2147483648.0, 32, 0},
                {MOS_I32, MOS_ROLE_OPTICAL, 1, 0, 32},
                {MOS_U16, MOS_ROLE_OPTICAL, 32767, 32, 0},
                {MOS_U16, MOS_ROLE_OPTICAL, 55537, 32, 0},
                {MOS_U16, MOS_ROLE_OPTICAL, 20000, 0, 0},
                {MOS_F32, MOS_ROLE_OPTICAL, -1, 32, 0},
                {MOS_F32, MOS_ROLE_OPTICAL, 0, 0, 32},
                {MOS_F64, MOS_ROLE_OPTICAL, 1e-4, 0, 32},
                {MOS_F32, MOS_ROLE_OPTICAL, (double)6.5535f, 32, 0}};
    double pixels[2][256];
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        double value;
        const mos_band_identity identity = {.role = rows[r].role};
        const mos_band_identity *const both[] = {&identity, &identity};
        double ground = rows[r].role == MOS_ROLE_RADAR ? -12.25 : 0.5;
        mos_raw_band bands[2] = {patch_of(rows[r].dtype, pixels[0], ground, rows[r].fill),
                                 patch_of(rows[r].dtype, pixels[1], ground, rows[r].fill)};
        assert_int_equal(mos_watch_fill(&bands[0], rows[r].role, false, &value), rows[r].fills);
        if (rows[r].fills > 0) assert_true(value == rows[r].fill);
        assert_int_equal(mos_watch_edge(bands, both, 2, rows[r].role, &value), rows[r].edges);
        bands[0].has_nodata = bands[1].has_nodata = !isnan(rows[r].fill);
        bands[0].nodata = bands[1].nodata = rows[r].fill;
        assert_int_equal(mos_watch_fill(&bands[0], rows[r].role, false, &value), 0);
        assert_int_equal(mos_watch_edge(bands, both, 2, rows[r].role, &value), 0);
    }
}

/* Names that nobody gave are a guess, a key and a column are not. */
static void who_named_them(void **state) {
    static const int bases[] = {300, 310};
    static const float db[] = {-11.25f, -17.25f};
    char path[4096];
    mos_dataset *dataset;
    snprintf(path, sizeof path, "%s/s1.tif", (const char *)*state);
    write_float_raster(path, 2, TEST_SIDE, db, 0.125f);
    snprintf(path, sizeof path, "%s/s2.tif", (const char *)*state);
    write_u16_raster(path, 1, TEST_SIDE, bases);
    write_text(*state, "patches.csv", "id,s1,s2:b2,labels\na,s1.tif,s2.tif,W\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_int_equal(dataset->storage[0].identity[0].named_by, MOS_SAID_BY_GUESS);
    assert_non_null(find_defect(dataset, "guessed-bands"));
    assert_string_equal(dataset->modalities[1].bands[0].name, "B02");
    assert_int_equal(dataset->storage[1].identity[0].named_by, MOS_SAID_BY_POSITION);
    assert_string_equal(dataset->storage[0].identity[0].unit, "dB");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", "s1=vv,vh", NULL));
    assert_int_equal(dataset->storage[0].identity[0].named_by, MOS_SAID_BY_KEY);
    assert_string_equal(dataset->modalities[0].bands[0].name, "VV");
    assert_null(find_defect(dataset, "guessed-bands"));
    mos_dataset_close(&dataset);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),       cmocka_unit_test(radar_or_not),
        cmocka_unit_test(scales),          cmocka_unit_test(contradictions),
        cmocka_unit_test(fills_and_edges), IN_FOLDER(who_named_them),
    };
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
