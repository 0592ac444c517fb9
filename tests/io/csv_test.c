#include "base/rng.h"
#include "io/csv.h"
#include "io/io_support.h"

static mosaic_status parse(const char *text, mos_csv *csv) {
    return mos_csv_parse(text, strlen(text), "t.csv", 0, csv);
}

static const char *cell(const mos_csv *csv, size_t row, size_t column) {
    return csv->cells[row * csv->columns + column];
}

static void reads_quotes_newlines_bom_and_crlf(void **state) {
    (void)state;
    mos_csv csv;
    EXPECT_OK(parse("\xef\xbb\xbfid,\"label, all\",x\r\np1,\"a \"\"b\"\", "
                    "c\",\r\n\r\np2,\"two\nlines\",3\np3,,last",
                    &csv));
    assert_int_equal(csv.rows, 3);
    assert_int_equal(csv.columns, 3);
    assert_string_equal(csv.header[0], "id");
    assert_int_equal(mos_csv_column(&csv, "label, all"), 1);
    assert_int_equal(mos_csv_column(&csv, "y"), -1);
    assert_string_equal(cell(&csv, 0, 1), "a \"b\", c");
    assert_string_equal(cell(&csv, 0, 2), "");
    assert_string_equal(cell(&csv, 1, 1), "two\nlines");
    assert_string_equal(cell(&csv, 2, 1), "");
    assert_string_equal(cell(&csv, 2, 2), "last");
    assert_int_equal(csv.lines[0], 2);
    assert_int_equal(csv.lines[1], 4);
    assert_int_equal(csv.lines[2], 6); /* the record before spans two lines */
    mos_csv_release(&csv);
    mos_csv_release(&csv);
}

static void guesses_the_delimiter(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {{"a\tb\tc,d\n1\t2\t3\n", 3},
                 {"a;b\n1,5;2\n", 2},
                 {"\"a,b,c\";d\n1;2\n", 2},
                 {"alone\n1\n", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mos_csv csv;
        EXPECT_OK(parse(cases[i].text, &csv));
        assert_int_equal(csv.columns, cases[i].columns);
        assert_int_equal(csv.rows, 1);
        mos_csv_release(&csv);
    }
    mos_csv csv;
    EXPECT_OK(mos_csv_parse("a;b,c\n1,2\n", 10, "t.csv", ',', &csv));
    assert_string_equal(csv.header[0], "a;b");
    mos_csv_release(&csv);
}

static void refuses_malformed_text(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *part;
    } cases[] = {
        {"a,b\n1,2\n3\n", 10, "t.csv:3: 1 cells, the header has 2"},
        {"a,b\n1,2,3\n", 10, "t.csv:2: 3 cells"},
        {"a,b\n1,\"x\n\n", 10, "t.csv:2: quote is never closed"},
        {"a,b\n1,\"x\"y\n", 11, "t.csv:2: text behind a closing quote"},
        {"a,b\n\n1,\0\n", 9, "t.csv:3: NUL byte"},
        {"a,b\n1,2\r3\n", 10, "t.csv:2: carriage return inside a line"},
        {"a,b,a\n1,2,3\n", 12, "t.csv:1: column \"a\" is there twice"},
        {"\xff\xfe"
         "a\0,\0b\0\n\0",
         10, "t.csv: a table in UTF-16, wanted UTF-8"},
        {"\xfe\xff\0a\0\n", 6, "t.csv: a table in UTF-16, wanted UTF-8"},
        {"", 0, "empty"},
        {"\n\n", 2, "empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mos_csv csv;
        char *text = exact_copy(cases[i].text, cases[i].size);
        EXPECT_DATA_ERROR(mos_csv_parse(text, cases[i].size, "t.csv", 0, &csv), cases[i].part);
        assert_null(csv.pool);
        free(text);
    }
}

/* A prefix is a shorter table or an error, and a good one never shows a cell that the whole does
 * not begin with. */
static void survives_truncation(void **state) {
    (void)state;
    static const char text[] = "id,label,x\r\np1,\"a \"\"b\"\", c\",\r\n\r\np2,\"two\nlines\",3\n";
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        char *part = exact_copy(text, cut);
        mos_csv csv;
        mosaic_status status = mos_csv_parse(part, cut, "cut", ',', &csv);
        assert_true(status == MOSAIC_OK || status == MOSAIC_ERR_DATA);
        if (cut > 11 && status == MOSAIC_OK) {
            assert_int_equal(csv.columns, 3);
            assert_true(csv.rows <= 2);
        }
        if (csv.rows >= 1) assert_string_equal(cell(&csv, 0, 1), "a \"b\", c");
        mos_csv_release(&csv);
        free(part);
    }
}

