#include "study/sweep_run.h"

#include "base/child_program.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "study/sweep_floors.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 50, MOST_ARGUMENTS = 24, INTERRUPTED_CODE = 75 };

/* One program at work. Stage 0 trains, stage k evaluates on the k-th split; then come the floors of
 * every split, where this run is the one they are probed at, and the report, where pages are wanted.
 */
typedef struct slot {
    const mos_sweep_run *run; /* NULL: free */
    int stage;
    mos_child child;
    mos_sweep_record record;
    int64_t start_ns;
} slot;

typedef struct runner {
    const mos_sweep_plan *plan;
    const mos_sweep_folder *folder;
    const mos_sweep_work *work;
    slot *slots;      /* [jobs] */
    int64_t *pending; /* [pendings] runs to do, in order; -1: begun */
    uint8_t *state;   /* [runs of the plan] MOS_SWEEP_COMPLETE or _FAILED once known, else 0 */
    int64_t pendings, begun, finished_here;
    double finished_s; /* of the runs finished here, together */
    bool interrupted;
    int told; /* signals passed on */
    mos_sweep_tally tally;
    mos_progress progress;
} runner;

bool mos_sweep_is_mine(const mos_sweep_plan *plan, int64_t run, int64_t index, int64_t count) {
    int64_t number = 0;
    if (plan->run[run].twin >= 0) return false;
    while (plan->run[run].start >= 0) /* whoever trains a run's start trains the run too */
        run = plan->run[run].start;
    for (int64_t r = 0; r < run; r++)
        number += plan->run[r].twin < 0;
    return number % count == index;
}

/* ---- starting ---- */

static mosaic_status has_file(const char *folder, const char *name, bool *out) {
    char path[4096];
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    *out = mos_path_exists(path);
    return MOSAIC_OK;
}

/* The run's folder as a kill may have left it. */
static mosaic_status look_at(const char *path, bool *resume, bool *trained) {
    char *text = NULL, provenance[4096];
    size_t size;
    *trained = false;
    MOS_TRY(has_file(path, "config.yaml", resume));
    if (!*resume) return mos_remove_tree(path); /* stopped before it had begun */
    MOS_TRY(has_file(path, "model/model.safetensors", trained));
    MOS_TRY(mos_path_join(provenance, sizeof provenance, path, "provenance.json"));
    if (!*trained || !mos_path_exists(provenance)) {
        *trained = false;
        return MOSAIC_OK;
    }
    MOS_TRY(mos_file_read(provenance, 64 << 20, &text, &size));
    *trained = strstr(text, "\"status\": \"complete\"") != NULL;
    mos_free(text);
    return MOSAIC_OK;
}

/* The last stage that scores. */
static int last_score(const mos_sweep_plan *plan, const mos_sweep_run *run) {
    return plan->spec.splits *
           (mos_sweep_has_floors(plan, run - plan->run) ? 1 + MOS_SWEEP_FLOORS : 1);
}

static int last_stage(const mos_sweep_plan *plan, const mos_sweep_run *run) {
    return last_score(plan, run) + (plan->spec.pages ? 1 : 0);
}

/* The command of a stage behind the training, and what it is about. */
static int add_stage(const runner *it, const slot *at, const char *folder, const char **argv) {
    const mos_sweep_spec *spec = &it->plan->spec;
    int n = 0, floor = at->stage - 1 - spec->splits;
    bool scores = at->stage <= last_score(it->plan, at->run);
    argv[n++] = !scores ? "report" : floor >= 0 ? "probe" : "eval";
    argv[n++] = folder;
    if (!scores) return n;
    argv[n++] = "--split";
    argv[n++] = mos_split_names[spec->evaluate[(at->stage - 1) % spec->splits]];
    if (floor < 0) return n;
    argv[n++] = "--features";
    argv[n++] = mos_sweep_floor_names[floor / spec->splits];
    return n;
}

