#include "report/run_modalities.h"

#include "report/run_table.h"

#include <stdio.h>
#include <string.h>

/* Three columns from `first` on: value, low, high. */
static mos_report_interval interval(const mos_csv *csv, size_t row, const int64_t *first) {
    return (mos_report_interval){mos_run_table_number(csv, row, first[0]),
                                 mos_run_table_number(csv, row, first[1]),
                                 mos_run_table_number(csv, row, first[2])};
}

static mosaic_status read_subsets(const char *folder, mos_report_modalities *out) {
    static const char *const wanted[] = {"modalities",
                                         "mismatched",
                                         "samples",
                                         "lacking",
                                         "macro_f1",
                                         "macro_f1_low",
                                         "macro_f1_high",
                                         "micro_f1",
                                         "micro_f1_low",
                                         "micro_f1_high",
                                         "macro_average_precision",
                                         "macro_average_precision_low",
                                         "macro_average_precision_high"};
    enum { COLUMNS = sizeof wanted / sizeof *wanted };
    int64_t c[COLUMNS];
    mos_csv csv;
    MOS_TRY(mos_run_table_open(folder, "modality_ablation.csv", wanted, c, COLUMNS, &csv));
    for (size_t r = 0; r < csv.rows && out->subsets < MOS_REPORT_SUBSETS; r++) {
        mos_report_subset *to = &out->subset[out->subsets++];
        (void)snprintf(to->name, sizeof to->name, "%s", mos_run_table_cell(&csv, r, c[0]));
        to->mismatched = strcmp(mos_run_table_cell(&csv, r, c[1]), "1") == 0;
        to->samples = mos_run_table_number(&csv, r, c[2]);
        to->lacking = mos_run_table_number(&csv, r, c[3]);
        to->macro_f1 = interval(&csv, r, c + 4);
        to->micro_f1 = interval(&csv, r, c + 7);
        to->macro_ap = interval(&csv, r, c + 10);
    }
    mos_csv_release(&csv);
    return MOSAIC_OK;
}

/* Seven columns, or ten with the increase. */
static mosaic_status read_bins(const char *folder, const char *name, const char *const *wanted,
                               size_t columns, mos_report_lag_bin *bins, int *count) {
    int64_t c[10];
    mos_csv csv;
    MOS_TRY(mos_run_table_open(folder, name, wanted, c, columns, &csv));
    for (size_t r = 0; r < csv.rows && *count < MOS_REPORT_LAG_BINS; r++) {
        mos_report_lag_bin *to = &bins[(*count)++];
        to->low_days = mos_run_table_number(&csv, r, c[0]);
        to->high_days = mos_run_table_number(&csv, r, c[1]);
        to->rows = mos_run_table_number(&csv, r, c[2]);
        to->mean_days = mos_run_table_number(&csv, r, c[3]);
        to->score = interval(&csv, r, c + 4);
        if (columns == 10) to->increase = interval(&csv, r, c + 7);
    }
    mos_csv_release(&csv);
    return MOSAIC_OK;
}

mosaic_status mos_run_modalities_read(const char *folder, mos_report_modalities *out) {
    static const char *const lag[] = {"low_days", "high_days",    "rows",         "mean_days",
                                      "micro_f1", "micro_f1_low", "micro_f1_high"};
    static const char *const repair[] = {"low_days",     "high_days",    "pairs",      "mean_days",
                                         "error",        "error_low",    "error_high", "increase",
                                         "increase_low", "increase_high"};
    MOS_TRY(read_subsets(folder, out));
    MOS_TRY(read_bins(folder, "lag.csv", lag, 7, out->lag, &out->lags));
    return read_bins(folder, "lag_repair.csv", repair, 10, out->repair, &out->repairs);
}
