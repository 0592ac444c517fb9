/* Heap allocation through one door, so tests can fail the n-th allocation and count them. */
#ifndef MOS_BASE_MEMORY_H
#define MOS_BASE_MEMORY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory for count items of size bytes (overflow checked), 64-byte aligned. count 0 gives a
 * valid pointer. `*out` is NULL on failure. Release with mos_free. */
mosaic_status mos_alloc(size_t count, size_t size, const char *what, void *out_pointer)
    __attribute__((warn_unused_result));
/* Grow an array to hold at least `wanted` items (doubling); keeps contents, zeroes the new part. */
mosaic_status mos_grow(void *pointer_to_array, size_t *capacity, size_t wanted, size_t size,
                       const char *what) __attribute__((warn_unused_result));
void mos_free(void *pointer);
/* Copy of a string; mos_free it. */
mosaic_status mos_copy_text(const char *text, char **out) __attribute__((warn_unused_result));

/* Test hooks: the number of mos_alloc/mos_grow calls so far, process-wide; and make the n-th call
 * from now (1 = next) fail once; 0 switches off. */
uint64_t mos_alloc_count(void);
void mos_alloc_fail_at(uint64_t n);

/* A linear arena over one block: a size is measured first, then the same calls hand out pieces. */
typedef struct mos_arena {
    unsigned char *base; /* NULL while measuring */
    size_t used, size, peak;
} mos_arena;
/* 64-byte aligned piece. While base is NULL returns NULL and only counts. */
void *mos_arena_take(mos_arena *arena, size_t bytes);

#endif