static mosaic_status start_program(runner *it, slot *at, bool resume) {
    char plan[4096], folder[4096], log[4096], start[4096], threads[16];
    const char *argv[MOST_ARGUMENTS];
    int n = 0;
    const char *name = at->run->name;
    const mos_sweep_spec *spec = &it->plan->spec;
    MOS_TRY(mos_sweep_path(it->folder->path, "plan", name, ".yaml", plan, sizeof plan));
    MOS_TRY(mos_sweep_path(it->folder->path, "runs", name, "", folder, sizeof folder));
    MOS_TRY(mos_sweep_path(it->folder->path, "logs", name, ".log", log, sizeof log));
    (void)snprintf(threads, sizeof threads, "%d", it->work->threads);
    argv[n++] = it->work->program;
    if (at->stage == 0) {
        argv[n++] = "train";
        argv[n++] = plan;
        argv[n++] = "--out";
        argv[n++] = folder;
    } else {
        n += add_stage(it, at, folder, argv + n);
    }
    if (at->stage <= last_score(it->plan, at->run)) {
        argv[n++] = "--threads";
        argv[n++] = threads;
        argv[n++] = "--device";
        argv[n++] = it->work->device;
    }
    if (resume && at->stage == 0) argv[n++] = "--resume";
    if (at->stage == 0 && at->run->start >= 0) {
        MOS_TRY(mos_sweep_path(it->folder->path, "runs", it->plan->run[at->run->start].name,
                               "/model/model.safetensors", start, sizeof start));
        argv[n++] = "--init-from";
        argv[n++] = start;
        argv[n++] = "--init-pattern";
        argv[n++] = "backbones.*";
    }
    if (spec->pages && at->stage == spec->splits) {
        argv[n++] = "--embeddings";
        argv[n++] = "--tsne";
    }
    argv[n] = NULL;
    return mos_child_start(argv, it->work->without, log, &at->child);
}

static mosaic_status start_run(runner *it, slot *at, const mos_sweep_run *run) {
    char path[4096];
    bool resume, trained;
    *at = (slot){.run = run, .start_ns = mos_now_ns()};
    MOS_TRY(mos_sweep_record_read(it->folder->path, run, &at->record));
    MOS_TRY(mos_sweep_path(it->folder->path, "runs", run->name, "", path, sizeof path));
    MOS_TRY(look_at(path, &resume, &trained));
    bool floors_only = trained && at->record.state == MOS_SWEEP_COMPLETE;
    at->stage = floors_only ? it->plan->spec.splits + 1 : trained ? 1 : 0;
    at->record.state = MOS_SWEEP_STARTED;
    at->record.code = 0;
    at->record.message[0] = '\0';
    MOS_TRY(mos_sweep_record_write(it->folder->path, run, &at->record));
    mos_log(MOS_LOG_DEBUG, "run %s: %s", run->name,
            trained  ? "evaluating"
            : resume ? "going on"
                     : "starting");
    return start_program(it, at, resume);
}

/* ---- ending ---- */

static mosaic_status end_run(runner *it, slot *at, int state, int code) {
    mos_sweep_record *record = &at->record;
    char log[4096];
    record->state = state;
    record->code = code;
    record->seconds += (double)(mos_now_ns() - at->start_ns) * 1e-9;
    if (state == MOS_SWEEP_FAILED) {
        MOS_TRY(mos_sweep_path(it->folder->path, "logs", at->run->name, ".log", log, sizeof log));
        mos_child_last_words(log, record->message, sizeof record->message);
        if (record->message[0] == '\0' || code > 128)
            (void)snprintf(record->message, sizeof record->message, "%s %d%s",
                           code > 128 ? "killed by signal" : "ended with code",
                           code > 128 ? code - 128 : code,
                           code == 128 + SIGKILL ? ", as a machine short of memory does" : "");
        mos_log(MOS_LOG_WARNING, "run %s failed (exit code %d): %s", at->run->name, code,
                record->message);
        it->tally.failed++;
    }
    if (state == MOS_SWEEP_FAILED || state == MOS_SWEEP_COMPLETE)
        it->state[at->run - it->plan->run] = (uint8_t)state;
    if (state == MOS_SWEEP_COMPLETE) {
        it->tally.complete++;
        it->finished_here++;
        it->finished_s += (double)(mos_now_ns() - at->start_ns) * 1e-9;
    }
    mosaic_status status = mos_sweep_record_write(it->folder->path, at->run, record);
    at->run = NULL;
    return status;
}

