/* Does the time between the radar and the optical image matter? Scores by the lag of the two
 * acquisitions (docs/experiments_parts.md). */
#ifndef MOS_EVALUATE_LAG_H
#define MOS_EVALUATE_LAG_H

#include "data/dataset.h"
#include "score/bootstrap.h"

extern const double mos_lag_edges[]; /* days: 0 1 2 3 5 8 15 infinity */
enum { MOS_LAG_EDGES = 8 };

typedef struct mos_lag_bin {
    double low_days, high_days; /* low <= lag < high */
    int64_t rows;
    double mean_days;     /* NaN when empty */
    mos_bootstrap scores; /* of these rows alone; empty (classes 0) without rows */
} mos_lag_bin;
typedef struct mos_lag {
    mos_lag_bin *bins; /* [count], owned */
    int64_t count;
    int64_t unknown;    /* rows without a lag, in no bin */
    mos_interval trend; /* Spearman's correlation of a row's lag and the share of its labels that
                           are wrong: above 0, longer lags are worse; NaN when one is constant */
} mos_lag;

/* lag_days: [n], NaN unknown. edges: [edge_count] ascending. */
mosaic_status mos_lag_measure(const mos_score_input *input, const double *lag_days,
                              const double *edges, int64_t edge_count,
                              const mos_bootstrap_options *options, mos_lag *out);
void mos_lag_release(mos_lag *lag);

/* The first two modalities of the data set whose acquisition times some of samples[n] know; -1
 * where there are fewer. */
mosaic_status mos_lag_modalities(const mos_dataset *dataset, const int64_t *samples, int64_t n,
                                 int64_t found[2]);
/* Share of row i's known labels that are wrong; NaN without any. */
double mos_row_error(const mos_score_input *input, int64_t i);

/* |time of modality a - time of modality b| in days for each of samples[n]; NaN where a time is not
 * known or a modality is absent. */
mosaic_status mos_lag_days(const mos_dataset *dataset, const int64_t *samples, int64_t n, int64_t a,
                           int64_t b, double *days);

#endif
