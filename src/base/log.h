/* Log lines and progress: everything for people goes to stderr; stdout is for data. */
#ifndef MOS_BASE_LOG_H
#define MOS_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum mos_log_level {
    MOS_LOG_ERROR,
    MOS_LOG_WARNING,
    MOS_LOG_NOTICE,
    MOS_LOG_DEBUG
} mos_log_level;

/* Default level NOTICE; -q sets ERROR, -v DEBUG. Thread-safe. Lines are "mosaic: warning: text". A
 * progress line in flight is erased first and redrawn later. */
void mos_log_set_level(mos_log_level level);
mos_log_level mos_log_get_level(void);
/* Also append every line (with time stamp) to this file; NULL stops. The file stays the caller's.
 */
void mos_log_set_file(FILE *file);
void mos_log(mos_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Progress of one task. On a terminal one updating line; otherwise `0...10...20...` for passes, or
 * one log line per interval for lines set with mos_progress_text. */
typedef struct mos_progress {
    const char *label;
    int64_t total, done;
    int64_t start_ns, last_ns;
    int last_tick;
    bool terminal, quiet;
    char text[400];
} mos_progress;
void mos_progress_begin(mos_progress *progress, const char *label, int64_t total);
void mos_progress_update(mos_progress *progress, int64_t done);
/* A status line of the caller's own words (training): redrawn in place, or logged at intervals. */
void mos_progress_text(mos_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mos_progress_end(mos_progress *progress);

/* Monotonic clock. */
int64_t mos_now_ns(void);

#endif
