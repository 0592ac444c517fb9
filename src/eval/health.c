/* Spread, cosine, effective rank, uniformity and alignment of unit rows. */
#include "eval/health.h"

#include "base/memory.h"

#include <math.h>

enum { PAIR_ROWS = 1024, JACOBI_SWEEPS = 30 };

/* Column means and covariance [d, d] of the rows, population form. */
static void covariance(const float *z, int64_t n, int64_t d, double *mean, double *cov) {
    for (int64_t k = 0; k < d; k++)
        mean[k] = 0;
    for (int64_t i = 0; i < d * d; i++)
        cov[i] = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < d; k++)
            mean[k] += (double)z[i * d + k] / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const float *row = z + i * d;
        for (int64_t a = 0; a < d; a++) {
            double va = (double)row[a] - mean[a];
            for (int64_t b = 0; b <= a; b++)
                cov[a * d + b] += va * ((double)row[b] - mean[b]);
        }
    }
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b <= a; b++)
            cov[b * d + a] = cov[a * d + b] = cov[a * d + b] / (double)n;
}

static void rotate(double *m, int64_t d, int64_t p, int64_t q) {
    double apq = m[p * d + q];
    double theta = (m[q * d + q] - m[p * d + p]) / (2 * apq);
    double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int64_t k = 0; k < d; k++) {
        double kp = m[k * d + p], kq = m[k * d + q];
        m[k * d + p] = c * kp - s * kq;
        m[k * d + q] = s * kp + c * kq;
    }
    for (int64_t k = 0; k < d; k++) {
        double pk = m[p * d + k], qk = m[q * d + k];
        m[p * d + k] = c * pk - s * qk;
        m[q * d + k] = s * pk + c * qk;
    }
}

/* Eigenvalues of a symmetric matrix on its diagonal, by cyclic Jacobi rotations (Golub & Van
 * Loan, 8.5). */
static void jacobi_eigenvalues(double *m, int64_t d) {
    for (int sweep = 0; sweep < JACOBI_SWEEPS; sweep++) {
        double off = 0, diagonal = 0;
        for (int64_t i = 0; i < d; i++) {
            diagonal += m[i * d + i] * m[i * d + i];
            for (int64_t j = 0; j < i; j++)
                off += m[i * d + j] * m[i * d + j];
        }
        if (off <= 1e-18 * diagonal) return;
        for (int64_t p = 0; p < d; p++)
            for (int64_t q = p + 1; q < d; q++)
                if (m[p * d + q] != 0) rotate(m, d, p, q);
    }
}

/* exp(-sum p log p) with p the eigenvalues over their sum (Roy & Vetterli 2007). */
static double effective_rank(double *cov, int64_t d) {
    jacobi_eigenvalues(cov, d);
    double sum = 0, entropy = 0;
    for (int64_t k = 0; k < d; k++)
        sum += fmax(cov[k * d + k], 0);
    if (sum <= 0) return 1;
    for (int64_t k = 0; k < d; k++) {
        double p = fmax(cov[k * d + k], 0) / sum;
        if (p > 0) entropy -= p * log(p);
    }
    return exp(entropy);
}

static void measure_pairs(const float *z, int64_t n, int64_t d, mos_health *out) {
    int64_t rows = n < PAIR_ROWS ? n : PAIR_ROWS, pairs = 0;
    double cosine = 0, spread = 0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < i; j++) {
            const float *a = z + (i * n / rows) * d, *b = z + (j * n / rows) * d;
            float dot = 0;
            for (int64_t k = 0; k < d; k++)
                dot += a[k] * b[k];
            cosine += (double)dot;
            spread += exp(-2 * fmax(0, 2 - 2 * (double)dot));
            pairs++;
        }
    out->mean_cosine = pairs ? cosine / (double)pairs : NAN;
    out->uniformity = pairs ? log(spread / (double)pairs) : NAN;
}

mosaic_status mos_health_measure(const float *z, const float *pair, int64_t n, int64_t d,
                                 mos_health *out) {
    *out = (mos_health){.alignment = NAN};
    double *mean = NULL, *cov = NULL;
    mosaic_status status = MOSAIC_OK;
    if (n < 2)
        return mos_fail(MOSAIC_ERR_USAGE, "embedding health needs at least 2 rows, got %lld",
                        (long long)n);
    MOS_GOTO(mos_alloc((size_t)d, sizeof *mean, "embedding means", &mean));
    MOS_GOTO(mos_alloc((size_t)(d * d), sizeof *cov, "embedding covariance", &cov));
    covariance(z, n, d, mean, cov);
    double root = sqrt((double)d);
    for (int64_t k = 0; k < d; k++)
        out->spread += sqrt(cov[k * d + k]) * root / (double)d;
    measure_pairs(z, n, d, out);
    out->effective_rank = effective_rank(cov, d);
    if (pair) {
        double sum = 0;
        for (int64_t i = 0; i < n * d; i++) {
            double delta = (double)z[i] - (double)pair[i];
            sum += delta * delta;
        }
        out->alignment = sum / (double)n;
    }
    out->collapsed = out->spread < 0.1 || out->mean_cosine > 0.95 || out->effective_rank < 2;
done:
    mos_free(mean);
    mos_free(cov);
    return status;
}
