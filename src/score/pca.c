#include "score/pca.h"

#include "base/memory.h"
#include "score/covariance.h"
#include "score/eigen.h"

#include <math.h>
#include <string.h>

static mosaic_status allocate(mos_pca *pca) {
    size_t d = (size_t)pca->d, k = (size_t)pca->components;
    MOS_TRY(mos_alloc(d, sizeof *pca->mean, "means of components", &pca->mean));
    MOS_TRY(mos_alloc(k * d, sizeof *pca->axis, "principal axes", &pca->axis));
    return mos_alloc(k, sizeof *pca->variance, "variances of components", &pca->variance);
}

static void project_row(const mos_pca *pca, const float *row, double *out) {
    for (int64_t c = 0; c < pca->components; c++) {
        const double *axis = pca->axis + c * pca->d;
        double sum = 0;
        for (int64_t k = 0; k < pca->d; k++)
            sum += axis[k] * ((double)row[k] - pca->mean[k]);
        out[c] = sum;
    }
}

/* The sign of an eigenvector is arbitrary; the rows decide it. */
static mosaic_status fix_signs(mos_pca *pca, const float *x, int64_t n) {
    double *row = NULL;
    MOS_TRY(mos_alloc((size_t)(2 * pca->components), sizeof *row, "component signs", &row));
    double *extreme = row + pca->components;
    for (int64_t i = 0; i < n; i++) {
        project_row(pca, x + i * pca->d, row);
        for (int64_t c = 0; c < pca->components; c++)
            if (fabs(row[c]) > fabs(extreme[c])) extreme[c] = row[c];
    }
    for (int64_t c = 0; c < pca->components; c++)
        for (int64_t k = 0; k < pca->d && extreme[c] < 0; k++)
            pca->axis[c * pca->d + k] = -pca->axis[c * pca->d + k];
    mos_free(row);
    return MOSAIC_OK;
}

mosaic_status mos_pca_fit(const float *x, int64_t n, int64_t d, int64_t components, int threads,
                          mos_pca *out) {
    double *covariance = NULL, *values = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_pca){.d = d};
    if (n < 2 || d < 1 || components < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "no %lld principal components of %lld x %lld numbers",
                        (long long)components, (long long)n, (long long)d);
    out->components = components < d ? components : d;
    if (n < out->components) out->components = n;
    MOS_GOTO(allocate(out));
    MOS_GOTO(mos_alloc((size_t)(d * d), sizeof *covariance, "covariance", &covariance));
    MOS_GOTO(mos_alloc((size_t)d, sizeof *values, "eigenvalues", &values));
    MOS_GOTO(mos_covariance(x, n, d, threads, out->mean, covariance));
    MOS_GOTO(mos_symmetric_eigen(covariance, d, values, true));
    for (int64_t k = 0; k < d; k++)
        out->total_variance += fmax(values[k], 0) * (double)n / (double)(n - 1);
    for (int64_t c = 0; c < out->components; c++)
        out->variance[c] = fmax(values[c], 0) * (double)n / (double)(n - 1);
    memcpy(out->axis, covariance, (size_t)(out->components * d) * sizeof *covariance);
    MOS_GOTO(fix_signs(out, x, n));
done:
    mos_free(covariance);
    mos_free(values);
    if (status != MOSAIC_OK) mos_pca_release(out);
    return status;
}

void mos_pca_project(const mos_pca *pca, const float *x, int64_t n, double *out) {
    for (int64_t i = 0; i < n; i++)
        project_row(pca, x + i * pca->d, out + i * pca->components);
}

void mos_pca_release(mos_pca *pca) {
    mos_free(pca->mean);
    mos_free(pca->axis);
    mos_free(pca->variance);
    *pca = (mos_pca){0};
}
