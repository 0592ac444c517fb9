/* One column of a Parquet file: its pages decoded into a mos_column. */
#ifndef MOS_IO_PARQUET_COLUMN_H
#define MOS_IO_PARQUET_COLUMN_H

#include "io/parquet_footer.h"

/* What may still be allocated for the result: a small file must not decode into all memory. */
typedef struct mos_parquet_budget {
    uint64_t left, total;
} mos_parquet_budget;

/* Decode chosen column number `slot` of `slots` (see mos_parquet_chunks_read) into `out`, zeroed by
 * the caller, who releases it in every case. */
mosaic_status mos_parquet_column_read(const void *data, const mos_parquet_footer *footer,
                                      const mos_parquet_field *field, size_t slot, size_t slots,
                                      mos_parquet_budget *budget, mos_column *out);

#endif
