/* Principal components of embedding rows, by the eigenvectors of their covariance. */
#ifndef MOS_SCORE_PCA_H
#define MOS_SCORE_PCA_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_pca {
    int64_t d, components; /* min(wanted, d, n) */
    double *mean;          /* [d] */
    double *axis;          /* [components, d] unit rows */
    double *variance;      /* [components] along each axis, divided by n - 1, descending */
    double total_variance; /* of all d dimensions */
} mos_pca;

/* x: [n, d], n >= 2. The sign of an axis is such that the row farthest out along it has a positive
 * coordinate. */
mosaic_status mos_pca_fit(const float *x, int64_t n, int64_t d, int64_t components, int threads,
                          mos_pca *out);
/* Coordinates out: [n, components]. */
void mos_pca_project(const mos_pca *pca, const float *x, int64_t n, double *out);
void mos_pca_release(mos_pca *pca);

#endif
