#include "bench/ranks_bench.h"

#include "base/log.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>

/* Ways of the same step. Those before SHARED_WAYS are done by all ranks, which wait for rank 0's word
 * asleep. */
enum { GLOBAL, BEHIND, UNDIVIDED, LOCAL, SHARED_WAYS, ALONE = SHARED_WAYS, WAYS, STOP = WAYS };
static const char *const way_names[WAYS] = {"ranks", "ranks, sums behind the backward pass",
                                            "ranks, each updates all weights",
                                            "ranks, norms of each", "one rank"};

typedef struct ranks_job {
    const mos_ranks_bench_options *options;
    mos_comm *comm;
    mos_step_rig *global, *local, *alone;
    mos_comm_traffic traffic[SHARED_WAYS][MOS_COMM_KINDS]; /* of the last step */
    double own[SHARED_WAYS][MOS_BENCH_MAX_ROUNDS + 1];     /* s of a step outside of calls */
    double waited[SHARED_WAYS][MOS_BENCH_MAX_ROUNDS + 1];  /* s behind the backward pass */
    int64_t steps[SHARED_WAYS];
} ranks_job;

static mos_precision precision_of(const ranks_job *job) {
    return job->options->peer.bf16 ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32;
}

typedef struct ranks_way {
    ranks_job *job;
    int64_t number;
} ranks_way;

/* ---- a step of all ranks ---- */

static mosaic_status run_together(ranks_job *job, int64_t way, double *seconds) {
    mos_step_rig *rig = way == LOCAL ? job->local : job->global;
    mos_comm_traffic before[MOS_COMM_KINDS];
    double loss, calls = 0;
    for (int k = 0; k < MOS_COMM_KINDS; k++)
        before[k] = mos_comm_traffic_of(job->comm, (mos_comm_kind)k);
    const int64_t waited = mos_step_rig_buckets(rig)->waited_ns;
    mos_step_rig_overlap(rig, way != BEHIND);
    mos_step_rig_divide(rig, way != UNDIVIDED);
    MOS_TRY(mos_step_rig_run(rig, seconds, &loss));
    for (int k = 0; k < MOS_COMM_KINDS; k++) {
        const mos_comm_traffic now = mos_comm_traffic_of(job->comm, (mos_comm_kind)k);
        job->traffic[way][k] = (mos_comm_traffic){
            now.calls - before[k].calls, now.bytes - before[k].bytes, now.ns - before[k].ns};
        calls += 1e-9 * (double)job->traffic[way][k].ns;
    }
    const int64_t step = job->steps[way]++;
    job->own[way][step] = *seconds - calls;
    job->waited[way][step] = 1e-9 * (double)(mos_step_rig_buckets(rig)->waited_ns - waited);
    return MOSAIC_OK;
}

/* Rank 0 says what is next; the others sleep until then. */
static mosaic_status say(mos_comm *comm, int64_t *what) {
    MOS_TRY(mos_comm_rest(comm));
    MOS_TRY(mos_comm_broadcast(comm, what, sizeof *what, 0));
    return mos_comm_barrier(comm);
}

static mosaic_status run_way(void *context, double *seconds) {
    const ranks_way *way = context;
    int64_t what = way->number;
    double loss;
    if (what == ALONE) return mos_step_rig_run(way->job->alone, seconds, &loss);
    MOS_TRY(say(way->job->comm, &what));
    return run_together(way->job, what, seconds);
}

static mosaic_status follow(ranks_job *job) {
    for (int64_t what = STOP;;) {
        double seconds;
        MOS_TRY(say(job->comm, &what));
        if (what == STOP) return MOSAIC_OK;
        MOS_TRY(run_together(job, what, &seconds));
    }
}

/* ---- latency and bandwidth ---- */

enum { SIZES = 6, TRIES = 5 };
static const int64_t sizes[SIZES] = {64, 1024, 16384, 131072, 1048576, 4194304};

static mosaic_status call_once(mos_comm *comm, bool mean, int64_t bytes, float *mine, float *all) {
    return mean ? mos_comm_mean(comm, mine, bytes / 4)
                : mos_comm_gather(comm, mine, (size_t)bytes, all);
}

/* Median seconds of calls with so many bytes on this rank. */
static mosaic_status time_calls(mos_comm *comm, bool mean, int64_t bytes, float *mine, float *all,
                                double *seconds) {
    const int64_t calls = bytes < 65536 ? 100 : 4;
    double tries[TRIES];
    for (int t = 0; t < TRIES; t++) {
        MOS_TRY(mos_comm_barrier(comm));
        const int64_t begun = mos_now_ns();
        for (int64_t i = 0; i < calls; i++)
            MOS_TRY(call_once(comm, mean, bytes, mine, all));
        tries[t] = 1e-9 * (double)(mos_now_ns() - begun) / (double)calls;
    }
    *seconds = mos_median(tries, TRIES);
    return MOSAIC_OK;
}

