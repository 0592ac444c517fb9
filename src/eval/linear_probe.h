/* Linear evaluation of frozen features: one logistic regression per class by L-BFGS on standardised
 * features. */
#ifndef MOS_EVAL_LINEAR_PROBE_H
#define MOS_EVAL_LINEAR_PROBE_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_linear_probe {
    int64_t features, classes;
    double *mean, *sd; /* [features] of the training rows */
    double *weight;    /* [classes, features] on standardised features */
    double *bias;      /* [classes] */
} mos_linear_probe;
/* features [n, f], labels [n, l]; rows with unknown labels (-1) are left out of that class. l2:
 * penalty 0.5 l2 |w|^2 on the mean loss. A class with one value only gets weight 0 and the prior's
 * logit. threads: classes in parallel. */
mosaic_status mos_linear_probe_fit(const float *features, const int8_t *labels, int64_t n,
                                   int64_t f, int64_t l, double l2, int64_t iterations, int threads,
                                   mos_linear_probe *out);
/* probability [n, l] */
void mos_linear_probe_predict(const mos_linear_probe *probe, const float *features, int64_t n,
                              float *probability);
void mos_linear_probe_release(mos_linear_probe *probe);

#endif
