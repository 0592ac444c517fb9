/* Views of one modality on one core, against plain scalar code. The unit is microseconds of processor
 * time, because other programs on the machine matter less to it. */
#include "base/memory.h"
#include "base/simd.h"
#include "bench/bench_list.h"
#include "bench/naive_view.h"

#include <string.h>
#include <time.h>

enum { BANDS = 12, RING = 24 }; /* views in the ring: more than a second-level cache holds */

typedef struct augment_job {
    const char *name;
    bool radar, naive;
    char kind;
    mos_simd level;
    int64_t bands, size, views; /* per measurement */
    const mos_augment_options *options;
    const float *pixels; /* [bands, size, size]; bands of lower resolution use the front */
    float *ring;         /* [RING, bands, size, size] */
    double *plain;       /* scratch of the plain way */
    mos_render_scratch *scratch;
} augment_job;

/* Native sides as in Sentinel-2 at 10, 20 and 60 m: 4, 6 and 2 of twelve bands. */
static int64_t side_of(const augment_job *job, int64_t band) {
    return job->radar || band < 4 ? job->size : band < 10 ? job->size / 2 : job->size / 6;
}

static mosaic_status render_view(const augment_job *job, int64_t sample) {
    mos_view_key key = {.seed = 1, .epoch = 1, .sample = sample};
    mos_loader_modality modality = {.bands = job->bands, .radar = job->radar};
    mos_view_geometry geometry;
    mos_view_light light;
    int64_t plane = job->size * job->size;
    mos_view_geometry_draw(job->options, job->kind, true, &key, &geometry);
    mos_view_light_draw(job->options, job->kind, &key, &modality, 1, &light);
    for (int64_t b = 0; b < job->bands; b++) {
        int64_t side = side_of(job, b);
        const mos_band_source source = {.data = job->pixels + b * plane,
                                        .width = side,
                                        .height = side,
                                        .fine_width = job->size,
                                        .fine_height = job->size,
                                        .mean = 1000,
                                        .sd = 500,
                                        .radar = job->radar};
        mos_rng stream = mos_view_noise_stream(&key, 1, b);
        float *out = job->ring + (sample % RING * BANDS + b) * plane;
        if (job->naive)
            mos_naive_view(&source, &geometry, &light, b, &stream, job->size, job->plain, out);
        else
            MOS_TRY(mos_view_render(&source, &geometry, &light, b, &stream, job->size, job->size,
                                    job->scratch, out));
    }
    return MOSAIC_OK;
}

static double processor_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static mosaic_status run_job(void *context, double *seconds) {
    const augment_job *job = context;
    mosaic_status status = MOSAIC_OK;
    mos_simd_limit(job->level);
    double start = processor_seconds();
    for (int64_t v = 0; v < job->views && status == MOSAIC_OK; v++)
        status = render_view(job, v);
    *seconds = (processor_seconds() - start) / (double)job->views;
    mos_simd_limit(MOS_SIMD_AVX512);
    return status;
}

static mosaic_status make_buffers(augment_job *shared, mos_render_scratch *scratch) {
    size_t plane = (size_t)(shared->size * shared->size);
    float *pixels;
    MOS_TRY(mos_alloc(BANDS * plane, sizeof(float), "pixels", &pixels));
    shared->pixels = pixels;
    mos_rng rng = mos_rng_at(2, MOS_RNG_TEST, 0, 0, 0);
    for (size_t i = 0; i < BANDS * plane; i++)
        pixels[i] = 4000 * mos_rng_uniform(&rng);
    MOS_TRY(mos_alloc(RING * BANDS * plane, sizeof(float), "views", &shared->ring));
    MOS_TRY(mos_alloc(2 * plane, sizeof(double), "a plane", &shared->plain));
    shared->scratch = scratch;
    return MOSAIC_OK;
}

static void release_buffers(const augment_job *shared) {
    float *pixels;
    memcpy(&pixels, &shared->pixels, sizeof pixels);
    mos_free(pixels);
    mos_free(shared->ring);
    mos_free(shared->plain);
}

static const augment_job cases[] = {
    {.name = "optical, 12 bands", .bands = BANDS, .kind = 's', .level = MOS_SIMD_AVX512},
    {.name = "optical, plain scalar way", .bands = BANDS, .kind = 's', .naive = true},
    {.name = "optical, at most AVX2", .bands = BANDS, .kind = 's', .level = MOS_SIMD_AVX2},
    {.name = "optical, no vectors asked for", .bands = BANDS, .kind = 's'},
    {.name = "optical, anchor", .bands = BANDS, .kind = 'a', .level = MOS_SIMD_AVX512},
    {.name = "optical, evaluation", .bands = BANDS, .kind = 'e', .level = MOS_SIMD_AVX512},
    {.name = "radar, 2 bands", .bands = 2, .kind = 's', .radar = true, .level = MOS_SIMD_AVX512},
    {.name = "radar, plain scalar way", .bands = 2, .kind = 's', .radar = true, .naive = true},
};
enum { CASES = sizeof cases / sizeof *cases };

static void report_rows(const mos_bench_run *run, mos_bench_report *report) {
    for (int i = 0; i < CASES; i++) {
        int naive = cases[i].radar ? CASES - 1 : 1;
        mos_bench_row(report, cases[i].name);
        mos_bench_number(report, "us_per_view", 1e6 * mos_bench_median(run, i), 1);
        mos_bench_number(report, "best", 1e6 * mos_bench_best(run, i), 1);
        mos_bench_number(report, "times_faster_than_scalar", mos_bench_ratio(run, i, naive), 1);
    }
    mos_bench_fact(report, "bar", "150 us per optical view of 12 bands, 120 px, noise included");
}

mosaic_status mos_augment_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    mos_augment_options options = {0};
    mos_render_scratch scratch = {0};
    augment_job shared = {.size = settings->size}, jobs[CASES];
    mos_bench_run *run = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_options_init(&mos_augment_option_table, &options));
    MOS_GOTO(mos_bench_create("bench augment", 1, settings->rounds, &run));
    MOS_GOTO(make_buffers(&shared, &scratch));
    for (int i = 0; i < CASES; i++) {
        jobs[i] = cases[i];
        jobs[i].size = shared.size;
        jobs[i].options = &options;
        jobs[i].pixels = shared.pixels;
        jobs[i].ring = shared.ring;
        jobs[i].plain = shared.plain;
        jobs[i].scratch = shared.scratch;
        jobs[i].views = settings->quick ? 2 : jobs[i].naive ? 8 : 200;
        MOS_GOTO(mos_bench_add(run, jobs[i].name, run_job, &jobs[i]));
    }
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_steadiness(report, run);
    mos_bench_fact_number(report, "size", (double)settings->size, 0);
    report_rows(run, report);
done:
    mos_options_release(&mos_augment_option_table, &options);
    mos_render_scratch_release(&scratch);
    release_buffers(&shared);
    mos_bench_destroy(&run);
    return status;
}