static mosaic_status fit_calls(mos_comm *comm, bool mean, mos_bench_report *report) {
    const int64_t ranks = mos_comm_size(comm);
    double bytes[SIZES], seconds[SIZES], latency, rate, error;
    float *mine = NULL, *all = NULL;
    mosaic_status status = mos_alloc((size_t)sizes[SIZES - 1], 1, "a block", &mine);
    if (status == MOSAIC_OK)
        status = mos_alloc((size_t)(sizes[SIZES - 1] * ranks), 1, "blocks of ranks", &all);
    for (int i = 0; i < SIZES && status == MOSAIC_OK; i++) {
        bytes[i] = (double)sizes[i] * (mean ? 2.0 / (double)ranks : 1) * (double)(ranks - 1);
        status = time_calls(comm, mean, sizes[i], mine, all, &seconds[i]);
    }
    mos_free(mine);
    mos_free(all);
    if (status != MOSAIC_OK || mos_comm_rank(comm) > 0) return status;
    mos_ranks_line(bytes, seconds, SIZES, &latency, &rate, &error);
    mos_bench_row(report, mean ? "calls: sum (all-reduce)" : "calls: gather (all-gather)");
    mos_bench_number(report, "latency_us", 1e6 * latency, 1);
    mos_bench_number(report, "gigabytes_per_s", 1e-9 * rate, 2);
    mos_bench_number(report, "largest_error", error, 2);
    return MOSAIC_OK;
}

/* ---- what all ranks do for the whole batch ---- */

enum { FEW = 2, REPEATS = 3 };

/* This process does what one of many ranks does with few rows of its own. */
static mosaic_status time_behind(const ranks_job *job, int64_t batch, double *seconds) {
    const mos_peer_bench_options *peer = &job->options->peer;
    mos_step_setting setting = peer->setting;
    mos_step_rig *rig = NULL;
    double tries[REPEATS], loss;
    setting.comm = NULL;
    setting.batch = batch;
    setting.stand_for = batch / FEW;
    mosaic_status status =
        mos_step_rig_create("cpu", precision_of(job), peer->threads, &setting, &rig);
    if (status == MOSAIC_OK) status = mos_step_rig_run(rig, &tries[0], &loss);
    for (int i = 0; i < REPEATS && status == MOSAIC_OK; i++)
        status = mos_step_rig_run(rig, &tries[i], &loss);
    mos_step_rig_destroy(&rig);
    if (status == MOSAIC_OK) *seconds = mos_median(tries, REPEATS);
    return status;
}

static mosaic_status measure_model(const ranks_job *job, mos_ranks_measured *out) {
    static const int64_t batches[] = {16, 64, 256, 768};
    const mos_step_setting *s = &job->options->peer.setting;
    const double threads = (double)job->options->peer.threads;
    const int64_t ranks = mos_comm_size(job->comm);
    const double others = (double)(ranks - 1), rows = (double)(s->batch / ranks);
    mos_ranks_steps steps = {.few = FEW, .rows = s->batch / ranks, .batch_whole = s->batch};
    const mos_comm_traffic *traffic = job->traffic[GLOBAL];
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        steps.batch[steps.count] = batches[i];
        MOS_TRY(time_behind(job, batches[i], &steps.seconds[steps.count]));
        steps.seconds[steps.count++] *= threads;
    }
    steps.whole = threads * mos_median(job->own[LOCAL] + 1, job->steps[LOCAL] - 1);
    mos_ranks_fit(&steps, out);
    out->sum_calls = 2 * (double)mos_step_rig_buckets(job->global)->buckets;
    out->values = (double)traffic[MOS_COMM_SUMS].bytes * (double)ranks / (2 * others);
    out->gathers = (mos_ranks_calls){
        (double)(traffic[MOS_COMM_GATHERS].calls + traffic[MOS_COMM_ROWS].calls),
        (double)(traffic[MOS_COMM_GATHERS].bytes + traffic[MOS_COMM_ROWS].bytes) / others / rows};
    out->norms = (mos_ranks_calls){(double)traffic[MOS_COMM_GROUPS].calls,
                                   (double)traffic[MOS_COMM_GROUPS].bytes / others};
    const double behind = mos_median(job->waited[BEHIND] + 1, job->steps[BEHIND] - 1);
    const double left = mos_median(job->waited[GLOBAL] + 1, job->steps[GLOBAL] - 1);
    out->hidden = behind > 0 ? fmin(fmax(1 - left / behind, 0), 1) : 0;
    return MOSAIC_OK;
}

/* ---- the report of rank 0 ---- */

