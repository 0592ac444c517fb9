/* Every row is read once: its logit, and at once its part of the gradient. A sum is kept in eight
 * doubles, one per SIMD lane, the same on every processor. */
#include "score/logistic_loss.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

typedef double lanes __attribute__((vector_size(MOS_LOGISTIC_LANES * sizeof(double))));
typedef float narrow __attribute__((vector_size(MOS_LOGISTIC_LANES * sizeof(float))));

MOS_SIMD_INLINE void row_dot_body(const float *row, const double *w, int64_t stride, double *out) {
    lanes sum = {0};
    for (int64_t k = 0; k < stride; k += MOS_LOGISTIC_LANES) {
        narrow a;
        lanes b;
        memcpy(&a, row + k, sizeof a);
        memcpy(&b, w + k, sizeof b);
        sum += __builtin_convertvector(a, lanes) * b;
    }
    double parts[MOS_LOGISTIC_LANES], total = 0;
    memcpy(parts, &sum, sizeof parts);
    for (int i = 0; i < MOS_LOGISTIC_LANES; i++)
        total += parts[i];
    *out = total;
}
MOS_SIMD_KERNEL(row_dot, (const float *row, const double *w, int64_t stride, double *out),
                (row, w, stride, out))

MOS_SIMD_INLINE void add_row_body(const float *row, double scale, int64_t stride, double *to) {
    for (int64_t k = 0; k < stride; k += MOS_LOGISTIC_LANES) {
        narrow a;
        lanes b;
        memcpy(&a, row + k, sizeof a);
        memcpy(&b, to + k, sizeof b);
        b += __builtin_convertvector(a, lanes) * scale;
        memcpy(to + k, &b, sizeof b);
    }
}
MOS_SIMD_KERNEL(add_row, (const float *row, double scale, int64_t stride, double *to),
                (row, scale, stride, to))

double mos_logistic_loss(const mos_logistic_rows *rows, const uint32_t *index, int64_t count,
                         double l2, const double *x, double *gradient) {
    int64_t stride = rows->stride, known = 0;
    double value = 0, penalty = 0;
    memset(gradient, 0, (size_t)(stride + 1) * sizeof *gradient);
    for (int64_t i = 0; i < count; i++) {
        int64_t r = index ? (int64_t)index[i] : i;
        int8_t label = rows->labels[r * rows->label_stride];
        double logit;
        if (label < 0) continue;
        known++;
        row_dot(rows->features + r * stride, x, stride, &logit);
        logit += x[stride];
        /* log(1 + exp(logit)) - y logit, without overflow */
        value += fmax(logit, 0) + log1p(exp(-fabs(logit))) - (label ? logit : 0);
        double residual = 1 / (1 + exp(-logit)) - (double)label;
        gradient[stride] += residual;
        add_row(rows->features + r * stride, residual, stride, gradient);
    }
    double scale = known > 0 ? 1 / (double)known : 0;
    for (int64_t k = 0; k < stride; k++) {
        penalty += x[k] * x[k];
        gradient[k] = gradient[k] * scale + l2 * x[k];
    }
    gradient[stride] *= scale;
    return value * scale + 0.5 * l2 * penalty;
}
