#include "data/bigearthnet/bigearthnet_v1_join.h"
#include "data/names/name_list.h"
#include "data/names/nomenclature.h"
#include "data/names/nomenclature_v1.h"
#include "data/names/patch_name_v1.h"
#include "data/v1_support.h"
#include "prepare/pack/pack.h"

/* Every name of the 43 with its class among the 19, from the published table; NULL: dropped. */
static const struct {
    const char *from, *to;
} map[] = {
    {"Continuous urban fabric", "Urban fabric"},
    {"Discontinuous urban fabric", "Urban fabric"},
    {"Industrial or commercial units", "Industrial or commercial units"},
    {"Non-irrigated arable land", "Arable land"},
    {"Permanently irrigated land", "Arable land"},
    {"Rice fields", "Arable land"},
    {"Vineyards", "Permanent crops"},
    {"Fruit trees and berry plantations", "Permanent crops"},
    {"Olive groves", "Permanent crops"},
    {"Annual crops associated with permanent crops", "Permanent crops"},
    {"Pastures", "Pastures"},
    {"Complex cultivation patterns", "Complex cultivation patterns"},
    {"Land principally occupied by agriculture, with significant areas of natural vegetation",
     "Land principally occupied by agriculture, with significant areas of natural vegetation"},
    {"Agro-forestry areas", "Agro-forestry areas"},
    {"Broad-leaved forest", "Broad-leaved forest"},
    {"Coniferous forest", "Coniferous forest"},
    {"Mixed forest", "Mixed forest"},
    {"Natural grassland", "Natural grassland and sparsely vegetated areas"},
    {"Sparsely vegetated areas", "Natural grassland and sparsely vegetated areas"},
    {"Moors and heathland", "Moors, heathland and sclerophyllous vegetation"},
    {"Sclerophyllous vegetation", "Moors, heathland and sclerophyllous vegetation"},
    {"Transitional woodland/shrub", "Transitional woodland, shrub"},
    {"Beaches, dunes, sands", "Beaches, dunes, sands"},
    {"Inland marshes", "Inland wetlands"},
    {"Peatbogs", "Inland wetlands"},
    {"Salt marshes", "Coastal wetlands"},
    {"Salines", "Coastal wetlands"},
    {"Water courses", "Inland waters"},
    {"Water bodies", "Inland waters"},
    {"Coastal lagoons", "Marine waters"},
    {"Estuaries", "Marine waters"},
    {"Sea and ocean", "Marine waters"},
    {"Airports", NULL},
    {"Bare rock", NULL},
    {"Dump sites", NULL},
    {"Port areas", NULL},
    {"Road and rail networks and associated land", NULL},
    {"Mineral extraction sites", NULL},
    {"Construction sites", NULL},
    {"Sport and leisure facilities", NULL},
    {"Burnt areas", NULL},
    {"Intertidal flats", NULL},
    {"Green urban areas", NULL},
};

static void maps_every_name(void **state) {
    (void)state;
    bool seen[MOS_BEN43_CLASSES] = {0};
    assert_int_equal(sizeof map / sizeof map[0], MOS_BEN43_CLASSES);
    for (size_t i = 0; i < MOS_BEN43_CLASSES; i++) {
        int index = mos_ben43_find(map[i].from, strlen(map[i].from));
        assert_true(index >= 0);
        assert_false(seen[index]);
        seen[index] = true;
        int to = mos_ben43_to_19(index);
        if (map[i].to == NULL)
            assert_int_equal(to, -1);
        else {
            assert_true(to >= 0);
            assert_string_equal(mos_ben_classes[to], map[i].to);
        }
    }
    for (int i = 1; i < MOS_BEN43_CLASSES; i++) {
        assert_true(mos_ben43_classes[i - 1].code < mos_ben43_classes[i].code);
        assert_true(strcmp(mos_ben43_classes[mos_ben43_lexicographic[i - 1]].name,
                           mos_ben43_classes[mos_ben43_lexicographic[i]].name) < 0);
    }
    assert_int_equal(mos_ben43_find("Transitional woodland, shrub", 28), -1);
    assert_int_equal(mos_ben43_find("Beaches", 7), -1);
    assert_int_equal(mos_ben43_find("pastures", 8), -1);
    assert_int_equal(mos_ben43_to_19(-1), -1);
    assert_int_equal(mos_ben43_to_19(MOS_BEN43_CLASSES), -1);
}

