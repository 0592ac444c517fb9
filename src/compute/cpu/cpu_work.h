/* Work stealing: numbered items that the threads of a team take while it runs. Each thread begins
 * with the range that mos_cpu_range gives it, in order, and so stays near the memory of the op
 * before. A thread that is done steals from the end of another thread's range. The result of an
 * item must not depend on which thread takes it. */
#ifndef MOS_COMPUTE_CPU_CPU_WORK_H
#define MOS_COMPUTE_CPU_CPU_WORK_H

#include "compute/cpu/cpu_state.h"

#include <stdatomic.h>

typedef struct mos_cpu_work {
    int threads;
    struct {
        _Alignas(64) _Atomic uint64_t left; /* begin and end, 32 bits each */
    } range[CPU_MAX_THREADS];
} mos_cpu_work;

/* Called by one thread before any asks for an item: items [0, count), count < 2^32. */
static inline void mos_cpu_work_begin(mos_cpu_work *work, int64_t count, int threads) {
    work->threads = threads;
    for (int t = 0; t < threads; t++) {
        int64_t begin, end;
        mos_cpu_range(count, threads, t, &begin, &end);
        atomic_init(&work->range[t].left, (uint64_t)begin << 32 | (uint64_t)end);
    }
}

/* The next item for `thread`; -1: none is left. */
static inline int64_t mos_cpu_work_next(mos_cpu_work *work, int thread) {
    for (int i = 0; i < work->threads; i++) {
        _Atomic uint64_t *left = &work->range[(thread + i) % work->threads].left;
        uint64_t now = atomic_load_explicit(left, memory_order_relaxed);
        while (now >> 32 < (now & UINT32_MAX)) {
            const bool own = i == 0;
            const uint64_t then = own ? now + (UINT64_C(1) << 32) : now - 1;
            if (atomic_compare_exchange_weak_explicit(left, &now, then, memory_order_relaxed,
                                                      memory_order_relaxed))
                return (int64_t)(own ? now >> 32 : then & UINT32_MAX);
        }
    }
    return -1;
}

#endif
