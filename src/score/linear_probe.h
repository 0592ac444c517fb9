/* Linear evaluation of frozen features: one logistic regression per class on standardised features,
 * by L-BFGS or by AdamW. */
#ifndef MOS_SCORE_LINEAR_PROBE_H
#define MOS_SCORE_LINEAR_PROBE_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_linear_probe {
    int64_t features, classes;
    double *mean, *sd; /* [features] of the training rows */
    double *weight;    /* [classes, features] on standardised features */
    double *bias;      /* [classes] */
} mos_linear_probe;

typedef enum mos_probe_solver { MOS_PROBE_LBFGS, MOS_PROBE_ADAMW } mos_probe_solver;

/* Both solvers minimise mean loss + 0.5 l2 |w|^2 (scikit-learn's C = 1 / (l2 n)); the bias is not
 * penalised. AdamW's own decay, w -= lr weight_decay w, acts besides. */
typedef struct mos_linear_probe_options {
    mos_probe_solver solver;
    double l2;
    int64_t iterations;            /* L-BFGS, at most */
    int64_t epochs, batch;         /* AdamW; batch 0: all rows in each step */
    double lr, weight_decay;       /* AdamW; the rate falls to 0 along a cosine */
    uint64_t seed;                 /* AdamW: order of the rows */
    int threads;                   /* classes in parallel; without effect on the result */
    const mos_linear_probe *start; /* of the same rows, with another l2; NULL: zeros */
} mos_linear_probe_options;
mos_linear_probe_options mos_linear_probe_defaults(int threads); /* L-BFGS, 1e-3, 200 */

/* features [n, f], labels [n, l]; rows with unknown labels (-1) are left out of that class. A class
 * with one value only gets weight 0 and the prior's logit. */
mosaic_status mos_linear_probe_fit(const float *features, const int8_t *labels, int64_t n,
                                   int64_t f, int64_t l, const mos_linear_probe_options *options,
                                   mos_linear_probe *out);
/* probability [n, l] */
void mos_linear_probe_predict(const mos_linear_probe *probe, const float *features, int64_t n,
                              float *probability);
mosaic_status mos_linear_probe_copy(const mos_linear_probe *from, mos_linear_probe *out);
void mos_linear_probe_release(mos_linear_probe *probe);

#endif
