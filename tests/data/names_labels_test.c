/* Patch names, times, label cells, the 19 classes, the split rule at its edges. */
#include "data_support.h"

#include "data/names/label_text.h"
#include "data/names/nomenclature.h"
#include "data/names/patch_name.h"
#include "prepare/split/split_rule.h"

static void s2_names(void **state) {
    (void)state;
    mos_patch_name name;
    const char *good = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43";
    assert_true(mos_patch_name_parse_s2(good, strlen(good), &name));
    assert_string_equal(name.tile, "33UUP");
    assert_int_equal(name.column, 75);
    assert_int_equal(name.row, 43);
    assert_int_equal(name.baseline, 9999);
    assert_int_equal(name.orbit, 22);
    assert_int_equal(name.time_s, 1497348631); /* date -u -d 2017-06-13T10:10:31 +%s */
    assert_int_equal(name.folder_size, strlen("S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP"));
    static const char *const bad[] = {"",
                                      "S2A",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_4",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_433",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_91_43",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_5_43",
                                      "S2A_MSIL2A_20171313T101031_N9999_R022_T33UUP_75_43",
                                      "S2A_MSIL2A_20170230T101031_N9999_R022_T33UUP_75_43",
                                      "S2A_MSIL2A_20170613T241031_N9999_R022_T33UUP_75_43",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33uUP_75_43",
                                      "s2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43",
                                      "S2A_MSIL2A_20170613_N9999_R022_T33UUP_75_43",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43 "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mos_patch_name_parse_s2(bad[i], strlen(bad[i]), &name))
            fail_msg("'%s' was taken", bad[i]);
    }
}

static void s1_names(void **state) {
    (void)state;
    mos_patch_name name;
    const char *good = "S1A_IW_GRDH_1SDV_20170617T064724_29UPU_4_55";
    assert_true(mos_patch_name_parse_s1(good, strlen(good), &name));
    assert_string_equal(name.tile, "29UPU");
    assert_int_equal(name.column, 4);
    assert_int_equal(name.row, 55);
    assert_int_equal(name.folder_size, strlen("S1A_IW_GRDH_1SDV_20170617T064724"));
    static const char *const bad[] = {"S1A_IW_GRDH_1SDV_20170617T064724_29UPU_04_55",
                                      "S1A_IW_GRDH_1SDV_20170617T064724_29UPU_4_",
                                      "S1A_IW_GRDH_1SDV_20170617T064724_29UPU_4_91",
                                      "S1A_IW_GRDH_1SDV_20170617T064724_T29UPU_4_55",
                                      "S1A_IW_GRDH_1SDH_20170617T064724_29UPU_4_55"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mos_patch_name_parse_s1(bad[i], strlen(bad[i]), &name))
            fail_msg("'%s' was taken", bad[i]);
    }
}

static void baselines(void **state) {
    (void)state;
    assert_int_equal(
        mos_product_baseline("S2B_MSIL2A_20220502T101559_N0400_R065_T32TQM_20220502T131733.SAFE"),
        400);
    assert_int_equal(
        mos_product_baseline("x/S2A_MSIL1C_20200502T101559_N0209_R065_T32TQM_20200502T131733.tif"),
        209);
    assert_int_equal(mos_product_baseline("433D_629L_3_1_00"), -1);
    assert_int_equal(mos_product_baseline("S2A_MSIL2A_2022"), -1);
}

static void times(void **state) {
    (void)state;
    int64_t time_s;
    char text[24];
    assert_true(mos_time_parse("2017-06-13T10:10:31Z", &time_s));
    assert_int_equal(time_s, 1497348631);
    assert_true(mos_time_parse("2017-06-13 10:10:31.250", &time_s));
    assert_int_equal(time_s, 1497348631);
    assert_true(mos_time_parse("2016-02-29", &time_s));
    assert_int_equal(time_s, 1456704000);
    mos_time_format(time_s, text);
    assert_string_equal(text, "2016-02-29T00:00:00Z");
    assert_true(mos_time_parse("1969-12-31T23:59:59", &time_s));
    assert_int_equal(time_s, -1);
    mos_time_format(time_s, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    assert_int_equal(mos_time_month(time_s), 12);
    static const char *const bad[] = {
        "2017-02-29",  "2017-06", "13.06.2017", "2017-06-13T10:10", "2017-06-13T10:10:31+02:00",
        "2017-06-13x", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mos_time_parse(bad[i], &time_s)) fail_msg("'%s' was taken", bad[i]);
    }
}

static bool join(void *context, const char *label, size_t size) {
    strncat(context, "|", 2);
    strncat(context, label, size);
    return true;
}

