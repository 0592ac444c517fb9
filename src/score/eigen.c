/* The matrix is walked along its rows only: every inner loop is a vector operation on two rows. */
#include "score/eigen.h"

#include "base/memory.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>

enum { MOST_ITERATIONS = 60 };

MOS_SIMD_INLINE void add_scaled_body(double *to, const double *from, double scale, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] += scale * from[i];
}
MOS_SIMD_KERNEL(add_scaled, (double *to, const double *from, double scale, int64_t n),
                (to, from, scale, n))

MOS_SIMD_INLINE void rotate_body(double *a, double *b, double c, double s, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        double x = a[i], y = b[i];
        a[i] = c * x - s * y;
        b[i] = s * x + c * y;
    }
}
MOS_SIMD_KERNEL(rotate, (double *a, double *b, double c, double s, int64_t n), (a, b, c, s, n))

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

typedef struct tridiagonal {
    int64_t d;
    double *diagonal, *off; /* [d]; off[k] couples k and k + 1 */
    double *beta;           /* [d] of reflector k: I - beta v v', v in m[k][k + 1 ...] */
    double *work;           /* [d] */
    double *block;
} tridiagonal;

/* The reflector that sends x = m[k][k + 1 ...] to alpha e1; v overwrites x. */
static void make_reflector(tridiagonal *t, double *x, int64_t k, int64_t n) {
    double largest = 0;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    t->beta[k] = 0;
    t->off[k] = x[0];
    if (largest == 0 || n == 1) return;
    double tail = 0;
    for (int64_t i = 1; i < n; i++)
        tail += (x[i] / largest) * (x[i] / largest);
    if (tail == 0) return;
    double head = x[0] / largest, norm = sqrt(head * head + tail);
    double alpha = head > 0 ? -norm : norm;
    x[0] -= alpha * largest;
    for (int64_t i = 0; i < n; i++)
        x[i] /= largest;
    t->off[k] = alpha * largest;
    t->beta[k] = 2 / (x[0] * x[0] + tail);
}

/* m = Q T Q', Q = H_0 H_1 ...; the reflectors stay in the upper rows of m. */
static void tridiagonalise(double *m, tridiagonal *t) {
    int64_t d = t->d;
    for (int64_t k = 0; k + 1 < d; k++) {
        int64_t n = d - k - 1;
        double *v = m + k * d + k + 1, *p = t->work;
        t->diagonal[k] = m[k * d + k];
        make_reflector(t, v, k, n);
        if (t->beta[k] == 0) continue;
        /* p = beta A v - (beta / 2)(beta v'A v) v, then A -= v p' + p v' */
        memset(p, 0, (size_t)n * sizeof *p);
        for (int64_t i = 0; i < n; i++)
            add_scaled(p, m + (k + 1 + i) * d + k + 1, t->beta[k] * v[i], n);
        add_scaled(p, v, -0.5 * t->beta[k] * dot(p, v, n), n);
        for (int64_t i = 0; i < n; i++) {
            double *row = m + (k + 1 + i) * d + k + 1;
            add_scaled(row, p, -v[i], n);
            add_scaled(row, v, -p[i], n);
        }
    }
    t->diagonal[d - 1] = m[d * d - 1];
    t->off[d - 1] = 0;
}

/* Replaces the reflectors in m by Q', whose rows the QL iterations rotate. */
static void form_transform(double *m, tridiagonal *t) {
    int64_t d = t->d;
    m[d * d - 1] = 1;
    for (int64_t k = d - 2; k >= 0; k--) {
        int64_t n = d - k - 1;
        double *v = m + k * d + k + 1, *p = t->work;
        if (t->beta[k] != 0) { /* Q <- H_k Q on the trailing block */
            memset(p, 0, (size_t)n * sizeof *p);
            for (int64_t i = 0; i < n; i++)
                add_scaled(p, m + (k + 1 + i) * d + k + 1, t->beta[k] * v[i], n);
            for (int64_t i = 0; i < n; i++)
                add_scaled(m + (k + 1 + i) * d + k + 1, p, -v[i], n);
        }
        m[k * d + k] = 1;
        for (int64_t i = 0; i < n; i++)
            v[i] = m[(k + 1 + i) * d + k] = 0;
    }
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < i; j++) {
            double keep = m[i * d + j];
            m[i * d + j] = m[j * d + i];
            m[j * d + i] = keep;
        }
}

