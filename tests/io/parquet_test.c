#include "io/io_support.h"
#include "io/parquet.h"

#include <math.h>
#include <time.h>

/* tests/golden/make_parquet_golden.py */
enum { ROWS = 200 };

static bool text_is(const mos_column *column, mos_slice slice, const char *wanted) {
    return slice.size == strlen(wanted) &&
           memcmp(column->pool + slice.offset, wanted, slice.size) == 0;
}

static bool is_valid(const mos_column *column, int row) {
    return column->valid == NULL || column->valid[row];
}

static const mos_column *find(const mos_table *table, const char *name, mos_column_type type) {
    const mos_column *column = mos_table_find(table, name);
    assert_non_null(column);
    assert_int_equal(column->type, type);
    return column;
}

static void check_texts(const mos_table *table) {
    static const char *const seasons[] = {"spring", "summer", "fall"};
    static const char *const tails[] = {"", "é", "éé"};
    const mos_column *name = find(table, "name", MOS_COLUMN_TEXT),
                     *kind = find(table, "kind", MOS_COLUMN_TEXT);
    const mos_column *labels = find(table, "labels", MOS_COLUMN_TEXT_LIST);
    for (int i = 0; i < ROWS; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "row-%d%s", i, tails[i % 3]);
        assert_int_equal(is_valid(name, i), i % 7 != 3);
        assert_true(text_is(name, name->texts[i], i % 7 == 3 ? "" : wanted));
        assert_true(text_is(kind, kind->texts[i], seasons[i % 3]));
        assert_int_equal(is_valid(labels, i), i % 11 != 5);
        int count = i % 11 == 5 ? 0 : i % 4;
        assert_int_equal(labels->starts[i + 1] - labels->starts[i], count);
        for (int j = 0; j < count; j++) {
            snprintf(wanted, sizeof wanted, "label %d, x", j * i % 13);
            assert_true(text_is(labels, labels->texts[labels->starts[i] + (uint32_t)j], wanted));
        }
    }
}

static void check_numbers(const mos_table *table) {
    const mos_column *flag = find(table, "flag", MOS_COLUMN_BOOL),
                     *small = find(table, "small", MOS_COLUMN_INT);
    const mos_column *big = find(table, "big", MOS_COLUMN_INT),
                     *count = find(table, "count", MOS_COLUMN_INT);
    const mos_column *ratio = find(table, "ratio", MOS_COLUMN_REAL),
                     *exact = find(table, "exact", MOS_COLUMN_REAL);
    assert_null(small->valid);
    for (int64_t i = 0; i < ROWS; i++) {
        assert_int_equal(is_valid(flag, (int)i), i % 5 != 1);
        if (i % 5 != 1) assert_int_equal(flag->integers[i], i % 3 == 0);
        assert_int_equal(small->integers[i], i * i - 500);
        assert_int_equal(is_valid(big, (int)i), i % 9 != 0);
        assert_true(big->integers[i] == (i % 9 == 0 ? 0 : i * 1000000000000 - 3));
        assert_true(count->integers[i] == 4294967295 - i);
        assert_true(fabs(ratio->reals[i] - (double)i / 8) < 1e-12);
        assert_int_equal(is_valid(exact, (int)i), i % 4 != 2);
        if (i % 4 != 2) assert_true(fabs(exact->reals[i] - (double)i / 3) < 1e-12);
    }
}

static const char *const variants[] = {"snappy_v1_dictionary", "zstd_v2_plain", "gzip_v1_plain",
                                       "none_v2_dictionary", "zstd_v1_checksum"};

static void reads_what_pyarrow_wrote(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char name[64], path[4096];
        snprintf(name, sizeof name, "parquet/%s.parquet", variants[i]);
        mos_table table;
        EXPECT_OK(mos_parquet_read(golden_path(name, path), NULL, 0, &table));
        assert_int_equal(table.rows, ROWS);
        assert_int_equal(table.column_count, 9); /* the decimal is left out */
        check_texts(&table);
        check_numbers(&table);
        mos_table_release(&table);
    }
}

