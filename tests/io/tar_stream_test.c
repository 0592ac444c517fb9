/* Tars member by member: places and bytes, parts, compression, limits, and everything that is not
 * as it should be named with archive, member and byte. */
#include "io_support.h"

#include "io/archive_parts.h"
#include "io/tar_stream.h"

enum { BLOCK = 512, ROOM = 64 << 10 };

typedef struct maker {
    unsigned char bytes[ROOM];
    size_t size;
} maker;

/* A ustar header with its checksum, and the data behind it. */
static void add(maker *tar, const char *name, char type, uint64_t size, const char *data) {
    unsigned char *header = tar->bytes + tar->size;
    unsigned sum = 0;
    memset(header, 0, BLOCK);
    memcpy(header, name, strlen(name));
    memcpy(header + 100, "0000644", 8);
    memcpy(header + 108, "0000000", 8);
    memcpy(header + 116, "0000000", 8);
    snprintf((char *)header + 124, 12, "%011o", (unsigned)size);
    memcpy(header + 136, "00000000000", 12);
    memset(header + 148, ' ', 8);
    header[156] = (unsigned char)type;
    if (type == '1' || type == '2') header[157] = 'x'; /* what it links to */
    memcpy(header + 257,
           "ustar\0"
           "00",
           8);
    for (int i = 0; i < BLOCK; i++)
        sum += header[i];
    snprintf((char *)header + 148, 7, "%06o", sum);
    header[155] = ' ';
    tar->size += BLOCK;
    size_t stored = data == NULL ? 0 : strlen(data);
    memset(tar->bytes + tar->size, 0, (stored + BLOCK - 1) / BLOCK * BLOCK);
    if (stored > 0) memcpy(tar->bytes + tar->size, data, stored);
    tar->size += (stored + BLOCK - 1) / BLOCK * BLOCK;
}

static void add_file(maker *tar, const char *name, const char *data) {
    add(tar, name, '0', strlen(data), data);
}

static void add_end(maker *tar) {
    memset(tar->bytes + tar->size, 0, 2 * BLOCK);
    tar->size += 2 * BLOCK;
}

/* Every member read; the status of the first call that fails. */
static mosaic_status read_all(mos_tar *tar, int *members) {
    mos_tar_member member;
    bool found = true;
    *members = 0;
    for (;;) {
        const void *data;
        MOS_TRY(mos_tar_next(tar, &member, &found));
        if (!found) return MOSAIC_OK;
        MOS_TRY(mos_tar_read(tar, &data));
        ++*members;
    }
}

static mosaic_status read_memory(const maker *made, size_t size, int *members) {
    char *copy = exact_copy(made->bytes, size);
    mos_tar *tar;
    *members = 0;
    mosaic_status status = mos_tar_open_memory("x.tar", copy, size, &tar);
    if (status == MOSAIC_OK) status = read_all(tar, members);
    mos_tar_close(&tar);
    free(copy);
    return status;
}

static void good(void **state) {
    maker made = {0};
    mos_tar *tar;
    mos_tar_member member;
    bool found;
    const void *data;
    (void)state;
    add(&made, "./", '5', 0, NULL);
    add_file(&made, "./a/b.tif", "first");
    add(&made, "a/c/", '5', 0, NULL);
    add_file(&made, "a/c/d.tif", "");
    add_file(&made, "e", "unread");
    add_file(&made, "f", "last");
    add_end(&made);
    EXPECT_OK(mos_tar_open_memory("x.tar", made.bytes, made.size, &tar));
    EXPECT_OK(mos_tar_next(tar, &member, &found));
    assert_true(found);
    assert_string_equal(member.path, "a/b.tif");
    assert_int_equal(member.offset, 2 * BLOCK);
    assert_int_equal(member.size, 5);
    EXPECT_OK(mos_tar_read(tar, &data));
    assert_memory_equal(data, "first", 5);
    assert_true(mos_tar_is_plain(tar));
    EXPECT_OK(mos_tar_next(tar, &member, &found));
    assert_string_equal(member.path, "a/c/d.tif");
    EXPECT_OK(mos_tar_read(tar, &data));
    EXPECT_OK(mos_tar_next(tar, &member, &found));
    EXPECT_OK(mos_tar_next(tar, &member, &found));
    assert_string_equal(member.path, "f");
    assert_memory_equal(made.bytes + member.offset, "last", 4);
    EXPECT_OK(mos_tar_next(tar, &member, &found));
    assert_false(found);
    mos_tar_close(&tar);
}

static void refuse(const char *name, char type, uint64_t size, const char *words) {
    maker made = {0};
    int members;
    add_file(&made, "good", "1");
    add(&made, name, type, size, NULL);
    add_end(&made);
    EXPECT_DATA_ERROR(read_memory(&made, made.size, &members), words);
    assert_int_equal(members, 1);
    assert_non_null(
        strstr(mosaic_error(), type == '0' && size == 5000 ? "x.tar: " : "x.tar: member '"));
    assert_non_null(strstr(mosaic_error(), "byte "));
}

