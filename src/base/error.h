/* Status with detail. A failing function calls mos_fail once, where it knows most; callers add what
 * only they know with mos_context and pass the status on. */
#ifndef MOS_BASE_ERROR_H
#define MOS_BASE_ERROR_H

#include "mosaic/status.h"

#include <stddef.h>

/* Record the detail on this thread and return `status`. */
mosaic_status mos_fail(mosaic_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "<formatted>: " before the detail already recorded; returns `status`. Does nothing for
 * MOSAIC_OK. */
mosaic_status mos_context(mosaic_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append ": <strerror(errno)>" style detail for a failed system call on `path`. */
mosaic_status mos_fail_errno(const char *verb, const char *path);

/* Out of memory for `bytes` of `what`. */
mosaic_status mos_fail_memory(size_t bytes, const char *what);

/* Move a detail between threads: copy it out on the failing one, restore it on the reporting one.
 */
void mos_error_copy(char *text, size_t size);
void mos_error_restore(const char *text);

/* The nearest of `names` to `word` by edit distance, or NULL when none is near: for "did you mean".
 */
const char *mos_nearest_name(const char *word, const char *const *names, size_t count);

#define MOS_TRY(call)                                                                              \
    do {                                                                                           \
        mosaic_status mos_try_status_ = (call);                                                    \
        if (mos_try_status_ != MOSAIC_OK) return mos_try_status_;                                  \
    } while (0)

/* For functions with one exit: set `status` and jump to `done` on failure. */
#define MOS_GOTO(call)                                                                             \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != MOSAIC_OK) goto done;                                                        \
    } while (0)

#endif