static void expect_labels(const char *cell, const char *wanted) {
    char text[512], joined[512] = "";
    snprintf(text, sizeof text, "%s", cell);
    if (!mos_labels_split(text, join, joined)) snprintf(joined, sizeof joined, "malformed");
    assert_string_equal(joined, wanted);
}

static void label_cells(void **state) {
    (void)state;
    expect_labels("", "");
    expect_labels("  ", "");
    expect_labels("[]", "");
    expect_labels("Water", "|Water");
    expect_labels("Water; Trees ;", "|Water|Trees");
    expect_labels("Beaches, dunes, sands;Pastures", "|Beaches, dunes, sands|Pastures");
    expect_labels("[\"Beaches, dunes, sands\", \"Pastures\"]", "|Beaches, dunes, sands|Pastures");
    expect_labels("['Arable land' 'Transitional woodland, shrub']",
                  "|Arable land|Transitional woodland, shrub");
    expect_labels("['Arable land', \"Farmer's field\"]", "|Arable land|Farmer's field");
    expect_labels("['Arable land'\n 'Pastures']", "|Arable land|Pastures");
    expect_labels("[\"a\\\"b\"]", "|a\"b");
    expect_labels("A;;B", "malformed");
    expect_labels(";A", "malformed");
    expect_labels("['A', 'B'", "malformed");
    expect_labels("['A", "malformed");
    expect_labels("[A, B]", "malformed");
    expect_labels("['A'] x", "malformed");
    expect_labels("['A',,'B']", "malformed");
    expect_labels("['A\\", "malformed");
}

static void nomenclature(void **state) {
    (void)state;
    static const int codes[][4] = {{244},
                                   {211, 212, 213},
                                   {331},
                                   {311},
                                   {421, 422},
                                   {242},
                                   {312},
                                   {121},
                                   {511, 512},
                                   {411, 412},
                                   {243},
                                   {521, 522, 523},
                                   {313},
                                   {322, 323},
                                   {321, 333},
                                   {231},
                                   {221, 222, 223, 241},
                                   {324},
                                   {111, 112}};
    int found = 0;
    for (int code = 0; code < 1000; code++)
        found += mos_ben_class_of_code(code) >= 0;
    assert_int_equal(found, 32);
    bool seen[MOS_BEN_CLASSES] = {false};
    for (int c = 0; c < MOS_BEN_CLASSES; c++) {
        for (int k = 0; k < 4 && codes[c][k] != 0; k++)
            assert_int_equal(mos_ben_class_of_code(codes[c][k]), c);
        assert_int_equal(mos_ben_class_find(mos_ben_classes[c], strlen(mos_ben_classes[c])), c);
        if (c > 0) assert_true(strcmp(mos_ben_classes[c - 1], mos_ben_classes[c]) < 0);
        seen[mos_ben_paper_order[c]] = true;
    }
    for (int c = 0; c < MOS_BEN_CLASSES; c++)
        assert_true(seen[c]);
    assert_int_equal(mos_ben_class_find("Transitional woodland/shrub", 27), -1);
    assert_string_equal(mos_ben_classes[mos_ben_paper_order[0]], "Urban fabric");
    assert_string_equal(mos_ben_classes[mos_ben_paper_order[18]], "Marine waters");
}

static void split_rule_edges(void **state) {
    (void)state;
    /* d = 1200 k + 600 against 16079.84 and 27450: the 13th ring is the last of training, the 22nd
     * (27000) the last of validation. */
    assert_int_equal(mos_split_rule_v2(0, 45), MOS_SPLIT_TRAIN);
    assert_int_equal(mos_split_rule_v2(12, 45), MOS_SPLIT_TRAIN);
    assert_int_equal(mos_split_rule_v2(13, 45), MOS_SPLIT_VALIDATION);
    assert_int_equal(mos_split_rule_v2(22, 45), MOS_SPLIT_VALIDATION);
    assert_int_equal(mos_split_rule_v2(23, 45), MOS_SPLIT_TEST);
    assert_int_equal(mos_split_rule_v2(45, 90), MOS_SPLIT_TRAIN);
    assert_int_equal(mos_split_rule_v2(45, 45), MOS_SPLIT_TEST);
    mos_split split;
    EXPECT_OK(mos_split_parse("val", &split));
    assert_int_equal(split, MOS_SPLIT_VALIDATION);
    EXPECT_DATA_ERROR(mos_split_parse("Train", &split), "'Train'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s2_names),         cmocka_unit_test(s1_names),
        cmocka_unit_test(baselines),        cmocka_unit_test(times),
        cmocka_unit_test(label_cells),      cmocka_unit_test(nomenclature),
        cmocka_unit_test(split_rule_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