static void takes_names_apart(void **state) {
    (void)state;
    mos_patch_name name;
    static const struct {
        const char *text, *time;
        int column, row;
    } good[] = {{"S2A_MSIL2A_20170613T101031_87_48", "2017-06-13T10:10:31Z", 87, 48},
                {"S2B_MSIL2A_20180421T94033_0_90", "2018-04-21T09:40:33Z", 0, 90},
                {"S2A_MSIL2A_20170617T94161_4_5", "2017-06-17T09:42:01Z", 4, 5}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char time[24];
        assert_true(mos_patch_name_parse_s2_v1(good[i].text, strlen(good[i].text), &name));
        mos_time_format(name.time_s, time);
        assert_string_equal(time, good[i].time);
        assert_int_equal(name.column, good[i].column);
        assert_int_equal(name.row, good[i].row);
        assert_int_equal(name.baseline, -1);
    }
    static const char *const bad[] = {"",
                                      "S2A_MSIL2A_",
                                      "S2A_MSIL2A_20170613T101031",
                                      "S2A_MSIL2A_20170613T101031_87",
                                      "S2A_MSIL2A_20170613T101031_87_",
                                      "S2A_MSIL2A_20170613T101031_87_48_B01",
                                      "S2A_MSIL2A_20170613T101031_07_48",
                                      "S2A_MSIL2A_20170613T101031_87_91",
                                      "S2A_MSIL2A_20170613T101031_87_481",
                                      "S2A_MSIL1C_20170613T101031_87_48",
                                      "S2E_MSIL2A_20170613T101031_87_48",
                                      "S1A_MSIL2A_20170613T101031_87_48",
                                      "S2A_MSIL2A_20170632T101031_87_48",
                                      "S2A_MSIL2A_20170613T241031_87_48",
                                      "S2A_MSIL2A_20170613T106031_87_48",
                                      "S2A_MSIL2A_20170613T101062_87_48",
                                      "S2A_MSIL2A_20170613T9403_87_48",
                                      "S2A_MSIL2A_20170613T1010311_87_48",
                                      "S2A_MSIL2A_20170613101031_87_48",
                                      "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43",
                                      " S2A_MSIL2A_20170613T101031_87_48"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(mos_patch_name_parse_s2_v1(bad[i], strlen(bad[i]), &name));
    for (size_t size = 0; size < sizeof one - 1; size++) {
        bool shorter_index = size == sizeof one - 2; /* ..._87_4 is a name too */
        assert_int_equal(mos_patch_name_parse_s2_v1(one, size, &name), shorter_index);
    }
}

static void reads_odd_times(void **state) {
    (void)state;
    static const struct {
        const char *text, *time;
    } cases[] = {{"2017-06-13 10:10:31", "2017-06-13T10:10:31Z"},
                 {"2017-06-13T16:50:43", "2017-06-13T16:50:43Z"},
                 {"2017-06-13 9:41:61", "2017-06-13T09:42:01Z"},
                 {"2017-06-13  9:40:33", "2017-06-13T09:40:33Z"},
                 {"2017-06-13 x:40:33", NULL},
                 {"2017-06-13 9:40:62", NULL},
                 {"2017-06-13 9:4:33", NULL},
                 {"2017-06-13 ", NULL},
                 {"9:40:33", NULL},
                 {"2017-06-13 9:40:33 and very much more of it", NULL},
                 {"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time_s = 0;
        char text[24] = "";
        bool good = mos_time_parse_v1(cases[i].text, &time_s);
        assert_int_equal(good, cases[i].time != NULL);
        if (good) mos_time_format(time_s, text);
        if (good) assert_string_equal(text, cases[i].time);
    }
}

static void list_names_tell_splits(void **state) {
    (void)state;
    assert_int_equal(mos_name_list_split("a/train.csv"), MOS_SPLIT_TRAIN);
    assert_int_equal(mos_name_list_split("val.csv"), MOS_SPLIT_VALIDATION);
    assert_int_equal(mos_name_list_split("a.b/validation.csv"), MOS_SPLIT_VALIDATION);
    assert_int_equal(mos_name_list_split("train/test_list.txt"), MOS_SPLIT_TEST);
    assert_int_equal(mos_name_list_split("my_train"), MOS_SPLIT_TRAIN);
    assert_int_equal(mos_name_list_split("latest.csv"), MOS_SPLIT_NONE);
    assert_int_equal(mos_name_list_split("trained.csv"), MOS_SPLIT_NONE);
    assert_int_equal(mos_name_list_split("train/all.csv"), MOS_SPLIT_NONE);
}

/* The names of a sample's classes with the value wanted, in order, each followed by ";". */
static void expect_labels(const mos_dataset *dataset, const char *id, int value,
                          const char *wanted) {
    const char *const *classes;
    int64_t count = mos_dataset_classes(dataset, &classes), at = mos_dataset_find(dataset, id);
    mos_sample sample;
    char found[4096] = "";
    EXPECT_OK(mos_dataset_sample(dataset, at, &sample));
    for (int64_t c = 0; c < count; c++) {
        size_t size = strlen(found);
        if (sample.labels[c] == value)
            snprintf(found + size, sizeof found - size, "%s;", classes[c]);
    }
    assert_string_equal(found, wanted);
}

static mos_split split_of(const mos_dataset *dataset, const char *id) {
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, mos_dataset_find(dataset, id), &sample));
    return sample.split;
}

