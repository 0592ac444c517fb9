/* Where a TIFF ends by its own word: made ones of each kind, and a real one, cut at many places. */
#include "io_support.h"

#include "io/tiff_extent.h"

/* Numbers of either order, at any place. */
static void put(unsigned char *data, size_t at, uint64_t value, int bytes, bool big_endian) {
    for (int i = 0; i < bytes; i++)
        data[at + (size_t)(big_endian ? bytes - 1 - i : i)] = (unsigned char)(value >> 8 * i);
}

enum { PIXELS = 60, FILE_BYTES = 400 };

/* A directory of three tags: two strips and an unknown one that points nowhere; pixels behind it. */
static size_t make_tiff(unsigned char *data, bool big, bool big_endian) {
    const int word = big ? 8 : 4;
    const size_t entry = big ? 20 : 12, first = big ? 16 : 8, arrays = 200, pixels = 300;
    const uint64_t tags[][4] = {/* tag, type, count, value */
                                {273, big ? 16 : 4, 2, arrays},
                                {279, 3, 2, 0},
                                {60000, 4, 1000, 1 << 30}};
    memset(data, 0, FILE_BYTES);
    memcpy(data, big_endian ? "MM" : "II", 2);
    put(data, 2, big ? 43 : 42, 2, big_endian);
    if (big) put(data, 4, 8, 2, big_endian);
    put(data, big ? 8 : 4, first, word, big_endian);
    put(data, first, 3, big ? 8 : 2, big_endian);
    for (size_t i = 0; i < 3; i++) {
        const size_t at = first + (big ? 8 : 2) + i * entry;
        put(data, at, tags[i][0], 2, big_endian);
        put(data, at + 2, tags[i][1], 2, big_endian);
        put(data, at + 4, tags[i][2], word, big_endian);
        put(data, at + 4 + (size_t)word, tags[i][3], word, big_endian);
        if (tags[i][0] != 279) continue;
        put(data, at + 4 + (size_t)word, PIXELS / 2, 2, big_endian); /* fits into the tag */
        put(data, at + 6 + (size_t)word, PIXELS / 2, 2, big_endian);
    }
    put(data, arrays, pixels + PIXELS / 2, word, big_endian); /* in any order */
    put(data, arrays + (size_t)word, pixels, word, big_endian);
    return pixels + PIXELS;
}

static void every_cut_is_seen(void **state) {
    unsigned char data[FILE_BYTES];
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const size_t size = make_tiff(data, kind & 1, kind & 2);
        for (size_t cut = 16; cut <= FILE_BYTES; cut++) {
            char *copy = exact_copy(data, cut);
            const uint64_t extent = mos_tiff_extent(copy, cut);
            if (cut < size)
                assert_true(extent > cut);
            else
                assert_int_equal(extent, size);
            free(copy);
        }
    }
}

static void what_is_no_tiff_has_no_end(void **state) {
    unsigned char data[FILE_BYTES];
    (void)state;
    (void)make_tiff(data, false, false);
    assert_int_equal(mos_tiff_extent(data, 15), 0);
    data[2] = 41;
    assert_int_equal(mos_tiff_extent(data, FILE_BYTES), 0);
    assert_int_equal(mos_tiff_extent("\x89PNG\r\n\x1a\n........", 16), 0);
    (void)make_tiff(data, false, false);
    put(data, 8 + 2 + 36, 8, 4, false); /* a circle of directories */
    assert_int_equal(mos_tiff_extent(data, FILE_BYTES), 360);
    put(data, 8 + 2 + 24, 258, 2, false); /* now a tag that readers know */
    assert_int_equal(mos_tiff_extent(data, FILE_BYTES), (1 << 30) + 4000);
    EXPECT_OK(mos_tiff_whole("/nonexistent.tif"));
}

static void files_say_how_long_they_should_be(void **state) {
    char path[4096], words[128];
    unsigned char data[FILE_BYTES];
    const size_t size = make_tiff(data, false, true);
    test_path(state, "t.tif", path);
    EXPECT_OK(mos_atomic_write(path, data, size));
    EXPECT_OK(mos_tiff_whole(path));
    EXPECT_OK(mos_atomic_write(path, data, size - 1));
    (void)snprintf(words, sizeof words, "has %zu bytes, and its directory names some up to %zu",
                   size - 1, size);
    EXPECT_DATA_ERROR(mos_tiff_whole(path), words);
}

static void real_files_end_where_they_say(void **state) {
    char path[4096], *bytes;
    size_t size;
    (void)state;
    EXPECT_OK(mos_file_read(real_path("terramesh_scene/s2/433D_629L_3_1.tif", path), 64 << 20,
                            &bytes, &size));
    const uint64_t extent = mos_tiff_extent(bytes, size);
    assert_true(extent > 16 && extent <= size);
    for (uint64_t cut = 16; cut < extent; cut += extent / 97)
        assert_true(mos_tiff_extent(bytes, (size_t)cut) > cut);
    mos_free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(what_is_no_tiff_has_no_end),
        cmocka_unit_test(files_say_how_long_they_should_be),
        cmocka_unit_test(real_files_end_where_they_say),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
