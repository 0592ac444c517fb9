/* A folder of its own for what a benchmark makes, gone when it ends. */
#ifndef MOS_BENCH_SCRATCH_H
#define MOS_BENCH_SCRATCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Where scratch folders are made: `given`, or where that is NULL memory (/dev/shm, if `in_memory` and
 * it is there), else TMPDIR, else /tmp. */
const char *mos_bench_scratch_parent(const char *given, bool in_memory);
/* Makes parent/mosaic-bench-XXXXXX; folder: [size], "" after a failure. */
mosaic_status mos_bench_scratch_make(const char *parent, char *folder, size_t size);
/* Removes it with all it holds; "" is none. A failure is a warning. */
void mos_bench_scratch_remove(const char *folder);

#endif
