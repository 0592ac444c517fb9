/* A bounded reader of flat Parquet files: columns of UTF8, BOOLEAN, INT32, INT64, FLOAT, DOUBLE,
 * and LIST<UTF8>; PLAIN, RLE, RLE_DICTIONARY/PLAIN_DICTIONARY; uncompressed, SNAPPY, GZIP, ZSTD;
 * data pages v1 and v2. https://parquet.apache.org/docs/file-format/ . Input is untrusted. */
#ifndef MOS_IO_PARQUET_H
#define MOS_IO_PARQUET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mos_column_type {
    MOS_COLUMN_TEXT,
    MOS_COLUMN_TEXT_LIST,
    MOS_COLUMN_BOOL,
    MOS_COLUMN_INT,
    MOS_COLUMN_REAL
} mos_column_type;

/* A decoded column. Texts are slices of one pool; no terminators. */
typedef struct mos_slice {
    uint32_t offset, size; /* into pool; pools are at most 4 GiB */
} mos_slice;
typedef struct mos_column {
    char name[128];
    mos_column_type type;
    uint8_t *valid;    /* [rows] or NULL when nothing is null */
    mos_slice *texts;  /* TEXT: [rows]; TEXT_LIST: [items] */
    uint32_t *starts;  /* TEXT_LIST: [rows + 1] first item of each row */
    int64_t *integers; /* INT, BOOL: [rows] */
    double *reals;     /* REAL: [rows] */
    char *pool;
    size_t pool_size;
} mos_column;
typedef struct mos_table {
    mos_column *columns;
    size_t column_count;
    uint64_t rows;
} mos_table;

/* Read the named columns (NULL names: all that have a supported type); an absent one is
 * MOSAIC_ERR_DATA naming the nearest. */
mosaic_status mos_parquet_read(const char *path, const char *const *names, size_t count,
                               mos_table *out);
mosaic_status mos_parquet_parse(const void *data, size_t size, const char *what,
                                const char *const *names, size_t count, mos_table *out);
void mos_table_release(mos_table *table);
const mos_column *mos_table_find(const mos_table *table, const char *name); /* NULL if absent */

#endif
