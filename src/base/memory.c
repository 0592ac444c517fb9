#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

/* Large blocks lie on huge pages where the system gives them to those who ask: an arena walked in
 * strides otherwise misses the translation cache all the time. A refusal changes nothing else. */
static void *allocate_bytes(size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= 2 * (size_t)HUGE_PAGE) {
        void *block;
        if (posix_memalign(&block, HUGE_PAGE, bytes) != 0) return NULL;
        (void)madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
        return block;
    }
#endif
    return aligned_alloc(ALIGNMENT, bytes);
}

static atomic_uint_fast64_t allocations;
static atomic_uint_fast64_t fail_at; /* value of `allocations` that fails; 0: none */

uint64_t mos_alloc_count(void) {
    return atomic_load(&allocations);
}

void mos_alloc_fail_at(uint64_t n) {
    atomic_store(&fail_at, n == 0 ? 0 : atomic_load(&allocations) + n);
}

static mosaic_status allocate(size_t count, size_t size, const char *what, void **out) {
    uint64_t number = atomic_fetch_add(&allocations, 1) + 1;
    size_t bytes;
    *out = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - ALIGNMENT)
        return mos_fail(MOSAIC_ERR_MEMORY, "out of memory: %zu times %zu bytes for %s", count, size,
                        what);
    if (number == atomic_load(&fail_at)) return mos_fail_memory(bytes, what);
    size_t padded = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *pointer = allocate_bytes(padded);
    if (pointer == NULL) return mos_fail_memory(bytes, what);
    memset(pointer, 0, padded);
    *out = pointer;
    return MOSAIC_OK;
}

mosaic_status mos_alloc(size_t count, size_t size, const char *what, void *out_pointer) {
    void *pointer;
    mosaic_status status = allocate(count, size, what, &pointer);
    memcpy(out_pointer, &pointer, sizeof pointer);
    return status;
}

mosaic_status mos_grow(void *pointer_to_array, size_t *capacity, size_t wanted, size_t size,
                       const char *what) {
    if (wanted <= *capacity) return MOSAIC_OK;
    size_t larger = *capacity < 8 ? 8 : *capacity;
    while (larger < wanted) {
        if (larger > SIZE_MAX / 2) {
            larger = wanted;
            break;
        }
        larger *= 2;
    }
    void *old, *grown;
    memcpy(&old, pointer_to_array, sizeof old);
    MOS_TRY(allocate(larger, size, what, &grown));
    if (old != NULL) memcpy(grown, old, *capacity * size);
    free(old);
    memcpy(pointer_to_array, &grown, sizeof grown);
    *capacity = larger;
    return MOSAIC_OK;
}

void mos_free(void *pointer) {
    free(pointer);
}

mosaic_status mos_copy_text(const char *text, char **out) {
    size_t size = strlen(text) + 1;
    MOS_TRY(mos_alloc(size, 1, "a text", out));
    memcpy(*out, text, size);
    return MOSAIC_OK;
}

void *mos_arena_take(mos_arena *arena, size_t bytes) {
    size_t start = arena->used;
    size_t padded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (padded < bytes || padded > SIZE_MAX - start) {
        arena->used = SIZE_MAX; /* so that no later block can be large enough */
        return NULL;
    }
    arena->used = start + padded;
    if (arena->used > arena->peak) arena->peak = arena->used;
    if (arena->base == NULL || arena->used > arena->size) return NULL;
    return arena->base + start;
}