static mosaic_status stage_ended(runner *it, slot *at, int code) {
    bool stopped = code == INTERRUPTED_CODE || code == 128 + SIGTERM || code == 128 + SIGINT ||
                   code == 128 + SIGUSR1;
    if (stopped || it->told > 0) { /* what was killed while stopping goes on another time */
        bool done = code == 0 && at->stage == last_stage(it->plan, at->run);
        it->interrupted = it->interrupted || !done;
        return end_run(it, at, done ? MOS_SWEEP_COMPLETE : MOS_SWEEP_STARTED, done ? 0 : code);
    }
    if (code != 0) return end_run(it, at, MOS_SWEEP_FAILED, code);
    if (at->stage == last_stage(it->plan, at->run)) return end_run(it, at, MOS_SWEEP_COMPLETE, 0);
    at->stage++;
    return start_program(it, at, false);
}

/* ---- progress ---- */

/* How much longer a running run takes: what it is short of the mean. Between two ends of runs this
 * only falls. */
double mos_sweep_seconds_left(double mean, int64_t waiting, const double *age, int busy, int jobs) {
    double work = mean * (double)waiting;
    for (int j = 0; j < busy; j++)
        work += fmax(mean - age[j], 0);
    return work / (double)jobs;
}

static void say_progress(runner *it) {
    enum { MOST_AGES = 256 };
    double age[MOST_AGES];
    int busy = 0, jobs = it->work->jobs < MOST_AGES ? it->work->jobs : MOST_AGES;
    char left[64] = "";
    int64_t now = mos_now_ns();
    for (int j = 0; j < jobs; j++)
        if (it->slots[j].run != NULL) age[busy++] = (double)(now - it->slots[j].start_ns) * 1e-9;
    int64_t waiting = it->pendings - it->begun;
    if (it->finished_here > 0) {
        double mean = it->finished_s / (double)it->finished_here;
        double seconds = mos_sweep_seconds_left(mean, waiting, age, busy, jobs);
        if (seconds < 120)
            (void)snprintf(left, sizeof left, ", about %.0f s left", seconds);
        else if (seconds < 7200)
            (void)snprintf(left, sizeof left, ", about %.0f min left", seconds / 60);
        else
            (void)snprintf(left, sizeof left, ", about %.1f h left", seconds / 3600);
    }
    mos_progress_text(&it->progress, "%lld of %lld runs complete, %lld at work, %lld failed%s",
                      (long long)it->tally.complete, (long long)it->tally.runs, (long long)busy,
                      (long long)it->tally.failed, left);
}

/* ---- the loop ---- */

static void pass_signal_on(runner *it) {
    if (mos_stop_pending() == 0 || it->told > 0) return;
    it->told = 1;
    mos_log(MOS_LOG_NOTICE, "stopping: every run at work writes a checkpoint first");
    for (int j = 0; j < it->work->jobs; j++)
        mos_child_signal(&it->slots[j].child, SIGTERM);
}

/* A run whose start has failed fails with it, and what starts from that one in turn. */
static mosaic_status fail_without_start(runner *it, const mos_sweep_run *run) {
    mos_sweep_record record = {.state = MOS_SWEEP_FAILED, .code = 1};
    (void)snprintf(record.message, sizeof record.message, "it starts from run %s, which failed",
                   it->plan->run[run->start].name);
    mos_log(MOS_LOG_WARNING, "run %s failed: %s", run->name, record.message);
    it->state[run - it->plan->run] = MOS_SWEEP_FAILED;
    it->tally.failed++;
    return mos_sweep_record_write(it->folder->path, run, &record);
}

/* The next run that can begin; NULL: none is left, or all wait for their starts. */
static mosaic_status next_run(runner *it, const mos_sweep_run **out) {
    *out = NULL;
    for (int64_t p = 0; p < it->pendings && *out == NULL; p++) {
        if (it->pending[p] < 0) continue;
        const mos_sweep_run *run = &it->plan->run[it->pending[p]];
        int state = run->start < 0 ? MOS_SWEEP_COMPLETE : it->state[run->start];
        if (state != MOS_SWEEP_COMPLETE && state != MOS_SWEEP_FAILED) continue;
        it->pending[p] = -1;
        it->begun++;
        if (state == MOS_SWEEP_COMPLETE)
            *out = run;
        else
            MOS_TRY(fail_without_start(it, run));
    }
    return MOSAIC_OK;
}

