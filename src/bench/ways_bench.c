/* The ways to run a step that trade time for memory, or memory for time: bytes and milliseconds of
 * each beside the plain one, taken in turn. */
#include "bench/bench_list.h"
#include "bench/process_memory.h"
#include "bench/step_rig.h"

#include <stdio.h>
#include <time.h>

typedef struct way {
    mos_step_rig *step;
    mos_recompute recompute;
    int64_t chunk, workers;
    double before; /* resident before the step was made */
    double peak;   /* of the process in a step, beyond that */
    mos_memory_report plan;
    double processor[MOS_BENCH_MAX_ROUNDS + 1]; /* seconds of all threads; the first warms up */
    int runs;
} way;

enum { WAYS = 6 };

static double processor_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Plans anew, so that at any time one way alone is in memory; the first step behind it touches the
 * pages. */
static mosaic_status run_way(void *context, double *seconds) {
    way *w = context;
    double loss;
    MOS_TRY(mos_step_rig_replan(w->step, w->recompute, w->chunk, w->workers));
    mos_reset_peak();
    for (int i = 0; i < 2; i++) {
        const double start = processor_seconds();
        MOS_TRY(mos_step_rig_run(w->step, seconds, &loss));
        w->processor[w->runs] = processor_seconds() - start;
    }
    w->runs++;
    w->peak = mos_peak_bytes() - w->before;
    mos_model_memory(mos_step_rig_model(w->step), &w->plan);
    return MOSAIC_OK;
}

static mosaic_status add_ways(mos_bench_run *run, way ways[WAYS], int64_t batch, int threads) {
    const int64_t chunk = batch % 4 == 0 ? batch / 4 : 1;
    char cached[64], least[64];
    (void)snprintf(cached, sizeof cached, "grad_cache %lld", (long long)chunk);
    (void)snprintf(least, sizeof least, "grad_cache %lld, recompute block", (long long)chunk);
    const struct {
        const char *name;
        way way;
    } table[WAYS] = {{"plain", {.step = NULL}},
                     {"encoders side-by-side", {.workers = threads}},
                     {"recompute norm", {.recompute = MOS_RECOMPUTE_NORM}},
                     {"recompute block", {.recompute = MOS_RECOMPUTE_BLOCK}},
                     {cached, {.chunk = chunk}},
                     {least, {.chunk = chunk, .recompute = MOS_RECOMPUTE_BLOCK}}};
    for (int i = 0; i < WAYS; i++) {
        const way base = ways[i];
        ways[i] = table[i].way;
        ways[i].step = base.step;
        ways[i].before = base.before;
        MOS_TRY(mos_bench_add(run, table[i].name, run_way, &ways[i]));
    }
    return MOSAIC_OK;
}

static void report_ways(const mos_bench_run *run, const way ways[WAYS], double views, double input,
                        mos_bench_report *report) {
    for (int i = 0; i < WAYS; i++) {
        const mos_memory_report *plan = &ways[i].plan;
        const double peak = ways[i].peak - input;
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "megabytes", 1e-6 * peak, 1);
        mos_bench_number(report, "of_plain", peak / (ways[0].peak - input), 3);
        mos_bench_number(report, "planned_arena", 1e-6 * (double)plan->arena, 1);
        mos_bench_number(report, "planned_least", 1e-6 * (double)(plan->least + plan->rows), 1);
        mos_bench_number(report, "ms_per_view", 1e3 * mos_bench_median(run, i) / views, 2);
        mos_bench_number(report, "times_plain", 1 / mos_bench_ratio(run, i, 0), 3);
        double ratios[MOS_BENCH_MAX_ROUNDS];
        for (int64_t r = 0; r < run->rounds; r++)
            ratios[r] = ways[i].processor[r + 1] / ways[0].processor[r + 1];
        mos_bench_number(report, "processor_ms",
                         1e3 * mos_median(ways[i].processor + 1, run->rounds) / views, 2);
        mos_bench_number(report, "times_plain_processor", mos_median(ratios, run->rounds), 3);
    }
}

mosaic_status mos_ways_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    const mos_step_setting setting = mos_bench_step(settings);
    mos_precision precision = (mos_precision)settings->precision;
    mos_step_rig *step = NULL;
    mos_bench_run *run = NULL;
    way ways[WAYS] = {{0}};
    mosaic_status status = MOSAIC_OK;
    const double before = mos_resident_bytes();
    const double views = (double)(setting.modalities * setting.views * setting.batch);
    const double input = views * 7 * (double)(setting.size * setting.size) * sizeof(float);
    MOS_GOTO(mos_step_rig_create("cpu", precision, settings->threads, &setting, &step));
    for (int i = 0; i < WAYS; i++) {
        ways[i].step = step;
        ways[i].before = before;
    }
    MOS_GOTO(mos_bench_create("bench ways", settings->threads, settings->rounds, &run));
    MOS_GOTO(add_ways(run, ways, setting.batch, settings->threads));
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "device", "%s", mos_step_rig_device(step)->description);
    mos_bench_fact(report, "step", "%s, batch %lld, 2 view sets, %lld px, bands 2 and 12",
                   setting.method, (long long)setting.batch, (long long)setting.size);
    mos_bench_fact(report, "megabytes",
                   "peak without program and input; times_plain: how much longer a step takes");
    report_ways(run, ways, views, input, report);
done:
    mos_step_rig_destroy(&step);
    mos_bench_destroy(&run);
    return status;
}