static void written_fields_read_back(void **state) {
    (void)state;
    static const char *const fields[] = {"plain",    "a,b",       "say \"hi\"", "two\nlines", "",
                                         " spaces ", "tab\there", "semi;colon", "é"};
    enum { COUNT = sizeof fields / sizeof *fields };
    mos_text text = {0};
    mos_text_add(&text, "a,b,c,d,e,f,g,h,i\n");
    for (size_t i = 0; i < COUNT; i++) {
        if (i > 0) mos_text_add_bytes(&text, ",", 1);
        mos_csv_add_field(&text, fields[i]);
    }
    mos_text_add_bytes(&text, "\n", 1);
    assert_false(text.failed);
    mos_csv csv;
    EXPECT_OK(mos_csv_parse(text.data, text.size, "t.csv", 0, &csv));
    assert_int_equal(csv.columns, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_string_equal(cell(&csv, 0, i), fields[i]);
    mos_csv_release(&csv);
    mos_text_release(&text);
}

static void reads_files(void **state) {
    char path[4096];
    mos_csv csv;
    EXPECT_OK(mos_atomic_write(test_path(state, "t.tsv", path), "id\tsplit\na\ttrain\n", 17));
    EXPECT_OK(mos_csv_read(path, 0, &csv));
    assert_string_equal(cell(&csv, 0, 1), "train");
    mos_csv_release(&csv);
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_csv_read("/nonexistent.csv", 0, &csv));
    mos_csv_release(&csv);
    EXPECT_OK(mos_csv_read(real_path("terramesh_patches/patches.csv", path), 0, &csv));
    assert_int_equal(csv.rows, 48);
    assert_true(mos_csv_column(&csv, "labels") >= 0 && mos_csv_column(&csv, "split") >= 0);
    mos_csv_release(&csv);
}

static mosaic_status parse_once(void *context) {
    mos_csv csv;
    mosaic_status status = parse(context, &csv);
    mos_csv_release(&csv);
    return status;
}

static void expect_row(mos_csv_rows *rows, const mos_csv *whole, int64_t row) {
    char *const *cells;
    EXPECT_OK(mos_csv_rows_read(rows, row, &cells));
    assert_non_null(cells);
    for (size_t c = 0; c < whole->columns; c++)
        assert_string_equal(cells[c], cell(whole, (size_t)row, c));
}

