#include "io/csv.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static mosaic_status refuse_utf16(const char *text, size_t size, const char *what) {
    if (size < 2 || (memcmp(text, "\xff\xfe", 2) != 0 && memcmp(text, "\xfe\xff", 2) != 0))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "%s: a table in UTF-16, wanted UTF-8: save it as CSV UTF-8",
                    what);
}

/* `pool` holds size + 1 bytes and becomes the result's in every case. */
static mosaic_status parse_pool(char *pool, size_t size, const char *what, char delimiter,
                                mos_csv *out) {
    csv_reader reader = {.what = what, .at = pool, .end = pool + size, .write = pool, .line = 1};
    out->pool = pool;
    if (size >= 3 && memcmp(pool, "\xef\xbb\xbf", 3) == 0) reader.at += 3;
    MOS_TRY(refuse_utf16(pool, size, what));
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

static int64_t find_column(char *const *header, size_t columns, const char *name) {
    for (size_t i = 0; i < columns; i++)
        if (strcmp(header[i], name) == 0) return (int64_t)i;
    return -1;
}

int64_t mos_csv_column(const mos_csv *csv, const char *name) {
    return find_column(csv->header, csv->columns, name);
}

/* ---- row by row ---- */

enum { FILE_PIECE = 256 << 10, ROW_PIECE = 4 << 10 /* of one row out of the order */ };
static const size_t max_row_bytes = (size_t)64 << 20;

struct mos_csv_rows {
    int file;
    char *path, *names; /* names: the header's text */
    char **header;      /* [columns] */
    size_t columns;
    char *piece;               /* of the file, from `base` on */
    size_t size, capacity, at; /* of the piece; where the next row begins in it */
    uint64_t base;
    bool ended; /* nothing follows the piece */
    char *row;  /* text of the last row; its cells point into it */
    size_t row_capacity;
    csv_reader reader;
    uint64_t *begins; /* [known] where rows begin */
    size_t known, begins_capacity;
    int64_t next, held; /* row at `at`, row in the cells; below 0: none */
    uint32_t line;      /* behind the last of the known rows */
};

/* Bytes behind the piece, of which what lies before `at` is given up. */
static mosaic_status read_piece(mos_csv_rows *rows, size_t wanted) {
    if (rows->piece != NULL) memmove(rows->piece, rows->piece + rows->at, rows->size - rows->at);
    rows->base += rows->at;
    rows->size -= rows->at;
    rows->at = 0;
    if (rows->size >= max_row_bytes)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: a row of more than %zu bytes", rows->path,
                        rows->line, max_row_bytes);
    MOS_TRY(mos_grow(&rows->piece, &rows->capacity, rows->size + wanted, 1, "CSV text"));
    while (wanted > 0) {
        const ssize_t got =
            pread(rows->file, rows->piece + rows->size, wanted, (off_t)(rows->base + rows->size));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return mos_fail_errno("read", rows->path);
        rows->ended = got == 0;
        if (got == 0) break;
        rows->size += (size_t)got;
        wanted -= (size_t)got;
    }
    return MOSAIC_OK;
}

/* The line feed behind a record; NULL: it is not among these bytes, or what it is depends on the next. */
static const char *end_of_record(const char *at, const char *end, char delimiter) {
    const char *line = memchr(at, '\n', (size_t)(end - at));
    bool quoted = false, fresh = true;
    if (memchr(at, '"', (size_t)((line == NULL ? end : line) - at)) == NULL) return line;
    for (; at < end; at++) {
        if (quoted && *at == '"') {
            quoted = at + 1 < end && at[1] == '"';
            at += quoted;
        } else if (!quoted && *at == '\n') {
            return at;
        } else if (fresh && *at == '"') {
            quoted = true;
        }
        fresh = !quoted && at < end && *at == delimiter;
    }
    return NULL;
}

/* The next record that is no empty line, without its line feed; *size 0: there is none. */
static mosaic_status find_record(mos_csv_rows *rows, size_t *size) {
    size_t wanted = rows->size == 0 && rows->next < (int64_t)rows->known ? ROW_PIECE : FILE_PIECE;
    for (;;) {
        const char *begin = rows->piece + rows->at, *end = rows->piece + rows->size,
                   *line = rows->size == rows->at
                               ? NULL
                               : end_of_record(begin, end, rows->reader.delimiter);
        if (line == NULL && !rows->ended) {
            MOS_TRY(read_piece(rows, wanted));
            wanted = FILE_PIECE;
            continue;
        }
        *size = (size_t)((line == NULL ? end : line) - begin);
        const bool empty = *size == 0 || (*size == 1 && *begin == '\r');
        if (empty && line == NULL) *size = 0;
        if (!empty || line == NULL) return MOSAIC_OK;
        rows->at += *size + 1;
        if (rows->next == (int64_t)rows->known) rows->line++;
    }
}

/* Without quotes and carriage returns cells end at delimiters alone, and stay where they are. */
static mosaic_status split_record(mos_csv_rows *rows, size_t size, size_t *count) {
    csv_reader *reader = &rows->reader;
    char *at = rows->row, *const end = rows->row + size;
    *count = 0;
    reader->cell_count = reader->record_count = 0;
    MOS_TRY(
        mos_grow(&reader->lines, &reader->record_capacity, 1, sizeof *reader->lines, "CSV lines"));
    reader->lines[0] = reader->line;
    if (memchr(at, '"', size) != NULL || memchr(at, '\r', size) != NULL) {
        reader->at = reader->write = at;
        reader->end = end;
        return read_record(reader, 0, count);
    }
    for (char *next = at; next != NULL; at = next) {
        next = memchr(at, reader->delimiter, (size_t)(end - at));
        if (next != NULL) *next++ = '\0';
        if (reader->cell_count == MAX_COLUMNS) return fail_at(reader, "more than 65536 columns");
        MOS_TRY(add_cell(reader, at));
    }
    *count = reader->cell_count;
    return MOSAIC_OK;
}

