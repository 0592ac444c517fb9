#include "bench/bench_run.h"

#include "base/log.h"
#include "base/memory.h"

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

mosaic_status mos_bench_measure(mos_bench_run *run) {
    mosaic_status status = MOSAIC_OK;
    mos_progress progress;
    double ignored;
    for (int i = 0; i < run->count; i++)
        MOS_TRY(run->cases[i].work(run->cases[i].context, &ignored));
    mos_progress_begin(&progress, run->name, run->rounds);
    for (int64_t r = 0; r < run->rounds && status == MOSAIC_OK; r++) {
        run->roof[r] = mos_roof_measure(run->threads, run->roof_ms);
        for (int i = 0; i < run->count && status == MOSAIC_OK; i++)
            status = run->cases[i].work(run->cases[i].context, &run->cases[i].seconds[r]);
        mos_progress_update(&progress, r + 1);
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
