/* Has the embedding collapsed? These measures show it while the loss still falls. */
#ifndef MOS_SCORE_HEALTH_H
#define MOS_SCORE_HEALTH_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_health {
    double spread; /* mean over dimensions of sd * sqrt(d): 1 when unit rows fill the sphere, 0 when
                      collapsed */
    double mean_cosine; /* of distinct rows */
    double rankme;      /* RankMe (score/covariance.h), 1..d */
    double uniformity;  /* log mean exp(-2 |a - b|^2) over distinct rows (Wang & Isola 2020) */
    double alignment;   /* mean |a_i - b_i|^2 of positive pairs; NaN without pairs */
    bool collapsed;     /* one of the first three beyond its bound */
} mos_health;

/* Beyond its bound, one measure is enough to call an embedding collapsed. */
typedef struct mos_collapse_bound {
    const char *measure; /* as the files of a run call it */
    double bound;
    bool above; /* healthy is above the bound, else below it */
} mos_collapse_bound;
/* NULL: collapse does not show in that measure. */
const mos_collapse_bound *mos_collapse_bound_of(const char *measure);
bool mos_collapse_bound_passed(const mos_collapse_bound *bound, double value);
/* The one verdict: training, clusters and maps all go by it. */
bool mos_health_is_collapsed(double spread, double mean_cosine, double rankme);
/* Mean |a_i - b_i|^2; a, b: [n, d]; NaN without rows. */
double mos_pair_alignment(const float *a, const float *b, int64_t n, int64_t d);
/* z: [n, d] unit rows; pair: [n, d] or NULL. Uses at most 1,024 rows for the pair sums. */
mosaic_status mos_health_measure(const float *z, const float *pair, int64_t n, int64_t d,
                                 mos_health *out);
/* The same on several threads, with the same result. */
mosaic_status mos_health_measure_on(const float *z, const float *pair, int64_t n, int64_t d,
                                    int threads, mos_health *out);

#endif
