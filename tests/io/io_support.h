/* What the tests of this room share: golden files, a folder to write in, the real samples, and
 * failing allocations. */
#ifndef TESTS_IO_SUPPORT_H
#define TESTS_IO_SUPPORT_H

#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Expect a status, and show the message where it is another. */
#define EXPECT_STATUS(wanted, call)                                                                \
    do {                                                                                           \
        mosaic_status got_ = (call);                                                               \
        if (got_ != (wanted))                                                                      \
            print_error("%s: status %d, message: %s\n", #call, (int)got_, mosaic_error());         \
        assert_int_equal(got_, wanted);                                                            \
    } while (0)
#define EXPECT_OK(call) EXPECT_STATUS(MOSAIC_OK, call)
/* Expect a data error whose message holds `part`. */
#define EXPECT_DATA_ERROR(call, part)                                                              \
    do {                                                                                           \
        EXPECT_STATUS(MOSAIC_ERR_DATA, call);                                                      \
        if (strstr(mosaic_error(), part) == NULL)                                                  \
            fail_msg("message \"%s\" lacks \"%s\"", mosaic_error(), part);                         \
    } while (0)

static inline const char *golden_path(const char *name, char path[4096]) {
    snprintf(path, 4096, "%s/tests/golden/%s", MOSAIC_SOURCE_DIR, name);
    return path;
}

/* A path in the folder of real samples; skips the test where there is none. */
static inline const char *real_path(const char *name, char path[4096]) {
    const char *folder = getenv("MOSAIC_REAL_DATA");
    path[0] = '\0';
    if (folder != NULL && folder[0] != '\0') snprintf(path, 4096, "%s/%s", folder, name);
    if (path[0] == '\0' || !mos_path_exists(path)) {
        print_message("skipped: MOSAIC_REAL_DATA has no %s\n", name);
        skip();
    }
    return path;
}

static inline int make_test_folder(void **state) {
    static char folder[] = "mosaic-io-test-XXXXXX";
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL) return 1;
    *state = folder;
    return 0;
}

static inline int remove_test_folder(void **state) {
    return mos_remove_tree(*state) == MOSAIC_OK ? 0 : 1;
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
