#include "bench/infer_bench.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "bench/encoder_work.h"

#include <stdio.h>

enum { OURS = 2 };
typedef struct inference {
    mos_device *device;
    mos_model *model;
    float *images[MOS_MAX_MODALITIES]; /* [batch, bands, size, size] */
    int64_t modalities;
} inference;

static void release(inference *it) {
    mos_model_destroy(&it->model);
    mos_device_close(&it->device);
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        mos_free(it->images[m]);
    *it = (inference){0};
}

static mosaic_status create(const mos_step_setting *s, mos_precision precision, int threads,
                            inference *it) {
    mos_model_spec spec = {.modalities = s->modalities,
                           .encoder = s->encoder,
                           .stem_pool = true,
                           .hidden = 512,
                           .latent = 128,
                           .classes = s->classes};
    mos_model_plan plan = {.batch = s->batch, .height = s->size, .width = s->size};
    it->modalities = s->modalities;
    MOS_TRY(mos_device_open("cpu", precision, threads, &it->device));
    for (int64_t m = 0; m < s->modalities; m++) {
        const int64_t count = s->batch * s->bands[m] * s->size * s->size;
        mos_rng rng = mos_rng_at(0, MOS_RNG_TEST, 0, (uint64_t)m, 0);
        (void)snprintf(spec.modality[m].name, sizeof spec.modality[m].name, "m%d", (int)m);
        spec.modality[m].bands = s->bands[m];
        for (int64_t b = 0; b < s->bands[m]; b++)
            (void)snprintf(spec.modality[m].band_names[b], sizeof spec.modality[m].band_names[b],
                           "b%d", (int)b);
        plan.views[m] = 1;
        MOS_TRY(mos_alloc((size_t)count, sizeof(float), "synthetic images", &it->images[m]));
        for (int64_t i = 0; i < count; i++)
            it->images[m][i] = 3.46f * (mos_rng_uniform(&rng) - 0.5f);
    }
    MOS_TRY(mos_model_create(it->device, &spec, 0, &it->model));
    return mos_model_plan_make(it->model, &plan);
}

static mosaic_status run_inference(void *context, double *seconds) {
    inference *it = context;
    const int64_t view[MOS_MAX_MODALITIES] = {0};
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    const int64_t begin = mos_now_ns();
    for (int64_t m = 0; m < it->modalities; m++)
        MOS_TRY(mos_model_infer(it->model, m, it->images[m]));
    mos_model_head_forward(it->model, view, present);
    mosaic_status status = mos_settle(it->device);
    *seconds = 1e-9 * (double)(mos_now_ns() - begin);
    return status;
}

static mosaic_status add_ours(const mos_peer_bench_options *options, mos_bench_run *run,
                              inference ours[OURS]) {
    static const struct {
        const char *name;
        mos_precision precision;
    } formats[OURS] = {{"mosaic bf16", MOS_PRECISION_BF16}, {"mosaic fp32", MOS_PRECISION_FP32}};
    const bool wanted[OURS] = {options->bf16, options->fp32};
    for (int i = 0; i < OURS; i++) {
        inference *it = &ours[run->count];
        if (!wanted[i]) continue;
        MOS_TRY(create(&options->setting, formats[i].precision, options->threads, it));
        if (it->device->precision != formats[i].precision)
            release(it); /* this processor has none; a notice was given */
        else
            MOS_TRY(mos_bench_add(run, formats[i].name, run_inference, it));
    }
    return MOSAIC_OK;
}

static void add_layer(void *context, const char *layer, const char *direction,
                      const char *implementation) {
    (void)direction;
    mos_bench_row(context, layer);
    mos_bench_text(context, "implementation", implementation);
}

struct mos_infer_rig {
    inference it;
};

mosaic_status mos_infer_rig_create(const mos_step_setting *setting, mos_precision precision,
                                   int threads, mos_infer_rig **out) {
    mos_infer_rig *rig;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *rig, "inference", &rig));
    mosaic_status status = create(setting, precision, threads, &rig->it);
    *out = rig;
    if (status != MOSAIC_OK) mos_infer_rig_destroy(out);
    return status;
}

mosaic_status mos_infer_rig_run(mos_infer_rig *rig, double *seconds) {
    return run_inference(&rig->it, seconds);
}

void mos_infer_rig_destroy(mos_infer_rig **rig) {
    if (*rig == NULL) return;
    release(&(*rig)->it);
    mos_free(*rig);
    *rig = NULL;
}

mosaic_status mos_infer_bench(const mos_peer_bench_options *options, mos_bench_report *report) {
    const mos_step_setting *s = &options->setting;
    inference ours[OURS] = {{0}};
    mos_peer_cases peers = {.count = 0};
    mos_bench_run *run = NULL;
    mosaic_status status;
    double flops = 0;
    for (int64_t m = 0; m < s->modalities; m++)
        flops += 2 * mos_encoder_macs(s->encoder, true, s->bands[m], s->size);
    MOS_GOTO(mos_bench_create("bench infer", options->threads, options->rounds, &run));
    MOS_GOTO(add_ours(options, run, ours));
    MOS_GOTO(mos_peer_cases_add(options, 0, run, &peers));
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_fact(report, "inference", "batch %lld, %lld px, %lld modalities, features and head",
                   (long long)s->batch, (long long)s->size, (long long)s->modalities);
    mos_peer_cases_report(&peers, run, (double)(s->batch * s->modalities),
                          flops / (double)s->modalities, report);
    for (int i = 0; i < peers.first && options->layers; i++)
        mos_model_layers(ours[i].model, add_layer, report);
done:
    mos_peer_cases_stop(&peers);
    for (int i = 0; i < OURS; i++)
        release(&ours[i]);
    mos_bench_destroy(&run);
    return status;
}
