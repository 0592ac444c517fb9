#include "score/covariance.h"

#include "base/gemm.h"
#include "base/memory.h"
#include "base/thread.h"
#include "score/eigen.h"

#include <math.h>

/* Centred rows are added up MOS_GEMM_DEPTH at a time; a strip is so many rows of the matrix, up to
 * its diagonal. */
enum { STRIP = 48 };

typedef struct moment_job {
    const double *centred; /* [rows, d] */
    double *covariance;
    char *room; /* of products, per thread */
    int64_t rows, d, strips;
} moment_job;

static void add_strip(const moment_job *job, int64_t strip, void *room) {
    const int64_t first = strip * STRIP, d = job->d;
    const mos_product_f64 product = {.m = d - first < STRIP ? d - first : STRIP,
                                     .n = first + STRIP < d ? first + STRIP : d,
                                     .k = job->rows,
                                     .alpha = 1,
                                     .a = job->centred + first,
                                     .a_row = 1,
                                     .a_column = d,
                                     .b = job->centred,
                                     .b_row = d,
                                     .b_column = 1,
                                     .c = job->covariance + first * d,
                                     .ldc = d,
                                     .accumulate = true};
    mos_gemm_f64(&product, 1, room);
}

/* Pair p holds strip p and the strip as far from the end: together always the same width, so that
 * equal parts are equal work. */
static void add_strips(void *context, int64_t begin, int64_t end, int thread) {
    const moment_job *job = context;
    void *room = job->room + (size_t)thread * mos_gemm_room(1);
    for (int64_t pair = begin; pair < end; pair++) {
        const int64_t other = job->strips - 1 - pair;
        add_strip(job, pair, room);
        if (other != pair) add_strip(job, other, room);
    }
}

mosaic_status mos_covariance(const float *x, int64_t n, int64_t d, int threads, double *mean,
                             double *covariance) {
    double *centred = NULL;
    char *room = NULL;
    mosaic_status status = MOSAIC_OK;
    if (n < 1 || d < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "a covariance needs rows and columns, got %lld x %lld",
                        (long long)n, (long long)d);
    if (threads < 1) threads = 1;
    MOS_GOTO(mos_alloc((size_t)(MOS_GEMM_DEPTH * d), sizeof *centred, "centred rows", &centred));
    MOS_GOTO(mos_alloc(mos_gemm_room(threads), 1, "room of products", &room));
    for (int64_t k = 0; k < d; k++)
        mean[k] = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < d; k++)
            mean[k] += (double)x[i * d + k];
    for (int64_t k = 0; k < d; k++)
        mean[k] /= (double)n;
    for (int64_t i = 0; i < d * d; i++)
        covariance[i] = 0;
    for (int64_t at = 0; at < n; at += MOS_GEMM_DEPTH) {
        int64_t rows = n - at < MOS_GEMM_DEPTH ? n - at : MOS_GEMM_DEPTH;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t k = 0; k < d; k++)
                centred[i * d + k] = (double)x[(at + i) * d + k] - mean[k];
        moment_job job = {centred, covariance, room, rows, d, (d + STRIP - 1) / STRIP};
        mos_parallel_for(threads, (job.strips + 1) / 2, add_strips, &job);
    }
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b <= a; b++)
            covariance[b * d + a] = covariance[a * d + b] = covariance[a * d + b] / (double)n;
done:
    mos_free(centred);
    mos_free(room);
    return status;
}

/* Squared singular values over n are the eigenvalues of covariance + mean mean^T. */
mosaic_status mos_rankme(const double *mean, double *covariance, int64_t d, double *rank) {
    double *values = NULL, sum = 0, entropy = 0;
    MOS_TRY(mos_alloc((size_t)d, sizeof *values, "eigenvalues", &values));
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b < d; b++)
            covariance[a * d + b] += mean[a] * mean[b];
    mosaic_status status = mos_symmetric_eigen(covariance, d, values, false);
    for (int64_t k = 0; k < d && status == MOSAIC_OK; k++) {
        values[k] = sqrt(fmax(values[k], 0));
        sum += values[k];
    }
    for (int64_t k = 0; k < d && sum > 0; k++) {
        double p = values[k] / sum;
        if (p > 0) entropy -= p * log(p);
    }
    *rank = exp(entropy);
    mos_free(values);
    return status;
}
