/* The loader by itself: how many samples a second, what the time goes into, and the plain way
 * (a file per band opened and decoded, views pixel by pixel) beside it. */
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "bench/bench_list.h"
#include "bench/loader_feed.h"
#include "bench/naive_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct loader_job {
    mos_feed feed;
    int workers;
    int64_t batches; /* per measurement */
    double seconds;  /* of all measurements */
} loader_job;

/* Seconds per sample. The batches that the workers had begun are waited for before the clock
 * starts. */
static mosaic_status run_loader(void *context, double *seconds) {
    loader_job *job = context;
    mos_batch *batch;
    MOS_TRY(mos_feed_next(&job->feed, &batch));
    int64_t start = mos_now_ns();
    for (int64_t i = 0; i < job->batches; i++)
        MOS_TRY(mos_feed_next(&job->feed, &batch));
    *seconds = (double)(mos_now_ns() - start) * 1e-9;
    job->seconds += *seconds;
    *seconds /= (double)(job->batches * job->feed.options.batch);
    return MOSAIC_OK;
}

typedef struct plain_job {
    mos_feed feed; /* of a tree of files; its loader is not used */
    mos_reader *reader;
    double *scratch;
    float *out;
    int64_t samples, next;
} plain_job;

static mosaic_status plain_sample(plain_job *job, int64_t sample) {
    const mos_loader_options *options = &job->feed.options;
    mos_patch patch;
    for (int64_t m = 0; m < options->modalities; m++) {
        const mos_loader_modality *modality = &options->modality[m];
        MOS_TRY(mos_reader_read(job->reader, sample, modality->modality, modality->band,
                                modality->bands, &patch));
        for (int64_t v = 0; v < options->views; v++) {
            mos_view_key key = {.seed = 1, .sample = sample, .view = (uint32_t)v};
            mos_view_geometry geometry;
            mos_view_light light;
            mos_view_geometry_draw(&options->augment, options->kinds[v], true, &key, &geometry);
            mos_view_light_draw(&options->augment, options->kinds[v], &key, modality, m, &light);
            for (int64_t b = 0; b < modality->bands; b++) {
                const mos_band_source source = {.data = patch.band[b].data,
                                                .width = patch.band[b].width,
                                                .height = patch.band[b].height,
                                                .fine_width = options->width,
                                                .fine_height = options->height,
                                                .mean = modality->mean[b],
                                                .sd = modality->sd[b],
                                                .radar = modality->radar};
                mos_rng stream = mos_view_noise_stream(&key, m, b);
                mos_naive_view(&source, &geometry, &light, b, &stream, options->width, job->scratch,
                               job->out);
            }
        }
    }
    return MOSAIC_OK;
}

static mosaic_status run_plain(void *context, double *seconds) {
    plain_job *job = context;
    int64_t start = mos_now_ns();
    for (int64_t i = 0; i < job->samples; i++)
        MOS_TRY(plain_sample(job, job->next++ % mos_dataset_count(job->feed.dataset)));
    *seconds = (double)(mos_now_ns() - start) * 1e-9 / (double)job->samples;
    return MOSAIC_OK;
}

static mosaic_status open_plain(const mos_bench_settings *settings, plain_job *job) {
    size_t plane = (size_t)(settings->size * settings->size);
    MOS_TRY(mos_feed_open(settings, 1, 1, &job->feed));
    MOS_TRY(mos_reader_open(job->feed.dataset, &job->reader));
    MOS_TRY(mos_alloc(2 * plane, sizeof(double), "a plane", &job->scratch));
    MOS_TRY(mos_alloc(plane, sizeof(float), "a plane", &job->out));
    job->samples = settings->quick ? 1 : 8;
    return MOSAIC_OK;
}

static void report_loader(const mos_bench_run *run, int number, int plain, const loader_job *job,
                          mos_bench_report *report) {
    double samples = (double)job->feed.samples, seconds = mos_bench_median(run, number);
    double read = (double)job->feed.read_ns, augment = (double)job->feed.augment_ns;
    double waited = (double)job->feed.wait_ns * 1e-9 / job->seconds;
    mos_bench_row(report, run->cases[number].name);
    mos_bench_number(report, "samples_per_s", 1 / seconds, 0);
    mos_bench_number(report, "us_per_sample", 1e6 * seconds, 1);
    mos_bench_number(report, "read_decode_us", 1e-3 * read / samples, 1);
    mos_bench_number(report, "augment_us", 1e-3 * augment / samples, 1);
    mos_bench_number(report, "consumer_waits_percent", 100 * fmin(waited, 1), 1);
    mos_bench_text(report, "limit", read > augment ? "read and decode" : "augment");
    mos_bench_number(report, "times_plain", mos_bench_ratio(run, number, plain), 1);
}

mosaic_status mos_loader_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    mos_bench_run *run = NULL;
    loader_job one = {.workers = 1}, all = {.workers = settings->threads};
    plain_job plain = {0};
    mosaic_status status = MOSAIC_OK;
    char name[64];
    one.batches = all.batches = settings->quick ? 2 : 12;
    MOS_GOTO(mos_bench_create("bench loader", settings->threads, settings->rounds, &run));
    MOS_GOTO(mos_feed_open(settings, 0, one.workers, &one.feed));
    MOS_GOTO(mos_feed_open(settings, 0, all.workers, &all.feed));
    MOS_GOTO(open_plain(settings, &plain));
    MOS_GOTO(mos_bench_add(run, "1 worker", run_loader, &one));
    (void)snprintf(name, sizeof name, "%d workers", all.workers);
    MOS_GOTO(mos_bench_add(run, name, run_loader, &all));
    MOS_GOTO(mos_bench_add(run, "plain: a file per band, scalar", run_plain, &plain));
    MOS_GOTO(mos_bench_measure(run));
    mos_feed_count(&one.feed);
    mos_feed_count(&all.feed);
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "views", "%lld of %lld modalities, %lld px",
                   (long long)one.feed.options.views, (long long)one.feed.options.modalities,
                   (long long)one.feed.options.width);
    mos_bench_fact(report, "data", "%.80s",
                   settings->data && settings->data[0] ? settings->data : "procedural, packed");
    report_loader(run, 0, 2, &one, report);
    report_loader(run, 1, 2, &all, report);
    mos_bench_row(report, run->cases[2].name);
    mos_bench_number(report, "samples_per_s", 1 / mos_bench_median(run, 2), 0);
    mos_bench_number(report, "us_per_sample", 1e6 * mos_bench_median(run, 2), 1);
done:
    mos_reader_close(&plain.reader);
    mos_free(plain.scratch);
    mos_free(plain.out);
    mos_feed_close(&plain.feed);
    mos_feed_close(&one.feed);
    mos_feed_close(&all.feed);
    mos_bench_destroy(&run);
    return status;
}
