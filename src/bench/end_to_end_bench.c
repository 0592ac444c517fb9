/* Training steps that take their batches from the loader, against steps on input already in memory. */
#include "base/log.h"
#include "bench/bench_list.h"
#include "bench/loader_feed.h"

#include <math.h>

typedef struct fed_job {
    mos_feed feed;
    mos_step_rig *step;
    int64_t steps;
    bool fed;
    double seconds, waited; /* of all timed steps */
} fed_job;

static mosaic_status take_batch(fed_job *job) {
    mos_batch *batch;
    const float *images[MOS_MAX_MODALITIES] = {NULL};
    MOS_TRY(mos_feed_next(&job->feed, &batch));
    for (int64_t m = 0; m < job->feed.options.modalities; m++)
        images[m] = batch->images[m];
    mos_step_rig_feed(job->step, images, batch->labels);
    return MOSAIC_OK;
}

/* Seconds per step, the fetching of its batch included. The first step is not timed: while it runs
 * the loader makes the batches that it is allowed to have ready. */
static mosaic_status run_job(void *context, double *seconds) {
    fed_job *job = context;
    double ignored, loss;
    int64_t start = 0, before = 0;
    for (int64_t i = 0; i <= job->steps; i++) {
        if (i == 1) start = mos_now_ns();
        before = mos_now_ns();
        if (job->fed) MOS_TRY(take_batch(job));
        if (i > 0) job->waited += (double)(mos_now_ns() - before) * 1e-9;
        MOS_TRY(mos_step_rig_run(job->step, &ignored, &loss));
    }
    mos_step_rig_feed(job->step, NULL, NULL);
    double all = (double)(mos_now_ns() - start) * 1e-9;
    job->seconds += all;
    *seconds = all / (double)job->steps;
    return MOSAIC_OK;
}

static void write_rows(const mos_bench_run *run, const fed_job *fed, double batch,
                       mos_bench_report *report) {
    for (int i = 0; i < run->count; i++) {
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "ms_per_step", 1e3 * mos_bench_median(run, i), 2);
        mos_bench_number(report, "samples_per_s", batch / mos_bench_median(run, i), 2);
        mos_bench_number(report, "share_of_synthetic", mos_bench_ratio(run, i, 0), 4);
    }
    double waited = fed->waited / fed->seconds;
    mos_bench_fact_number(report, "step_waits_percent", 100 * waited, 2);
    mos_bench_fact(report, "limit", "%s",
                   waited < 0.02                              ? "the step"
                   : fed->feed.read_ns > fed->feed.augment_ns ? "the loader: read and decode"
                                                              : "the loader: augment");
    mos_bench_fact(report, "bar", "share of synthetic at least 0.97");
}

mosaic_status mos_end_to_end_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    mos_bench_run *run = NULL;
    fed_job fed = {.fed = true}, still = {0};
    mosaic_status status = MOSAIC_OK;
    fed.steps = still.steps = settings->quick ? 1 : 3;
    int workers = mos_loader_workers(settings->threads); /* as in training */
    MOS_GOTO(mos_bench_create("bench end-to-end", settings->threads, settings->rounds, &run));
    MOS_GOTO(mos_feed_open(settings, 0, workers, &fed.feed));
    const mos_step_setting setting = mos_feed_step(settings, &fed.feed);
    MOS_GOTO(mos_step_rig_create("cpu", (mos_precision)settings->precision, settings->threads,
                                 &setting, &fed.step));
    still.step = fed.step;
    MOS_GOTO(mos_bench_add(run, "synthetic input", run_job, &still));
    MOS_GOTO(mos_bench_add(run, "from the loader", run_job, &fed));
    MOS_GOTO(mos_bench_measure(run));
    mos_feed_count(&fed.feed);
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "device", "%s", mos_step_rig_device(fed.step)->description);
    mos_bench_fact_number(report, "loader_workers", workers, 0);
    mos_bench_fact_number(report, "batch", (double)settings->batch, 0);
    write_rows(run, &fed, (double)settings->batch, report);
done:
    mos_step_rig_destroy(&fed.step);
    mos_feed_close(&fed.feed);
    mos_bench_destroy(&run);
    return status;
}