static void chooses_columns_by_name(void **state) {
    (void)state;
    char path[4096];
    mos_table table;
    golden_path("parquet/zstd_v2_plain.parquet", path);
    const char *const two[] = {"kind", "name", "kind"};
    EXPECT_OK(mos_parquet_read(path, two, 3, &table));
    assert_int_equal(table.column_count, 3);
    assert_string_equal(table.columns[1].name, "name");
    assert_true(text_is(&table.columns[2], table.columns[2].texts[2], "fall"));
    mos_table_release(&table);
    const char *const absent[] = {"label"};
    EXPECT_DATA_ERROR(mos_parquet_read(path, absent, 1, &table),
                      "no column \"label\", the nearest is \"labels\"");
    const char *const decimal[] = {"price"};
    EXPECT_DATA_ERROR(mos_parquet_read(path, decimal, 1, &table), "decimal");
    assert_null(table.columns);
    mos_table_release(&table);
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_parquet_read("/nonexistent.parquet", NULL, 0, &table));
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_parquet_read("/tmp", NULL, 0, &table));
}

static void reads_no_rows(void **state) {
    (void)state;
    char path[4096];
    mos_table table;
    EXPECT_OK(mos_parquet_read(golden_path("parquet/no_rows.parquet", path), NULL, 0, &table));
    assert_int_equal(table.rows, 0);
    assert_int_equal(table.column_count, 9);
    assert_int_equal(mos_table_find(&table, "labels")->starts[0], 0);
    mos_table_release(&table);
}

/* Rows [a, bb], [], null or [], [ccc] in every layout of lists that writers have used. */
static void reads_legacy_lists(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool null;
    } files[] = {{"two_level", true}, {"bare", false}, {"three_level", true}};
    for (size_t i = 0; i < 3; i++) {
        char name[64], path[4096];
        snprintf(name, sizeof name, "parquet/list_%s.parquet", files[i].name);
        mos_table table;
        EXPECT_OK(mos_parquet_read(golden_path(name, path), NULL, 0, &table));
        const mos_column *c = find(&table, "c", MOS_COLUMN_TEXT_LIST);
        static const uint32_t starts[] = {0, 2, 2, 2, 3};
        assert_memory_equal(c->starts, starts, sizeof starts);
        assert_true(text_is(c, c->texts[0], "a") && text_is(c, c->texts[1], "bb") &&
                    text_is(c, c->texts[2], "ccc"));
        assert_int_equal(c->valid != NULL, files[i].null);
        if (files[i].null) assert_memory_equal(c->valid, "\1\1\0\1", 4);
        mos_table_release(&table);
    }
}

static void reads_minimal_files(void **state) {
    (void)state;
    static const char *const names[] = {"required", "two_pages", "gzip", "dictionary"};
    for (size_t i = 0; i < 4; i++) {
        char name[64], path[4096];
        snprintf(name, sizeof name, "parquet/%s.parquet", names[i]);
        mos_table table;
        EXPECT_OK(mos_parquet_read(golden_path(name, path), NULL, 0, &table));
        const mos_column *c = find(&table, "c", MOS_COLUMN_TEXT);
        assert_true(text_is(c, c->texts[0], "a") && text_is(c, c->texts[1], "bb") &&
                    text_is(c, c->texts[2], "ccc"));
        mos_table_release(&table);
    }
}

static void refuses_what_it_cannot_read_rightly(void **state) {
    (void)state;
    static const struct {
        const char *name, *part;
    } files[] = {
        {"bomb", "209715200 bytes out of 16"},   {"bad_index", "index 3 into a dictionary of 3"},
        {"far_text", "2147483648 bytes"},        {"too_many_values", "3 values for 2 rows"},
        {"list_null_item", "null inside"},       {"lz4", "LZ4_RAW is not supported"},
        {"delta", "encoding 7 is not supported"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64], path[4096];
        snprintf(name, sizeof name, "parquet/%s.parquet", files[i].name);
        mos_table table;
        EXPECT_DATA_ERROR(mos_parquet_read(golden_path(name, path), NULL, 0, &table),
                          files[i].part);
        assert_non_null(strstr(mosaic_error(), files[i].name)); /* the file is named */
    }
}

