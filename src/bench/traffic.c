#include "bench/traffic.h"

#include "base/simd.h"
#include "base/thread.h"

MOS_SIMD_INLINE void read_words_body(const uint32_t *from, size_t count, uint32_t *all) {
    uint32_t bits = 0;
#pragma omp simd reduction(| : bits)
    for (size_t i = 0; i < count; i++)
        bits |= from[i];
    *all |= bits;
}
MOS_SIMD_KERNEL(read_words, (const uint32_t *from, size_t count, uint32_t *all), (from, count, all))

MOS_SIMD_INLINE void write_words_body(uint32_t *to, size_t count, uint32_t value) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        to[i] = value + (uint32_t)i; /* nothing that a library's fill would store past the caches */
}
MOS_SIMD_KERNEL(write_words, (uint32_t * to, size_t count, uint32_t value), (to, count, value))

MOS_SIMD_INLINE void change_words_body(uint32_t *at, size_t count, uint32_t value) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        at[i] += value;
}
MOS_SIMD_KERNEL(change_words, (uint32_t * at, size_t count, uint32_t value), (at, count, value))

double mos_traffic_bytes(const mos_traffic *traffic) {
    double bytes = (double)traffic->written_bytes * (traffic->is_read_too ? 2 : 1);
    for (int i = 0; i < MOS_TRAFFIC_READ; i++)
        bytes += (double)traffic->read_bytes[i];
    return bytes;
}

typedef struct traffic_job {
    const mos_traffic *traffic;
    size_t threads;
} traffic_job;

static void run_share(void *context, int64_t begin, int64_t end, int thread) {
    const traffic_job *job = context;
    const mos_traffic *traffic = job->traffic;
    uint32_t all = 0;
    (void)end;
    (void)thread;
    for (int i = 0; i < MOS_TRAFFIC_READ; i++) {
        const size_t words = traffic->read_bytes[i] / sizeof(uint32_t);
        const size_t first = words * (size_t)begin / job->threads;
        const size_t last = words * (size_t)(begin + 1) / job->threads;
        read_words((const uint32_t *)traffic->read[i] + first, last - first, &all);
    }
    const size_t words = traffic->written_bytes / sizeof(uint32_t);
    const size_t first = words * (size_t)begin / job->threads;
    const size_t last = words * (size_t)(begin + 1) / job->threads;
    uint32_t *written = (uint32_t *)traffic->written + first;
    if (traffic->is_read_too)
        change_words(written, last - first, all | 1);
    else
        write_words(written, last - first, all);
}

void mos_traffic_run(const mos_traffic *traffic, int threads) {
    traffic_job job = {traffic, (size_t)(threads < 1 ? 1 : threads)};
    mos_parallel_for(threads, (int64_t)job.threads, run_share, &job);
}
