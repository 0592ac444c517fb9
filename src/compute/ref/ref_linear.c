/* The linear layer on row-major matrices that may be column blocks of wider ones. */
#include "compute/ref/ref_backend.h"

/* y[n,o] = sum over i of x[n,i] w[o,i] + b[o];  x [n, i], w [o, i], b [o], y [n, o] */
void mos_ref_linear_forward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride) {
#pragma omp parallel for num_threads(device->threads)
    for (int64_t row = 0; row < n; row++)
        for (int64_t out = 0; out < o; out++) {
            const double *from = (const double *)x + row * x_stride;
            const double *weight = (const double *)w + out * i;
            double sum = 0;
            for (int64_t k = 0; k < i; k++)
                sum += from[k] * weight[k];
            if (b != NULL) sum += ((const double *)b)[out];
            ((double *)y)[row * y_stride + out] = sum;
        }
}

/* dx[n,i] (+)= sum over o of dy[n,o] w[o,i] */
static void backward_data(const mos_device *device, int64_t n, int64_t i, int64_t o,
                          const double *w, const double *dy, int64_t dy_stride, double *dx,
                          int64_t dx_stride, bool accumulate) {
#pragma omp parallel for num_threads(device->threads)
    for (int64_t row = 0; row < n; row++)
        for (int64_t k = 0; k < i; k++) {
            double sum = 0;
            for (int64_t out = 0; out < o; out++)
                sum += dy[row * dy_stride + out] * w[out * i + k];
            sum = TERM(13, sum);
            if (accumulate) sum += dx[row * dx_stride + k];
            dx[row * dx_stride + k] = sum;
        }
}

/* dw[o,i] += sum over n of dy[n,o] x[n,i];  db[o] += sum over n of dy[n,o] */
void mos_ref_linear_backward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db) {
    const double *from = x, *gradient = dy;
#pragma omp parallel for num_threads(device->threads)
    for (int64_t out = 0; out < o; out++) {
        if (dw != NULL)
            for (int64_t k = 0; k < i; k++) {
                double sum = 0;
                for (int64_t row = 0; row < n; row++)
                    sum += gradient[row * dy_stride + out] * from[row * x_stride + k];
                ((double *)dw)[out * i + k] += TERM(14, sum);
            }
        if (db != NULL) {
            double sum = 0;
            for (int64_t row = 0; row < n; row++)
                sum += gradient[row * dy_stride + out];
            ((double *)db)[out] += TERM(15, sum);
        }
    }
    if (dx != NULL) backward_data(device, n, i, o, w, dy, dy_stride, dx, dx_stride, accumulate);
}
