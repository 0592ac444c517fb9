/* Row operations on matrices: unit vectors, column blocks, masks. */
#include "compute/ref/ref_backend.h"

#include <math.h>

static const double least_norm = 1e-12;

/* y = x / max(|x|, 1e-12);  x, y [n, d], norms [n] (the clamped ones) */
void mos_ref_unit_forward(mos_device *device, int64_t n, int64_t d, const void *x, void *y,
                          void *norms) {
    (void)device;
    for (int64_t row = 0; row < n; row++) {
        const double *from = (const double *)x + row * d;
        double *to = (double *)y + row * d, sum = 0;
        for (int64_t k = 0; k < d; k++)
            sum += from[k] * from[k];
        const double norm = fmax(sqrt(sum), least_norm);
        ((double *)norms)[row] = norm;
        for (int64_t k = 0; k < d; k++)
            to[k] = from[k] / norm;
    }
}

/* dx = (dy - y (y . dy)) / |x| */
void mos_ref_unit_backward(mos_device *device, int64_t n, int64_t d, const void *y,
                           const void *norms, const void *dy, void *dx) {
    (void)device;
    for (int64_t row = 0; row < n; row++) {
        const double *unit = (const double *)y + row * d, *gradient = (const double *)dy + row * d;
        double *to = (double *)dx + row * d, along = 0;
        for (int64_t k = 0; k < d; k++)
            along += unit[k] * gradient[k];
        for (int64_t k = 0; k < d; k++) {
            const double across = gradient[k] - TERM(16, unit[k] * along);
            to[k] = TERM(17, across) / ((const double *)norms)[row];
        }
    }
}

void mos_ref_columns(mos_device *device, int64_t rows, int64_t cols, const void *from,
                     int64_t from_stride, void *to, int64_t to_stride, bool add) {
    (void)device;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t k = 0; k < cols; k++) {
            const double value = ((const double *)from)[row * from_stride + k];
            double *target = (double *)to + row * to_stride + k;
            *target = add ? *target + value : value;
        }
}

void mos_ref_mask_rows(mos_device *device, int64_t rows, int64_t cols, void *x, int64_t stride,
                       const uint8_t *present) {
    (void)device;
    for (int64_t row = 0; row < rows; row++)
        if (present[row] == 0)
            for (int64_t k = 0; k < cols; k++)
                ((double *)x)[row * stride + k] = 0;
}

void mos_ref_gather_rows(mos_device *device, int64_t rows, int64_t cols, const void *from,
                         const int32_t *index, void *to) {
    (void)device;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t k = 0; k < cols; k++)
            ((double *)to)[row * cols + k] =
                index[row] < 0 ? 0 : ((const double *)from)[index[row] * cols + k];
}
