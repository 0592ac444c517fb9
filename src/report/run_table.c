#include "report/run_table.h"

#include "base/file.h"

#include <math.h>

mosaic_status mos_run_table_open(const char *folder, const char *name, const char *const *wanted,
                                 int64_t *column, size_t count, mos_csv *csv) {
    char path[4096];
    *csv = (mos_csv){0};
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    if (!mos_path_exists(path)) return MOSAIC_OK;
    MOS_TRY(mos_csv_read(path, ',', csv));
    for (size_t k = 0; k < count; k++) {
        column[k] = mos_csv_column(csv, wanted[k]);
        if (column[k] >= 0) continue;
        mos_csv_release(csv);
        return mos_fail(MOSAIC_ERR_DATA, "'%s': wanted a column '%s'", path, wanted[k]);
    }
    return MOSAIC_OK;
}

const char *mos_run_table_cell(const mos_csv *csv, size_t row, int64_t column) {
    return csv->cells[row * csv->columns + (size_t)column];
}

double mos_run_table_number(const mos_csv *csv, size_t row, int64_t column) {
    double value;
    return mos_parse_double(mos_run_table_cell(csv, row, column), &value) ? value : NAN;
}