static void joins_by_json(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    mos_sample sample;
    const mos_defect *defects;
    write_three(root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_string_equal(mos_dataset_format(dataset), "bigearthnet-v1");
    assert_int_equal(mos_dataset_count(dataset), 3);
    assert_int_equal(mos_dataset_defects(dataset, &defects), 0);
    for (int64_t i = 0; i < 3; i++) {
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        assert_int_equal(sample.present, 3);
        assert_int_equal(sample.split, MOS_SPLIT_NONE);
    }
    EXPECT_OK(mos_dataset_sample(dataset, 1, &sample));
    assert_string_equal(sample.id, two);
    char time[24];
    mos_time_format(sample.time_s[MOS_BEN_S2], time);
    assert_string_equal(time, "2017-06-17T09:42:01Z");
    mos_time_format(sample.time_s[MOS_BEN_S1], time);
    assert_string_equal(time, "2017-06-17T06:47:24Z");
    expect_labels(dataset, one, 1, "Arable land;");
    expect_labels(dataset, two, 1, "Beaches, dunes, sands;Transitional woodland, shrub;");
    expect_labels(dataset, three, 1, "Marine waters;");
    assert_float_equal(first_pixel(dataset, one, "s1", "VH"), -16.25f, 0);
    assert_float_equal(first_pixel(dataset, two, "s2", "B8A"), 380, 0);
    assert_float_equal(first_pixel(dataset, three, "s2", "B01"), 300, 0);
    mos_dataset_close(&dataset);

    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.classes", "43", NULL));
    expect_labels(dataset, one, 1, "Airports;Rice fields;");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.classes", "43", "data.class_order",
                           "paper", NULL));
    const char *const *classes;
    assert_int_equal(mos_dataset_classes(dataset, &classes), 43);
    assert_string_equal(classes[0], "Continuous urban fabric");
    expect_labels(dataset, two, 1, "Transitional woodland/shrub;Beaches, dunes, sands;");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.class_order", "paper", NULL));
    expect_labels(dataset, two, 1, "Transitional woodland, shrub;Beaches, dunes, sands;");
    mos_dataset_close(&dataset);
    expect_no_such_classes(root, "igbp10", "bigearthnet-v1 has default, 19, 43");
}

