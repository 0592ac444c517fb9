/* What the tests of this room share: golden files, and failing allocations. */
#ifndef TESTS_IO_SUPPORT_H
#define TESTS_IO_SUPPORT_H

#include "base/memory.h"
#include "support/test_support.h"

static inline const char *golden_path(const char *name, char path[4096]) {
    snprintf(path, 4096, "%s/tests/golden/%s", MOSAIC_SOURCE_DIR, name);
    return path;
}

static inline const char *test_path(void **state, const char *name, char path[4096]) {
    snprintf(path, 4096, "%s/%s", (const char *)*state, name);
    return path;
}

/* A copy of exactly `size` bytes, so that a sanitizer sees every read beyond. */
static inline char *exact_copy(const void *data, size_t size) {
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

/* Call `attempt` with its first allocation failing, then its second, and so on until it succeeds;
 * every failure must be a memory error. Leaks are the sanitizer's to find. */
static inline void fail_every_allocation(mosaic_status (*attempt)(void *context), void *context) {
    for (uint64_t n = 1; n < 100000; n++) {
        mos_alloc_fail_at(n);
        mosaic_status status = attempt(context);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(n > 1);
            return;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
    fail_msg("never succeeded");
}

#endif
