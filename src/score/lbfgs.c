#include "score/lbfgs.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { HISTORY = 10, BACKTRACKS = 40 };

typedef struct state {
    int64_t n, pairs, next; /* pairs kept so far, slot of the next one */
    double *s, *y;          /* [HISTORY, n] steps and gradient changes */
    double rho[HISTORY];
    double *gradient, *direction, *trial, *trial_gradient;
    double *block;
} state;

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_scaled(double *to, double scale, const double *from, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        to[i] += scale * from[i];
}

/* direction = -H gradient by the two-loop recursion. */
static void find_direction(state *t) {
    double alpha[HISTORY];
    for (int64_t i = 0; i < t->n; i++)
        t->direction[i] = -t->gradient[i];
    for (int64_t k = 0; k < t->pairs; k++) {
        int64_t slot = (t->next - 1 - k + 2 * HISTORY) % HISTORY;
        alpha[slot] = t->rho[slot] * dot(t->s + slot * t->n, t->direction, t->n);
        add_scaled(t->direction, -alpha[slot], t->y + slot * t->n, t->n);
    }
    if (t->pairs > 0) {
        int64_t last = (t->next - 1 + HISTORY) % HISTORY;
        const double *y = t->y + last * t->n;
        double scale = 1.0 / (t->rho[last] * dot(y, y, t->n));
        for (int64_t i = 0; i < t->n; i++)
            t->direction[i] *= scale;
    }
    for (int64_t k = t->pairs - 1; k >= 0; k--) {
        int64_t slot = (t->next - 1 - k + 2 * HISTORY) % HISTORY;
        double beta = t->rho[slot] * dot(t->y + slot * t->n, t->direction, t->n);
        add_scaled(t->direction, alpha[slot] - beta, t->s + slot * t->n, t->n);
    }
}

/* Keep the pair (step, gradient change) unless its curvature is not positive. */
static void remember(state *t, const double *x) {
    double *s = t->s + t->next * t->n, *y = t->y + t->next * t->n;
    for (int64_t i = 0; i < t->n; i++) {
        s[i] = t->trial[i] - x[i];
        y[i] = t->trial_gradient[i] - t->gradient[i];
    }
    double curvature = dot(s, y, t->n);
    if (curvature <= 1e-12 * dot(y, y, t->n)) return;
    t->rho[t->next] = 1.0 / curvature;
    t->next = (t->next + 1) % HISTORY;
    if (t->pairs < HISTORY) t->pairs++;
}

/* One step along the direction that lowers the value enough; false when none is found. */
static bool search(state *t, mos_lbfgs_function function, void *context, double *x, double *value,
                   double step) {
    double slope = dot(t->direction, t->gradient, t->n);
    if (slope >= 0) return false;
    for (int k = 0; k < BACKTRACKS; k++, step *= 0.5) {
        memcpy(t->trial, x, (size_t)t->n * sizeof *x);
        add_scaled(t->trial, step, t->direction, t->n);
        double trial_value = function(context, t->trial, t->trial_gradient);
        if (!(trial_value <= *value + 1e-4 * step * slope)) continue;
        remember(t, x);
        memcpy(x, t->trial, (size_t)t->n * sizeof *x);
        memcpy(t->gradient, t->trial_gradient, (size_t)t->n * sizeof *x);
        *value = trial_value;
        return true;
    }
    return false;
}

mosaic_status mos_lbfgs(mos_lbfgs_function function, void *context, double *x, int64_t n,
                        int64_t iterations, double tolerance) {
    state t = {.n = n};
    MOS_TRY(
        mos_alloc((size_t)(n * (2 * HISTORY + 4)), sizeof *t.block, "L-BFGS history", &t.block));
    t.s = t.block;
    t.y = t.s + HISTORY * n;
    t.gradient = t.y + HISTORY * n;
    t.direction = t.gradient + n;
    t.trial = t.direction + n;
    t.trial_gradient = t.trial + n;
    double value = function(context, x, t.gradient);
    for (int64_t k = 0; k < iterations; k++) {
        double largest = 0;
        for (int64_t i = 0; i < n; i++)
            largest = fmax(largest, fabs(t.gradient[i]));
        if (largest <= tolerance) break;
        find_direction(&t);
        double first = t.pairs == 0 ? fmin(1.0, 1.0 / largest) : 1.0;
        if (!search(&t, function, context, x, &value, first)) break;
    }
    mos_free(t.block);
    return MOSAIC_OK;
}
