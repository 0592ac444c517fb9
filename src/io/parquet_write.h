/* A small writer of Parquet: PLAIN values in data pages of version 1, one page a column and row
 * group, texts and integers in gzip, lists of floats as they are (noise does not shrink).
 * https://parquet.apache.org/docs/file-format/ */
#ifndef MOS_IO_PARQUET_WRITE_H
#define MOS_IO_PARQUET_WRITE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum mos_parquet_kind {
    MOS_PARQUET_TEXT,   /* UTF-8 */
    MOS_PARQUET_BYTES,  /* such as WKB */
    MOS_PARQUET_REAL,   /* double */
    MOS_PARQUET_WHOLE,  /* int32 */
    MOS_PARQUET_FLOATS, /* lists of float, of IEEE half precision, of 8-bit and 32-bit integers */
    MOS_PARQUET_HALVES,
    MOS_PARQUET_INT8S,
    MOS_PARQUET_WHOLES
} mos_parquet_kind;

typedef struct mos_parquet_column {
    const char *name;
    mos_parquet_kind kind;
    const char *group; /* columns in a row with the same one are members of that struct; NULL: none
                        */
} mos_parquet_column;

typedef struct mos_parquet_writer mos_parquet_writer;

/* keys: KEY, VALUE, ..., NULL, metadata of the file. `columns` and `keys` live until finish or
 * abandon. */
mosaic_status mos_parquet_create(const char *path, const mos_parquet_column *columns, size_t count,
                                 const char *const *keys, mos_parquet_writer **out);
/* The cells of a row, once for each column: NULL text or values, or a real that is NaN, is no
 * value. */
void mos_parquet_bytes(mos_parquet_writer *writer, size_t column, const void *bytes, size_t size);
void mos_parquet_text(mos_parquet_writer *writer, size_t column, const char *text);
void mos_parquet_real(mos_parquet_writer *writer, size_t column, double value);
void mos_parquet_whole(mos_parquet_writer *writer, size_t column, const int32_t *value);
void mos_parquet_list(mos_parquet_writer *writer, size_t column, const void *values, size_t count);
mosaic_status mos_parquet_row_end(mos_parquet_writer *writer);
/* Atomic: the file has its name when it is whole. Also ends the writer when it fails. */
mosaic_status mos_parquet_finish(mos_parquet_writer **writer);
void mos_parquet_abandon(mos_parquet_writer **writer); /* takes an empty one */

#endif
