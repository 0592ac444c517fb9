/* Reading the tables of an evaluation's folder. Internal to the room. */
#ifndef MOS_REPORT_RUN_TABLE_H
#define MOS_REPORT_RUN_TABLE_H

#include "io/csv.h"

/* A table of which every column wanted is there; no file: no rows. column: [count]. Release with
 * mos_csv_release. */
mosaic_status mos_run_table_open(const char *folder, const char *name, const char *const *wanted,
                                 int64_t *column, size_t count, mos_csv *csv);
const char *mos_run_table_cell(const mos_csv *csv, size_t row, int64_t column);
/* NaN for what is no number. */
double mos_run_table_number(const mos_csv *csv, size_t row, int64_t column);

#endif
