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

#include "base/text.h"
/* Append one field, quoted when it has to be. */
void mos_csv_add_field(mos_text *out, const char *field);
/* A comma, then the field, or the number: nothing where it is not finite. */
void mos_csv_add_cell(mos_text *out, const char *field);
void mos_csv_add_number(mos_text *out, double value);

#endif