static void hostile(void **state) {
    (void)state;
    refuse("/etc/passwd", '0', 0, "absolute name");
    refuse("a//b", '0', 0, "'//'");
    refuse("../b", '0', 0, "a name with '..'");
    refuse("a/..", '0', 0, "a name with '..'");
    refuse("a/../b", '0', 0, "a name with '..'");
    refuse("a\nb", '0', 0, "control characters");
    refuse("1/2/3/4/5/6/7/8/9", '0', 0, "more than 8 deep");
    refuse("link", '2', 0, "a link");
    refuse("hard", '1', 0, "a link");
    refuse("device", '3', 0, "neither a file nor a folder");
    refuse("fifo", '6', 0, "neither a file nor a folder");
    refuse("large", '0', ((uint64_t)64 << 20) + 1, "larger than 64 MiB");
    refuse("cut", '0', 5000, "runcated");
}

/* Cut off anywhere, a tar is an error: at the border of a member too, where nothing is missing of
 * what came. */
static void cut_off(void **state) {
    maker made = {0};
    int members;
    (void)state;
    add_file(&made, "a", "one");
    add_file(&made, "b", "two");
    add_end(&made);
    EXPECT_OK(read_memory(&made, made.size, &members));
    assert_int_equal(members, 2);
    for (size_t size = 0; size <= made.size - 2 * BLOCK; size += 37)
        EXPECT_STATUS(MOSAIC_ERR_DATA, read_memory(&made, size, &members));
    EXPECT_DATA_ERROR(read_memory(&made, 4 * BLOCK, &members), "mark of its end; it was cut off");
    assert_non_null(strstr(mosaic_error(), "member 'b'"));
    /* What follows the end is another archive, or wrong. */
    memcpy(made.bytes + made.size, "rubbish", 8);
    made.size += BLOCK;
    EXPECT_STATUS(MOSAIC_ERR_DATA, read_memory(&made, made.size, &members));
    made.size -= BLOCK;
    add_file(&made, "c", "three");
    add_end(&made);
    EXPECT_OK(read_memory(&made, made.size, &members));
    assert_int_equal(members, 3);
}

static void write_at(void **state, const char *name, const void *data, size_t size) {
    char path[4096];
    EXPECT_OK(mos_atomic_write(test_path(state, name, path), data, size));
}

static mosaic_status read_parts(void **state, const char *given, size_t *parts, int *members) {
    char path[4096];
    mos_text_list list = {0};
    mos_tar *tar = NULL;
    mosaic_status status = mos_archive_parts_find(test_path(state, given, path), &list);
    *parts = list.count;
    if (status == MOSAIC_OK) status = mos_tar_open(&list, &tar);
    if (status == MOSAIC_OK) status = read_all(tar, members);
    if (status == MOSAIC_OK) {
        assert_int_equal(mos_tar_is_plain(tar), list.count == 1);
        assert_int_equal(mos_tar_taken_bytes(tar), mos_tar_total_bytes(tar));
    }
    mos_tar_close(&tar);
    mos_text_list_release(&list);
    return status;
}

static void parts(void **state) {
    maker made = {0};
    size_t count;
    int members;
    char found[4096], stem[4096];
    for (int i = 0; i < 9; i++)
        add_file(&made, "a/b", "some bytes");
    add_end(&made);
    write_at(state, "x.tar", made.bytes, made.size);
    write_at(state, "y.taraa", made.bytes, 700);
    write_at(state, "y.tarab", made.bytes + 700, 1);
    write_at(state, "y.tarac", made.bytes + 701, made.size - 701);
    static const char *const given[] = {"x.tar", "y.taraa", "y.tar", "y.taraa,y.tarab,y.tarac"};
    for (int i = 0; i < 4; i++) {
        EXPECT_OK(read_parts(state, given[i], &count, &members));
        assert_int_equal(count, i == 0 ? 1 : 3);
        assert_int_equal(members, 9);
    }
    EXPECT_STATUS(MOSAIC_ERR_USAGE, read_parts(state, "y.tarab", &count, &members));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, read_parts(state, "y.taraa,,y.tarac", &count, &members));
    EXPECT_STATUS(MOSAIC_ERR_IO, read_parts(state, "y.taraa,y.tarzz", &count, &members));
    EXPECT_STATUS(MOSAIC_ERR_IO, read_parts(state, "z.tar", &count, &members));
    EXPECT_OK(mos_archive_find(test_path(state, "y", stem), found, sizeof found));
    assert_string_equal(found + strlen(found) - 7, "y.taraa");
    EXPECT_OK(mos_archive_find(test_path(state, "z", stem), found, sizeof found));
    assert_string_equal(found, "");
    assert_true(mos_archive_has_name("a/b.tar.gzab") && mos_archive_has_name("b.tgz"));
    assert_false(mos_archive_has_name("a/tar") || mos_archive_has_name("b.tarAB"));
    EXPECT_OK(mos_remove_tree(test_path(state, "y.tarab", stem)));
    EXPECT_DATA_ERROR(read_parts(state, "y.tar", &count, &members), "y.tarab: no such part");
}

static mosaic_status attempt(void *context) {
    int members;
    const maker *made = context;
    return read_memory(made, made->size, &members);
}

static void out_of_memory(void **state) {
    maker made = {0};
    (void)state;
    add_file(&made, "a", "one");
    add_end(&made);
    fail_every_allocation(attempt, &made);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good), cmocka_unit_test(hostile),       cmocka_unit_test(cut_off),
        IN_FOLDER(parts),       cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
