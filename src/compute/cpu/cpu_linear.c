/* Linear layers and row operations on real matrices: products of base/gemm.h in the device's room,
 * without heap. */
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <string.h>

#include <math.h>

#define LEAST_NORM 1e-12

typedef struct bias_job {
    const mos_kernels *kernels;
    int64_t rows, columns, stride;
    const float *from; /* b [columns], or dy [rows, columns] */
    float *to;         /* y [rows, columns], or db [columns] */
} bias_job;

static void add_bias(void *context, int64_t begin, int64_t end, int thread) {
    const bias_job *job = context;
    (void)thread;
    for (int64_t r = begin; r < end; r++)
        job->kernels->add(job->to + r * job->stride, job->from, job->columns);
}

static void sum_columns(void *context, int64_t begin, int64_t end, int thread) {
    const bias_job *job = context;
    (void)thread;
    for (int64_t c = begin; c < end; c++) {
        double sum = 0;
        for (int64_t r = 0; r < job->rows; r++)
            sum += (double)job->from[r * job->stride + c];
        job->to[c] += (float)sum;
    }
}

/* y [n, o] = x [n, i] w [o, i]^T + b [o] */
void mos_cpu_linear_forward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    const mos_product_f32 product = {.m = n,
                                     .n = o,
                                     .k = i,
                                     .alpha = 1,
                                     .a = x,
                                     .a_row = x_stride,
                                     .a_column = 1,
                                     .b = w,
                                     .b_row = 1,
                                     .b_column = i,
                                     .c = y,
                                     .ldc = y_stride};
    mos_gemm_f32(&product, cpu->threads, cpu->room);
    bias_job bias = {cpu->kernels, n, o, y_stride, b, y};
    if (b) mos_parallel_for(cpu->threads, n, add_bias, &bias);
    mos_cpu_leave(guard);
}

/* dx [n, i] (+)= dy [n, o] w [o, i];  dw [o, i] += dy^T x;  db [o] += column sums of dy */
void mos_cpu_linear_backward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    const mos_product_f32 data = {.m = n,
                                  .n = i,
                                  .k = o,
                                  .alpha = 1,
                                  .a = dy,
                                  .a_row = dy_stride,
                                  .a_column = 1,
                                  .b = w,
                                  .b_row = i,
                                  .b_column = 1,
                                  .c = dx,
                                  .ldc = dx_stride,
                                  .accumulate = accumulate};
    const mos_product_f32 weights = {.m = o,
                                     .n = i,
                                     .k = n,
                                     .alpha = 1,
                                     .a = dy,
                                     .a_row = 1,
                                     .a_column = dy_stride,
                                     .b = x,
                                     .b_row = x_stride,
                                     .b_column = 1,
                                     .c = dw,
                                     .ldc = i,
                                     .accumulate = true};
    bias_job bias = {cpu->kernels, n, o, dy_stride, dy, db};
    if (dx) mos_gemm_f32(&data, cpu->threads, cpu->room);
    if (dw) mos_gemm_f32(&weights, cpu->threads, cpu->room);
    if (db) mos_parallel_for(cpu->threads, o, sum_columns, &bias);
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

void mos_cpu_gather_rows(mos_device *device, int64_t rows, int64_t cols, const void *from,
                         const int32_t *index, void *to) {
    const size_t bytes = (size_t)cols * sizeof(float);
    (void)device;
    for (int64_t r = 0; r < rows; r++) {
        float *row = (float *)to + r * cols;
        if (index[r] < 0)
            memset(row, 0, bytes);
        else
            memcpy(row, (const float *)from + index[r] * cols, bytes);
    }
}
