#include "base/log.h"

#include "base/text.h"
#include "base/thread_hooks.h"

#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

enum { LINE_SIZE = 2048, FILE_INTERVAL_MS = 10000, RECENT = 8 };

/* A line that was printed, and how often it came again and was not. */
typedef struct recent_line {
    mos_log_level level;
    int64_t more;
    char text[LINE_SIZE];
} recent_line;

static struct {
    pthread_mutex_t lock;
    mos_log_level level;
    FILE *file;
    mos_log_sink sink;
    char prefix[128];
    recent_line recent[RECENT]; /* a ring; an empty text: none */
    int oldest;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = MOS_LOG_NOTICE};

int64_t mos_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void settle_recent(void);

void mos_log_set_level(mos_log_level level) {
    (void)pthread_mutex_lock(&state.lock);
    settle_recent();
    state.level = level;
    (void)pthread_mutex_unlock(&state.lock);
}

mos_log_level mos_log_get_level(void) {
    (void)pthread_mutex_lock(&state.lock);
    mos_log_level level = state.level;
    (void)pthread_mutex_unlock(&state.lock);
    return level;
}

void mos_log_flush(void) {
    (void)pthread_mutex_lock(&state.lock);
    settle_recent();
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_log_set_file(FILE *file) {
    (void)pthread_mutex_lock(&state.lock);
    settle_recent(); /* each file says all of its own */
    state.file = file;
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_log_set_prefix(const char *text) {
    (void)pthread_mutex_lock(&state.lock);
    (void)snprintf(state.prefix, sizeof state.prefix, "%s", text);
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_log_set_sink(const mos_log_sink *sink) {
    (void)pthread_mutex_lock(&state.lock);
    settle_recent();
    state.sink = sink == NULL ? (mos_log_sink){0} : *sink;
    (void)pthread_mutex_unlock(&state.lock);
}

static _Thread_local const mos_log_sink *own_sink; /* of this thread */

static const mos_log_sink *sink_in_force(void) {
    return own_sink != NULL ? own_sink : &state.sink;
}

void mos_log_set_thread_sink(const mos_log_sink *sink) {
    (void)pthread_mutex_lock(&state.lock);
    settle_recent();
    own_sink = sink;
    (void)pthread_mutex_unlock(&state.lock);
}

static void stamp(char *text, size_t size) {
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    if (strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) text[0] = '\0';
}

/* The file takes every level that is shown, and notices even when less is shown. */
static void write_file(mos_log_level level, const char *line) {
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    char when[32];
    if (state.file == NULL || (level > state.level && level > MOS_LOG_NOTICE)) return;
    stamp(when, sizeof when);
    (void)fprintf(state.file, "%s %s%s\n", when, words[level], line);
    (void)fflush(state.file);
}

static void write_line(mos_log_level level, const char *line) {
    const mos_log_sink *sink = sink_in_force();
    if (level <= state.level && sink->line != NULL) sink->line(sink->context, level, line);
    write_file(level, line);
}

/* A line that leaves the ring says how often it came again. */
static void forget(recent_line *recent) {
    if (recent->text[0] != '\0' && recent->more > 0) {
        char line[LINE_SIZE + 64];
        (void)snprintf(line, sizeof line, "%lld more time%s: %s", (long long)recent->more,
                       recent->more == 1 ? "" : "s", recent->text);
        write_line(recent->level, line);
    }
    recent->text[0] = '\0';
    recent->more = 0;
}

static void settle_recent(void) {
    for (int r = 0; r < RECENT; r++)
        forget(&state.recent[(state.oldest + r) % RECENT]);
}

/* Was the same line printed a short while ago? Then it is counted. */
static bool is_repeated(mos_log_level level, const char *line) {
    for (int r = 0; r < RECENT; r++) {
        recent_line *recent = &state.recent[r];
        if (recent->level != level || strcmp(recent->text, line) != 0) continue;
        recent->more++;
        return true;
    }
    recent_line *place = &state.recent[state.oldest];
    forget(place);
    place->level = level;
    (void)snprintf(place->text, sizeof place->text, "%s", line);
    state.oldest = (state.oldest + 1) % RECENT;
    return false;
}

void mos_log(mos_log_level level, const char *format, ...) {
    char line[LINE_SIZE];
    va_list arguments;
    (void)pthread_mutex_lock(&state.lock);
    const size_t used = strlen(state.prefix);
    memcpy(line, state.prefix, used);
    va_start(arguments, format);
    (void)mos_vformat(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
    const bool told = level <= state.level || (state.file != NULL && level <= MOS_LOG_NOTICE);
    if (told && (line[0] == '\0' || !is_repeated(level, line))) write_line(level, line);
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_progress_begin(mos_progress *progress, const char *label, int64_t total) {
    *progress = (mos_progress){.label = label, .total = total, .start_ns = mos_now_ns()};
    (void)pthread_mutex_lock(&state.lock);
    const bool one_of_several = state.prefix[0] != '\0';
    (void)pthread_mutex_unlock(&state.lock);
    progress->quiet = one_of_several || mos_log_get_level() < MOS_LOG_NOTICE;
}

static void show(const mos_progress *progress, bool ended) {
    const mos_log_sink *sink = sink_in_force();
    if (!progress->quiet && sink->progress != NULL) sink->progress(sink->context, progress, ended);
}

void mos_progress_update(mos_progress *progress, int64_t done) {
    (void)pthread_mutex_lock(&state.lock);
    if (done > progress->done) progress->done = done;
    show(progress, false);
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_progress_text(mos_progress *progress, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)pthread_mutex_lock(&state.lock);
    (void)mos_vformat(progress->text, sizeof progress->text, format, arguments);
    show(progress, false);
    int64_t now = mos_now_ns();
    if (progress->logged_ns == 0 ||
        now - progress->logged_ns >= (int64_t)FILE_INTERVAL_MS * 1000000) {
        char line[LINE_SIZE];
        progress->logged_ns = now;
        (void)snprintf(line, sizeof line, "%s: %s", progress->label, progress->text);
        write_file(MOS_LOG_NOTICE, line);
    }
    (void)pthread_mutex_unlock(&state.lock);
    va_end(arguments);
}

void mos_progress_end(mos_progress *progress) {
    (void)pthread_mutex_lock(&state.lock);
    show(progress, true);
    progress->quiet = true;
    (void)pthread_mutex_unlock(&state.lock);
}
