/* Max pooling with a byte per output for the winner, and global average pooling. */
#include "base/memory.h"
#include "compute/cpu/cpu_state.h"

#include <inttypes.h>

struct mos_pool {
    mos_pool_plane plane;
    int64_t planes, block; /* n * c / block; channels of a block */
};

#define MAX_POOL_KERNEL 15 /* a winner's place fits a byte */

mosaic_status mos_cpu_pool_create(mos_device *device, const mos_pool_shape *shape, mos_pool **out,
                                  size_t *index_bytes) {
    const mos_pool_shape s = *shape;
    mos_pool *pool = NULL;
    *out = NULL;
    *index_bytes = 0;
    if (s.n < 1 || s.c < 1 || s.h < 1 || s.w < 1 || s.kernel < 1 || s.stride < 1 || s.pad < 0 ||
        2 * s.pad > s.kernel || s.h + 2 * s.pad < s.kernel || s.w + 2 * s.pad < s.kernel)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "max pool: kernel %" PRId64 ", stride %" PRId64 ", pad %" PRId64
                        " do not go with input %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64,
                        s.kernel, s.stride, s.pad, s.n, s.c, s.h, s.w);
    if (s.c % CPU_BLOCK != 0 || s.kernel > MAX_POOL_KERNEL)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "max pool: device cpu wants a multiple of %d channels and a kernel of at "
                        "most %d, found %" PRId64 " and %" PRId64,
                        CPU_BLOCK, MAX_POOL_KERNEL, s.c, s.kernel);
    MOS_TRY(mos_alloc(1, sizeof *pool, "max pool plan", &pool));
    pool->block = cpu_of(device)->block;
    pool->planes = s.n * (s.c / pool->block);
    pool->plane = (mos_pool_plane){.h = s.h,
                                   .w = s.w,
                                   .oh = (s.h + 2 * s.pad - s.kernel) / s.stride + 1,
                                   .ow = (s.w + 2 * s.pad - s.kernel) / s.stride + 1,
                                   .kernel = s.kernel,
                                   .stride = s.stride,
                                   .pad = s.pad};
    *index_bytes = (size_t)(pool->planes * pool->plane.oh * pool->plane.ow * pool->block);
    *out = pool;
    return MOSAIC_OK;
}

void mos_cpu_pool_destroy(mos_device *device, mos_pool **pool) {
    (void)device;
    if (!pool) return;
    mos_free(*pool);
    *pool = NULL;
}

/* x [n, c, h, w] -> y [n, c, oh, ow] */
void mos_cpu_pool_forward(mos_device *device, mos_pool *pool, const void *x, void *y, void *index) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    const mos_cpu *cpu = cpu_of(device);
    const mos_pool_plane *p = &pool->plane;
    const size_t in = (size_t)(p->h * p->w * pool->block),
                 out = (size_t)(p->oh * p->ow * pool->block);
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t i = 0; i < pool->planes; i++)
        cpu->activation->pool_forward(p, (const char *)x + (size_t)i * in * cpu->act_size,
                                      (char *)y + (size_t)i * out * cpu->act_size,
                                      index ? (uint8_t *)index + (size_t)i * out : NULL);
    mos_cpu_leave(guard);
}

void mos_cpu_pool_backward(mos_device *device, mos_pool *pool, const void *dy, const void *dy2,
                           const void *index, void *dx) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    const mos_cpu *cpu = cpu_of(device);
    const mos_pool_plane *p = &pool->plane;
    const size_t in = (size_t)(p->h * p->w * pool->block),
                 out = (size_t)(p->oh * p->ow * pool->block);
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t i = 0; i < pool->planes; i++) {
        const size_t from = (size_t)i * out * cpu->act_size;
        cpu->activation->pool_backward(
            p, (const char *)dy + from, dy2 ? (const char *)dy2 + from : NULL,
            (const uint8_t *)index + (size_t)i * out, (char *)dx + (size_t)i * in * cpu->act_size);
    }
    mos_cpu_leave(guard);
}

/* y[n, c] = mean over h, w of x[n, c, h, w]; y is dense, its rows are multiples of 16 as c is */
void mos_cpu_mean_forward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                          const void *x, void *y) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    const mos_cpu *cpu = cpu_of(device);
    const size_t plane = (size_t)(h * w * cpu->block) * cpu->act_size;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t i = 0; i < n * c / cpu->block; i++)
        cpu->activation->mean_forward((const char *)x + (size_t)i * plane, h * w,
                                      (float *)y + i * cpu->block);
    mos_cpu_leave(guard);
}

void mos_cpu_mean_backward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                           const void *dy, void *dx) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    const mos_cpu *cpu = cpu_of(device);
    const size_t plane = (size_t)(h * w * cpu->block) * cpu->act_size;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t i = 0; i < n * c / cpu->block; i++)
        cpu->activation->mean_backward((const float *)dy + i * cpu->block, h * w,
                                       (char *)dx + (size_t)i * plane);
    mos_cpu_leave(guard);
}