/* One implicit QL sweep over [low, high], shifted to the eigenvalue of the leading 2 x 2 block that
 * is nearer to diagonal[low]. */
static void sweep(tridiagonal *t, int64_t low, int64_t high, double *m) {
    double *a = t->diagonal, *e = t->off;
    double g = (a[low + 1] - a[low]) / (2 * e[low]), r = hypot(g, 1);
    g = a[high] - a[low] + e[low] / (g + copysign(r, g));
    double s = 1, c = 1, p = 0;
    for (int64_t i = high - 1; i >= low; i--) {
        double f = s * e[i], b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* the matrix splits here */
            a[i + 1] -= p;
            e[high] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = a[i + 1] - p;
        r = (a[i] - g) * s + 2 * c * b;
        p = s * r;
        a[i + 1] = g + p;
        g = c * r - b;
        if (m) rotate(m + i * t->d, m + (i + 1) * t->d, c, s, t->d);
    }
    a[low] -= p;
    e[low] = g;
    e[high] = 0;
}

static mosaic_status iterate(tridiagonal *t, double *m) {
    int64_t d = t->d;
    double norm = 0;
    for (int64_t i = 0; i < d; i++)
        norm = fmax(norm, fabs(t->diagonal[i]) + fabs(t->off[i]));
    double floor = norm * 1e-300 + 1e-300;
    for (int64_t low = 0; low < d; low++)
        for (int count = 0;; count++) {
            int64_t high = low;
            for (; high + 1 < d; high++) {
                double scale = fabs(t->diagonal[high]) + fabs(t->diagonal[high + 1]);
                /* the part below the matrix's own rounding is noise: it may be cut */
                if (fabs(t->off[high]) <= 2.2e-16 * fmax(scale, norm) + floor) break;
            }
            if (high == low) break;
            if (count == MOST_ITERATIONS)
                return mos_fail(MOSAIC_ERR_NUMERIC,
                                "eigenvalue %lld of %lld: no convergence in %d iterations",
                                (long long)low, (long long)d, MOST_ITERATIONS);
            sweep(t, low, high, m);
        }
    return MOSAIC_OK;
}

/* Descending; rows of m follow. */
static void sort_descending(double *values, int64_t d, double *m, double *work) {
    for (int64_t i = 0; i < d; i++) {
        int64_t best = i;
        for (int64_t j = i + 1; j < d; j++)
            if (values[j] > values[best]) best = j;
        if (best == i) continue;
        double value = values[i];
        values[i] = values[best];
        values[best] = value;
        if (!m) continue;
        size_t bytes = (size_t)d * sizeof *m;
        memcpy(work, m + i * d, bytes);
        memcpy(m + i * d, m + best * d, bytes);
        memcpy(m + best * d, work, bytes);
    }
}

mosaic_status mos_symmetric_eigen(double *m, int64_t d, double *values, bool vectors) {
    tridiagonal t = {.d = d, .diagonal = values};
    if (d < 1) return mos_fail(MOSAIC_ERR_USAGE, "eigenvalues of an empty matrix");
    for (int64_t i = 0; i < d * d; i++)
        if (!isfinite(m[i]))
            return mos_fail(MOSAIC_ERR_NUMERIC, "matrix element %lld, %lld is not finite",
                            (long long)(i / d), (long long)(i % d));
    MOS_TRY(mos_alloc((size_t)(3 * d), sizeof *t.block, "eigenvalue work", &t.block));
    t.off = t.block;
    t.beta = t.block + d;
    t.work = t.block + 2 * d;
    tridiagonalise(m, &t);
    if (vectors) form_transform(m, &t);
    mosaic_status status = iterate(&t, vectors ? m : NULL);
    if (status == MOSAIC_OK) sort_descending(values, d, vectors ? m : NULL, t.work);
    mos_free(t.block);
    return status;
}