static void report_cluster(const ranks_job *job, const mos_ranks_measured *m, int64_t ranks,
                           double gigabits, mos_bench_report *report) {
    const double pairs = 240000, epochs = 100; /* BigEarthNet V2's training patches, about */
    const mos_ranks_bench_options *o = job->options;
    mos_ranks_cluster c = {.ranks = ranks,
                           .rows = o->rows,
                           .cores = (double)o->cores,
                           .thread_share = 1e-2 * (double)o->thread_percent,
                           .latency = 1e-6 * (double)o->latency_us,
                           .bytes = 1e9 * gigabits / 8 / (double)o->node_ranks};
    char name[80];
    (void)snprintf(name, sizeof name, "model: %lld ranks, %lld nodes, %.0f Gbit/s",
                   (long long)ranks, (long long)((ranks + o->node_ranks - 1) / o->node_ranks),
                   gigabits);
    mos_bench_row(report, name);
    for (int norms = 1; norms >= 0; norms--) {
        c.norms = norms == 1;
        const double step = mos_ranks_step(m, &c), rows = (double)(ranks * c.rows);
        mos_bench_number(report, norms ? "efficiency" : "efficiency_local_norms",
                         mos_ranks_efficiency(m, &c), 2);
        mos_bench_number(report, norms ? "hours" : "hours_local_norms",
                         pairs * epochs / rows * step / 3600, 2);
    }
}

static void report_model(const ranks_job *job, const mos_ranks_measured *m,
                         mos_bench_report *report) {
    static const int64_t ranks[] = {1, 2, 8, 16, 64, 512};
    const mos_ranks_bench_options *o = job->options;
    /* Times are those of one core: a row of the batch in the encoders; what all ranks do for all rows. */
    mos_bench_fact_number(report, "encoders_ms_a_row", 1e3 * m->encode, 1);
    mos_bench_fact_number(report, "all_ranks_ms", 1e3 * m->behind[0], 1);
    mos_bench_fact_number(report, "all_ranks_ms_a_row", 1e3 * m->behind[1], 3);
    mos_bench_fact_number(report, "all_ranks_us_a_pair_of_rows", 1e6 * m->behind[2], 3);
    mos_bench_fact_number(report, "megabytes_summed", 1e-6 * m->values, 1);
    mos_bench_fact_number(report, "sums_hidden_percent", 100 * m->hidden, 0);
    mos_bench_fact(report, "assumed",
                   "%lld rows, %lld such cores %lld %% busy a rank, %lld ranks on a node's link, "
                   "%lld us a message",
                   (long long)o->rows, (long long)o->cores, (long long)o->thread_percent,
                   (long long)o->node_ranks, (long long)o->latency_us);
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        if (ranks[i] > 1 && ranks[i] <= o->node_ranks) continue; /* they need no network */
        for (int fast = 0; fast < 2; fast++)
            report_cluster(job, m, ranks[i], fast ? 200 : 25, report);
    }
}

static void report_traffic(const ranks_job *job, mos_bench_report *report) {
    static const char *const names[MOS_COMM_KINDS] = {"sums", "gathers", "sums of rows",
                                                      "gathers of norms", "others"};
    for (int k = 0; k < MOS_COMM_KINDS; k++) {
        const mos_comm_traffic *t = &job->traffic[GLOBAL][k];
        char name[64];
        if (t->calls == 0) continue;
        (void)snprintf(name, sizeof name, "a step's %s", names[k]);
        mos_bench_row(report, name);
        mos_bench_number(report, "calls", (double)t->calls, 0);
        mos_bench_number(report, "megabytes_sent", 1e-6 * (double)t->bytes, 3);
        mos_bench_number(report, "ms_in_calls", 1e-6 * (double)t->ns, 2);
    }
}

static void report_ways(const ranks_job *job, const mos_bench_run *run, const mos_peer_cases *peers,
                        mos_bench_report *report) {
    const double rows = (double)job->options->peer.setting.batch;
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "peer", "%s", peers->note);
    for (int i = 0; i < run->count; i++) {
        const double seconds = mos_bench_median(run, i);
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "ms", 1e3 * seconds, 1);
        mos_bench_number(report, "pairs_per_s", rows / seconds, 1);
        if (i < SHARED_WAYS) {
            mos_bench_number(report, "own_ms", 1e3 * mos_median(job->own[i] + 1, job->steps[i] - 1),
                             1);
            mos_bench_number(report, "x_one_rank", mos_bench_ratio(run, i, ALONE), 3);
        }
        for (int k = 0; k < peers->count && i < peers->first; k++) {
            char key[40];
            (void)snprintf(key, sizeof key, "x_%.36s", peers->item[k].mode);
            mos_bench_number(report, key, mos_bench_ratio(run, i, peers->first + k), 2);
        }
    }
}