static void names_what_does_not_fit(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    static const char alone[] = "S2A_MSIL2A_20170613T101031_1_2",
                      dropped[] = "S2A_MSIL2A_20170613T101031_2_2",
                      broken[] = "S2A_MSIL2A_20170613T101031_3_2",
                      broken_s1[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_3_2",
                      strange[] = "S2A_MSIL2A_20170613T101031_4_2",
                      only_s1[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_5_2",
                      orphan[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_6_2",
                      second[] = "S1B_IW_GRDH_1SDV_20170613T165043_33UUP_87_48",
                      elsewhere[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_9_9",
                      moved[] = "S2A_MSIL2A_20170613T101031_7_2";
    char path[4096];
    write_three(root);
    write_s2(root, alone, "\"Pastures\"");
    write_s2(root, dropped, "\"Airports\", \"Bare rock\"");
    write_s2(root, broken, "\"Pastures\", ");
    write_s1(root, broken_s1, "\"Pastures\"", broken);
    write_s2(root, strange, "\"Lawn\"");
    write_s1(root, only_s1, "\"Peatbogs\"", "S2A_MSIL2A_20170613T101031_5_2");
    write_s1(root, orphan, "\"Peatbogs\"", "S2A");
    write_s1(root, second, "\"Rice fields\", \"Airports\"", one);
    write_s2(root, moved, "\"Pastures\"");
    write_s1(root, elsewhere, "\"Peatbogs\"", moved);
    snprintf(path, sizeof path, "%s/BigEarthNet-v1.0", root);
    put_text(path, "readme.txt", "x");
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    expect_defect(dataset, "folder that is no patch", 1, "readme.txt");
    expect_defect(dataset, "missing partner (no s1)", 2, alone);
    expect_defect(dataset, "missing partner (no s2)", 1, only_s1);
    expect_defect(dataset, "orphan s1 patch", 1, orphan);
    expect_defect(dataset, "second s1 patch of one s2 patch", 1, second);
    expect_defect(dataset, "no label is one of the classes: left out", 1, dropped);
    expect_defect(dataset, "labels_metadata.json unreadable", 1, broken);
    expect_defect(dataset, "label not in the nomenclature", 1, "'Lawn'");
    expect_defect(dataset, "s1 and s2 of different places", 1, elsewhere);
    expect_defect(dataset, "labels of s1 and s2 differ: those of s2 count", 1, moved);
    assert_null(find_defect(dataset, "labels unknown"));
    assert_int_equal(mos_dataset_count(dataset), 8);
    assert_int_equal(mos_dataset_find(dataset, dropped), -1);
    expect_labels(dataset, broken, 1, "Pastures;"); /* from the S1 file */
    expect_labels(dataset, strange, 1, "");
    expect_labels(dataset, strange, 0, "");
    expect_labels(dataset, "S2A_MSIL2A_20170613T101031_5_2", 1, "Inland wetlands;");
    expect_labels(dataset, moved, 1, "Pastures;");
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, mos_dataset_find(dataset, alone), &sample));
    assert_int_equal(sample.present, 1 << MOS_BEN_S2);
    assert_true(sample.time_s[MOS_BEN_S1] == INT64_MIN);
    EXPECT_OK(mos_dataset_sample(
        dataset, mos_dataset_find(dataset, "S2A_MSIL2A_20170613T101031_5_2"), &sample));
    assert_int_equal(sample.present, 1 << MOS_BEN_S1);
    mos_dataset_close(&dataset);
    /* With 43 classes airports are one. */
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.classes", "43", NULL));
    assert_int_equal(mos_dataset_count(dataset), 9);
    expect_labels(dataset, dropped, 1, "Airports;Bare rock;");
    mos_dataset_close(&dataset);
    EXPECT_STATUS(MOSAIC_ERR_DATA,
                  open_dataset(&dataset, "data.root", root, "data.policy", "refuse", NULL));
}

static void lists_choose(void **state) {
    const char *root = *state;
    char lists[256], single[512], text[1024];
    mos_dataset *dataset;
    write_three(root);
    snprintf(lists, sizeof lists, "%s/lists", root);
    snprintf(single, sizeof single, "%s/all.csv", lists);
    snprintf(text, sizeof text, "%s\n", one);
    put_text(lists, "train.csv", text);
    snprintf(text, sizeof text, "%s\nS2A_MSIL2A_20170613T101031_9_9\n", three);
    put_text(lists, "test.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL));
    assert_int_equal(mos_dataset_count(dataset), 2);
    assert_int_equal(mos_dataset_metadata_rows(dataset), 3);
    assert_int_equal(split_of(dataset, one), MOS_SPLIT_TRAIN);
    assert_int_equal(split_of(dataset, three), MOS_SPLIT_TEST);
    expect_defect(dataset, "in no split list: left out", 1, two);
    expect_defect(dataset, "row without files", 1, "_9_9");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", lists,
                           "data.rows_without_files", "keep", NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    mos_dataset_close(&dataset);

    /* Pairs: the list joins, whatever the JSON says; a header line and splits are taken. */
    write_s1(root, two_s1, "\"Pastures\"", "S2A_MSIL2A_20170613T101031_9_9");
    snprintf(text, sizeof text, "s2,s1,split\n%s,%s,val\n%s,%s,train\n", two, two_s1, one, one_s1);
    put_text(lists, "all.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", single, NULL));
    assert_int_equal(mos_dataset_count(dataset), 2);
    assert_int_equal(split_of(dataset, one), MOS_SPLIT_TRAIN);
    assert_int_equal(split_of(dataset, two), MOS_SPLIT_VALIDATION);
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, mos_dataset_find(dataset, two), &sample));
    assert_int_equal(sample.present, 3);
    expect_defect(dataset, "in no split list: left out (s1)", 1, three_s1);
    expect_defect(dataset, "in no split list: left out", 1, three);
    mos_dataset_close(&dataset);
}

