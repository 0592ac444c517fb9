/* Lines are "mosaic: warning: text". Progress is one line that is redrawn in place on a terminal;
 * elsewhere `0...10...20...` for tasks that count, and a line now and then for tasks with words of
 * their own. The library calls from one thread at a time. */
#include "console.h"

#include "mosaic/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TASKS = 8 };
static const double redraw_s = 0.1, text_interval_s = 10;

/* Tasks under way: progress that is shown in turns goes on where it was. */
typedef struct task {
    const void *id;
    int last_tick; /* of 40 */
    double last_s; /* when it was last shown; before the first time negative */
} task;
static task tasks[TASKS];

/* What the present line shows. */
static const void *shown;
static int terminal;
static char line[512];

static task *find_task(const mosaic_progress *progress) {
    for (int i = 0; i < TASKS; i++)
        if (tasks[i].id == progress->task) return &tasks[i];
    int free_one = 0;
    for (int i = TASKS - 1; i >= 0; i--)
        if (!tasks[i].id) free_one = i;
    tasks[free_one] = (task){progress->task, -1, -1};
    return &tasks[free_one];
}

static void redraw(void) {
    (void)fprintf(stderr, "\r%s\033[K", line);
    (void)fflush(stderr);
}

/* Leave the cursor at the start of an empty line. */
static void clear_line(void) {
    if (shown) (void)fputs(terminal ? "\r\033[K" : "\n", stderr);
}

/* After an error the progress line stays away until the next update: mostly there is none. */
static void show_line(void *context, mosaic_log_level level, const char *text) {
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    (void)context;
    clear_line();
    (void)fprintf(stderr, "mosaic: %s%s\n", words[level], text);
    if (shown && terminal && level != MOSAIC_LOG_ERROR)
        redraw();
    else
        shown = NULL;
}

static int percent(const mosaic_progress *progress) {
    if (progress->total <= 0 || progress->done <= 0) return 0;
    if (progress->done >= progress->total) return 100;
    return (int)((double)progress->done * 100.0 / (double)progress->total);
}

static void draw(const mosaic_progress *progress) {
    int used = snprintf(line, sizeof line, "%s: ", progress->label);
    char *text = line + used;
    size_t size = sizeof line - (size_t)used;
    if (progress->text) {
        (void)snprintf(text, size, "%s", progress->text);
    } else if (progress->total <= 0) {
        (void)snprintf(text, size, "%lld", (long long)progress->done);
    } else {
        int wide = snprintf(text, size, "%3d %%  %lld/%lld", percent(progress),
                            (long long)progress->done, (long long)progress->total);
        if (progress->done > 0 && progress->done < progress->total && progress->seconds > 1.0)
            (void)snprintf(text + wide, size - (size_t)wide, "  %.0f s left",
                           progress->seconds / (double)progress->done *
                               (double)(progress->total - progress->done));
    }
    shown = progress->task;
    redraw();
}

/* A number at each tenth and a dot at every 2.5 % between, as GDAL prints it. */
static void print_ticks(const mosaic_progress *progress, task *it) {
    int tick = percent(progress) * 2 / 5;
    if (tick > it->last_tick && shown != progress->task) {
        clear_line();
        (void)fprintf(stderr, "%s: ", progress->label);
        shown = progress->task;
    }
    while (it->last_tick < tick) {
        it->last_tick++;
        if (it->last_tick % 4 == 0)
            (void)fprintf(stderr, "%d", it->last_tick / 4 * 10);
        else
            (void)fputc('.', stderr);
    }
    (void)fflush(stderr);
}

static void end_task(const mosaic_progress *progress, task *it) {
    if (shown == progress->task) {
        if (terminal) draw(progress); /* with the last text, also when it came between redraws */
        (void)fputs(terminal ? "\n" : " done\n", stderr);
        (void)fflush(stderr);
        shown = NULL;
    }
    *it = (task){0};
}

static void show_progress(void *context, const mosaic_progress *progress) {
    task *it = find_task(progress);
    double interval_s = terminal ? redraw_s : text_interval_s;
    int due = it->last_s < 0 || progress->seconds - it->last_s >= interval_s;
    if (progress->ended) {
        end_task(progress, it);
    } else if (!terminal && !progress->text) {
        if (progress->total > 0) print_ticks(progress, it);
    } else if (due || (!progress->text && progress->done >= progress->total)) {
        it->last_s = progress->seconds;
        if (terminal) {
            draw(progress);
        } else {
            char text[512];
            (void)snprintf(text, sizeof text, "%s: %s", progress->label, progress->text);
            show_line(context, MOSAIC_LOG_NOTICE, text);
        }
    }
}

void take_messages(void) {
    const mosaic_log_hooks hooks = {.line = show_line, .progress = show_progress};
    terminal = isatty(STDERR_FILENO) == 1;
    mosaic_set_log_hooks(&hooks);
}
