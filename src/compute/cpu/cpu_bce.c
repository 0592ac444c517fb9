/* Binary cross entropy with logits x, targets y and positive weight q, PyTorch's definition:
 *   L     = 1/known sum of  q y softplus(-x) + (1 - y) softplus(x)
 *   dL/dx = 1/known times   q y (sigmoid(x) - 1) + (1 - y) sigmoid(x)
 * A batch has a few thousand logits: plain double arithmetic will do. */
#include "compute/cpu/cpu_state.h"

#include <math.h>

static double softplus(double x) {
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* logits, dlogits [n, l] */
void mos_cpu_bce(mos_device *device, int64_t n, int64_t l, const void *logits, const float *targets,
                 const double *pos_weight, double scale, void *dlogits, mos_bce_result *result) {
    const float *x = logits;
    float *dx = dlogits;
    double sum = 0;
    int64_t count = 0;
    (void)device;
    for (int64_t i = 0; i < n * l; i++)
        count += targets[i] >= 0;
    for (int64_t i = 0; i < n * l; i++) {
        const double value = (double)x[i], weight = pos_weight ? pos_weight[i % l] : 1;
        const double y = (double)targets[i];
        double gradient = 0;
        if (y > 0) {
            sum += weight * y * softplus(-value);
            gradient = weight * y * (sigmoid(value) - 1);
        }
        if (y >= 0 && y < 1) {
            sum += (1 - y) * softplus(value);
            gradient += (1 - y) * sigmoid(value);
        }
        if (dx) dx[i] = y < 0 ? 0.0f : (float)(scale * gradient / (double)count);
    }
    *result = (mos_bce_result){.loss = count == 0 ? 0 : sum / (double)count, .known = count};
}