static void checksum_finds_a_changed_byte(void **state) {
    (void)state;
    char path[4096], *data;
    size_t size;
    EXPECT_OK(mos_file_read(golden_path("parquet/zstd_v1_checksum.parquet", path), 1 << 20, &data,
                            &size));
    data[200] ^= 1;
    mos_table table;
    EXPECT_DATA_ERROR(mos_parquet_parse(data, size, "changed", NULL, 0, &table), "checksum");
    mos_free(data);
}

/* Every prefix, and every prefix with the true footer behind it. */
static void survives_truncation(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char name[64], path[4096], *data;
        size_t size;
        snprintf(name, sizeof name, "parquet/%s.parquet", variants[i]);
        EXPECT_OK(mos_file_read(golden_path(name, path), 1 << 20, &data, &size));
        uint32_t footer;
        memcpy(&footer, data + size - 8, 4);
        size_t tail = footer + 8, step = 1 + size / 400;
        for (size_t cut = 0; cut < size; cut += cut < 16 || cut + 64 > size ? 1 : step) {
            mos_table table;
            char *part = exact_copy(data, cut);
            EXPECT_STATUS(MOSAIC_ERR_DATA, mos_parquet_parse(part, cut, "cut", NULL, 0, &table));
            free(part);
            if (cut < 4 || cut + tail >= size) continue;
            part = exact_copy(data, cut + tail);
            memcpy(part + cut, data + size - tail, tail);
            EXPECT_STATUS(MOSAIC_ERR_DATA,
                          mos_parquet_parse(part, cut + tail, "hole", NULL, 0, &table));
            free(part);
        }
        mos_free(data);
    }
}

static mosaic_status read_once(void *path) {
    mos_table table;
    mosaic_status status = mos_parquet_read(path, NULL, 0, &table);
    mos_table_release(&table);
    return status;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    char path[4096];
    golden_path("parquet/snappy_v1_dictionary.parquet", path);
    fail_every_allocation(read_once, path);
}

typedef struct official_counts {
    uint64_t rows, splits[3], items, labels[12];
} official_counts;

static official_counts count_official(const mos_table *table) {
    official_counts counts = {.rows = table->rows};
    const mos_column *split = find(table, "split", MOS_COLUMN_TEXT),
                     *labels = find(table, "labels", MOS_COLUMN_TEXT_LIST);
    for (uint64_t i = 0; i < table->rows; i++) {
        static const char *const names[] = {"train", "validation", "test"};
        for (int s = 0; s < 3; s++)
            counts.splits[s] += text_is(split, split->texts[i], names[s]);
        uint32_t count = labels->starts[i + 1] - labels->starts[i];
        assert_in_range(count, 1, 11);
        counts.labels[count]++;
        counts.items += count;
    }
    return counts;
}

static uint64_t count_text(const mos_table *table, const char *column_name, const char *wanted) {
    const mos_column *column = find(table, column_name, MOS_COLUMN_TEXT);
    uint64_t count = 0;
    for (uint64_t i = 0; i < table->rows; i++)
        count += text_is(column, column->texts[i], wanted);
    return count;
}

/* Class "Arable land" in split `train`; names hold commas, so they are compared whole. */
static uint64_t count_label(const mos_table *table, const char *label, const char *split_name) {
    const mos_column *labels = find(table, "labels", MOS_COLUMN_TEXT_LIST),
                     *split = find(table, "split", MOS_COLUMN_TEXT);
    uint64_t count = 0;
    for (uint64_t i = 0; i < table->rows; i++) {
        if (!text_is(split, split->texts[i], split_name)) continue;
        for (uint32_t j = labels->starts[i]; j < labels->starts[i + 1]; j++)
            count += text_is(labels, labels->texts[j], label);
    }
    return count;
}

