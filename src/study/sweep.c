#include "study/sweep.h"

#include "base/child_program.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "study/sweep_tables.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GREETING_BYTES = 4096 };

/* ---- which part ---- */

static bool environment_number(const char *name, int64_t *out) {
    const char *text = getenv(name);
    return text != NULL && mos_parse_int(text, out);
}

/* --index and --count, or what Slurm says of an array task. */
static mosaic_status find_part(const mos_sweep_options *options, const mos_sweep_plan *plan,
                               int64_t *index, int64_t *count, bool *part) {
    int64_t task, first = 0, step = 1, tasks = 0;
    *index = options->index;
    *count = options->count;
    if (*index < 0 && environment_number("SLURM_ARRAY_TASK_ID", &task)) {
        (void)environment_number("SLURM_ARRAY_TASK_MIN", &first);
        (void)environment_number("SLURM_ARRAY_TASK_STEP", &step);
        *index = step > 0 ? (task - first) / step : -1;
        if (*count <= 0 && environment_number("SLURM_ARRAY_TASK_COUNT", &tasks)) *count = tasks;
        mos_log(MOS_LOG_NOTICE, "Slurm array task %lld: part %lld of %lld", (long long)task,
                (long long)*index + 1, (long long)(*count > 0 ? *count : plan->unique));
    }
    *part = *index >= 0;
    if (!*part && *count > 0) return mos_fail(MOSAIC_ERR_USAGE, "--count wants an --index");
    if (*count <= 0) *count = *part ? plan->unique : 1;
    if (!*part) *index = 0;
    if (*index < *count) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "--index %lld: parts are numbered from 0 to %lld",
                    (long long)*index, (long long)*count - 1);
}

/* ---- the program that does the work ---- */

/* From a binding this very program is not mosaic: better said now than by every run. */
static mosaic_status check_program(const mos_sweep_folder *folder, const mos_sweep_work *work) {
    const char *const argv[] = {work->program, "--version", NULL};
    const struct timespec pause = {.tv_nsec = 10000000L};
    char log[4096], *text;
    size_t size;
    mos_child child;
    bool ended = false;
    int code = 0;
    (void)snprintf(log, sizeof log, "%s/logs/.program-%ld", folder->path, (long)getpid());
    MOS_TRY(mos_child_start(argv, work->without, log, &child));
    while (!ended) {
        MOS_TRY(mos_child_poll(&child, &ended, &code));
        if (!ended) (void)nanosleep(&pause, NULL);
    }
    MOS_TRY(mos_file_read(log, GREETING_BYTES, &text, &size));
    bool good = code == 0 && strstr(text, "\nmosaic " MOSAIC_VERSION) != NULL;
    mos_free(text);
    (void)unlink(log);
    return good ? MOSAIC_OK
                : mos_fail(MOSAIC_ERR_USAGE,
                           "'%s' is not mosaic %s: say with --program where that is", work->program,
                           MOSAIC_VERSION);
}

/* ---- the line that repeats it ---- */

static void add_word(mos_text *out, const char *option, const char *word) {
    bool plain = word[0] != '\0';
    for (const char *c = word; *c != '\0'; c++)
        plain = plain && strchr(" \t\n'\"\\$&|;<>()*?[]{}#~`!", *c) == NULL;
    mos_text_add(out, plain ? " %s%s%s" : " %s%s'%s'", option, option[0] == '\0' ? "" : " ", word);
}

static void add_list(mos_text *out, const char *option, const mos_text_list *list, bool joined) {
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (!joined || i == 0)
            add_word(out, option, list->items[i]);
        else
            mos_text_add(out, ",%s", list->items[i]);
    }
}

static void make_command(const mos_sweep_options *options, mos_text *out) {
    const mos_sweep_choices *choices = &options->choices;
    mos_text_add(out, "mosaic sweep");
    add_word(out, "", options->source);
    if (choices->config != NULL) add_word(out, "--config", choices->config);
    if (choices->data != NULL) add_word(out, "--data", choices->data);
    add_list(out, "--set", choices->set, false);
    add_list(out, "--grid", choices->grid, false);
    for (size_t i = 0; choices->variants != NULL && i < choices->variants->count; i++)
        add_word(out, "--variants", choices->variants->items[i]);
    add_list(out, "--fractions", choices->fractions, true);
    add_list(out, "--seeds", choices->seeds, true);
    if (choices->reference != NULL) add_word(out, "--reference", choices->reference);
    if (choices->floors) mos_text_add(out, " --floors");
    mos_text_add(out, " --out FOLDER");
}

