/* Max pooling with a byte per output for the winner, and global average pooling. */
#include "base/memory.h"
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <inttypes.h>

struct mos_pool {
    mos_pool_plane plane;
    int64_t planes, block; /* n * c / block; channels of a block */
};

#define MAX_POOL_KERNEL 15 /* a winner's index in its window fits a byte */

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

/* Of the forward pass, then of the backward pass. */
typedef struct pool_job {
    const mos_cpu *cpu;
    const mos_pool_plane *plane;
    size_t in, out; /* values of a plane */
    const char *from, *from2;
    char *to;
    uint8_t *index;
    const uint8_t *winners;
} pool_job;

static pool_job job_of(const mos_cpu *cpu, const mos_pool *pool) {
    const mos_pool_plane *p = &pool->plane;
    return (pool_job){.cpu = cpu,
                      .plane = p,
                      .in = (size_t)(p->h * p->w * pool->block),
                      .out = (size_t)(p->oh * p->ow * pool->block)};
}

static void forward_planes(void *context, int64_t begin, int64_t end, int thread) {
    const pool_job *job = context;
    const size_t size = job->cpu->act_size;
    (void)thread;
    for (size_t i = (size_t)begin; i < (size_t)end; i++)
        job->cpu->activation->pool_forward(job->plane, job->from + i * job->in * size,
                                           job->to + i * job->out * size,
                                           job->index ? job->index + i * job->out : NULL);
}

/* x [n, c, h, w] -> y [n, c, oh, ow] */
void mos_cpu_pool_forward(mos_device *device, mos_pool *pool, const void *x, void *y, void *index) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    pool_job job = job_of(cpu_of(device), pool);
    job.from = x;
    job.to = y;
    job.index = index;
    mos_parallel_for(job.cpu->threads, pool->planes, forward_planes, &job);
    mos_cpu_leave(guard);
}

static void backward_planes(void *context, int64_t begin, int64_t end, int thread) {
    const pool_job *job = context;
    const size_t size = job->cpu->act_size;
    (void)thread;
    for (size_t i = (size_t)begin; i < (size_t)end; i++) {
        const size_t from = i * job->out * size;
        job->cpu->activation->pool_backward(
            job->plane, job->from + from, job->from2 ? job->from2 + from : NULL,
            job->winners + i * job->out, job->to + i * job->in * size);
    }
}

void mos_cpu_pool_backward(mos_device *device, mos_pool *pool, const void *dy, const void *dy2,
                           const void *index, void *dx) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    pool_job job = job_of(cpu_of(device), pool);
    job.from = dy;
    job.from2 = dy2;
    job.to = dx;
    job.winners = index;
    mos_parallel_for(job.cpu->threads, pool->planes, backward_planes, &job);
    mos_cpu_leave(guard);
}

/* The global average: x or dx in planes, y or dy in rows. */
typedef struct mean_job {
    const mos_cpu *cpu;
    int64_t hw;
    const char *x;
    float *y;
    const float *dy;
    char *dx;
} mean_job;

static void mean_planes(void *context, int64_t begin, int64_t end, int thread) {
    const mean_job *job = context;
    const int64_t block = job->cpu->block;
    const size_t plane = (size_t)(job->hw * block) * job->cpu->act_size;
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        if (job->x)
            job->cpu->activation->mean_forward(job->x + (size_t)i * plane, job->hw,
                                               job->y + i * block);
        else
            job->cpu->activation->mean_backward(job->dy + i * block, job->hw,
                                                job->dx + (size_t)i * plane);
    }
}

/* y[n, c] = mean over h, w of x[n, c, h, w]; y is dense, its rows are multiples of 16 as c is */
void mos_cpu_mean_forward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                          const void *x, void *y) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    mean_job job = {.cpu = cpu_of(device), .hw = h * w, .x = x, .y = y};
    mos_parallel_for(job.cpu->threads, n * c / job.cpu->block, mean_planes, &job);
    mos_cpu_leave(guard);
}

void mos_cpu_mean_backward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                           const void *dy, void *dx) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    mean_job job = {.cpu = cpu_of(device), .hw = h * w, .dy = dy, .dx = dx};
    mos_parallel_for(job.cpu->threads, n * c / job.cpu->block, mean_planes, &job);
    mos_cpu_leave(guard);
}
