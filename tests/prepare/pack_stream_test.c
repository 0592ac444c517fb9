/* Archives that can only be streamed, against the tree they were made from: any order of members,
 * what is damaged or not there, shards, and going on. */
#include "data/data_support.h"

#include "base/log.h"
#include "data/data_options.h"
#include "io/lmdb_shards.h"
#include "prepare/pack/pack.h"

#include <unistd.h>

#define TILE  "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP"
#define SCENE "S1A_IW_GRDH_1SDV_20170613T165043"
enum { PATCHES = 5 };

static void run(const char *format, ...) {
    char command[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

/* PATCHES pairs, and a patch that is in no row. */
static void make_tree(const char *root) {
    mos_text table = {0};
    char name[100], s1[100];
    mos_text_add(&table, "patch_id,labels,split,country,s1_name\n");
    for (int i = 0; i <= PATCHES; i++) {
        snprintf(name, sizeof name, TILE "_%02d_43", 10 + i);
        snprintf(s1, sizeof s1, SCENE "_33UUP_%d_43", 10 + i);
        write_s2_patch(root, name, TEST_SIDE, 300 + i);
        write_s1_patch(root, SCENE, s1, TEST_SIDE, -11.25f, -17.5f, 0.125f);
        if (i < PATCHES)
            mos_text_add(&table, "%s,Pastures,%s,%s,%s\n", name, i == 2 ? "test" : "train",
                         i == 1 ? "Peru" : "Chile", s1);
    }
    write_text(root, "metadata.csv", table.data);
    mos_text_release(&table);
}

/* Both archives of `root` in `folder`, of the files that `list` prints there. */
static void make_archives(const char *root, const char *folder, const char *list) {
    run("mkdir -p '%s' && cp '%s/metadata.csv' '%s'", folder, root, folder);
    for (int m = 1; m <= 2; m++)
        run("cd '%s' && find BigEarthNet-S%d -name '*.tif' | %s | tar -czf "
            "'%s/BigEarthNet-S%d.tar.gz' "
            "-T -",
            root, m, list, folder, m);
}

static void options_of(mos_data_options *options, const char *root) {
    memset(options, 0, sizeof *options);
    EXPECT_OK(mos_options_init(&mos_data_option_table, options));
    EXPECT_OK(mos_options_set(&mos_data_option_table, options, "data.root", root, false, "test"));
}

static mosaic_status stream(const char *root, const char *policy, const mos_pack_options *pack,
                            mos_pack_result *result) {
    mos_data_options options;
    bool streams;
    options_of(&options, root);
    EXPECT_OK(
        mos_options_set(&mos_data_option_table, &options, "data.policy", policy, false, "test"));
    EXPECT_OK(mos_pack_streams(&options, &streams));
    assert_true(streams);
    mosaic_status status = mos_pack_stream(&options, pack, result);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

static void path_of(void **state, const char *name, char path[4096]) {
    char here[2048];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(path, 4096, "%s/%s/%s", here, (const char *)*state, name);
}

/* Packs the tree; the hash of what came. */
static void pack_tree(const char *root, const char *folder, char content[65]) {
    mos_dataset *tree;
    mos_pack_result result;
    EXPECT_OK(open_dataset(&tree, "data.root", root, NULL));
    EXPECT_OK(mos_pack(tree, &(mos_pack_options){.folder = folder, .threads = 2, .verify = true},
                       &result));
    mos_dataset_close(&tree);
    assert_int_equal(result.records, 2 * PATCHES);
    assert_int_equal(result.verified, 2 * PATCHES);
    memcpy(content, result.content, 65);
}

static void expect_same_table(const char *a, const char *b) {
    run("cmp '%s/metadata.csv' '%s/metadata.csv'", a, b);
}

static void any_order(void **state) {
    static const char *const orders[] = {"sort", "sort -r", "sort -t_ -k12",
                                         "shuf --random-source=/bin/sh"};
    char tree[4096], packed[4096], folder[4096], out[4096], content[65];
    path_of(state, "tree", tree);
    path_of(state, "packed", packed);
    make_tree(tree);
    pack_tree(tree, packed, content);
    for (int i = 0; i < 4; i++) {
        char name[16];
        mos_pack_result result;
        snprintf(name, sizeof name, "archive%d", i);
        path_of(state, name, folder);
        make_archives(tree, folder, orders[i]);
        snprintf(name, sizeof name, "out%d", i);
        path_of(state, name, out);
        const mos_pack_options options = {
            .folder = out, .threads = 1 + i, .shards = 1 + i % 3, .verify = true};
        EXPECT_OK(stream(folder, "mask", &options, &result));
        assert_int_equal(result.samples, PATCHES);
        assert_int_equal(result.records, 2 * PATCHES);
        assert_int_equal(result.verified, 2 * PATCHES);
        assert_string_equal(result.content, content);
        expect_same_table(packed, out);
        /* Once more: all is there. */
        EXPECT_OK(stream(folder, "mask", &options, &result));
        assert_int_equal(result.records, 0);
        assert_int_equal(result.already, 2 * PATCHES);
    }
    /* Another source does not go on with it. */
    mos_pack_result result;
    write_text(folder, "metadata.csv", "patch_id,labels,split\n" TILE "_10_43,Pastures,train\n");
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  stream(folder, "mask", &(mos_pack_options){.folder = out}, &result));
}

/* A file that is not there, and one that is no GeoTIFF: an error by name, or left out. */
static void damage(void **state) {
    char tree[4096], folder[4096], out[4096];
    static const char victim[] = TILE "/" TILE "_12_43/" TILE "_12_43_B05.tif";
    path_of(state, "tree", tree);
    make_tree(tree);
    for (int kind = 0; kind < 2; kind++) {
        mos_pack_result result;
        path_of(state, kind == 0 ? "missing" : "bent", folder);
        if (kind == 1) run("echo II >'%s/BigEarthNet-S2/%s'", tree, victim);
        make_archives(tree, folder, kind == 0 ? "grep -v 12_43_B05" : "cat");
        path_of(state, kind == 0 ? "out0" : "out1", out);
        const mos_pack_options options = {.folder = out, .threads = 2};
        EXPECT_DATA_ERROR(stream(folder, "mask", &options, &result), TILE "_12_43_B05.tif");
        assert_non_null(strstr(mosaic_error(), "BigEarthNet-S2.tar.gz: "));
        EXPECT_OK(stream(folder, "skip", &options, &result));
        assert_int_equal(result.skipped, 1);
        assert_int_equal(result.samples, PATCHES - 1); /* the policy wants both modalities */
        assert_int_equal(result.records + result.already, 2 * PATCHES - 1);
    }
}

/* A store that was bent behind our back does not pass. */
static void verified(void **state) {
    char tree[4096], out[4096], content[65];
    mos_dataset *dataset;
    mos_pack_result result;
    mos_store_writer *writer;
    path_of(state, "tree", tree);
    path_of(state, "out", out);
    make_tree(tree);
    pack_tree(tree, out, content);
    EXPECT_OK(mos_store_writer_open(out, 1, NULL, &writer));
    EXPECT_OK(mos_store_put(writer, TILE "_13_43", "something else", 14));
    EXPECT_OK(mos_store_writer_close(&writer));
    EXPECT_OK(open_dataset(&dataset, "data.root", tree, NULL));
    EXPECT_DATA_ERROR(
        mos_pack(dataset, &(mos_pack_options){.folder = out, .verify = true}, &result),
        TILE "_13_43' differs from its source");
    mos_dataset_close(&dataset);
}

static mosaic_status stream_some(const char *root, int64_t limit, int policy,
                                 const mos_pack_options *pack, mos_pack_result *result) {
    mos_data_options options;
    options_of(&options, root);
    options.limit = limit;
    options.policy = policy;
    mosaic_status status = mos_pack_stream(&options, pack, result);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

/* data.limit: the samples that it picks from the tree, in any order of members, with partners that
 * are not there; the same folder goes on with either source. */
static void limited(void **state) {
    char tree[4096], packed[4096], folder[4096], out[4096];
    path_of(state, "tree", tree);
    make_tree(tree);
    run("rm -r '%s/BigEarthNet-S1/" SCENE "/" SCENE "_33UUP_13_43'", tree);
    for (int64_t limit = 1; limit <= 4; limit++) {
        char name[16], content[65];
        mos_dataset *dataset;
        mos_pack_result result;
        snprintf(name, sizeof name, "packed%d", (int)limit);
        path_of(state, name, packed);
        snprintf(name, sizeof name, "%d", (int)limit);
        EXPECT_OK(open_dataset(&dataset, "data.root", tree, "data.limit", name, NULL));
        mos_pack_options options = {.folder = packed, .threads = 1, .verify = true};
        EXPECT_OK(mos_pack(dataset, &options, &result));
        mos_dataset_close(&dataset);
        memcpy(content, result.content, sizeof content);
        int64_t samples = limit + 1, records = result.records; /* of train, and the one of test */
        assert_int_equal(result.samples, samples);
        snprintf(name, sizeof name, "archive%d", (int)limit);
        path_of(state, name, folder);
        make_archives(tree, folder, limit % 2 ? "sort -r" : "sort");
        snprintf(name, sizeof name, "out%d", (int)limit);
        path_of(state, name, out);
        options.folder = out;
        EXPECT_OK(stream_some(folder, limit, MOS_POLICY_MASK, &options, &result));
        assert_int_equal(result.samples, samples);
        assert_int_equal(result.records, records);
        assert_int_equal(result.verified, records);
        assert_int_equal(result.removed, 0); /* nothing was packed in vain */
        assert_string_equal(result.content, content);
        expect_same_table(packed, out);
        options.folder = packed;
        EXPECT_OK(stream_some(folder, limit, MOS_POLICY_MASK, &options, &result));
        assert_int_equal(result.already, records);
        EXPECT_STATUS(MOSAIC_ERR_USAGE,
                      stream_some(folder, limit % 4 + 1, MOS_POLICY_MASK, &options, &result));
    }
}

/* A damaged one among those that were picked: an error by name, or its sample goes. */
static void limited_damage(void **state) {
    char tree[4096], folder[4096], out[4096];
    mos_pack_result result;
    path_of(state, "tree", tree);
    path_of(state, "archive", folder);
    path_of(state, "out", out);
    make_tree(tree);
    run("echo II >'%s/BigEarthNet-S2/" TILE "/" TILE "_10_43/" TILE "_10_43_B05.tif'", tree);
    make_archives(tree, folder, "sort");
    const mos_pack_options options = {.folder = out, .threads = 2, .verify = true};
    EXPECT_DATA_ERROR(stream_some(folder, 2, MOS_POLICY_MASK, &options, &result),
                      TILE "_10_43_B05.tif");
    EXPECT_OK(stream_some(folder, 2, MOS_POLICY_SKIP, &options, &result));
    assert_int_equal(result.samples, 2); /* of three */
    assert_int_equal(result.skipped, 1);
    assert_int_equal(result.removed, 1); /* its S1 */
    assert_int_equal(result.verified, 4);
    run("! grep -q " TILE "_10_43 '%s/metadata.csv'", out);
}

static void refused(void **state) {
    char tree[4096], folder[4096], out[4096];
    mos_pack_result result;
    path_of(state, "tree", tree);
    path_of(state, "archive", folder);
    path_of(state, "out", out);
    make_tree(tree);
    make_archives(tree, folder, "sort");
    /* One unpacked, the other not. */
    run("cp -r '%s/BigEarthNet-S2' '%s'", tree, folder);
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  stream(folder, "mask", &(mos_pack_options){.folder = out}, &result));
    assert_non_null(strstr(mosaic_error(), "unpack all of them or none"));
    /* Nothing of the wanted in it: the archive is cut off in the first member. */
    run("rm -r '%s/BigEarthNet-S2' && echo x >'%s/BigEarthNet-S2.tar.gz'", folder, folder);
    EXPECT_DATA_ERROR(stream(folder, "mask", &(mos_pack_options){.folder = out}, &result),
                      "BigEarthNet-S2.tar.gz: ");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {IN_FOLDER(any_order),      IN_FOLDER(damage),
                                       IN_FOLDER(verified),       IN_FOLDER(limited),
                                       IN_FOLDER(limited_damage), IN_FOLDER(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
