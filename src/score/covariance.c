#include "score/covariance.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"
#include "score/eigen.h"

#include <math.h>

enum { ROW_BLOCK = 64 }; /* centred rows kept in cache while a part of the matrix takes them up */

MOS_SIMD_INLINE void add_product_body(double *to, const double *row, double scale, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] += scale * row[i];
}
MOS_SIMD_KERNEL(add_product, (double *to, const double *row, double scale, int64_t n),
                (to, row, scale, n))

typedef struct moment_job {
    const double *centred; /* [rows, d] */
    double *covariance;
    int64_t rows, d, pairs;
} moment_job;

/* Pair p holds the matrix rows p and d - 1 - p: together always d + 1 products, so that equal parts
 * are equal work. */
static void add_matrix_rows(void *context, int64_t begin, int64_t end, int thread) {
    const moment_job *job = context;
    (void)thread;
    for (int64_t pair = begin; pair < end; pair++)
        for (int which = 0; which < 2; which++) {
            int64_t a = which ? job->d - 1 - pair : pair;
            if (which && a == pair) continue;
            for (int64_t i = 0; i < job->rows; i++) {
                const double *row = job->centred + i * job->d;
                add_product(job->covariance + a * job->d, row, row[a], a + 1);
            }
        }
}

mosaic_status mos_covariance(const float *x, int64_t n, int64_t d, int threads, double *mean,
                             double *covariance) {
    double *centred = NULL;
    if (n < 1 || d < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "a covariance needs rows and columns, got %lld x %lld",
                        (long long)n, (long long)d);
    MOS_TRY(mos_alloc((size_t)(ROW_BLOCK * d), sizeof *centred, "centred rows", &centred));
    for (int64_t k = 0; k < d; k++)
        mean[k] = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < d; k++)
            mean[k] += (double)x[i * d + k];
    for (int64_t k = 0; k < d; k++)
        mean[k] /= (double)n;
    for (int64_t i = 0; i < d * d; i++)
        covariance[i] = 0;
    for (int64_t at = 0; at < n; at += ROW_BLOCK) {
        int64_t rows = n - at < ROW_BLOCK ? n - at : ROW_BLOCK;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t k = 0; k < d; k++)
                centred[i * d + k] = (double)x[(at + i) * d + k] - mean[k];
        moment_job job = {centred, covariance, rows, d, (d + 1) / 2};
        mos_parallel_for(threads, job.pairs, add_matrix_rows, &job);
    }
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b <= a; b++)
            covariance[b * d + a] = covariance[a * d + b] = covariance[a * d + b] / (double)n;
    mos_free(centred);
    return MOSAIC_OK;
}

double mos_effective_rank_of(const double *eigenvalues, int64_t d) {
    double sum = 0, entropy = 0;
    for (int64_t k = 0; k < d; k++)
        sum += fmax(eigenvalues[k], 0);
    if (!(sum > 0)) return 1;
    for (int64_t k = 0; k < d; k++) {
        double p = fmax(eigenvalues[k], 0) / sum;
        if (p > 0) entropy -= p * log(p);
    }
    return exp(entropy);
}

mosaic_status mos_effective_rank(double *covariance, int64_t d, double *rank) {
    double *values = NULL;
    MOS_TRY(mos_alloc((size_t)d, sizeof *values, "eigenvalues", &values));
    mosaic_status status = mos_symmetric_eigen(covariance, d, values, false);
    if (status == MOSAIC_OK) *rank = mos_effective_rank_of(values, d);
    mos_free(values);
    return status;
}