static void bad_lists_are_refused(void **state) {
    const char *root = *state;
    char lists[256], single[512], text[1024];
    mos_dataset *dataset;
    write_three(root);
    snprintf(lists, sizeof lists, "%s/lists", root);
    snprintf(single, sizeof single, "%s/all.csv", lists);
    EXPECT_OK(mos_make_dirs(lists));
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL),
                      "no train.csv");
    snprintf(text, sizeof text, "%s\n", one);
    put_text(lists, "train.csv", text);
    put_text(lists, "test.csv", text);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL),
                      "listed as test here, as train before");
    snprintf(text, sizeof text, "%s\n%s_1\n", one, one);
    put_text(lists, "all.csv", text);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", single, NULL),
                      "all.csv:2");
    snprintf(text, sizeof text, "%s,nonsense\n", one);
    put_text(lists, "all.csv", text);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", single, NULL),
                      "all.csv:1: 'nonsense'");
    snprintf(text, sizeof text, "%s,%s\n%s,%s\n", one, one_s1, two, one_s1);
    put_text(lists, "all.csv", text);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", single, NULL),
                      "S1 patch of two");
    snprintf(text, sizeof text, "%s/none", root);
    EXPECT_DATA_ERROR(
        open_dataset(&dataset, "data.root", text, "data.format", "bigearthnet-v1", NULL),
        "no BigEarthNet v1.0 patch");
    EXPECT_STATUS(MOSAIC_ERR_IO,
                  open_dataset(&dataset, "data.root", root, "data.metadata", text, NULL));
}

static void snow_is_left_out(void **state) {
    const char *root = *state;
    char lists[256], text[256];
    mos_dataset *dataset;
    write_three(root);
    snprintf(lists, sizeof lists, "%s/lists", root);
    snprintf(text, sizeof text, "%s\n", two);
    put_text(lists, "patches_with_cloud_and_shadow.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.snow_metadata", lists, NULL));
    assert_int_equal(mos_dataset_count(dataset), 2);
    expect_defect(dataset, "snow, cloud or shadow: left out", 1, two);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.snow_metadata", lists,
                           "data.include_snow_cloud", "true", NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    assert_null(find_defect(dataset, "snow, cloud or shadow: left out"));
    mos_dataset_close(&dataset);
    put_text(root, "patches_with_seasonal_snow.csv", text); /* found where it usually lies */
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_int_equal(mos_dataset_count(dataset), 2);
    mos_dataset_close(&dataset);
    snprintf(lists, sizeof lists, "%s/BigEarthNet-v1.0", root);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.snow_metadata", lists, NULL),
                      "neither patches_with_seasonal_snow.csv");
}

static void strange_archives_are_refused(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    write_s2(root, one, "\"Lawn\"");
    write_s2(root, two, "\"Car park\"");
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, NULL), "no label of 2 patches");
    write_s2(root, three, NULL);
    write_s2(root, two, "\"Vineyards\"");
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    expect_defect(dataset, "labels unknown", 1, three);
    expect_labels(dataset, three, 0, "");
    mos_dataset_close(&dataset);
}

static void roots_may_lie_apart(void **state) {
    const char *root = *state;
    char s1[256], s2[256];
    mos_dataset *dataset;
    write_three(root);
    snprintf(s1, sizeof s1, "%s/radar", root);
    snprintf(s2, sizeof s2, "%s/BigEarthNet-S1-v1.0", root);
    assert_int_equal(rename(s2, s1), 0);
    snprintf(s2, sizeof s2, "%s/BigEarthNet-v1.0", root);
    EXPECT_OK(open_dataset(&dataset, "data.format", "bigearthnet-v1", "data.s1", s1, "data.s2", s2,
                           NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    assert_null(find_defect(dataset, "missing partner (no s1)"));
    mos_dataset_close(&dataset);
}

/* Enough patches for several threads; only their labels are there. */
static void many_labels_are_read(void **state) {
    const char *root = *state;
    enum { COUNT = 90 };
    char folder[256], name[64], label[128];
    mos_dataset *dataset;
    snprintf(folder, sizeof folder, "%s/BigEarthNet-v1.0", root);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "S2A_MSIL2A_20170613T101031_7_%d", i);
        snprintf(label, sizeof label, "\"%s\"", map[i % 32].from);
        write_json(folder, name, label, "");
    }
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_int_equal(mos_dataset_count(dataset), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "S2A_MSIL2A_20170613T101031_7_%d", i);
        snprintf(label, sizeof label, "%s;", map[i % 32].to);
        expect_labels(dataset, name, 1, label);
    }
    mos_dataset_close(&dataset);
}

