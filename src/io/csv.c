#include "io/csv.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/file_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 1 << 16 };
static const size_t max_file_bytes = (size_t)2 << 30;

/* The reader rewrites the text in place: every cell loses at least one byte (delimiter or line end)
 * to its terminator, so the write position never passes the read position. */
typedef struct csv_reader {
    const char *what;
    char delimiter;
    char *at, *end, *write; /* *end is a byte of our own behind the text */
    uint32_t line;
    char **cells; /* all cells in order, header first */
    size_t cell_count, cell_capacity;
    uint32_t *lines; /* of each record */
    size_t record_count, record_capacity;
} csv_reader;

static mosaic_status fail_at(const csv_reader *reader, const char *message) {
    return mos_fail(MOSAIC_ERR_DATA, "%s:%u: %s", reader->what, reader->line, message);
}

/* The candidate met most often in the header line, outside quotes; a comma where none is met. */
static char guess_delimiter(const char *at, const char *end) {
    static const char candidates[] = {',', '\t', ';'};
    size_t counts[sizeof candidates] = {0};
    bool quoted = false;
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        if (*at == '"') quoted = !quoted;
        for (size_t i = 0; !quoted && i < sizeof candidates; i++)
            counts[i] += *at == candidates[i];
    }
    size_t best = 0;
    for (size_t i = 1; i < sizeof candidates; i++)
        if (counts[i] > counts[best]) best = i;
    return candidates[best];
}

static mosaic_status add_cell(csv_reader *reader, char *cell) {
    MOS_TRY(mos_grow(&reader->cells, &reader->cell_capacity, reader->cell_count + 1,
                     sizeof *reader->cells, "CSV cells"));
    reader->cells[reader->cell_count++] = cell;
    return MOSAIC_OK;
}

/* After the opening quote: up to and including the closing one. */
static mosaic_status read_quoted(csv_reader *reader) {
    uint32_t first = reader->line;
    for (;;) {
        if (reader->at == reader->end) {
            reader->line = first;
            return fail_at(reader, "quote is never closed");
        }
        char c = *reader->at++;
        if (c == '"') {
            if (reader->at == reader->end || *reader->at != '"') return MOSAIC_OK;
            reader->at++;
        }
        if (c == '\n') reader->line++;
        *reader->write++ = c;
    }
}

static bool at_line_end(const csv_reader *reader) {
    return reader->at == reader->end || *reader->at == '\n' || *reader->at == '\r';
}

/* Step over LF, CRLF or the end of the text. */
static mosaic_status skip_line_end(csv_reader *reader) {
    if (reader->at == reader->end) return MOSAIC_OK;
    if (*reader->at == '\r') {
        reader->at++;
        if (reader->at < reader->end && *reader->at != '\n')
            return fail_at(reader, "carriage return inside a line");
    }
    if (reader->at < reader->end) reader->at++;
    reader->line++;
    return MOSAIC_OK;
}

/* One cell; *last is set when it ends its record. */
static mosaic_status read_cell(csv_reader *reader, bool *last) {
    char *cell = reader->write;
    if (reader->at < reader->end && *reader->at == '"') {
        reader->at++;
        MOS_TRY(read_quoted(reader));
        if (!at_line_end(reader) && *reader->at != reader->delimiter)
            return fail_at(reader, "text behind a closing quote");
    } else {
        while (!at_line_end(reader) && *reader->at != reader->delimiter)
            *reader->write++ = *reader->at++;
    }
    *last = at_line_end(reader);
    if (*last) {
        MOS_TRY(skip_line_end(reader));
    } else {
        reader->at++;
    }
    *reader->write++ = '\0';
    return add_cell(reader, cell);
}

static mosaic_status read_record(csv_reader *reader, size_t columns, size_t *count) {
    uint32_t first = reader->line;
    size_t before = reader->cell_count;
    bool last = false;
    while (!last) {
        if (reader->cell_count - before == MAX_COLUMNS)
            return fail_at(reader, "more than 65536 columns");
        MOS_TRY(read_cell(reader, &last));
    }
    *count = reader->cell_count - before;
    if (columns != 0 && *count != columns)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: %zu cells, the header has %zu", reader->what,
                        first, *count, columns);
    MOS_TRY(mos_grow(&reader->lines, &reader->record_capacity, reader->record_count + 1,
                     sizeof *reader->lines, "CSV lines"));
    reader->lines[reader->record_count++] = first;
    return MOSAIC_OK;
}

