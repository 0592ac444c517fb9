#include "io/io_support.h"
#include "io/labels_json.h"

static mosaic_status parse(const char *text, mos_labels_json *out) {
    return mos_labels_json_parse(text, strlen(text), "file", out);
}

static const char s1_text[] =
    "{\"labels\": [\"Transitional woodland/shrub\", \"Beaches, dunes, sands\"],"
    " \"coordinates\": {\"ulx\": 604800, \"lly\": 5832840}, \"projection\": \"PROJCS[\\\"x\\\"]\","
    " \"corresponding_s2_patch\": \"S2A_MSIL2A_20170617T113321_4_55\","
    " \"scene_source\": \"S1A_IW\", \"acquisition_time\": \"2017-06-17T06:47:24\"}";

static void reads_both_kinds(void **state) {
    (void)state;
    mos_labels_json found;
    EXPECT_OK(parse(s1_text, &found));
    assert_int_equal(found.label_count, 2);
    assert_string_equal(found.labels[0], "Transitional woodland/shrub");
    assert_string_equal(found.labels[1], "Beaches, dunes, sands");
    assert_string_equal(found.partner, "S2A_MSIL2A_20170617T113321_4_55");
    assert_string_equal(found.acquired, "2017-06-17T06:47:24");
    assert_string_equal(found.source, "S1A_IW");
    mos_labels_json_release(&found);
    EXPECT_OK(parse("{\"labels\": [\"Pastures\"], \"tile_source\": \"S2A_MSIL1C\","
                    " \"acquisition_date\": \"2017-06-17 11:33:21\"}",
                    &found));
    assert_null(found.partner);
    assert_string_equal(found.acquired, "2017-06-17 11:33:21");
    assert_string_equal(found.source, "S2A_MSIL1C");
    mos_labels_json_release(&found);
    EXPECT_OK(parse("{\"labels\": []}", &found));
    assert_int_equal(found.label_count, 0);
    assert_null(found.acquired);
    assert_null(found.source);
    mos_labels_json_release(&found);
    mos_labels_json_release(&found);
}

static void refuses_what_is_none(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "file:"},
        {"{\"labels\": [\"a\"", "file:1:"},
        {"[\"a\"]", "no JSON object"},
        {"{}", "'labels' is missing"},
        {"{\"labels\": \"a\"}", "no list"},
        {"{\"labels\": [\"a\", 3]}", "label 2"},
        {"{\"labels\": [\"\"]}", "label 1"},
        {"{\"labels\": [\"a\\u0000b\"]}", "file:1:"},
        {"{\"labels\": [], \"labels\": []}", "file:1:"},
        {"{\"labels\": [], \"tile_source\": 3}", "'tile_source'"},
        {"{\"labels\": [], \"corresponding_s2_patch\": null}", "'corresponding_s2_patch'"},
        {"{\"labels\": [[[[[[[[\"a\"]]]]]]]]}", "nests deeper"},
        {"{\"labels\": []} trailing", "file:1:"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mos_labels_json found;
        EXPECT_DATA_ERROR(parse(bad[i].text, &found), bad[i].part);
        assert_null(found.tree);
        mos_labels_json_release(&found);
    }
}

static void keeps_its_bounds(void **state) {
    (void)state;
    static char text[80 << 10];
    mos_labels_json found;
    for (int count = MOS_LABELS_JSON_LABELS; count <= MOS_LABELS_JSON_LABELS + 1; count++) {
        size_t at = (size_t)snprintf(text, sizeof text, "{\"labels\": [\"x\"");
        for (int i = 1; i < count; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, ",\"x\"");
        snprintf(text + at, sizeof text - at, "]}");
        if (count == MOS_LABELS_JSON_LABELS)
            EXPECT_OK(parse(text, &found));
        else
            EXPECT_DATA_ERROR(parse(text, &found), "65 labels");
        mos_labels_json_release(&found);
    }
    for (int size = MOS_LABELS_JSON_TEXT; size <= MOS_LABELS_JSON_TEXT + 1; size++) {
        snprintf(text, sizeof text, "{\"labels\": [\"%0*d\"]}", size, 0);
        if (size == MOS_LABELS_JSON_TEXT)
            EXPECT_OK(parse(text, &found));
        else
            EXPECT_DATA_ERROR(parse(text, &found), "label 1");
        mos_labels_json_release(&found);
    }
    snprintf(text, sizeof text, "{\"labels\": []%*s}", 70000, "");
    EXPECT_DATA_ERROR(parse(text, &found), "bytes of JSON");
}

static void every_cut_is_refused(void **state) {
    (void)state;
    for (size_t size = 0; size + 1 < sizeof s1_text; size++) {
        char *cut = exact_copy(s1_text, size);
        mos_labels_json found;
        assert_int_equal(mos_labels_json_parse(cut, size, "file", &found), MOSAIC_ERR_DATA);
        free(cut);
    }
}

static void reads_real_files(void **state) {
    (void)state;
    char path[4096], *data;
    size_t size;
    mos_labels_json found;
    EXPECT_OK(mos_file_read(
        real_path("bigearthnet_v1/BigEarthNet-S1-v1.0/S1A_IW_GRDH_1SDV_20171221T064238_29SND_56_35/"
                  "S1A_IW_GRDH_1SDV_20171221T064238_29SND_56_35_labels_metadata.json",
                  path),
        1 << 20, &data, &size));
    EXPECT_OK(mos_labels_json_parse(data, size, path, &found));
    mos_free(data);
    assert_int_equal(found.label_count, 4);
    assert_string_equal(found.labels[3], "Transitional woodland/shrub");
    assert_string_equal(found.partner, "S2A_MSIL2A_20171221T112501_56_35");
    mos_labels_json_release(&found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_kinds), cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(keeps_its_bounds), cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(reads_real_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