static void a_pack_is_the_same(void **state) {
    const char *root = *state;
    char folder[256];
    mos_dataset *dataset;
    mos_pack_result result;
    write_three(root);
    snprintf(folder, sizeof folder, "%s/pack", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.classes", "43", NULL));
    EXPECT_OK(mos_pack(dataset, &(mos_pack_options){.folder = folder, .threads = 1}, &result));
    mos_dataset_close(&dataset);
    assert_int_equal(result.records, 6);
    EXPECT_OK(open_dataset(&dataset, "data.root", folder, NULL));
    assert_int_equal(mos_dataset_count(dataset), 3);
    assert_float_equal(first_pixel(dataset, one, "s1", "VH"), -16.25f, 0);
    assert_float_equal(first_pixel(dataset, two, "s2", "B8A"), 380, 0);
    expect_labels(dataset, two, 1, "Beaches, dunes, sands;Transitional woodland/shrub;");
    mos_dataset_close(&dataset);
}

/* Whichever allocation fails while opening: an error or, where a look at a patch failed, a data
 * set. */
static void lack_of_memory_is_an_error(void **state) {
    const char *root = *state;
    char text[256];
    mos_dataset *dataset;
    int failed = 0;
    write_three(root);
    snprintf(text, sizeof text, "%s,%s\n%s,%s\n", one, one_s1, two, two_s1);
    put_text(root, "train.csv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL)); /* GDAL starts up */
    mos_dataset_close(&dataset);
    for (uint64_t n = 1; n < 150; n += n < 60 ? 1 : 7) {
        mos_alloc_fail_at(n);
        mosaic_status status = open_dataset(&dataset, "data.root", root, NULL);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK)
            mos_dataset_close(&dataset);
        else
            assert_int_equal(status, MOSAIC_ERR_MEMORY);
        failed += status != MOSAIC_OK;
    }
    assert_true(failed > 30);
}

static void reads_real_patches(void **state) {
    (void)state;
    char root[4096];
    mos_dataset *dataset;
    const mos_defect *defects;
    mos_sample sample;
    real_path("bigearthnet_v1", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_string_equal(mos_dataset_format(dataset), "bigearthnet-v1");
    assert_int_equal(mos_dataset_count(dataset), 4);
    assert_int_equal(mos_dataset_defects(dataset, &defects), 0);
    for (int64_t i = 0; i < 4; i++) {
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        assert_int_equal(sample.present, 3);
    }
    expect_labels(dataset, "S2A_MSIL2A_20170617T113321_36_85", 1, "Arable land;Pastures;");
    expect_labels(dataset, "S2A_MSIL2A_20171221T112501_56_35", 1,
                  "Broad-leaved forest;Complex cultivation patterns;Land principally occupied by "
                  "agriculture, with significant areas of natural vegetation;Transitional "
                  "woodland, shrub;");
    /* As GDAL's own tools print them. */
    assert_float_equal(first_pixel(dataset, one, "s2", "B01"), 610, 0);
    assert_float_equal(first_pixel(dataset, one, "s2", "B02"), 813, 0);
    assert_float_equal(first_pixel(dataset, one, "s1", "VV"), -10.8509f, 1e-4f);
    assert_float_equal(first_pixel(dataset, one, "s1", "VH"), -19.7591f, 1e-4f);
    assert_int_equal(mos_dataset_offsets_removed(dataset), 0);
    mos_dataset_close(&dataset);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(maps_every_name),
                                       cmocka_unit_test(takes_names_apart),
                                       cmocka_unit_test(reads_odd_times),
                                       cmocka_unit_test(list_names_tell_splits),
                                       IN_FOLDER(joins_by_json),
                                       IN_FOLDER(names_what_does_not_fit),
                                       IN_FOLDER(lists_choose),
                                       IN_FOLDER(bad_lists_are_refused),
                                       IN_FOLDER(snow_is_left_out),
                                       IN_FOLDER(strange_archives_are_refused),
                                       IN_FOLDER(roots_may_lie_apart),
                                       IN_FOLDER(many_labels_are_read),
                                       IN_FOLDER(a_pack_is_the_same),
                                       IN_FOLDER(lack_of_memory_is_an_error),
                                       cmocka_unit_test(reads_real_patches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
