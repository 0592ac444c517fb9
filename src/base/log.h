/* Log lines and progress, for people. The library prints neither: both go to the sink that the
 * program hands in (cli/console.c for the command line), and lines to a run's log file. */
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

/* Levels up to this one are shown; NOTICE by default, and progress is shown from there on.
 * Thread-safe. */
void mos_log_set_level(mos_log_level level);
mos_log_level mos_log_get_level(void);
/* Also append every line (with time stamp) to this file; NULL stops. The file stays the caller's.
 */
void mos_log_set_file(FILE *file);
/* Put in front of every line from now on, "rank 3 (node12): "; "": nothing. Who has a prefix is one of
 * several that do the same, and shows no progress: that is for the one without. */
void mos_log_set_prefix(const char *text);
/* A line that was among the last few that somebody was told is not told again but counted; the count
 * is told when the line is forgotten, here, or when level, file or sink change. */
void mos_log_flush(void);
void mos_log(mos_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a task has done so far. */
typedef struct mos_progress {
    const char *label;
    int64_t total, done;
    int64_t start_ns, logged_ns;
    bool quiet;
    char text[400]; /* its own words; empty: there are none */
} mos_progress;
void mos_progress_begin(mos_progress *progress, const char *label, int64_t total);
void mos_progress_update(mos_progress *progress, int64_t done);
/* A status line of the caller's own words (training). It also enters the log file, once in ten
 * seconds. */
void mos_progress_text(mos_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mos_progress_end(mos_progress *progress);

/* Who shows them. Called by any thread, one call at a time. A function that is NULL is not called.
 */
typedef struct mos_log_sink {
    void *context;
    void (*line)(void *context, mos_log_level level, const char *text);
    void (*progress)(void *context, const mos_progress *progress, bool ended);
} mos_log_sink;
void mos_log_set_sink(const mos_log_sink *sink); /* copied; NULL: nobody, as at the start */

/* Monotonic clock. */
int64_t mos_now_ns(void);

#endif
