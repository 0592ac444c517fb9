/* Re-pairing: the radar image of a sample is exchanged for one of the same place from another day.
 * Nothing but the lag changes, so the lag explains any rise of the error (docs/experiments_parts.md). */
#ifndef MOS_EVALUATE_LAG_REPAIR_H
#define MOS_EVALUATE_LAG_REPAIR_H

#include "evaluate/lag.h"
#include "evaluate/modality_subset.h"

/* One scored combination: all modalities of row `own`, but modality a from row `partner`. */
typedef struct mos_lag_pair {
    int64_t own, partner; /* rows of the sample list; equal: as they were acquired */
    double days;
    int32_t place; /* samples of one place have one number */
} mos_lag_pair;
typedef struct mos_lag_pairs {
    mos_lag_pair *pairs; /* [count], owned; by own row, its own pair first */
    int64_t count;
    int64_t rows;    /* own rows that have a partner from another day */
    int64_t lonely;  /* rows with both times known and no such partner: left out */
    int64_t unknown; /* rows without a lag */
} mos_lag_pairs;

/* Partners are rows of the list at the same place (the table's `location`, or the cell of a
 * BigEarthNet name) that have modality a. Of several in one bin of `edges` the one with the least
 * lag is taken. a, b: modalities of the data set. */
mosaic_status mos_lag_pairs_make(const mos_dataset *dataset, const int64_t *samples, int64_t n,
                                 int64_t a, int64_t b, const double *edges, int64_t edge_count,
                                 mos_lag_pairs *out);
void mos_lag_pairs_release(mos_lag_pairs *pairs);

/* Results of one bin of lags: how another partner changes a row's error, the share of its labels
 * that are wrong. */
typedef struct mos_lag_change {
    double low_days, high_days, mean_days;
    int64_t pairs;         /* re-paired, the own ones not counted */
    mos_interval error;    /* mean error of these pairs */
    mos_interval increase; /* mean of (its error - that of the row's own pair), same rows */
} mos_lag_change;
typedef struct mos_lag_repair {
    mos_lag_change *bins; /* [count], owned */
    int64_t count;
    int64_t rows, pairs, lonely, unknown;
    mos_interval farthest; /* increase with the partner of the longest lag, one a row */
    mos_interval per_day;  /* slope of the increase over the added days, through 0 */
} mos_lag_repair;

/* input: probability and labels [pairs->count, l]. Intervals: places are drawn with replacement,
 * for rows of one place share partners. */
mosaic_status mos_lag_repair_measure(const mos_score_input *input, const mos_lag_pairs *pairs,
                                     const double *edges, int64_t edge_count,
                                     const mos_bootstrap_options *options, mos_lag_repair *out);
void mos_lag_repair_release(mos_lag_repair *repair);

#endif
