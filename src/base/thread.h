/* Threads: how many, and a parallel loop with a fixed partition (so sums repeat for a thread
 * count). */
#ifndef MOS_BASE_THREAD_H
#define MOS_BASE_THREAD_H

#include "base/error.h"

#include <stdint.h>

/* Number of processors this process may use (affinity and cgroup quota respected), at least 1. */
int mos_cpu_count(void);

/* body(context, begin, end, thread) over [0, count) in `threads` contiguous ranges, on a
 * team (base/team.h); inside a body of one in order. The partition depends on count and threads
 * alone. */
typedef void (*mos_loop_body)(void *context, int64_t begin, int64_t end, int thread);
void mos_parallel_for(int threads, int64_t count, mos_loop_body body, void *context);

#endif
