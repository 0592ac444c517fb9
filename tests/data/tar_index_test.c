/* The index of a tar: patches and places, kept beside large archives, made anew when it is not of
 * this archive or not sound. */
#include "data_support.h"

#include "data/bigearthnet/tar_index.h"
#include "io/safetensors.h"

#define PATCH "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48"
#define OTHER "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_49"

static const mos_patch_layout *layout(void) {
    return &mos_patch_layouts[MOS_PATCHES_S1];
}

/* A tar by the system's program, of files that hold their own band's name. */
static void make_tar(const char *folder, const char *name) {
    static const char *const files[] = {PATCH "/" PATCH "_VV.tif", PATCH "/" PATCH "_VH.tif",
                                        OTHER "/" OTHER "_VH.tif", "readme.txt"};
    char path[4096], command[8192];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/T/S1A_IW_GRDH_1SDV_20170613T165043/%s", folder, files[i]);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        EXPECT_OK(mos_make_dirs(path));
        *slash = '/';
        EXPECT_OK(mos_atomic_write(path, files[i], strlen(files[i])));
    }
    snprintf(command, sizeof command, "tar -C '%s' -cf '%s/%s' T", folder, folder, name);
    assert_int_equal(system(command), 0);
}

static void expect_index(const mos_tar_index *index, const char *tar) {
    char *bytes;
    size_t size;
    EXPECT_OK(mos_file_read(tar, 1 << 20, &bytes, &size));
    assert_int_equal(index->names.count, 2);
    assert_int_equal(index->strangers, 1);
    assert_int_equal(index->twice, 0);
    assert_non_null(strstr(index->stranger, "readme.txt"));
    int64_t row = mos_tar_index_find(index, PATCH, strlen(PATCH)),
            other = mos_tar_index_find(index, OTHER, strlen(OTHER));
    assert_true(row >= 0 && other >= 0 && row != other);
    assert_int_equal(mos_tar_index_find(index, PATCH, strlen(PATCH) - 1), -1);
    static const char vh[] = PATCH "/" PATCH "_VH.tif";
    assert_int_equal(index->sizes[row * 2 + 1], sizeof vh - 1);
    assert_memory_equal(bytes + index->offsets[row * 2 + 1], vh, sizeof vh - 1);
    assert_int_equal(index->offsets[other * 2], 0); /* no VV */
    assert_true(index->offsets[other * 2 + 1] > 0);
    mos_free(bytes);
}

static void open_and_expect(const char *tar, uint64_t keep) {
    mos_tar_index index;
    EXPECT_OK(mos_tar_index_open(tar, layout(), keep, &index));
    expect_index(&index, tar);
    mos_tar_index_release(&index);
}

static void kept(void **state) {
    char tar[4096], path[4096], *bytes, *again;
    size_t size, again_size;
    make_tar(*state, "x.tar");
    snprintf(tar, sizeof tar, "%s/x.tar", (const char *)*state);
    snprintf(path, sizeof path, "%s/x.tar.index", (const char *)*state);
    open_and_expect(tar, 1 << 30);
    assert_false(mos_path_exists(path)); /* a small one is soon read */
    open_and_expect(tar, 0);
    EXPECT_OK(mos_file_read(path, 1 << 20, &bytes, &size));
    open_and_expect(tar, 0);

    /* It is really used: one that tells of another place is believed. */
    mos_safetensors file;
    EXPECT_OK(mos_safetensors_parse(bytes, size, "index", &file));
    size_t at = (size_t)((const char *)mos_safetensors_find(&file, "sizes")->data - bytes);
    mos_safetensors_release(&file);
    mos_tar_index index;
    bytes[at]--;
    EXPECT_OK(mos_atomic_write(path, bytes, size));
    EXPECT_OK(mos_tar_index_open(tar, layout(), 0, &index));
    char *good = bytes + at;
    assert_int_equal(index.sizes[0], (unsigned char)good[0]);
    mos_tar_index_release(&index);
    bytes[at]++;

    /* Bent anywhere, it is refused and made anew, or its numbers still lie in the archive. */
    for (size_t i = 0; i < size; i += 3) {
        bytes[i] = (char)(bytes[i] ^ 0x80);
        EXPECT_OK(mos_atomic_write(path, bytes, size));
        EXPECT_OK(mos_tar_index_open(tar, layout(), 0, &index));
        mos_tar_index_release(&index);
        bytes[i] = (char)(bytes[i] ^ 0x80);
    }
    EXPECT_OK(mos_atomic_write(path, bytes, size / 2));
    open_and_expect(tar, 0);

    /* Of an older archive. */
    make_tar(*state, "y.tar");
    char other[4096];
    snprintf(other, sizeof other, "%s/y.tar.index", (const char *)*state);
    EXPECT_OK(mos_atomic_write(other, bytes, size));
    snprintf(tar, sizeof tar, "%s/y.tar", (const char *)*state);
    open_and_expect(tar, 0);
    EXPECT_OK(mos_file_read(other, 1 << 20, &again, &again_size));
    assert_true(size != again_size || memcmp(bytes, again, size) != 0);
    mos_free(again);
    mos_free(bytes);
}