static mosaic_status fill_slots(runner *it) {
    for (int j = 0; j < it->work->jobs && it->told == 0; j++) {
        slot *at = &it->slots[j];
        const mos_sweep_run *run;
        if (at->run != NULL) continue;
        MOS_TRY(next_run(it, &run));
        if (run != NULL) MOS_TRY(start_run(it, at, run));
    }
    return MOSAIC_OK;
}

static mosaic_status reap(runner *it, bool *busy) {
    *busy = false;
    for (int j = 0; j < it->work->jobs; j++) {
        slot *at = &it->slots[j];
        bool ended = false;
        int code = 0;
        if (at->run == NULL) continue;
        MOS_TRY(mos_child_poll(&at->child, &ended, &code));
        if (ended) MOS_TRY(stage_ended(it, at, code));
        *busy = *busy || at->run != NULL;
    }
    return MOSAIC_OK;
}

static mosaic_status loop(runner *it) {
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    for (;;) {
        bool busy;
        pass_signal_on(it);
        MOS_TRY(fill_slots(it));
        MOS_TRY(reap(it, &busy));
        say_progress(it);
        if (!busy && (it->begun == it->pendings || it->told > 0)) return MOSAIC_OK;
        (void)nanosleep(&pause, NULL); /* a signal ends it early */
    }
}

/* A failure of our own must not leave programs behind. */
static void stop_all(runner *it) {
    for (int j = 0; it->slots != NULL && j < it->work->jobs; j++) {
        bool ended = it->slots[j].child.pid == 0;
        const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
        int code;
        mos_child_signal(&it->slots[j].child, SIGTERM);
        while (!ended && mos_child_poll(&it->slots[j].child, &ended, &code) == MOSAIC_OK && !ended)
            (void)nanosleep(&pause, NULL);
    }
}

static mosaic_status list_pending(runner *it) {
    const mos_sweep_plan *plan = it->plan;
    MOS_TRY(mos_alloc((size_t)plan->runs, sizeof *it->pending, "runs to do", &it->pending));
    MOS_TRY(mos_alloc((size_t)plan->runs, sizeof *it->state, "states of runs", &it->state));
    for (int64_t r = 0; r < plan->runs; r++) {
        mos_sweep_record record;
        bool floors = true;
        if (!mos_sweep_is_mine(plan, r, it->work->index, it->work->count)) continue;
        it->tally.runs++;
        MOS_TRY(mos_sweep_record_read(it->folder->path, &plan->run[r], &record));
        if (mos_sweep_has_floors(plan, r))
            MOS_TRY(mos_sweep_floors_done(plan, it->folder->path, r, &floors));
        if (record.state == MOS_SWEEP_COMPLETE && floors) {
            it->state[r] = MOS_SWEEP_COMPLETE;
            it->tally.complete++;
        } else {
            it->pending[it->pendings++] = r;
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_sweep_work_run(const mos_sweep_plan *plan, const mos_sweep_folder *folder,
                                 const mos_sweep_work *work, mos_sweep_tally *out) {
    runner it = {.plan = plan, .folder = folder, .work = work};
    char detail[4096];
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)work->jobs, sizeof *it.slots, "jobs", &it.slots));
    MOS_GOTO(list_pending(&it));
    mos_progress_begin(&it.progress, "sweep", 0);
    status = loop(&it);
    mos_progress_end(&it.progress);
done:
    mos_error_copy(detail, sizeof detail);
    stop_all(&it);
    mos_error_restore(detail);
    mos_free(it.slots);
    mos_free(it.pending);
    mos_free(it.state);
    *out = it.tally;
    if (status != MOSAIC_OK || (!it.interrupted && it.told == 0)) return status;
    if (it.tally.complete + it.tally.failed == it.tally.runs) return MOSAIC_OK;
    return mos_fail(MOSAIC_INTERRUPTED,
                    "stopped with %lld of %lld runs complete: the same command goes on",
                    (long long)it.tally.complete, (long long)it.tally.runs);
}
