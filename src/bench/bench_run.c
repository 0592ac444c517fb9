#include "bench/bench_run.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double mos_median(const double *values, int64_t count) {
    double sorted[MOS_BENCH_MAX_ROUNDS];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return count % 2 ? sorted[count / 2] : 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]);
}

mosaic_status mos_bench_create(const char *name, int threads, int64_t rounds, mos_bench_run **out) {
    *out = NULL;
    if (rounds < MOS_BENCH_LEAST_ROUNDS || rounds > MOS_BENCH_MAX_ROUNDS)
        return mos_fail(MOSAIC_ERR_USAGE, "--rounds: wanted %d to %d, got %lld",
                        MOS_BENCH_LEAST_ROUNDS, MOS_BENCH_MAX_ROUNDS, (long long)rounds);
    MOS_TRY(mos_alloc(1, sizeof **out, "benchmark", out));
    (*out)->name = name;
    (*out)->threads = threads;
    (*out)->rounds = rounds;
    (*out)->roof_ms = 60;
    return MOSAIC_OK;
}

void mos_bench_destroy(mos_bench_run **run) {
    mos_free(*run);
    *run = NULL;
}

mosaic_status mos_bench_add(mos_bench_run *run, const char *name, mos_bench_work work,
                            void *context) {
    if (run->count == MOS_BENCH_MAX_CASES)
        return mos_fail(MOSAIC_ERR_USAGE, "bench %s: more than %d cases", run->name,
                        MOS_BENCH_MAX_CASES);
    mos_bench_case *added = &run->cases[run->count++];
    (void)snprintf(added->name, sizeof added->name, "%s", name);
    added->work = work;
    added->context = context;
    return MOSAIC_OK;
}

/* Samples of the roof within a round, at least so far apart: a round of long cases must not be
 * judged by the moment at which it began. */
enum { MOST_SAMPLES = 16 };
static const double sample_seconds = 2;

typedef struct roof_samples {
    double fp32[MOST_SAMPLES], bf16[MOST_SAMPLES];
    int64_t count, last_ns;
} roof_samples;

static void sample_roof(const mos_bench_run *run, roof_samples *samples) {
    const double since = 1e-9 * (double)(mos_now_ns() - samples->last_ns);
    if (samples->count == MOST_SAMPLES || (samples->count > 0 && since < sample_seconds)) return;
    const mos_roof roof = mos_roof_measure(run->threads, run->roof_ms);
    samples->fp32[samples->count] = roof.fp32_gflops;
    samples->bf16[samples->count++] = roof.bf16_gflops;
    samples->last_ns = mos_now_ns();
}

static mosaic_status measure_round(mos_bench_run *run, int64_t round) {
    roof_samples samples = {.count = 0};
    for (int i = 0; i < run->count; i++) {
        sample_roof(run, &samples);
        MOS_TRY(run->cases[i].work(run->cases[i].context, &run->cases[i].seconds[round]));
    }
    sample_roof(run, &samples);
    run->roof[round] = (mos_roof){.fp32_gflops = mos_median(samples.fp32, samples.count),
                                  .bf16_gflops = mos_median(samples.bf16, samples.count)};
    return MOSAIC_OK;
}

mosaic_status mos_bench_measure(mos_bench_run *run) {
    mosaic_status status = MOSAIC_OK;
    mos_progress progress;
    double ignored;
    for (int i = 0; i < run->count; i++)
        MOS_TRY(run->cases[i].work(run->cases[i].context, &ignored));
    mos_progress_begin(&progress, run->name, run->rounds);
    for (int64_t r = 0; r < run->rounds && status == MOSAIC_OK; r++) {
        status = measure_round(run, r);
        mos_progress_update(&progress, r + 1);
        if (status == MOSAIC_OK && r + 1 < run->rounds)
            status = mos_stop_check(run->name, r + 1, run->rounds);
    }
    mos_progress_end(&progress);
    return status;
}

double mos_bench_median(const mos_bench_run *run, int number) {
    return mos_median(run->cases[number].seconds, run->rounds);
}

double mos_bench_best(const mos_bench_run *run, int number) {
    double best = INFINITY;
    for (int64_t r = 0; r < run->rounds; r++)
        best = fmin(best, run->cases[number].seconds[r]);
    return best;
}

double mos_bench_ratio(const mos_bench_run *run, int number, int other) {
    double values[MOS_BENCH_MAX_ROUNDS];
    for (int64_t r = 0; r < run->rounds; r++)
        values[r] = run->cases[other].seconds[r] / run->cases[number].seconds[r];
    return mos_median(values, run->rounds);
}

double mos_bench_roof(const mos_bench_run *run, bool bf16) {
    double values[MOS_BENCH_MAX_ROUNDS];
    for (int64_t r = 0; r < run->rounds; r++)
        values[r] = bf16 ? run->roof[r].bf16_gflops : run->roof[r].fp32_gflops;
    return mos_median(values, run->rounds);
}

double mos_bench_drift(const mos_bench_run *run) {
    double low = INFINITY, high = 0;
    for (int64_t r = 0; r < run->rounds; r++) {
        low = fmin(low, run->roof[r].fp32_gflops);
        high = fmax(high, run->roof[r].fp32_gflops);
    }
    return high > 0 ? 1 - low / high : 1;
}