static int compare_texts(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* Two columns of one name cannot be told apart; unnamed columns (an index, as pandas writes it) may
 * repeat. */
static mosaic_status check_header(const csv_reader *reader, size_t columns) {
    const char **names;
    MOS_TRY(mos_alloc(columns, sizeof *names, "CSV header", &names));
    for (size_t i = 0; i < columns; i++)
        names[i] = reader->cells[i];
    qsort(names, columns, sizeof *names, compare_texts);
    mosaic_status status = MOSAIC_OK;
    char shown[80];
    for (size_t i = 1; i < columns && status == MOSAIC_OK; i++)
        if (names[i][0] != '\0' && strcmp(names[i], names[i - 1]) == 0)
            status = mos_fail(MOSAIC_ERR_DATA, "%s:%u: column \"%s\" is there twice", reader->what,
                              reader->lines[0],
                              mos_shown_text(names[i], strlen(names[i]), shown, sizeof shown));
    mos_free(names);
    return status;
}

static mosaic_status read_records(csv_reader *reader, size_t *columns) {
    *columns = 0;
    while (reader->at < reader->end) {
        if (at_line_end(reader)) { /* an empty line, mostly the last */
            MOS_TRY(skip_line_end(reader));
            continue;
        }
        size_t count = 0;
        MOS_TRY(read_record(reader, *columns, &count));
        if (*columns == 0) {
            *columns = count;
            MOS_TRY(check_header(reader, count));
        }
    }
    if (*columns == 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: empty, wanted a header line", reader->what);
    return MOSAIC_OK;
}

/* `pool` holds size + 1 bytes and becomes the result's in every case. */
static mosaic_status parse_pool(char *pool, size_t size, const char *what, char delimiter,
                                mos_csv *out) {
    csv_reader reader = {.what = what, .at = pool, .end = pool + size, .write = pool, .line = 1};
    out->pool = pool;
    if (size >= 3 && memcmp(pool, "\xef\xbb\xbf", 3) == 0) reader.at += 3;
    bool utf16 =
        size >= 2 && (memcmp(pool, "\xff\xfe", 2) == 0 || memcmp(pool, "\xfe\xff", 2) == 0);
    if (utf16)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: a table in UTF-16, wanted UTF-8: save it as CSV UTF-8", what);
    const char *nul = memchr(pool, '\0', size);
    if (nul != NULL) {
        for (const char *at = pool; at < nul; at++)
            reader.line += *at == '\n';
        return fail_at(&reader, "NUL byte: not a text file, or UTF-16 without a mark");
    }
    reader.delimiter = delimiter != 0 ? delimiter : guess_delimiter(reader.at, reader.end);
    size_t columns = 0;
    mosaic_status status = read_records(&reader, &columns);
    /* Header and rows share one block, so the header's is the one to free. */
    out->header = reader.cells;
    out->lines = reader.lines;
    if (status != MOSAIC_OK) return status;
    out->cells = reader.cells + columns;
    out->columns = columns;
    out->rows = reader.record_count - 1;
    memmove(out->lines, out->lines + 1, out->rows * sizeof *out->lines);
    return MOSAIC_OK;
}

mosaic_status mos_csv_parse(const char *data, size_t size, const char *what, char delimiter,
                            mos_csv *out) {
    memset(out, 0, sizeof *out);
    if (size > max_file_bytes)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %zu bytes, at most %zu are read as CSV", what, size,
                        max_file_bytes);
    char *pool;
    MOS_TRY(mos_alloc(size + 1, 1, "CSV text", &pool));
    if (size > 0) memcpy(pool, data, size);
    mosaic_status status = parse_pool(pool, size, what, delimiter, out);
    if (status != MOSAIC_OK) mos_csv_release(out);
    return status;
}

mosaic_status mos_csv_read(const char *path, char delimiter, mos_csv *out) {
    memset(out, 0, sizeof *out);
    char *pool;
    size_t size;
    MOS_TRY(mos_file_read(path, max_file_bytes, &pool, &size));
    mosaic_status status = parse_pool(pool, size, path, delimiter, out);
    if (status != MOSAIC_OK) mos_csv_release(out);
    return status;
}

void mos_csv_release(mos_csv *csv) {
    mos_free(csv->header);
    mos_free(csv->lines);
    mos_free(csv->pool);
    memset(csv, 0, sizeof *csv);
}

int64_t mos_csv_column(const mos_csv *csv, const char *name) {
    for (size_t i = 0; i < csv->columns; i++)
        if (strcmp(csv->header[i], name) == 0) return (int64_t)i;
    return -1;
}

void mos_csv_add_field(mos_text *out, const char *field) {
    size_t size = strlen(field);
    bool quote = size > 0 && (field[0] == ' ' || field[size - 1] == ' ');
    quote |= strncmp(field, "\xef\xbb\xbf", 3) == 0; /* not to be taken for the file's mark */
    if (!quote && strpbrk(field, ",;\t\"\r\n") == NULL) {
        mos_text_add_bytes(out, field, size);
        return;
    }
    mos_text_add_bytes(out, "\"", 1);
    for (const char *at = field; *at != '\0'; at++) {
        if (*at == '"') mos_text_add_bytes(out, "\"", 1);
        mos_text_add_bytes(out, at, 1);
    }
    mos_text_add_bytes(out, "\"", 1);
}

void mos_csv_add_cell(mos_text *out, const char *field) {
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, field);
}

void mos_csv_add_number(mos_text *out, double value) {
    mos_text_add_bytes(out, ",", 1);
    if (isfinite(value)) mos_text_add_number(out, value);
}