/* The counts of the published table. */
static void reads_the_official_metadata(void **state) {
    (void)state;
    char path[4096];
    mos_table table;
    real_path("bigearthnet_v2/metadata.parquet", path);
    struct timespec begin, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    EXPECT_OK(mos_parquet_read(path, NULL, 0, &table));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    print_message("official metadata decoded in %.0f ms of one core\n",
                  (double)(end.tv_sec - begin.tv_sec) * 1e3 +
                      (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
    official_counts counts = count_official(&table);
    static const uint64_t splits[] = {237871, 122342, 119825};
    static const uint64_t labels[] = {0,     86375, 94649, 135885, 102036, 45329,
                                      12963, 2478,  302,   15,     1,      5};
    assert_int_equal(counts.rows, 480038);
    assert_memory_equal(counts.splits, splits, sizeof splits);
    assert_memory_equal(counts.labels, labels, sizeof labels);
    static const struct {
        const char *name;
        uint64_t count;
    } countries[] = {{"Finland", 155227},  {"Portugal", 89792},   {"Serbia", 73385},
                     {"Lithuania", 48365}, {"Ireland", 48326},    {"Austria", 43797},
                     {"Belgium", 11196},   {"Switzerland", 4874}, {"Luxembourg", 3460},
                     {"Kosovo", 1616}};
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(count_text(&table, "country", countries[i].name), countries[i].count);
    assert_int_equal(count_label(&table, "Transitional woodland, shrub", "train"), 64198);
    assert_int_equal(count_label(&table, "Beaches, dunes, sands", "test"), 152);
    const mos_column *snow = find(&table, "contains_seasonal_snow", MOS_COLUMN_BOOL);
    const mos_column *id = find(&table, "patch_id", MOS_COLUMN_TEXT),
                     *s1 = find(&table, "s1_name", MOS_COLUMN_TEXT);
    for (uint64_t i = 0; i < table.rows; i++) {
        assert_int_equal(snow->integers[i], 0);
        assert_true(memcmp(id->pool + id->texts[i].offset, "S2", 2) == 0 &&
                    memcmp(s1->pool + s1->texts[i].offset, "S1", 2) == 0);
    }
    assert_null(id->valid);
    mos_table_release(&table);
}

static void reads_the_snow_and_cloud_metadata(void **state) {
    (void)state;
    char path[4096];
    mos_table table;
    EXPECT_OK(mos_parquet_read(
        real_path("bigearthnet_v2/metadata_for_patches_with_snow_cloud_or_shadow.parquet", path),
        NULL, 0, &table));
    official_counts counts = count_official(&table);
    static const uint64_t splits[] = {34673, 17235, 17542};
    assert_int_equal(counts.rows, 69450);
    assert_memory_equal(counts.splits, splits, sizeof splits);
    const mos_column *snow = find(&table, "contains_seasonal_snow", MOS_COLUMN_BOOL);
    const mos_column *cloud = find(&table, "contains_cloud_or_shadow", MOS_COLUMN_BOOL);
    uint64_t snowy = 0, cloudy = 0;
    for (uint64_t i = 0; i < table.rows; i++) {
        snowy += (uint64_t)snow->integers[i];
        cloudy += (uint64_t)cloud->integers[i];
        assert_int_equal(snow->integers[i] + cloud->integers[i], 1);
    }
    assert_int_equal(snowy, 60773);
    assert_int_equal(cloudy, 8677);
    mos_table_release(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_pyarrow_wrote),
        cmocka_unit_test(chooses_columns_by_name),
        cmocka_unit_test(reads_no_rows),
        cmocka_unit_test(reads_legacy_lists),
        cmocka_unit_test(reads_minimal_files),
        cmocka_unit_test(refuses_what_it_cannot_read_rightly),
        cmocka_unit_test(checksum_finds_a_changed_byte),
        cmocka_unit_test(survives_truncation),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(reads_the_official_metadata),
        cmocka_unit_test(reads_the_snow_and_cloud_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
