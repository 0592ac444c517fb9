/* The linear layer on row-major matrices that may be column blocks of wider ones. */
#include "compute/ref/ref_backend.h"

#include "base/thread.h"

typedef struct linear_job {
    int64_t n, i, o, x_stride, y_stride, dx_stride; /* y or dy */
    const double *x, *w, *b, *dy;
    double *y, *dx, *dw, *db;
    bool accumulate;
} linear_job;

static void forward_rows(void *context, int64_t begin, int64_t end, int thread) {
    const linear_job *job = context;
    const int64_t i = job->i;
    (void)thread;
    for (int64_t row = begin; row < end; row++)
        for (int64_t out = 0; out < job->o; out++) {
            const double *from = job->x + row * job->x_stride;
            const double *weight = job->w + out * i;
            double sum = 0;
            for (int64_t k = 0; k < i; k++)
                sum += from[k] * weight[k];
            if (job->b != NULL) sum += job->b[out];
            job->y[row * job->y_stride + out] = sum;
        }
}

/* y[n,o] = sum over i of x[n,i] w[o,i] + b[o];  x [n, i], w [o, i], b [o], y [n, o] */
void mos_ref_linear_forward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride) {
    linear_job job = {
        .i = i, .o = o, .x_stride = x_stride, .y_stride = y_stride, .x = x, .w = w, .b = b, .y = y};
    mos_parallel_for(device->threads, n, forward_rows, &job);
}

/* dx[n,i] (+)= sum over o of dy[n,o] w[o,i] */
static void backward_rows(void *context, int64_t begin, int64_t end, int thread) {
    const linear_job *job = context;
    const int64_t i = job->i;
    (void)thread;
    for (int64_t row = begin; row < end; row++)
        for (int64_t k = 0; k < i; k++) {
            double sum = 0;
            for (int64_t out = 0; out < job->o; out++)
                sum += job->dy[row * job->y_stride + out] * job->w[out * i + k];
            sum = TERM(13, sum);
            if (job->accumulate) sum += job->dx[row * job->dx_stride + k];
            job->dx[row * job->dx_stride + k] = sum;
        }
}

static void backward_outputs(void *context, int64_t begin, int64_t end, int thread) {
    const linear_job *job = context;
    const int64_t n = job->n, i = job->i;
    (void)thread;
    for (int64_t out = begin; out < end; out++) {
        if (job->dw != NULL)
            for (int64_t k = 0; k < i; k++) {
                double sum = 0;
                for (int64_t row = 0; row < n; row++)
                    sum += job->dy[row * job->y_stride + out] * job->x[row * job->x_stride + k];
                job->dw[out * i + k] += TERM(14, sum);
            }
        if (job->db != NULL) {
            double sum = 0;
            for (int64_t row = 0; row < n; row++)
                sum += job->dy[row * job->y_stride + out];
            job->db[out] += TERM(15, sum);
        }
    }
}

/* dw[o,i] += sum over n of dy[n,o] x[n,i];  db[o] += sum over n of dy[n,o] */
void mos_ref_linear_backward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db) {
    linear_job job = {.n = n,
                      .i = i,
                      .o = o,
                      .x_stride = x_stride,
                      .y_stride = dy_stride,
                      .dx_stride = dx_stride,
                      .x = x,
                      .w = w,
                      .dy = dy,
                      .dx = dx,
                      .dw = dw,
                      .db = db,
                      .accumulate = accumulate};
    mos_parallel_for(device->threads, o, backward_outputs, &job);
    if (dx != NULL) mos_parallel_for(device->threads, n, backward_rows, &job);
}
