#include "bench/ranks_model.h"

#include <math.h>
#include <string.h>

/* ---- fits ---- */

/* Solves the normal equations of `terms` unknowns, of at most 3: gauss with pivots. */
static void solve(double a[3][4], int terms) {
    for (int k = 0; k < terms; k++) {
        int best = k;
        double swap[4];
        for (int i = k + 1; i < terms; i++)
            if (fabs(a[i][k]) > fabs(a[best][k])) best = i;
        memcpy(swap, a[k], sizeof swap);
        memcpy(a[k], a[best], sizeof swap);
        memcpy(a[best], swap, sizeof swap);
        for (int i = 0; i < terms; i++) {
            const double factor = i == k || a[k][k] == 0 ? 0 : a[i][k] / a[k][k];
            for (int j = k; j < 4; j++)
                a[i][j] -= factor * a[k][j];
        }
    }
    for (int k = 0; k < terms; k++)
        a[k][3] = a[k][k] == 0 ? 0 : a[k][3] / a[k][k];
}

/* y = the sum of c[i] x^power[i], least squares of errors relative to y. */
static void fit(const double *x, const double *y, int64_t count, const int *powers, int terms,
                double *c) {
    double a[3][4] = {{0}};
    for (int64_t n = 0; n < count; n++) {
        double power[3] = {0};
        const double weight = 1 / (y[n] * y[n]);
        for (int i = 0; i < terms; i++)
            power[i] = pow(x[n], powers[i]);
        for (int i = 0; i < terms; i++) {
            for (int j = 0; j < terms; j++)
                a[i][j] += weight * power[i] * power[j];
            a[i][3] += weight * power[i] * y[n];
        }
    }
    solve(a, terms);
    for (int i = 0; i < terms; i++)
        c[i] = a[i][3];
}

void mos_ranks_line(const double *bytes, const double *seconds, int64_t count, double *latency,
                    double *rate, double *error) {
    double c[2];
    fit(bytes, seconds, count, (const int[]){0, 1}, 2, c);
    *latency = c[0];
    *rate = c[1] > 0 ? 1 / c[1] : INFINITY;
    *error = 0;
    for (int64_t n = 0; n < count; n++)
        *error = fmax(*error, fabs(c[0] + c[1] * bytes[n] - seconds[n]) / seconds[n]);
}

/* c[0] + c[1] x + c[2] x^2. A term that noise makes negative would be nonsense far away: without it, then. */
static void fit_square(const double *x, const double *y, int64_t count, double c[3]) {
    double two[2];
    fit(x, y, count, (const int[]){0, 1, 2}, 3, c);
    const int left = c[1] < 0 ? 2 : 1;
    if (c[1] >= 0 && c[2] >= 0) return;
    fit(x, y, count, (const int[]){0, left}, 2, two);
    c[0] = two[0];
    c[left] = two[1];
    c[3 - left] = 0;
}

/* Of steps with few encoded rows c[0] is few * encode + behind[0], and of the whole one the encoders' part
 * is rows * encode. */
void mos_ranks_fit(const mos_ranks_steps *steps, mos_ranks_measured *out) {
    double x[8], c[3];
    const double whole = (double)steps->batch_whole;
    for (int64_t i = 0; i < steps->count; i++)
        x[i] = (double)steps->batch[i];
    fit_square(x, steps->seconds, steps->count, c);
    const double more = steps->whole - c[0] - c[1] * whole - c[2] * whole * whole;
    out->encode = more / (double)(steps->rows - steps->few);
    out->behind[0] = fmax(c[0] - (double)steps->few * out->encode, 0);
    out->behind[1] = fmax(c[1], 0);
    out->behind[2] = fmax(c[2], 0);
}

/* ---- the model ---- */

/* Gathers of blocks: every rank takes the others' bytes through its share of the link; a call takes as many
 * messages in a row as the ranks have binary digits. */
static double gather_seconds(const mos_ranks_calls *calls, double rows,
                             const mos_ranks_cluster *c) {
    const double others = (double)(c->ranks - 1), rounds = ceil(log2((double)c->ranks));
    return calls->calls * rounds * c->latency + calls->bytes * rows * others / c->bytes;
}

/* Sums: all values leave a rank and come back, less the part that is its own. */
static double sum_seconds(const mos_ranks_measured *m, const mos_ranks_cluster *c) {
    const double ranks = (double)c->ranks, rounds = ceil(log2(ranks));
    return m->sum_calls * rounds * c->latency + 2 * m->values * (ranks - 1) / ranks / c->bytes;
}

double mos_ranks_step(const mos_ranks_measured *m, const mos_ranks_cluster *c) {
    const double backward = 2.0 / 3; /* of the encoders' time */
    const double rows = (double)c->rows, batch = rows * (double)c->ranks;
    const double speed = c->cores * c->thread_share, encode = rows * m->encode / speed;
    const double behind =
        (m->behind[0] + m->behind[1] * batch + m->behind[2] * batch * rows) / speed;
    double seconds = encode + behind;
    if (c->ranks < 2) return seconds;
    const double sums = sum_seconds(m, c);
    seconds += fmax(sums * (1 - m->hidden), sums - backward * encode);
    seconds += gather_seconds(&m->gathers, rows, c);
    if (c->norms) seconds += gather_seconds(&m->norms, 1, c);
    return seconds;
}

double mos_ranks_efficiency(const mos_ranks_measured *measured, const mos_ranks_cluster *cluster) {
    mos_ranks_cluster alone = *cluster;
    alone.ranks = 1;
    return mos_ranks_step(measured, &alone) / mos_ranks_step(measured, cluster);
}
