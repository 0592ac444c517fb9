#include "io/crc32c.h"
#include "io/io_support.h"
#include "io/tfevents.h"

#include <dirent.h>
#include <math.h>

/* RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms. */
static void crc_has_its_published_values(void **state) {
    (void)state;
    unsigned char bytes[32] = {0};
    assert_int_equal(mos_crc32c("123456789", 9), 0xE3069283u);
    assert_int_equal(mos_crc32c(bytes, 32), 0x8A9136AAu);
    memset(bytes, 0xff, 32);
    assert_int_equal(mos_crc32c(bytes, 32), 0x62A8AB43u);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(mos_crc32c(bytes, 32), 0x46DD794Eu);
}

static int find_files(const char *folder, char names[][512], int limit) {
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int count = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        if (strncmp(entry->d_name, "events.out.tfevents.", 20) == 0 && count < limit)
            snprintf(names[count++], 512, "%s/%s", folder, entry->d_name);
    closedir(directory);
    return count;
}

/* The next record of a TFRecord file; checks both sums. */
static const unsigned char *next_record(const unsigned char **at, const unsigned char *end,
                                        size_t *size) {
    if (*at == end) return NULL;
    uint64_t length;
    uint32_t sum;
    assert_true(end - *at >= 16);
    memcpy(&length, *at, 8);
    memcpy(&sum, *at + 8, 4);
    assert_int_equal(sum, mos_crc32c_masked(*at, 8));
    assert_true(length <= (uint64_t)(end - *at) - 16);
    const unsigned char *payload = *at + 12;
    memcpy(&sum, payload + length, 4);
    assert_int_equal(sum, mos_crc32c_masked(payload, (size_t)length));
    *at = payload + length + 4;
    *size = (size_t)length;
    return payload;
}

/* wall_time is field 1 (fixed64), step field 2 (varint), file_version 3, summary 5 { value 1 { tag
 * 1, simple_value 2 } }. */
static void check_scalar(const unsigned char *payload, size_t size, const char *tag,
                         unsigned char step, float value) {
    size_t tag_size = strlen(tag);
    unsigned char wanted[64];
    size_t used = 0;
    wanted[used++] = 0x10;
    wanted[used++] = step;
    wanted[used++] = 0x2a;
    wanted[used++] = (unsigned char)(tag_size + 9);
    wanted[used++] = 0x0a;
    wanted[used++] = (unsigned char)(tag_size + 7);
    wanted[used++] = 0x0a;
    wanted[used++] = (unsigned char)tag_size;
    memcpy(wanted + used, tag, tag_size);
    used += tag_size;
    wanted[used++] = 0x15;
    memcpy(wanted + used, &value, 4);
    used += 4;
    assert_int_equal(size, 9 + used);
    assert_int_equal(payload[0], 0x09);
    double wall_time;
    memcpy(&wall_time, payload + 1, 8);
    assert_true(wall_time > 1.6e9 && wall_time < 1e11);
    assert_memory_equal(payload + 9, wanted, used);
}

static void writes_what_readers_expect(void **state) {
    char folder[4096], names[4][512], *data;
    size_t size, record_size;
    EXPECT_OK(mos_make_dirs(test_path(state, "run", folder)));
    mos_tfevents *file;
    EXPECT_OK(mos_tfevents_open(folder, &file));
    EXPECT_OK(mos_tfevents_scalar(file, "loss", 1, 0.5));
    EXPECT_OK(mos_tfevents_scalar(file, "val/macro_f1", 127, (double)NAN));
    EXPECT_OK(mos_tfevents_flush(file));
    assert_int_equal(find_files(folder, names, 4), 1);
    EXPECT_OK(mos_file_read(names[0], 1 << 16, &data, &size));
    mos_tfevents_close(&file);
    mos_tfevents_close(&file);
    const unsigned char *at = (const unsigned char *)data, *end = at + size;
    const unsigned char *record = next_record(&at, end, &record_size);
    assert_int_equal(record_size, 9 + 2 + 13);
    assert_memory_equal(record + 9,
                        "\x1a\x0d"
                        "brain.Event:2",
                        15);
    record = next_record(&at, end, &record_size);
    check_scalar(record, record_size, "loss", 1, 0.5f);
    record = next_record(&at, end, &record_size);
    check_scalar(record, record_size, "val/macro_f1", 127, (float)NAN);
    assert_null(next_record(&at, end, &record_size));
    mos_free(data);
    EXPECT_OK(mos_tfevents_open(folder, &file)); /* a resumed run */
    mos_tfevents_close(&file);
    assert_int_equal(find_files(folder, names, 4), 2);
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_tfevents_open("/nonexistent", &file));
    assert_null(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_has_its_published_values),
        cmocka_unit_test(writes_what_readers_expect),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
