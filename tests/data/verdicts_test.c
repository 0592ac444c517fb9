/* One table of verdicts: every class has its row, what stops whom, and the keys that go on. */
#include "data/sample_table.h"
#include "data/verdicts.h"
#include "data_support.h"

static void every_row_is_whole(void **state) {
    (void)state;
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const mos_check_class_row *row = &mos_check_class_table[c];
        int found = -1;
        assert_non_null(row->name);
        assert_non_null(row->meaning);
        EXPECT_OK(mos_check_class_find(row->name, &found));
        assert_int_equal(found, c);
        if (row->stops != MOS_STOPS_NOBODY) assert_non_null(row->key);
    }
    int found;
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_check_class_find("fill-value", &found));
    assert_non_null(strstr(mosaic_error(), "did you mean 'fill-values'"));
}

/* VV and VH exchanged: looked at, not used; the key goes on, a wrong key is named. */
static void swapped(void **state) {
    static const float db[] = {-18.25f, -11.25f};
    char path[4096];
    mos_dataset *dataset;
    snprintf(path, sizeof path, "%s/s1.tif", (const char *)*state);
    write_float_raster(path, 2, TEST_SIDE, db, 0.125f);
    write_text(*state, "patches.csv", "id,s1,labels\na,s1.tif,W\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", "s1=VV,VH", NULL));
    EXPECT_OK(mos_verdicts_consult(dataset, MOS_FOR_LOOKING));
    EXPECT_DATA_ERROR(mos_verdicts_consult(dataset, MOS_FOR_USE), "data.accept vv-below-vh");
    assert_int_equal(mos_verdict_count(dataset, MOS_CHECK_VV_BELOW_VH, NULL), 1);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", "s1=VV,VH", "data.accept",
                           "vv-below-vh", NULL));
    EXPECT_OK(mos_verdicts_consult(dataset, MOS_FOR_USE));
    mos_dataset_close(&dataset);
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  open_dataset(&dataset, "data.root", *state, "data.accept", "vv-below", NULL));
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_DATA_ERROR(mos_verdicts_consult(dataset, MOS_FOR_USE), "data.bands");
    mos_dataset_close(&dataset);
}

/* The unit a model was trained with. */
static void model_units(void **state) {
    static const int bases[] = {300, 310, 320};
    char path[4096];
    mos_dataset *dataset;
    snprintf(path, sizeof path, "%s/s2.tif", (const char *)*state);
    write_u16_raster(path, 3, TEST_SIDE, bases);
    write_text(*state, "patches.csv", "id,s2,labels\na,s2.tif,W\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.bands", "s2=B02,B03,B04", NULL));
    EXPECT_OK(mos_verdict_unit(dataset, "s2", "B02", 438, 600));
    EXPECT_DATA_ERROR(mos_verdict_unit(dataset, "s2", "B02", 0.0438, 0.06), "mixed-units");
    EXPECT_OK(mos_verdict_unit(dataset, "s2", "B11", 0.1, 0.1));
    mos_dataset_close(&dataset);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_is_whole), IN_FOLDER(swapped),
                                       IN_FOLDER(model_units)};
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
