/* Linear layers and row operations on real matrices: small products, so own loops without packing
 * or heap. */
#include "base/team.h"
#include "compute/cpu/cpu_state.h"

#include <math.h>

#define LEAST_NORM 1e-12

/* One thread's rows of a product, in whole register tiles of `unit` rows. */
static void tile_part(int64_t count, int64_t unit, int thread, int threads, int64_t *begin,
                      int64_t *end) {
    mos_cpu_part((count + unit - 1) / unit, threads, thread, begin, end);
    *begin *= unit;
    *end = *end * unit < count ? *end * unit : count;
}

typedef struct forward_job {
    const mos_kernels *kernels;
    int64_t n, i, o, x_stride, y_stride;
    const float *x, *w, *b;
    float *y;
} forward_job;

/* The longer side is cut; every value is the same sum either way. */
static void forward_part(void *context, int thread, int threads, mos_team *team) {
    const forward_job *job = context;
    const mos_kernels *kernels = job->kernels;
    const int64_t n = job->n, i = job->i, o = job->o;
    int64_t begin, end;
    (void)team;
    if (n >= o) {
        tile_part(n, 4, thread, threads, &begin, &end);
        if (end > begin)
            kernels->gemm_nt(end - begin, o, i, 1.0f, job->x + begin * job->x_stride, job->x_stride,
                             job->w, i, job->y + begin * job->y_stride, job->y_stride, false);
        for (int64_t r = begin; job->b && r < end; r++)
            kernels->add(job->y + r * job->y_stride, job->b, o);
    } else {
        tile_part(o, 4, thread, threads, &begin, &end);
        if (end > begin)
            kernels->gemm_nt(n, end - begin, i, 1.0f, job->x, job->x_stride, job->w + begin * i, i,
                             job->y + begin, job->y_stride, false);
        for (int64_t r = 0; job->b && end > begin && r < n; r++)
            kernels->add(job->y + r * job->y_stride + begin, job->b + begin, end - begin);
    }
}

/* y [n, o] = x [n, i] w [o, i]^T + b [o] */
void mos_cpu_linear_forward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    forward_job job = {.kernels = cpu->kernels,
                       .n = n,
                       .i = i,
                       .o = o,
                       .x_stride = x_stride,
                       .y_stride = y_stride,
                       .x = x,
                       .w = w,
                       .b = b,
                       .y = y};
    mos_team_run(cpu->threads, forward_part, &job);
    mos_cpu_leave(guard);
}

typedef struct backward_job {
    const mos_kernels *kernels;
    int64_t n, i, o, x_stride, dy_stride, dx_stride;
    const float *x, *w, *dy;
    float *dx, *dw, *db;
    bool accumulate;
} backward_job;

static void backward_part(void *context, int thread, int threads, mos_team *team) {
    const backward_job *job = context;
    const int64_t n = job->n, i = job->i, o = job->o;
    int64_t begin, end;
    (void)team;
    tile_part(n, 4, thread, threads, &begin, &end);
    if (job->dx && end > begin)
        job->kernels->gemm_nn(end - begin, i, o, job->dy + begin * job->dy_stride, job->dy_stride,
                              1, job->w, i, job->dx + begin * job->dx_stride, job->dx_stride,
                              job->accumulate);
    tile_part(o, 4, thread, threads, &begin, &end);
    if (job->dw && end > begin)
        job->kernels->gemm_nn(end - begin, i, n, job->dy + begin, 1, job->dy_stride, job->x,
                              job->x_stride, job->dw + begin * i, i, true);
    for (int64_t c = begin; job->db && c < end; c++) {
        double sum = 0;
        for (int64_t r = 0; r < n; r++)
            sum += (double)job->dy[r * job->dy_stride + c];
        job->db[c] += (float)sum;
    }
}

/* dx [n, i] (+)= dy [n, o] w [o, i];  dw [o, i] += dy^T x;  db [o] += column sums of dy */
void mos_cpu_linear_backward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    backward_job job = {.kernels = cpu->kernels,
                        .n = n,
                        .i = i,
                        .o = o,
                        .x_stride = x_stride,
                        .dy_stride = dy_stride,
                        .dx_stride = dx_stride,
                        .x = x,
                        .w = w,
                        .dy = dy,
                        .dx = dx,
                        .dw = dw,
                        .db = db,
                        .accumulate = accumulate};
    mos_team_run(cpu->threads, backward_part, &job);
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
