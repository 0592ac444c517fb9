/* Binary cross entropy with logits x and positive weight q, PyTorch's definition:
 *   L     = 1/known sum of  q softplus(-x)      where y = 1,  softplus(x) where y = 0
 *   dL/dx = 1/known times   q (sigmoid(x) - 1)  where y = 1,  sigmoid(x)  where y = 0
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
void mos_cpu_bce(mos_device *device, int64_t n, int64_t l, const void *logits, const int8_t *labels,
                 const double *pos_weight, double scale, void *dlogits, mos_bce_result *result) {
    const float *x = logits;
    float *dx = dlogits;
    double sum = 0;
    int64_t count = 0;
    (void)device;
    for (int64_t i = 0; i < n * l; i++)
        count += labels[i] >= 0;
    for (int64_t i = 0; i < n * l; i++) {
        const double value = (double)x[i], weight = pos_weight ? pos_weight[i % l] : 1;
        double gradient = 0;
        if (labels[i] == 1) {
            sum += weight * softplus(-value);
            gradient = weight * (sigmoid(value) - 1);
        } else if (labels[i] == 0) {
            sum += softplus(value);
            gradient = sigmoid(value);
        }
        if (dx) dx[i] = labels[i] < 0 ? 0.0f : (float)(scale * gradient / (double)count);
    }
    *result = (mos_bce_result){.loss = count == 0 ? 0 : sum / (double)count, .known = count};
}