static uint32_t count_lines(const char *text, size_t size) {
    uint32_t lines = 1;
    for (const char *end = text + size; (text = memchr(text, '\n', (size_t)(end - text))) != NULL;
         text++)
        lines++;
    return lines;
}

/* The record at `at` becomes `row` and its cells; *found false: there is none. */
static mosaic_status take_record(mos_csv_rows *rows, bool *found) {
    size_t size, count;
    rows->held = -1;
    MOS_TRY(find_record(rows, &size));
    *found = size > 0;
    if (!*found) return MOSAIC_OK;
    const bool first = rows->next == (int64_t)rows->known;
    const uint64_t begin = rows->base + rows->at;
    MOS_TRY(mos_grow(&rows->row, &rows->row_capacity, size + 1, 1, "CSV text"));
    memcpy(rows->row, rows->piece + rows->at, size);
    rows->row[size] = '\0';
    rows->reader.line = rows->line;
    if (memchr(rows->row, '\0', size) != NULL) return fail_at(&rows->reader, "NUL byte");
    MOS_TRY(split_record(rows, size, &count));
    if (rows->columns != 0 && count != rows->columns)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: %zu cells, the header has %zu", rows->path,
                        rows->line, count, rows->columns);
    rows->at += size + (rows->at + size < rows->size);
    if (first) {
        rows->line += count_lines(rows->piece + (begin - rows->base), size);
        MOS_TRY(mos_grow(&rows->begins, &rows->begins_capacity, rows->known + 1,
                         sizeof *rows->begins, "places of rows"));
        rows->begins[rows->known++] = begin;
    }
    rows->held = rows->next++;
    return MOSAIC_OK;
}

static mosaic_status read_header(mos_csv_rows *rows, char delimiter) {
    bool found;
    MOS_TRY(read_piece(rows, FILE_PIECE));
    MOS_TRY(refuse_utf16(rows->piece, rows->size, rows->path));
    if (rows->size >= 3 && memcmp(rows->piece, "\xef\xbb\xbf", 3) == 0) rows->at = 3;
    rows->reader.delimiter =
        delimiter != 0 ? delimiter
                       : guess_delimiter(rows->piece + rows->at, rows->piece + rows->size);
    MOS_TRY(take_record(rows, &found));
    if (!found) return mos_fail(MOSAIC_ERR_DATA, "%s: empty, wanted a header line", rows->path);
    rows->columns = rows->reader.cell_count;
    MOS_TRY(check_header(&rows->reader, rows->columns));
    rows->header = rows->reader.cells;
    rows->names = rows->row;
    rows->reader.cells = NULL;
    rows->reader.cell_capacity = 0;
    rows->row = NULL;
    rows->row_capacity = rows->known = 0;
    rows->next = 0;
    rows->held = -1;
    return MOSAIC_OK;
}

mosaic_status mos_csv_rows_open(const char *path, char delimiter, mos_csv_rows **out) {
    mos_csv_rows *rows;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *rows, "a table", &rows));
    rows->line = 1;
    rows->file = open(path, O_RDONLY | O_CLOEXEC);
    if (rows->file < 0) MOS_GOTO(mos_fail_errno("open", path));
    MOS_GOTO(mos_copy_text(path, &rows->path));
    rows->reader.what = rows->path;
    status = read_header(rows, delimiter);
done:
    if (status == MOSAIC_OK)
        *out = rows;
    else
        mos_csv_rows_close(&rows);
    return status;
}

void mos_csv_rows_close(mos_csv_rows **pointer) {
    mos_csv_rows *rows = *pointer;
    if (rows == NULL) return;
    if (rows->file >= 0) (void)close(rows->file);
    mos_free(rows->path);
    mos_free(rows->names);
    mos_free(rows->header);
    mos_free(rows->piece);
    mos_free(rows->row);
    mos_free(rows->reader.cells);
    mos_free(rows->reader.lines);
    mos_free(rows->begins);
    mos_free(rows);
    *pointer = NULL;
}

int64_t mos_csv_rows_column(const mos_csv_rows *rows, const char *name) {
    return find_column(rows->header, rows->columns, name);
}

/* To a row that was read before, or to where the first unread one begins. */
static void go_to(mos_csv_rows *rows, int64_t row) {
    const uint64_t begin = rows->begins[row];
    if (begin >= rows->base && begin < rows->base + rows->size) {
        rows->at = (size_t)(begin - rows->base);
    } else {
        rows->base = begin;
        rows->size = rows->at = 0;
        rows->ended = false;
    }
    rows->next = row;
}

mosaic_status mos_csv_rows_read(mos_csv_rows *rows, int64_t row, char *const **cells) {
    bool found = true;
    *cells = NULL;
    if (row != rows->held) {
        if (row != rows->next && row < (int64_t)rows->known) go_to(rows, row);
        if (row > (int64_t)rows->known && rows->next < (int64_t)rows->known)
            go_to(rows, (int64_t)rows->known - 1);
        while (found && rows->next <= row)
            MOS_TRY(take_record(rows, &found));
    }
    if (found) *cells = rows->reader.cells;
    return MOSAIC_OK;
}

/* ---- writing ---- */

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
