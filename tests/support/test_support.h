/* What the tests of several rooms share: expected statuses, the real samples, a folder to write in.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include "base/file.h"
#include "base/log.h"

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
    static char folder[] = "mosaic-test-XXXXXX";
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    mos_log_set_level(MOS_LOG_ERROR);
    if (mkdtemp(folder) == NULL) return 1;
    *state = folder;
    return 0;
}

static inline int remove_test_folder(void **state) {
    return mos_remove_tree(*state) == MOSAIC_OK ? 0 : 1;
}

#endif
