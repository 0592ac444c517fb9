/* Linear layers and row operations on real matrices: small products, so own loops without packing
 * or heap. */
#include "compute/cpu/cpu_state.h"

#include <math.h>
#include <omp.h>

#define LEAST_NORM 1e-12

/* One thread's rows of a product, in whole register tiles of `unit` rows. */
static void tile_part(int64_t count, int64_t unit, int64_t *begin, int64_t *end) {
    mos_cpu_part((count + unit - 1) / unit, omp_get_num_threads(), omp_get_thread_num(), begin,
                 end);
    *begin *= unit;
    *end = *end * unit < count ? *end * unit : count;
}

/* y [n, o] = x [n, i] w [o, i]^T + b [o] */
void mos_cpu_linear_forward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
#pragma omp parallel num_threads(cpu->threads)
    {
        int64_t begin, end;
        /* the longer side is cut; every value is the same sum either way */
        if (n >= o) {
            tile_part(n, 4, &begin, &end);
            if (end > begin)
                cpu->kernels->gemm_nt(end - begin, o, i, 1.0f, (const float *)x + begin * x_stride,
                                      x_stride, w, i, (float *)y + begin * y_stride, y_stride,
                                      false);
            for (int64_t r = begin; b && r < end; r++)
                cpu->kernels->add((float *)y + r * y_stride, b, o);
        } else {
            tile_part(o, 4, &begin, &end);
            if (end > begin)
                cpu->kernels->gemm_nt(n, end - begin, i, 1.0f, x, x_stride,
                                      (const float *)w + begin * i, i, (float *)y + begin, y_stride,
                                      false);
            for (int64_t r = 0; b && end > begin && r < n; r++)
                cpu->kernels->add((float *)y + r * y_stride + begin, (const float *)b + begin,
                                  end - begin);
        }
    }
    mos_cpu_leave(guard);
}

/* dx [n, i] (+)= dy [n, o] w [o, i];  dw [o, i] += dy^T x;  db [o] += column sums of dy */
void mos_cpu_linear_backward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
#pragma omp parallel num_threads(cpu->threads)
    {
        int64_t begin, end;
        tile_part(n, 4, &begin, &end);
        if (dx && end > begin)
            cpu->kernels->gemm_nn(end - begin, i, o, (const float *)dy + begin * dy_stride,
                                  dy_stride, 1, w, i, (float *)dx + begin * dx_stride, dx_stride,
                                  accumulate);
        tile_part(o, 4, &begin, &end);
        if (dw && end > begin)
            cpu->kernels->gemm_nn(end - begin, i, n, (const float *)dy + begin, 1, dy_stride, x,
                                  x_stride, (float *)dw + begin * i, i, true);
        for (int64_t c = begin; db && c < end; c++) {
            double sum = 0;
            for (int64_t r = 0; r < n; r++)
                sum += (double)((const float *)dy)[r * dy_stride + c];
            ((float *)db)[c] += (float)sum;
        }
    }
    mos_cpu_leave(guard);
}

/* y = x / max(|x|, 1e-12) */
void mos_cpu_unit_forward(mos_device *device, int64_t n, int64_t d, const void *x, void *y,
                          void *norms) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    for (int64_t r = 0; r < n; r++) {
        const float *from = (const float *)x + r * d;
        float *to = (float *)y + r * d;
        double sum = 0;
        for (int64_t k = 0; k < d; k++)
            sum += (double)from[k] * (double)from[k];
        const double norm = fmax(sqrt(sum), LEAST_NORM);
        ((float *)norms)[r] = (float)norm;
        for (int64_t k = 0; k < d; k++)
            to[k] = (float)((double)from[k] / norm);
    }
    mos_cpu_leave(guard);
}

/* dx = (dy - y (y . dy)) / norm */
void mos_cpu_unit_backward(mos_device *device, int64_t n, int64_t d, const void *y,
                           const void *norms, const void *dy, void *dx) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    for (int64_t r = 0; r < n; r++) {
        const float *unit = (const float *)y + r * d, *gradient = (const float *)dy + r * d;
        float *to = (float *)dx + r * d;
        const double norm = (double)((const float *)norms)[r];
        double along = 0;
        for (int64_t k = 0; k < d; k++)
            along += (double)unit[k] * (double)gradient[k];
        for (int64_t k = 0; k < d; k++)
            to[k] = (float)(((double)gradient[k] - (double)unit[k] * along) / norm);
    }
    mos_cpu_leave(guard);
}

void mos_cpu_columns(mos_device *device, int64_t rows, int64_t cols, const void *from,
                     int64_t from_stride, void *to, int64_t to_stride, bool add) {
    const mos_kernels *kernels = cpu_of(device)->kernels;
    for (int64_t r = 0; r < rows; r++) {
        const float *in = (const float *)from + r * from_stride;
        float *out = (float *)to + r * to_stride;
        if (add)
            kernels->add(out, in, cols);
        else
            for (int64_t k = 0; k < cols; k++)
                out[k] = in[k];
    }
}

void mos_cpu_mask_rows(mos_device *device, int64_t rows, int64_t cols, void *x, int64_t stride,
                       const uint8_t *present) {
    (void)device;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t k = 0; !present[r] && k < cols; k++)
            ((float *)x)[r * stride + k] = 0;
}
