/* Bootstrap confidence intervals of scores: whole rows are drawn with replacement (Efron &
 * Tibshirani 1993). A resample is a weight per row over tables made once, so it costs n x l,
 * without sorting. Resampled AP is too high where positives are few (a row drawn twice ranks beside
 * itself), so the bounds of scores are bias-corrected and accelerated (BCa, Efron 1987); the
 * acceleration comes from leaving out each of at most MOS_JACKKNIFE_GROUPS groups of rows. Of
 * paired differences, whose two biases cancel, they are percentiles. */
#ifndef MOS_SCORE_BOOTSTRAP_H
#define MOS_SCORE_BOOTSTRAP_H

#include "base/error.h"

#include <stdint.h>

enum { MOS_JACKKNIFE_GROUPS = 200 };

typedef struct mos_score_input {
    const float *probability; /* [n, l] */
    const int8_t *labels;     /* [n, l] 1, 0, -1 */
    const double *threshold;  /* [l] */
    int64_t n, l;
} mos_score_input;

typedef struct mos_bootstrap_options {
    int64_t resamples;
    double level; /* 0.95 */
    uint64_t seed;
    int threads; /* without effect on the result */
} mos_bootstrap_options;
mos_bootstrap_options mos_bootstrap_defaults(int threads); /* 500, 0.95, 0 */

typedef struct mos_interval {
    double value;     /* of the set itself */
    double low, high; /* NaN where the score does not exist, or of a single row */
    double p;         /* paired: two-sided probability of no difference; otherwise NaN */
} mos_interval;
typedef struct mos_bootstrap {
    mos_interval macro_f1, micro_f1, macro_ap, micro_ap, hamming_loss;
    mos_interval *class_f1, *class_ap; /* [classes], owned */
    int64_t classes, resamples;
    double level;
} mos_bootstrap;

mosaic_status mos_bootstrap_scores(const mos_score_input *input,
                                   const mos_bootstrap_options *options, mos_bootstrap *out);
/* Intervals of the scores of rows[count] of the input alone, in their order. */
mosaic_status mos_bootstrap_rows(const mos_score_input *input, const int64_t *rows, int64_t count,
                                 const mos_bootstrap_options *options, mos_bootstrap *out);
/* Intervals of a's score minus b's on the same rows (paired bootstrap): both must have the same
 * labels. */
mosaic_status mos_bootstrap_paired(const mos_score_input *a, const mos_score_input *b,
                                   const mos_bootstrap_options *options, mos_bootstrap *out);
/* The same for the mean of the differences of `pairs` pairs (a[k], b[k]), such as one per seed:
 * every resample draws rows once for all of them. All must have the same labels. */
mosaic_status mos_bootstrap_paired_mean(const mos_score_input *a, const mos_score_input *b,
                                        int64_t pairs, const mos_bootstrap_options *options,
                                        mos_bootstrap *out);
void mos_bootstrap_release(mos_bootstrap *bootstrap);

/* Bounds that hold the middle `level` of the finite values, linear between order statistics as
 * numpy's percentile; NaN without any. Sorts values in place. */
void mos_percentile_bounds(double *values, int64_t count, double level, double *low, double *high);
/* BCa bounds (Efron & Tibshirani 1993, 14.3) of `value` from its resampled `values` and from
 * `left_out`, the score without each group of rows. NaN without finite values. Sorts in place. */
void mos_bca_bounds(double *values, int64_t count, double value, const double *left_out,
                    int64_t groups, double level, double *low, double *high);
/* How often each of n rows is drawn in resample `r`; weight: [n]. */
void mos_bootstrap_draw(uint64_t seed, int64_t r, int64_t n, int32_t *weight);

#endif
