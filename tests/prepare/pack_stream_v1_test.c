/* Archives of BigEarthNet v1.0, streamed, against the tree they were made from: any order of
 * members, patches that fit no other, lists, what is damaged or not there. */
#include "data/v1_support.h"

#include "prepare/pack/pack.h"

#include <unistd.h>

static void run(const char *format, ...) {
    char command[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command) != 0) fail_msg("%s", command);
}

static void path_of(void **state, const char *name, char path[4096]) {
    char here[2048];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(path, 4096, "%s/%s/%s", here, (const char *)*state, name);
}

/* Three pairs and one of everything that may go wrong with a patch. */
static void write_odd(const char *root) {
    write_three(root);
    write_s2(root, "S2A_MSIL2A_20170613T101031_1_2", "\"Pastures\""); /* no s1 */
    write_s2(root, "S2A_MSIL2A_20170613T101031_2_2", "\"Airports\""); /* no class */
    write_s1(root, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_2_2", "\"Airports\"",
             "S2A_MSIL2A_20170613T101031_2_2");
    write_s2(root, "S2A_MSIL2A_20170613T101031_3_2", "\"Pastures\", "); /* labels from s1 */
    write_s1(root, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_3_2", "\"Pastures\"",
             "S2A_MSIL2A_20170613T101031_3_2");
    write_s2(root, "S2A_MSIL2A_20170613T101031_4_2", NULL); /* no JSON */
    write_s1(root, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_5_2", "\"Peatbogs\"",
             "S2A_MSIL2A_20170613T101031_5_2"); /* no s2 */
    write_s1(root, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_6_2", "\"Peatbogs\"", "S2A");
    write_s1(root, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_7_2", NULL, "");
    write_s1(root, "S1B_IW_GRDH_1SDV_20170613T165043_33UUP_87_48", "\"Rice fields\"", one);
}

/* Both archives of `root` in `folder`, of the files that `list` prints there. */
static void make_archives(const char *root, const char *folder, const char *list) {
    static const char *const names[][2] = {{"BigEarthNet-v1.0", "BigEarthNet-S2-v1.0"},
                                           {"BigEarthNet-S1-v1.0", "BigEarthNet-S1-v1.0"}};
    run("mkdir -p '%s'", folder);
    for (int m = 0; m < 2; m++)
        run("cd '%s' && find %s -type f | %s | tar -czf '%s/%s.tar.gz' -T -", root, names[m][0],
            list, folder, names[m][1]);
}

typedef struct pack_case {
    const char *lists, *policy, *classes; /* NULL: as by default */
} pack_case;

static void set(mos_data_options *options, const char *key, const char *value) {
    if (value != NULL)
        EXPECT_OK(mos_options_set(&mos_data_option_table, options, key, value, false, "test"));
}

static mosaic_status pack(const char *root, const char *out, const pack_case *with, bool streamed,
                          int turn, mos_pack_result *result) {
    mos_data_options options = {0};
    mos_dataset *dataset = NULL;
    const mos_pack_options pack_options = {
        .folder = out, .threads = 1 + turn % 3, .shards = 1 + turn % 2, .verify = true};
    bool streams;
    EXPECT_OK(mos_options_init(&mos_data_option_table, &options));
    set(&options, "data.root", root);
    set(&options, "data.metadata", with->lists);
    set(&options, "data.policy", with->policy);
    set(&options, "data.classes", with->classes);
    EXPECT_OK(mos_pack_streams(&options, &streams));
    assert_int_equal(streams, streamed);
    mosaic_status status = MOSAIC_OK;
    if (streamed) {
        status = mos_pack_stream(&options, &pack_options, result);
    } else {
        EXPECT_OK(mos_dataset_open(&options, &dataset));
        EXPECT_OK(mos_pack(dataset, &pack_options, result));
        mos_dataset_close(&dataset);
    }
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

/* Streamed in many orders, a second time, and as the tree. */
static void expect_as_tree(void **state, const char *tree, const pack_case *with, int64_t samples,
                           int64_t records, int64_t most_removed) {
    static const char *const orders[] = {
        "sort", "sort -r", "shuf --random-source=/bin/sh",
        "sed 's/.*\\.json/0&/;s/.*\\.tif/1&/' | sort | cut -c2-",  /* labels first */
        "sed 's/.*\\.json/1&/;s/.*\\.tif/0&/' | sort | cut -c2-"}; /* labels last */
    char folder[4096], packed[4096], out[4096];
    mos_pack_result wanted, result;
    path_of(state, "packed", packed);
    EXPECT_OK(pack(tree, packed, with, false, 0, &wanted));
    assert_int_equal(wanted.samples, samples);
    assert_int_equal(wanted.records, records);
    for (int i = 0; i < 5; i++) {
        path_of(state, "archive", folder);
        path_of(state, "out", out);
        make_archives(tree, folder, orders[i]);
        EXPECT_OK(pack(folder, out, with, true, i, &result));
        assert_int_equal(result.samples, samples);
        assert_int_equal(result.records - result.removed, records);
        assert_in_range(result.removed, 0, most_removed);
        assert_int_equal(result.verified, records);
        assert_string_equal(result.content, wanted.content);
        run("cmp '%s/metadata.csv' '%s/metadata.csv'", packed, out);
        int64_t removed = result.removed;
        EXPECT_OK(pack(folder, out, with, true, i, &result));
        assert_int_equal(result.already, records);
        assert_int_equal(result.records, removed); /* made again, and taken out again */
        assert_string_equal(result.content, wanted.content);
        run("rm -r '%s' '%s'", folder, out);
    }
    run("rm -r '%s'", packed);
}

static void any_order(void **state) {
    char tree[4096];
    path_of(state, "tree", tree);
    write_odd(tree);
    /* 3 pairs, 1_2, 3_2 (pair), 4_2, 5_2; taken out: 2_2 and its partner, and S1B_..._87_48. */
    expect_as_tree(state, tree, &(pack_case){0}, 7, 11, 3);
    expect_as_tree(state, tree, &(pack_case){.classes = "43"}, 8, 13, 1);
    expect_as_tree(state, tree, &(pack_case){.policy = "skip"}, 4, 8, 6);
}

static void lists_choose(void **state) {
    char tree[4096], lists[4096], single[4096], text[1024];
    path_of(state, "tree", tree);
    path_of(state, "lists", lists);
    path_of(state, "lists/all.csv", single);
    write_odd(tree);
    snprintf(text, sizeof text, "%s\n%s\n", one, three);
    put_text(lists, "train.csv", text);
    put_text(lists, "test.csv", "S2A_MSIL2A_20170613T101031_5_2\nS2A_MSIL2A_20170613T101031_9_9\n");
    snprintf(text, sizeof text, "%s\n", three);
    put_text(lists, "patches_with_seasonal_snow.csv", text);
    /* What the lists rule out is not even made; the second S1 patch of `one` is. */
    expect_as_tree(state, tree, &(pack_case){.lists = lists}, 2, 3, 1);
    snprintf(text, sizeof text, "%s,%s,val\n%s,%s,train\n", two, one_s1, three, three_s1);
    put_text(lists, "all.csv", text);
    /* The list pairs, whatever the JSON says. */
    run("rm '%s/patches_with_seasonal_snow.csv'", lists);
    expect_as_tree(state, tree, &(pack_case){.lists = single}, 2, 4, 0);

    /* Other lists are another source. */
    char folder[4096], out[4096];
    mos_pack_result result;
    path_of(state, "archive", folder);
    path_of(state, "out", out);
    make_archives(tree, folder, "sort");
    EXPECT_OK(pack(folder, out, &(pack_case){.lists = single}, true, 0, &result));
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  pack(folder, out, &(pack_case){.lists = lists}, true, 0, &result));
    assert_non_null(strstr(mosaic_error(), "begun from another data set"));
}

/* A band that is not there, or is no GeoTIFF: an error by name, or left out with its partner. */
static void damage(void **state) {
    char tree[4096], folder[4096], out[4096], name[16];
    mos_pack_result result;
    path_of(state, "tree", tree);
    write_three(tree);
    for (int kind = 0; kind < 4; kind++) {
        const bool radar = kind % 2 == 1, bent = kind / 2 == 1;
        char file[512];
        snprintf(file, sizeof file, "%s_%s.tif", radar ? two_s1 : two, radar ? "VH" : "B05");
        snprintf(name, sizeof name, "archive%d", kind);
        path_of(state, name, folder);
        run("rm -rf '%s/../copy' && cp -r '%s' '%s/../copy'", tree, tree, tree);
        if (bent) run("echo II >\"$(find '%s/../copy' -name %s)\"", tree, file);
        char list[600], copy[4200];
        snprintf(list, sizeof list, "grep -v '%s'", bent ? "nothing" : file);
        snprintf(copy, sizeof copy, "%s/../copy", tree);
        make_archives(copy, folder, list);
        snprintf(name, sizeof name, "out%d", kind);
        path_of(state, name, out);
        EXPECT_DATA_ERROR(pack(folder, out, &(pack_case){0}, true, 0, &result), file);
        assert_non_null(strstr(mosaic_error(), "v1.0.tar.gz: "));
        EXPECT_OK(pack(folder, out, &(pack_case){.policy = "skip"}, true, 0, &result));
        assert_int_equal(result.skipped, 1);
        assert_int_equal(result.samples, 2);
        assert_int_equal(result.records + result.already - result.removed, 4);
        assert_int_equal(result.verified, 4);
        assert_int_equal(result.removed, 1); /* the partner */
    }
}

/* Of a wanted patch nothing but the labels: as a folder with nothing else in it. */
static void labels_alone(void **state) {
    char tree[4096], folder[4096], out[4096];
    mos_pack_result result;
    path_of(state, "tree", tree);
    path_of(state, "archive", folder);
    path_of(state, "out", out);
    write_three(tree);
    char list[256];
    snprintf(list, sizeof list, "grep -v '%s_B\\|%s_V'", two, three_s1);
    make_archives(tree, folder, list);
    EXPECT_DATA_ERROR(pack(folder, out, &(pack_case){0}, true, 0, &result),
                      "_B01.tif: not in the archive");
    EXPECT_OK(pack(folder, out, &(pack_case){.policy = "skip"}, true, 0, &result));
    assert_int_equal(result.skipped, 2);
    assert_int_equal(result.samples, 1);
    assert_int_equal(result.verified, 2);
}

/* One modality alone, and archives that hold nothing of it. */
static void one_alone(void **state) {
    char tree[4096], folder[4096], out[4096];
    mos_pack_result result;
    path_of(state, "tree", tree);
    path_of(state, "archive", folder);
    path_of(state, "out", out);
    write_three(tree);
    make_archives(tree, folder, "sort");
    run("mv '%s/BigEarthNet-S1-v1.0.tar.gz' '%s.s1'", folder, folder);
    EXPECT_OK(pack(folder, out, &(pack_case){0}, true, 0, &result));
    assert_int_equal(result.samples, 3);
    assert_int_equal(result.records, 3);
    run("mv '%s.s1' '%s/BigEarthNet-S2-v1.0.tar.gz'", folder, folder);
    path_of(state, "none", out);
    EXPECT_DATA_ERROR(pack(folder, out, &(pack_case){0}, true, 0, &result),
                      "no BigEarthNet v1.0 patch in ");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {IN_FOLDER(any_order), IN_FOLDER(lists_choose),
                                       IN_FOLDER(damage), IN_FOLDER(labels_alone),
                                       IN_FOLDER(one_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
