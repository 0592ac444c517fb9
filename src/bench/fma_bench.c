/* The roof itself: by number format, on one thread and on all. */
#include "bench/bench_list.h"

#include <math.h>
#include <stdio.h>

typedef struct fma_job {
    int threads;
    bool bf16;
    double milliseconds;
} fma_job;

/* "Seconds": of one GFLOP. */
static mosaic_status run_job(void *context, double *seconds) {
    const fma_job *job = context;
    mos_roof roof = mos_roof_measure(job->threads, job->milliseconds);
    *seconds = 1 / (job->bf16 ? roof.bf16_gflops : roof.fp32_gflops);
    return MOSAIC_OK;
}

mosaic_status mos_fma_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    double milliseconds = settings->quick ? 2 : 60;
    fma_job jobs[] = {{1, false, milliseconds},
                      {settings->threads, false, milliseconds},
                      {1, true, milliseconds},
                      {settings->threads, true, milliseconds}};
    enum { JOBS = sizeof jobs / sizeof *jobs };
    bool has_bf16 = mos_roof_measure(1, 1).bf16_gflops > 0;
    mos_bench_run *run = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_bench_create("bench fma", settings->threads, settings->rounds, &run));
    run->roof_ms = milliseconds;
    int count = has_bf16 ? JOBS : JOBS / 2;
    for (int i = 0; i < count; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s, %d thread%s", jobs[i].bf16 ? "bf16" : "fp32",
                       jobs[i].threads, jobs[i].threads == 1 ? "" : "s");
        MOS_GOTO(mos_bench_add(run, name, run_job, &jobs[i]));
    }
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_steadiness(report, run);
    for (int i = 0; i < count; i++) {
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "gflops", 1 / mos_bench_median(run, i), 1);
        mos_bench_number(report, "best", 1 / mos_bench_best(run, i), 1);
        mos_bench_number(report, "times_one_thread", mos_bench_ratio(run, i, i / 2 * 2), 2);
        mos_bench_number(report, "times_fp32", mos_bench_ratio(run, i, i % 2), 2);
    }
done:
    mos_bench_destroy(&run);
    return status;
}
