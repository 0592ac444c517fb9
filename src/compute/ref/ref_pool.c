/* Max pooling and the global average pool. */
#include "compute/ref/ref_backend.h"

#include "base/memory.h"
#include "base/thread.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct mos_pool {
    mos_pool_shape shape;
    int64_t oh, ow;
};

mosaic_status mos_ref_pool_create(mos_device *device, const mos_pool_shape *shape, mos_pool **out,
                                  size_t *index_bytes) {
    (void)device;
    const mos_pool_shape s = *shape;
    mos_pool *pool;
    *out = NULL;
    *index_bytes = 0;
    /* pad at most half a kernel: no window lies in the padding alone */
    if (s.n < 1 || s.c < 1 || s.h < 1 || s.w < 1 || s.kernel < 1 || s.stride < 1 || s.pad < 0 ||
        2 * s.pad > s.kernel || s.h + 2 * s.pad < s.kernel || s.w + 2 * s.pad < s.kernel)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "max pool: input %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64
                        " does not go with kernel %" PRId64 ", stride %" PRId64 ", pad %" PRId64,
                        s.n, s.c, s.h, s.w, s.kernel, s.stride, s.pad);
    MOS_TRY(mos_alloc(1, sizeof *pool, "max pool plan", &pool));
    pool->shape = s;
    pool->oh = (s.h + 2 * s.pad - s.kernel) / s.stride + 1;
    pool->ow = (s.w + 2 * s.pad - s.kernel) / s.stride + 1;
    *index_bytes = (size_t)(s.n * s.c * pool->oh * pool->ow) * sizeof(int64_t);
    *out = pool;
    return MOSAIC_OK;
}

void mos_ref_pool_destroy(mos_device *device, mos_pool **pool) {
    (void)device;
    mos_free(*pool);
    *pool = NULL;
}

/* Index in x [h, w] of the window's largest value: the first of equals, a NaN before all, as
 * PyTorch. */
static int64_t window_winner(const mos_pool *pool, const double *x, int64_t oh, int64_t ow) {
    const mos_pool_shape *s = &pool->shape;
    int64_t winner = -1;
    for (int64_t kh = 0; kh < s->kernel; kh++)
        for (int64_t kw = 0; kw < s->kernel; kw++) {
            const int64_t ih = oh * s->stride - s->pad + kh, iw = ow * s->stride - s->pad + kw;
            if (ih < 0 || ih >= s->h || iw < 0 || iw >= s->w) continue;
            const double value = x[ih * s->w + iw];
            if (winner < 0 || value > x[winner] || isnan(value)) winner = ih * s->w + iw;
        }
    return winner;
}

/* The arrays of a pass, and the size of a plane of x where there is no pool. */
typedef struct pool_job {
    const mos_pool *pool;
    int64_t in;
    const double *from, *from2;
    double *to;
    int64_t *index;
    const int64_t *winners;
} pool_job;

static void forward_planes(void *context, int64_t begin, int64_t end, int thread) {
    const pool_job *job = context;
    const mos_pool *pool = job->pool;
    const int64_t out = pool->oh * pool->ow;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        const double *from = job->from + plane * job->in;
        for (int64_t o = 0; o < out; o++) {
            const int64_t winner = window_winner(pool, from, o / pool->ow, o % pool->ow);
            job->to[plane * out + o] = from[winner];
            if (job->index != NULL) job->index[plane * out + o] = winner;
        }
    }
}

/* x [n, c, h, w], y and index [n, c, oh, ow] */
void mos_ref_pool_forward(mos_device *device, mos_pool *pool, const void *x, void *y, void *index) {
    const mos_pool_shape *s = &pool->shape;
    pool_job job = {.pool = pool, .in = s->h * s->w, .from = x, .to = y, .index = index};
    mos_parallel_for(device->threads, s->n * s->c, forward_planes, &job);
}

static void backward_planes(void *context, int64_t begin, int64_t end, int thread) {
    const pool_job *job = context;
    const int64_t out = job->pool->oh * job->pool->ow;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        double *to = job->to + plane * job->in;
        memset(to, 0, (size_t)job->in * sizeof *to);
        for (int64_t o = plane * out; o < (plane + 1) * out; o++) {
            double gradient = job->from[o];
            if (job->from2 != NULL) gradient += TERM(10, job->from2[o]);
            to[job->winners[o]] += TERM(11, gradient);
        }
    }
}

/* dx[winner of o] += dy[o] + dy2[o] */
void mos_ref_pool_backward(mos_device *device, mos_pool *pool, const void *dy, const void *dy2,
                           const void *index, void *dx) {
    const mos_pool_shape *s = &pool->shape;
    pool_job job = {
        .pool = pool, .in = s->h * s->w, .from = dy, .from2 = dy2, .to = dx, .winners = index};
    mos_parallel_for(device->threads, s->n * s->c, backward_planes, &job);
}

static void mean_planes(void *context, int64_t begin, int64_t end, int thread) {
    const pool_job *job = context;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        double sum = 0;
        for (int64_t i = 0; i < job->in; i++)
            sum += job->from[plane * job->in + i];
        job->to[plane] = sum / (double)job->in;
    }
}

/* y[n,c] = mean over the plane of x [n, c, h, w] */
void mos_ref_mean_forward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                          const void *x, void *y) {
    pool_job job = {.in = h * w, .from = x, .to = y};
    mos_parallel_for(device->threads, n * c, mean_planes, &job);
}

static void mean_planes_back(void *context, int64_t begin, int64_t end, int thread) {
    const pool_job *job = context;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        const double gradient = job->from[plane] / (double)job->in;
        for (int64_t i = 0; i < job->in; i++)
            job->to[plane * job->in + i] = TERM(12, gradient);
    }
}

/* dx[n,c,h,w] = dy[n,c] / (h w) */
void mos_ref_mean_backward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                           const void *dy, void *dx) {
    pool_job job = {.in = h * w, .from = dy, .to = dx};
    mos_parallel_for(device->threads, n * c, mean_planes_back, &job);
}
