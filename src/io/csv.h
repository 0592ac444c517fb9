/* CSV and TSV (RFC 4180): quoted fields, embedded newlines, BOM, CRLF. */
#ifndef MOS_IO_CSV_H
#define MOS_IO_CSV_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mos_csv {
    char **cells;    /* [rows][columns] row-major, without the header row */
    char **header;   /* [columns] */
    uint32_t *lines; /* [rows] line number in the file, for messages */
    size_t rows, columns;
    char *pool; /* internal */
} mos_csv;
/* The delimiter is guessed from the header line (comma, tab, semicolon) unless given (0 = guess).
 * Every row must have as many cells as the header; an unclosed quote, NUL byte or ragged row is
 * MOSAIC_ERR_DATA with path:line. */
mosaic_status mos_csv_read(const char *path, char delimiter, mos_csv *out);
mosaic_status mos_csv_parse(const char *data, size_t size, const char *what, char delimiter,
                            mos_csv *out);
void mos_csv_release(mos_csv *csv);
int64_t mos_csv_column(const mos_csv *csv, const char *name); /* -1 if absent */

/* A table of any length, row by row: in memory are one row, a piece of the file, and where the rows
 * that were read begin. */
typedef struct mos_csv_rows mos_csv_rows;
/* Reads the header. The delimiter is as above. mos_csv_rows_close. */
mosaic_status mos_csv_rows_open(const char *path, char delimiter, mos_csv_rows **out);
void mos_csv_rows_close(mos_csv_rows **rows);                            /* takes a closed one */
int64_t mos_csv_rows_column(const mos_csv_rows *rows, const char *name); /* -1 if absent */
/* Cells [columns] of a row, theirs until the next call. Rows may be asked for in any order; one after
 * the other is fastest, and one that lies further on is reached by reading on. *cells is NULL where
 * the table has fewer rows. Errors as of mos_csv_read. */
mosaic_status mos_csv_rows_read(mos_csv_rows *rows, int64_t row, char *const **cells);

#include "base/text.h"
/* Append one field, quoted when it has to be. */
void mos_csv_add_field(mos_text *out, const char *field);
/* A comma, then the field, or the number: nothing where it is not finite. */
void mos_csv_add_cell(mos_text *out, const char *field);
void mos_csv_add_number(mos_text *out, double value);

#endif
