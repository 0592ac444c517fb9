/* One optimizer step over the segments of a flat block; what lies between segments stays as it is.
 * With g the scaled gradient, p the parameter, and decay taken as 0 on segments without it: */
#include "compute/ref/ref_backend.h"

#include <math.h>

typedef struct block {
    double *p, *m, *v;
    const double *grads;
} block;

/* PyTorch's SGD: g += decay p;  m = momentum m + g;  p -= lr (nesterov ? g + momentum m : m) */
static void step_sgd(const mos_optimizer_step *step, double decay, const block *b, int64_t i) {
    const double g = b->grads[i] * step->grad_scale + decay * b->p[i];
    b->m[i] = step->beta1 * b->m[i] + g;
    b->p[i] -= step->lr * (step->nesterov ? g + step->beta1 * b->m[i] : b->m[i]);
}

/* What step_adam takes of the number of the step: lr / (1 - b1^t), sqrt(1 - b2^t). */
typedef struct adam_bias {
    double rate, root;
} adam_bias;

/* Kingma & Ba 2015 as PyTorch has it. Adam adds decay p to g, AdamW (Loshchilov & Hutter 2019)
 * shrinks p by lr decay first: m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2 p -= lr / (1 - b1^t)
 * m / (sqrt(v) / sqrt(1 - b2^t) + eps) */
static void step_adam(const mos_optimizer_step *step, const adam_bias *bias, double decay,
                      const block *b, int64_t i) {
    const bool decoupled = step->kind == MOS_OPTIMIZER_ADAMW;
    double g = b->grads[i] * step->grad_scale;
    if (decoupled)
        b->p[i] *= 1 - step->lr * decay;
    else
        g += decay * b->p[i];
    b->m[i] = step->beta1 * b->m[i] + (1 - step->beta1) * g;
    b->v[i] = step->beta2 * b->v[i] + (1 - step->beta2) * g * g;
    const double root = sqrt(b->v[i]) / bias->root + step->eps;
    b->p[i] -= bias->rate * b->m[i] / root;
}

/* The local rate of a segment: trust |p| / (|g| + decay |p|), 1 where either norm is 0 or the
 * segment has no decay. */
static double lars_rate(const mos_optimizer_step *step, const mos_segment_range *segment,
                        const block *b) {
    if (!segment->decay) return 1;
    double p = 0, g = 0;
    for (int64_t i = segment->offset; i < segment->offset + segment->count; i++) {
        const double gradient = b->grads[i] * step->grad_scale;
        p += b->p[i] * b->p[i];
        g += gradient * gradient;
    }
    if (p == 0 || g == 0) return 1;
    return step->trust * sqrt(p) / (sqrt(g) + step->weight_decay * sqrt(p));
}

/* You, Gitman & Ginsburg 2017, algorithm 1: m = momentum m + lr rate (g + decay p);  p -= m */
static void step_lars(const mos_optimizer_step *step, double decay, double rate, const block *b,
                      int64_t i) {
    const double g = b->grads[i] * step->grad_scale + decay * b->p[i];
    b->m[i] = step->beta1 * b->m[i] + step->lr * rate * g;
    b->p[i] -= b->m[i];
}

void mos_ref_optimize(mos_device *device, const mos_optimizer_step *step,
                      const mos_segment_range *segments, int64_t segment_count, void *params,
                      const void *grads, void *m, void *v) {
    (void)device;
    const block b = {.p = params, .m = m, .v = v, .grads = grads};
    const double t = (double)step->step;
    const adam_bias bias = {.rate = step->lr / (1 - pow(step->beta1, t)),
                            .root = sqrt(1 - pow(step->beta2, t))};
    for (int64_t s = 0; s < segment_count; s++) {
        const mos_segment_range *segment = &segments[s];
        const double decay = segment->decay ? step->weight_decay : 0;
        const double rate = step->kind == MOS_OPTIMIZER_LARS ? lars_rate(step, segment, &b) : 1;
        for (int64_t i = segment->offset; i < segment->offset + segment->count; i++) {
            if (step->kind == MOS_OPTIMIZER_SGD)
                step_sgd(step, decay, &b, i);
            else if (step->kind == MOS_OPTIMIZER_LARS)
                step_lars(step, decay, rate, &b, i);
            else
                step_adam(step, &bias, decay, &b, i);
        }
    }
}

void mos_ref_measure(mos_device *device, const void *real, int64_t count,
                     mos_measure_result *result) {
    (void)device;
    const double *x = real;
    *result = (mos_measure_result){0};
    for (int64_t i = 0; i < count; i++) {
        result->sum_of_squares += x[i] * x[i];
        if (!isfinite(x[i])) result->not_finite++;
    }
}
