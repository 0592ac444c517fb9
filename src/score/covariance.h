/* Covariance of embedding rows, and the effective rank that follows from it. */
#ifndef MOS_SCORE_COVARIANCE_H
#define MOS_SCORE_COVARIANCE_H

#include "base/error.h"

#include <stdint.h>

/* x: [n, d]. mean: [d], covariance: [d, d] in population form (divided by n). Sums run over the
 * rows in order, whatever the number of threads. */
mosaic_status mos_covariance(const float *x, int64_t n, int64_t d, int threads, double *mean,
                             double *covariance);

/* exp(-sum p log p), p the eigenvalues over their sum (Roy & Vetterli 2007): 1..d, 1 for a zero
 * matrix. covariance: [d, d], overwritten. */
mosaic_status mos_effective_rank(double *covariance, int64_t d, double *rank);
/* The same from eigenvalues already at hand. */
double mos_effective_rank_of(const double *eigenvalues, int64_t d);

#endif
