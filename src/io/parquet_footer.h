/* The footer of a Parquet file: which columns there are, and where the chunks of the chosen ones
 * lie. Names of fields and numbers of enums:
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
#ifndef MOS_IO_PARQUET_FOOTER_H
#define MOS_IO_PARQUET_FOOTER_H

#include "io/parquet.h"
#include "io/thrift_compact.h"

typedef enum mos_parquet_type {
    MOS_PARQUET_BOOLEAN = 0,
    MOS_PARQUET_INT32 = 1,
    MOS_PARQUET_INT64 = 2,
    MOS_PARQUET_FLOAT = 4,
    MOS_PARQUET_DOUBLE = 5,
    MOS_PARQUET_BYTE_ARRAY = 6
} mos_parquet_type;

/* One column of the table, a child of the schema's root. */
typedef struct mos_parquet_field {
    char name[128];
    const char *unsupported; /* why it cannot be read; NULL when it can */
    mos_column_type type;
    int physical;     /* mos_parquet_type */
    bool is_unsigned; /* integers */
    uint8_t max_def;  /* definition level of a value that is there */
    uint8_t item_def; /* lists: from this level on there is an item (possibly null) */
    uint8_t row_def;  /* from this level on the row is not null */
    uint8_t max_rep;  /* 1 for lists */
    uint32_t leaf;    /* index of its first chunk in a row group */
    uint32_t leaves;  /* chunks per row group: 1 unless unsupported */
} mos_parquet_field;

typedef struct mos_parquet_chunk {
    uint64_t offset, bytes; /* of its pages in the file; checked to lie inside */
    uint64_t values;        /* nulls and empty lists included */
    int codec;
} mos_parquet_chunk;

typedef struct mos_parquet_footer {
    mos_parquet_field *fields;
    size_t field_count, leaf_count;
    uint64_t rows;
    size_t group_count;
    uint64_t *group_rows;      /* [group_count] */
    mos_parquet_chunk *chunks; /* [group_count, chosen] */
    mos_thrift groups;         /* internal: the row groups, between the two steps */
    uint64_t data_bytes;       /* pages lie in [4, data_bytes) */
} mos_parquet_footer;

/* Step one: magic numbers, schema, row count. */
mosaic_status mos_parquet_footer_read(const void *data, size_t size, mos_parquet_footer *out);
/* Step two: chunks of the chosen fields (indices into fields). */
mosaic_status mos_parquet_chunks_read(mos_parquet_footer *footer, const size_t *chosen,
                                      size_t count);
void mos_parquet_footer_release(mos_parquet_footer *footer);

#endif