/* Larger than the piece of a file that is held: rows of all kinds lie across its end. */
static void rows_one_by_one_are_those_of_the_whole(void **state) {
    char path[4096];
    mos_text text = {0};
    mos_csv whole;
    mos_csv_rows *rows;
    char *const *cells;
    mos_rng rng = mos_rng_at(3, MOS_RNG_TEST, 0, 0, 0);
    mos_text_add(&text, "\xef\xbb\xbfid,\"la\nbel\",x\r\n");
    for (int i = 0; i < 9000; i++) {
        static const char *const ends[] = {"\n", "\r\n", "\n\n", "\n\r\n"};
        const int kind = (int)(mos_rng_uniform(&rng) * 6);
        mos_text_add(&text, "r%d,%s,", i,
                     kind == 0   ? "\"a \"\"b\"\", c\""
                     : kind == 1 ? "\"\""
                     : kind == 2 ? "\"two\r\nlines\n\""
                     : kind == 3 ? "5\" wide"
                                 : "plain");
        for (int left = (int)(mos_rng_uniform(&rng) * 60); left > 0; left--)
            mos_text_add(&text, "y");
        mos_text_add(&text, "%s", ends[(int)(mos_rng_uniform(&rng) * 4)]);
    }
    mos_text_add(&text, "last,,\"\"");
    test_path(state, "rows.csv", path);
    EXPECT_OK(mos_atomic_write(path, text.data, text.size));
    EXPECT_OK(mos_csv_read(path, ',', &whole));
    EXPECT_OK(mos_csv_rows_open(path, ',', &rows));
    assert_int_equal(whole.rows, 9001);
    assert_int_equal(mos_csv_rows_column(rows, "la\nbel"), 1);
    assert_int_equal(mos_csv_rows_column(rows, "y"), -1);
    expect_row(rows, &whole, 5000); /* far ahead of what was read */
    expect_row(rows, &whole, 5000);
    for (int64_t row = 0; row < 9001; row++)
        expect_row(rows, &whole, row);
    EXPECT_OK(mos_csv_rows_read(rows, 9001, &cells));
    assert_null(cells);
    for (int i = 0; i < 4000; i++)
        expect_row(rows, &whole, (int64_t)(mos_rng_uniform(&rng) * 9001));
    mos_csv_rows_close(&rows);
    mos_csv_rows_close(&rows);
    mos_csv_release(&whole);

    mos_text_add(&text, "\nragged,\n"); /* the same words about the same line */
    char words[2048];
    EXPECT_OK(mos_atomic_write(path, text.data, text.size));
    assert_int_equal(mos_csv_read(path, ',', &whole), MOSAIC_ERR_DATA);
    mos_error_copy(words, sizeof words);
    EXPECT_OK(mos_csv_rows_open(path, ',', &rows));
    assert_int_equal(mos_csv_rows_read(rows, 9001, &cells), MOSAIC_ERR_DATA);
    assert_string_equal(mosaic_error(), words);
    mos_csv_rows_close(&rows);
    mos_text_release(&text);
}

static void rows_of_no_table_are_refused(void **state) {
    static const struct {
        const char *text;
        size_t size;
        const char *words;
    } cases[] = {{"", 0, "empty, wanted a header line"},
                 {"a,a\n", 4, "column \"a\" is there twice"},
                 {"a,b\n1,\"2", 8, "quote is never closed"},
                 {"a,b\n1,\0\n", 8, "NUL byte"},
                 {"a,b\n\"1\"2,3\n", 11, "text behind a closing quote"}};
    char path[4096];
    mos_csv_rows *rows;
    char *const *cells;
    test_path(state, "bad.csv", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EXPECT_OK(mos_atomic_write(path, cases[i].text, cases[i].size));
        mosaic_status status = mos_csv_rows_open(path, 0, &rows);
        if (status == MOSAIC_OK) status = mos_csv_rows_read(rows, 0, &cells);
        assert_int_equal(status, MOSAIC_ERR_DATA);
        assert_non_null(strstr(mosaic_error(), cases[i].words));
        mos_csv_rows_close(&rows);
    }
    assert_int_equal(mos_csv_rows_open("/nonexistent/t.csv", 0, &rows), MOSAIC_ERR_IO);
    assert_null(rows);
}

static void survives_failing_allocations(void **state) {
    (void)state;
    static char text[] = "a,b\n1,2\n3,4\n5,6\n7,8\n1,2\n3,4\n5,6\n7,8\n1,2\n";
    fail_every_allocation(parse_once, text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_quotes_newlines_bom_and_crlf),
        cmocka_unit_test(guesses_the_delimiter),
        cmocka_unit_test(refuses_malformed_text),
        cmocka_unit_test(survives_truncation),
        cmocka_unit_test(written_fields_read_back),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(rows_one_by_one_are_those_of_the_whole),
        cmocka_unit_test(rows_of_no_table_are_refused),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
