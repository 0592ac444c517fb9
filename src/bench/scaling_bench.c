/* A training step on one thread and on all, beside the roof's own scaling. */
#include "bench/bench_list.h"

#include <stdio.h>

typedef struct scaling_job {
    mos_step_rig *step; /* NULL: the roof */
    int threads;
    bool bf16;
    double milliseconds;
} scaling_job;

/* Of a step, or of one GFLOP at the roof. */
static mosaic_status run_job(void *context, double *seconds) {
    const scaling_job *job = context;
    double loss;
    if (job->step != NULL) return mos_step_rig_run(job->step, seconds, &loss);
    mos_roof roof = mos_roof_measure(job->threads, job->milliseconds);
    *seconds = 1 / (job->bf16 && roof.bf16_gflops > 0 ? roof.bf16_gflops : roof.fp32_gflops);
    return MOSAIC_OK;
}

static mosaic_status add_jobs(const mos_bench_settings *settings, mos_bench_run *run,
                              scaling_job jobs[4]) {
    const mos_step_setting setting = mos_bench_step(settings);
    mos_precision precision = (mos_precision)settings->precision;
    for (int i = 0; i < 4; i++) {
        char name[64];
        jobs[i].threads = i % 2 == 0 ? 1 : settings->threads;
        jobs[i].bf16 = precision == MOS_PRECISION_BF16;
        jobs[i].milliseconds = settings->quick ? 2 : 60;
        if (i >= 2)
            MOS_TRY(
                mos_step_rig_create("cpu", precision, jobs[i].threads, &setting, &jobs[i].step));
        (void)snprintf(name, sizeof name, "%s, %d thread%s", i < 2 ? "roof" : "step",
                       jobs[i].threads, jobs[i].threads == 1 ? "" : "s");
        MOS_TRY(mos_bench_add(run, name, run_job, &jobs[i]));
    }
    return MOSAIC_OK;
}

mosaic_status mos_scaling_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    mos_bench_run *run = NULL;
    scaling_job jobs[4] = {{0}};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_bench_create("bench scaling", settings->threads, settings->rounds, &run));
    MOS_GOTO(add_jobs(settings, run, jobs));
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "device", "%s", mos_step_rig_device(jobs[3].step)->description);
    mos_bench_fact(report, "bar", "a step on two threads at least 1.9 times one thread");
    for (int i = 0; i < 4; i++) {
        mos_bench_row(report, run->cases[i].name);
        if (i < 2)
            mos_bench_number(report, "gflops", 1 / mos_bench_median(run, i), 1);
        else
            mos_bench_number(report, "ms_per_step", 1e3 * mos_bench_median(run, i), 2);
        mos_bench_number(report, "times_one_thread", mos_bench_ratio(run, i, i / 2 * 2), 3);
    }
done:
    mos_step_rig_destroy(&jobs[2].step);
    mos_step_rig_destroy(&jobs[3].step);
    mos_bench_destroy(&run);
    return status;
}