/* ---- one run ---- */

static mosaic_status create_rigs(ranks_job *job) {
    const mos_peer_bench_options *peer = &job->options->peer;
    mos_step_setting setting = peer->setting;
    const int64_t ranks = mos_comm_size(job->comm);
    setting.comm = job->comm;
    setting.norm_ranks = ranks;
    MOS_TRY(mos_step_rig_create("cpu", precision_of(job), peer->threads, &setting, &job->global));
    setting.norm_ranks = 1;
    MOS_TRY(mos_step_rig_create("cpu", precision_of(job), peer->threads, &setting, &job->local));
    setting.comm = NULL;
    if (mos_comm_rank(job->comm) > 0) return MOSAIC_OK;
    return mos_step_rig_create("cpu", precision_of(job), peer->threads * (int)ranks, &setting,
                               &job->alone);
}

static mosaic_status lead(ranks_job *job, mos_bench_report *report) {
    mos_peer_bench_options peer = job->options->peer;
    ranks_way ways[WAYS];
    mos_peer_cases peers = {.count = 0};
    mos_ranks_measured measured = {0};
    mos_bench_run *run = NULL;
    mosaic_status status;
    peer.threads *= (int)mos_comm_size(job->comm); /* the peer has a process for each */
    MOS_GOTO(mos_bench_create("bench ranks", peer.threads, peer.rounds, &run));
    for (int i = 0; i < WAYS; i++) {
        ways[i] = (ranks_way){job, i};
        MOS_GOTO(mos_bench_add(run, way_names[i], run_way, &ways[i]));
    }
    MOS_GOTO(mos_peer_cases_add(&peer, 0, run, &peers));
    MOS_GOTO(mos_bench_measure(run));
    if (job->options->model) MOS_GOTO(measure_model(job, &measured));
    mos_bench_fact(report, "ranks", "%s, %d thread%s each", mos_comm_description(job->comm),
                   job->options->peer.threads, job->options->peer.threads == 1 ? "" : "s");
    mos_bench_fact(report, "step", "%s, %s, batch %lld of all ranks, %lld px, %s",
                   peer.setting.method, mos_encoder_names[peer.setting.encoder],
                   (long long)peer.setting.batch, (long long)peer.setting.size,
                   mos_precision_names[precision_of(job)]);
    report_ways(job, run, &peers, report);
    report_traffic(job, report);
    if (job->options->model) report_model(job, &measured, report);
done:
    mos_peer_cases_stop(&peers);
    mos_bench_destroy(&run);
    return status;
}

static mosaic_status check(const mos_ranks_bench_options *o) {
    const int64_t ranks = mos_comm_size(o->comm), needed = ranks * o->peer.threads;
    if (ranks < 2)
        return mos_fail(MOSAIC_ERR_USAGE, "bench ranks is for several ranks on one machine: mpirun "
                                          "-n 2 --bind-to none mosaic bench ranks");
    if (mos_comm_neighbours(o->comm) < ranks)
        return mos_fail(MOSAIC_ERR_USAGE, "bench ranks compares with one process: all ranks must "
                                          "be on one machine");
    if (o->peer.setting.batch % ranks != 0 || o->peer.setting.batch / ranks <= FEW)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--batch %lld is that of all ranks: wanted a multiple of %lld, and more "
                        "than %d rows for each",
                        (long long)o->peer.setting.batch, (long long)ranks, FEW);
    if (o->processors < needed)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "this rank may use %d processors, and the same step on one rank needs "
                        "%lld: start with mpirun --bind-to none, on a machine that has them",
                        o->processors, (long long)needed);
    return MOSAIC_OK;
}

mosaic_status mos_ranks_bench(const mos_ranks_bench_options *options, mos_bench_report *report) {
    ranks_job *job = NULL;
    int64_t stop = STOP;
    mosaic_status status;
    MOS_TRY(mos_comm_agree(options->comm, check(options)));
    MOS_TRY(mos_alloc(1, sizeof *job, "benchmark of ranks", &job));
    job->options = options;
    job->comm = options->comm;
    MOS_GOTO(mos_comm_agree(options->comm, create_rigs(job)));
    MOS_GOTO(fit_calls(job->comm, false, report));
    MOS_GOTO(fit_calls(job->comm, true, report));
    if (mos_comm_rank(job->comm) > 0) {
        status = follow(job);
    } else {
        status = lead(job, report);
        const mosaic_status said = say(job->comm, &stop);
        if (status == MOSAIC_OK) status = said;
    }
    status = mos_comm_agree(job->comm, status);
done:
    mos_step_rig_destroy(&job->global);
    mos_step_rig_destroy(&job->local);
    mos_step_rig_destroy(&job->alone);
    mos_free(job);
    return status;
}
