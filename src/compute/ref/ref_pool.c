/* Max pooling and the global average pool. */
#include "compute/ref/ref_backend.h"

#include "base/memory.h"

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

/* x [n, c, h, w], y and index [n, c, oh, ow] */
void mos_ref_pool_forward(mos_device *device, mos_pool *pool, const void *x, void *y, void *index) {
    const mos_pool_shape *s = &pool->shape;
    const int64_t in = s->h * s->w, out = pool->oh * pool->ow;
#pragma omp parallel for num_threads(device->threads)
    for (int64_t plane = 0; plane < s->n * s->c; plane++) {
        const double *from = (const double *)x + plane * in;
        for (int64_t o = 0; o < out; o++) {
            const int64_t winner = window_winner(pool, from, o / pool->ow, o % pool->ow);
            ((double *)y)[plane * out + o] = from[winner];
            if (index != NULL) ((int64_t *)index)[plane * out + o] = winner;
        }
    }
}

/* dx[winner of o] += dy[o] + dy2[o] */
void mos_ref_pool_backward(mos_device *device, mos_pool *pool, const void *dy, const void *dy2,
                           const void *index, void *dx) {
    const mos_pool_shape *s = &pool->shape;
    const int64_t in = s->h * s->w, out = pool->oh * pool->ow;
#pragma omp parallel for num_threads(device->threads)
    for (int64_t plane = 0; plane < s->n * s->c; plane++) {
        double *to = (double *)dx + plane * in;
        memset(to, 0, (size_t)in * sizeof *to);
        for (int64_t o = plane * out; o < (plane + 1) * out; o++) {
            double gradient = ((const double *)dy)[o];
            if (dy2 != NULL) gradient += TERM(10, ((const double *)dy2)[o]);
            to[((const int64_t *)index)[o]] += TERM(11, gradient);
        }
    }
}

/* y[n,c] = mean over the plane of x [n, c, h, w] */
void mos_ref_mean_forward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                          const void *x, void *y) {
#pragma omp parallel for num_threads(device->threads)
    for (int64_t plane = 0; plane < n * c; plane++) {
        double sum = 0;
        for (int64_t i = 0; i < h * w; i++)
            sum += ((const double *)x)[plane * h * w + i];
        ((double *)y)[plane] = sum / (double)(h * w);
    }
}

/* dx[n,c,h,w] = dy[n,c] / (h w) */
void mos_ref_mean_backward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                           const void *dy, void *dx) {
#pragma omp parallel for num_threads(device->threads)
    for (int64_t plane = 0; plane < n * c; plane++) {
        const double gradient = ((const double *)dy)[plane] / (double)(h * w);
        for (int64_t i = 0; i < h * w; i++)
            ((double *)dx)[plane * h * w + i] = TERM(12, gradient);
    }
}
