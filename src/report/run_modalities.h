/* What an evaluation says about modalities and acquisition lags: modality_ablation.csv, lag.csv,
 * lag_repair.csv. What was not written is empty. */
#ifndef MOS_REPORT_RUN_MODALITIES_H
#define MOS_REPORT_RUN_MODALITIES_H

#include "base/error.h"

#include <stdbool.h>

enum { MOS_REPORT_SUBSETS = 32, MOS_REPORT_LAG_BINS = 16 };

typedef struct mos_report_interval {
    double value, low, high; /* NaN: not given */
} mos_report_interval;

typedef struct mos_report_subset {
    char name[160];
    bool mismatched;
    double samples, lacking;
    mos_report_interval macro_f1, micro_f1, macro_ap;
} mos_report_subset;

typedef struct mos_report_lag_bin {
    double low_days, high_days, rows, mean_days; /* rows: samples, or exchanged pairs */
    mos_report_interval score;                   /* micro F1, or the mean error */
    mos_report_interval increase;                /* of the error, over the sample's own pair */
} mos_report_lag_bin;

typedef struct mos_report_modalities {
    mos_report_subset subset[MOS_REPORT_SUBSETS];
    mos_report_lag_bin lag[MOS_REPORT_LAG_BINS], repair[MOS_REPORT_LAG_BINS];
    int subsets, lags, repairs;
} mos_report_modalities;

mosaic_status mos_run_modalities_read(const char *folder, mos_report_modalities *out);

#endif