/* ---- the whole ---- */

mosaic_status mos_sweep_open_plan(const mos_sweep_options *options, mos_sweep_plan **out) {
    char absolute[PATH_MAX], folder[PATH_MAX];
    *out = NULL;
    if (options->out == NULL || options->out[0] == '\0')
        return mos_fail(MOSAIC_ERR_USAGE, "--out: a folder for the sweep is needed");
    if (options->out[0] == '/') {
        (void)snprintf(folder, sizeof folder, "%s", options->out);
    } else {
        if (getcwd(absolute, sizeof absolute) == NULL) return mos_fail_errno("find", ".");
        MOS_TRY(mos_path_join(folder, sizeof folder, absolute, options->out));
    }
    MOS_TRY(mos_sweep_plan_make(options->source, &options->choices, folder, out));
    for (int64_t r = 0; r < (*out)->runs; r++) { /* better said once than by every run */
        if ((*out)->run[r].has_data) continue;
        mosaic_status status =
            mos_fail(MOSAIC_ERR_USAGE,
                     "%s names no data set: --data FOLDER gives one (data.root is not set)",
                     (*out)->spec.what);
        mos_sweep_plan_destroy(out);
        return status;
    }
    return MOSAIC_OK;
}

static mosaic_status write_tables(const mos_sweep_options *options, const mos_sweep_plan *plan,
                                  const mos_sweep_folder *folder,
                                  const mos_published_table *published, mos_sweep_tally *out) {
    mos_sweep_results results = {0};
    mos_text command = {0};
    mosaic_status status;
    make_command(options, &command);
    if (command.failed)
        status = mos_fail_memory(0, "a text");
    else
        status = mos_sweep_results_read(plan, folder->path, options->threads, &results);
    if (status == MOSAIC_OK)
        status = mos_sweep_tables_write(&results, folder->path, command.data, published);
    *out = (mos_sweep_tally){plan->runs, results.complete, results.failed};
    mos_sweep_results_release(&results);
    mos_text_release(&command);
    return status;
}

static mosaic_status do_runs(const mos_sweep_options *options, const mos_sweep_plan *plan,
                             const mos_sweep_folder *folder, int64_t index, int64_t count,
                             mos_sweep_tally *out) {
    char self[4096];
    int jobs = options->jobs < 1 ? 1 : options->jobs;
    const mos_sweep_work work = {.program = options->program == NULL ? self : options->program,
                                 .without = options->without,
                                 .device = options->device,
                                 .jobs = jobs,
                                 .threads = options->threads > jobs ? options->threads / jobs : 1,
                                 .index = index,
                                 .count = count};
    if (options->program == NULL) MOS_TRY(mos_child_self(self, sizeof self));
    MOS_TRY(mos_sweep_folder_settle(folder, plan));
    MOS_TRY(check_program(folder, &work));
    MOS_TRY(mos_sweep_folder_make_data(folder, plan, options->threads));
    return mos_sweep_work_run(plan, folder, &work, out);
}

static mosaic_status sweep(const mos_sweep_options *options, const mos_sweep_plan *plan,
                           const mos_published_table *published, mos_sweep_folder *folder,
                           mos_sweep_tally *out) {
    int64_t index = 0, count = 1;
    bool part = false;
    if (!options->collect) MOS_TRY(find_part(options, plan, &index, &count, &part));
    MOS_TRY(mos_sweep_folder_open(options->out, part, folder));
    if (!options->collect) MOS_TRY(do_runs(options, plan, folder, index, count, out));
    if (!part) MOS_TRY(write_tables(options, plan, folder, published, out));
    if (out->failed == 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_RUNTIME, "%lld of %lld runs failed; '%s/state' says how",
                    (long long)out->failed, (long long)out->runs, folder->path);
}

mosaic_status mos_sweep(const mos_sweep_options *options, mos_sweep_tally *out) {
    mos_sweep_folder folder = {.lock = -1};
    mos_sweep_plan *plan = NULL;
    mos_published_table published = {0}; /* read first: a slip in it shall not show after hours */
    mosaic_status status = MOSAIC_OK;
    *out = (mos_sweep_tally){0};
    mos_stop_begin();
    if (options->published != NULL) status = mos_published_read(options->published, &published);
    if (status == MOSAIC_OK) status = mos_sweep_open_plan(options, &plan);
    if (status == MOSAIC_OK) status = sweep(options, plan, &published, &folder, out);
    mos_sweep_folder_close(&folder);
    mos_sweep_plan_destroy(&plan);
    mos_published_release(&published);
    mos_stop_end();
    return status;
}