static void compressed_by_another_name(void **state) {
    char command[8192], tar[4096];
    mos_tar_index index;
    make_tar(*state, "x.tar");
    snprintf(command, sizeof command, "gzip <'%s/x.tar' >'%s/z.tar'", (const char *)*state,
             (const char *)*state);
    assert_int_equal(system(command), 0);
    snprintf(tar, sizeof tar, "%s/z.tar", (const char *)*state);
    EXPECT_DATA_ERROR(mos_tar_index_open(tar, layout(), 0, &index), "but it is compressed");
}

static void split_names(void **state) {
    static const struct {
        const char *path;
        bool good;
    } cases[] = {
        {"a/S1A_IW_GRDH_1SDV_20170613T165043/" PATCH "/" PATCH "_VH.tif", true},
        {"S1A_IW_GRDH_1SDV_20170613T165043/" PATCH "/" PATCH "_VV.tif", true},
        {"S1A_IW_GRDH_1SDV_20170613T165043/" PATCH "/" PATCH "_HH.tif", false},
        {"S1A_IW_GRDH_1SDV_20170613T165043/" PATCH "/" OTHER "_VV.tif", false},
        {"S1A_IW_GRDH_1SDV_20170613T165044/" PATCH "/" PATCH "_VV.tif", false},
        {PATCH "/" PATCH "_VV.tif", false},
        {PATCH "_VV.tif", false},
        {"S1A_IW_GRDH_1SDV_20170613T165043/" PATCH "/" PATCH "_VV.tiff", false},
        {"S1A_IW_GRDH_1SDV_20170613T165043/" PATCH "/" PATCH "_.tif", false},
        {"", false},
        {"/", false},
        {"//", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *patch;
        size_t size;
        int file;
        bool good = mos_patch_layout_split(layout(), cases[i].path, &patch, &size, &file);
        if (good != cases[i].good) fail_msg("'%s': %d", cases[i].path, good);
        if (!good) continue;
        assert_int_equal(size, strlen(PATCH));
        assert_memory_equal(patch, PATCH, size);
        assert_int_equal(file, i == 0 ? 1 : 0);
    }
}

/* V1: one level, with JSON. */
static void split_v1_names(void **state) {
#define V1 "S2A_MSIL2A_20170617T94161_4_55"
    static const struct {
        const char *path;
        int file; /* -1: none */
    } cases[] = {
        {"BigEarthNet-v1.0/" V1 "/" V1 "_B01.tif", 0},
        {"a/b/" V1 "/" V1 "_B12.tif", 11},
        {V1 "/" V1 "_labels_metadata.json", 12},
        {V1 "/" V1 "_labels_metadata.tif", -1},
        {V1 "/" V1 "_B01.json", -1},
        {V1 "/" V1 "_B10.tif", -1},
        {V1 "/" V1 "0_B01.tif", -1},
        {V1 "_B01.tif", -1},
        {"BigEarthNet-v1.0/" PATCH "/" PATCH "_VV.tif", -1},
        {V1 "/" V1, -1},
        {V1 "/", -1},
    };
    (void)state;
    const mos_patch_layout *v1 = &mos_patch_layouts_v1[MOS_PATCHES_S2];
    assert_int_equal(mos_patch_layout_files(v1), 13);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *patch;
        size_t size;
        int file;
        if (!mos_patch_layout_split(v1, cases[i].path, &patch, &size, &file)) file = -1;
        if (file != cases[i].file) fail_msg("'%s': %d", cases[i].path, file);
        if (file >= 0) assert_memory_equal(patch, V1, size);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {IN_FOLDER(kept), IN_FOLDER(compressed_by_another_name),
                                       cmocka_unit_test(split_names),
                                       cmocka_unit_test(split_v1_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
