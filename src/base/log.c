#include "base/log.h"

#include "base/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 2048, REDRAW_MS = 100, TEXT_INTERVAL_MS = 10000 };

static struct {
    pthread_mutex_t lock;
    mos_log_level level;
    FILE *file;
    /* What the present line of stderr shows: whose it is (compared, never followed: a task that
     * failed may be gone) and a copy of the text. */
    const mos_progress *shown;
    bool terminal;
    char line[512];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = MOS_LOG_NOTICE};

int64_t mos_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void mos_log_set_level(mos_log_level level) {
    (void)pthread_mutex_lock(&state.lock);
    state.level = level;
    (void)pthread_mutex_unlock(&state.lock);
}

mos_log_level mos_log_get_level(void) {
    (void)pthread_mutex_lock(&state.lock);
    mos_log_level level = state.level;
    (void)pthread_mutex_unlock(&state.lock);
    return level;
}

void mos_log_set_file(FILE *file) {
    (void)pthread_mutex_lock(&state.lock);
    state.file = file;
    (void)pthread_mutex_unlock(&state.lock);
}

static void redraw(void) {
    (void)fprintf(stderr, "\r%s\033[K", state.line);
    (void)fflush(stderr);
}

static void draw(const mos_progress *progress) {
    (void)snprintf(state.line, sizeof state.line, "%s: %s", progress->label, progress->text);
    state.shown = progress;
    state.terminal = true;
    redraw();
}

/* Leave the cursor at the start of an empty line. */
static void clear_line(void) {
    if (state.shown == NULL) return;
    (void)fputs(state.terminal ? "\r\033[K" : "\n", stderr);
}

static void stamp(char *text, size_t size) {
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    if (strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) text[0] = '\0';
}

/* The file takes every level that is shown, and notices even when stderr is quiet. After an error
 * the progress line stays away until the next update: mostly there is none. */
static void write_line(mos_log_level level, const char *line) {
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    if (level <= state.level) {
        clear_line();
        (void)fprintf(stderr, "mosaic: %s%s\n", words[level], line);
        if (state.shown != NULL && state.terminal && level != MOS_LOG_ERROR)
            redraw();
        else
            state.shown = NULL;
    }
    if (state.file != NULL && (level <= state.level || level <= MOS_LOG_NOTICE)) {
        char when[32];
        stamp(when, sizeof when);
        (void)fprintf(state.file, "%s %s%s\n", when, words[level], line);
        (void)fflush(state.file);
    }
}

void mos_log(mos_log_level level, const char *format, ...) {
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(line, sizeof line, format, arguments);
    va_end(arguments);
    (void)pthread_mutex_lock(&state.lock);
    write_line(level, line);
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_progress_begin(mos_progress *progress, const char *label, int64_t total) {
    int64_t now = mos_now_ns();
    *progress = (mos_progress){.label = label, .total = total, .start_ns = now, .last_tick = -1};
    progress->terminal = isatty(STDERR_FILENO) == 1;
    progress->quiet = mos_log_get_level() < MOS_LOG_NOTICE;
}

static int percent(const mos_progress *progress) {
    if (progress->total <= 0 || progress->done <= 0) return 0;
    if (progress->done >= progress->total) return 100;
    return (int)((double)progress->done * 100.0 / (double)progress->total);
}

/* `0...10...20...`: a number at each tenth and a dot at every 2.5 % between, as GDAL prints it. */
static void print_ticks(mos_progress *progress) {
    int tick = percent(progress) * 2 / 5;
    if (tick > progress->last_tick && state.shown != progress) {
        clear_line();
        (void)fprintf(stderr, "%s: ", progress->label);
        state.shown = progress;
        state.terminal = false;
    }
    while (progress->last_tick < tick) {
        progress->last_tick++;
        if (progress->last_tick % 4 == 0)
            (void)fprintf(stderr, "%d", progress->last_tick / 4 * 10);
        else
            (void)fputc('.', stderr);
    }
    (void)fflush(stderr);
}

static void describe(mos_progress *progress, int64_t now) {
    double elapsed_s = (double)(now - progress->start_ns) * 1e-9;
    if (progress->total <= 0) {
        (void)snprintf(progress->text, sizeof progress->text, "%lld", (long long)progress->done);
        return;
    }
    int used = snprintf(progress->text, sizeof progress->text, "%3d %%  %lld/%lld",
                        percent(progress), (long long)progress->done, (long long)progress->total);
    if (progress->done > 0 && progress->done < progress->total && elapsed_s > 1.0 && used > 0) {
        double left_s =
            elapsed_s / (double)progress->done * (double)(progress->total - progress->done);
        (void)snprintf(progress->text + used, sizeof progress->text - (size_t)used, "  %.0f s left",
                       left_s);
    }
}

void mos_progress_update(mos_progress *progress, int64_t done) {
    (void)pthread_mutex_lock(&state.lock);
    if (done > progress->done) progress->done = done;
    int64_t now = mos_now_ns();
    if (progress->quiet) {
        /* nothing to show */
    } else if (!progress->terminal) {
        if (progress->total > 0) print_ticks(progress);
    } else if (progress->done >= progress->total ||
               now - progress->last_ns >= (int64_t)REDRAW_MS * 1000000) {
        progress->last_ns = now;
        describe(progress, now);
        draw(progress);
    }
    (void)pthread_mutex_unlock(&state.lock);
}

void mos_progress_text(mos_progress *progress, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)pthread_mutex_lock(&state.lock);
    (void)mos_vformat(progress->text, sizeof progress->text, format, arguments);
    int64_t now = mos_now_ns();
    int64_t interval_ms = progress->terminal ? REDRAW_MS : TEXT_INTERVAL_MS;
    bool due = progress->last_ns == 0 || now - progress->last_ns >= interval_ms * 1000000;
    if (!progress->quiet && due) {
        progress->last_ns = now;
        if (progress->terminal) {
            draw(progress);
        } else {
            char line[LINE_SIZE];
            (void)snprintf(line, sizeof line, "%s: %s", progress->label, progress->text);
            write_line(MOS_LOG_NOTICE, line);
        }
    }
    (void)pthread_mutex_unlock(&state.lock);
    va_end(arguments);
}

void mos_progress_end(mos_progress *progress) {
    (void)pthread_mutex_lock(&state.lock);
    if (state.shown == progress) {
        if (progress->terminal) {
            draw(progress); /* with the last text, also when it came between two redraws */
            (void)fputc('\n', stderr);
        } else {
            (void)fputs(" done\n", stderr);
        }
        (void)fflush(stderr);
        state.shown = NULL;
    }
    progress->quiet = true;
    (void)pthread_mutex_unlock(&state.lock);
}
