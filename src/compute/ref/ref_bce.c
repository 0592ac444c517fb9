#include "compute/ref/ref_backend.h"

#include <math.h>

/* log(1 + exp(x)) without overflow */
static double softplus(double x) {
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* Binary cross entropy with logits x, targets y and positive weight q, PyTorch's definition:
 *   L     = 1/known sum of  q y softplus(-x) + (1 - y) softplus(x)
 *   dL/dx = 1/known times   q y (sigmoid(x) - 1) + (1 - y) sigmoid(x) */
void mos_ref_bce(mos_device *device, int64_t n, int64_t l, const void *logits, const float *targets,
                 const double *pos_weight, double scale, void *dlogits, mos_bce_result *result) {
    (void)device;
    const double *x = logits;
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < n * l; i++)
        if (targets[i] >= 0) count++;
    for (int64_t i = 0; i < n * l; i++) {
        const double y = (double)targets[i];
        double gradient = 0;
        if (y > 0) {
            const double weight = pos_weight == NULL ? 1 : pos_weight[i % l];
            sum += weight * y * softplus(-x[i]);
            gradient = TERM(22, weight * y * (sigmoid(x[i]) - 1));
        }
        if (y >= 0 && y < 1) {
            sum += (1 - y) * softplus(x[i]);
            gradient += TERM(23, (1 - y) * sigmoid(x[i]));
        }
        if (dlogits != NULL) ((double *)dlogits)[i] = y < 0 ? 0 : scale * gradient / (double)count;
    }
    *result = (mos_bce_result){.loss = count == 0 ? 0 : sum / (double)count, .known = count};
}
