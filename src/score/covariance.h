/* Covariance of embedding rows, and RankMe. */
#ifndef MOS_SCORE_COVARIANCE_H
#define MOS_SCORE_COVARIANCE_H

#include "base/error.h"

#include <stdint.h>

/* x: [n, d]. mean: [d], covariance: [d, d] in population form (divided by n). Sums run over the
 * rows in order, whatever the number of threads. */
mosaic_status mos_covariance(const float *x, int64_t n, int64_t d, int threads, double *mean,
                             double *covariance);

/* RankMe (Garrido et al. 2023): exp(-sum p log p), p the singular values of the rows over their
 * sum, not centred: 1..min(n, d); 1 for rows of zeros. mean, covariance: of mos_covariance; the
 * covariance is overwritten. */
mosaic_status mos_rankme(const double *mean, double *covariance, int64_t d, double *rank);

#endif
