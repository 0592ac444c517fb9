#include "bench/synthetic_step.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "objective/objective.h"

#include <math.h>
#include <stdio.h>

struct mos_synthetic_step {
    mos_step_setting setting;
    mos_device *device;
    mos_model *model;
    mos_objective *objective;
    mos_view_plan views;
    float *images[MOS_MAX_MODALITIES];           /* [views*batch, bands, size, size] */
    int8_t *labels;                              /* [batch, classes] */
    const float *fed_images[MOS_MAX_MODALITIES]; /* instead of the above, when not NULL */
    const int8_t *fed_labels;
    void *m, *v; /* AdamW moments, real [param_count] */
    int64_t steps;
};

mos_step_setting mos_step_setting_standard(mos_encoder_kind encoder, int64_t views, int64_t batch,
                                           int64_t size) {
    return (mos_step_setting){.encoder = encoder,
                              .batch = batch,
                              .size = size,
                              .views = views,
                              .classes = 19,
                              .modalities = 2,
                              .bands = {2, 12},
                              .method = "mosaic-1"};
}

static mosaic_status make_model(mos_synthetic_step *step) {
    const mos_step_setting *s = &step->setting;
    mos_model_spec spec = {.modalities = s->modalities,
                           .encoder = s->encoder,
                           .stem_pool = true,
                           .hidden = 512,
                           .latent = 128,
                           .classes = s->classes};
    for (int64_t m = 0; m < s->modalities; m++) {
        (void)snprintf(spec.modality[m].name, sizeof spec.modality[m].name, "m%d", (int)m);
        spec.modality[m].bands = s->bands[m];
        for (int64_t b = 0; b < s->bands[m]; b++)
            (void)snprintf(spec.modality[m].band_names[b], sizeof spec.modality[m].band_names[b],
                           "b%d", (int)b);
    }
    MOS_TRY(mos_model_create(step->device, &spec, 0, &step->model));
    return mos_synthetic_step_replan(step, s->recompute, s->chunk, s->lanes);
}

mosaic_status mos_synthetic_step_replan(mos_synthetic_step *step, mos_recompute recompute,
                                        int64_t chunk, int64_t lanes) {
    mos_step_setting *s = &step->setting;
    s->recompute = recompute;
    s->chunk = chunk;
    s->lanes = lanes;
    mos_model_plan plan = {.batch = s->batch,
                           .height = s->size,
                           .width = s->size,
                           .train = true,
                           .latents = true,
                           .recompute = recompute,
                           .chunk = chunk,
                           .lanes = lanes};
    for (int64_t m = 0; m < s->modalities; m++)
        plan.views[m] = step->views.views;
    return mos_model_plan_make(step->model, &plan);
}

static mosaic_status make_input(mos_synthetic_step *step) {
    const mos_step_setting *s = &step->setting;
    for (int64_t m = 0; m < s->modalities; m++) {
        int64_t count = step->views.views * s->batch * s->bands[m] * s->size * s->size;
        mos_rng rng = mos_rng_at(0, MOS_RNG_TEST, 0, (uint64_t)m, 0);
        MOS_TRY(mos_alloc((size_t)count, sizeof(float), "synthetic images", &step->images[m]));
        for (int64_t i = 0; i < count; i++)
            step->images[m][i] = 3.46f * (mos_rng_uniform(&rng) - 0.5f);
    }
    mos_rng rng = mos_rng_at(0, MOS_RNG_TEST, 1, 0, 0);
    MOS_TRY(mos_alloc((size_t)(s->batch * s->classes), 1, "synthetic labels", &step->labels));
    for (int64_t i = 0; i < s->batch * s->classes; i++)
        step->labels[i] = mos_rng_uniform(&rng) < 0.15f;
    return MOSAIC_OK;
}

mosaic_status mos_synthetic_step_create(const char *device, mos_precision precision, int threads,
                                        const mos_step_setting *setting, mos_synthetic_step **out) {
    mos_synthetic_step *step = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    MOS_GOTO(mos_alloc(1, sizeof *step, "benchmark step", &step));
    step->setting = *setting;
    MOS_GOTO(mos_device_open(device, precision, threads, &step->device));
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .positives = MOS_POSITIVES_MULSUPCON,
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.1,
                                     .shared_anchor = setting->views < 3};
    MOS_GOTO(mos_method_find(setting->method, &options.method));
    step->views = mos_objective_views(&options);
    MOS_GOTO(make_model(step));
    MOS_GOTO(make_input(step));
    MOS_GOTO(mos_objective_create(step->device, &options, setting->modalities, setting->batch,
                                  setting->classes, 128, &step->objective));
    size_t bytes = (size_t)mos_model_param_count(step->model) * step->device->real_bytes;
    MOS_GOTO(step->device->ops->alloc(step->device, bytes, &step->m));
    MOS_GOTO(step->device->ops->alloc(step->device, bytes, &step->v));
    *out = step;
    return MOSAIC_OK;
done:
    mos_synthetic_step_destroy(&step);
    return status;
}

void mos_synthetic_step_destroy(mos_synthetic_step **step) {
    mos_synthetic_step *s = *step;
    *step = NULL;
    if (!s) return;
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        mos_free(s->images[m]);
    mos_free(s->labels);
    mos_objective_destroy(&s->objective);
    mos_model_destroy(&s->model);
    if (s->device) {
        s->device->ops->free(s->device, s->m);
        s->device->ops->free(s->device, s->v);
    }
    mos_device_close(&s->device);
    mos_free(s);
}

static mosaic_status run_losses(mos_synthetic_step *step, mos_objective_result *result) {
    const mos_step_setting *s = &step->setting;
    int64_t view[MOS_MAX_MODALITIES];
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    mos_objective_input input = {.modalities = s->modalities,
                                 .batch = s->batch,
                                 .classes = s->classes,
                                 .latent = 128,
                                 .labels = step->fed_labels ? step->fed_labels : step->labels};
    for (int64_t m = 0; m < s->modalities; m++) {
        view[m] = step->views.anchor;
        input.z[m] = mos_model_latents(step->model, m);
        input.dz[m] = mos_model_dlatents(step->model, m);
        input.z_inter[m] = mos_model_latents_inter(step->model, m);
        input.dz_inter[m] = mos_model_dlatents_inter(step->model, m);
    }
    mos_model_head_forward(step->model, view, present);
    input.logits = mos_model_logits(step->model);
    input.dlogits = mos_model_dlogits(step->model);
    MOS_TRY(mos_objective_run(step->objective, &input, result));
    mos_model_head_backward(step->model);
    return MOSAIC_OK;
}

mosaic_status mos_synthetic_step_run(mos_synthetic_step *step, double *seconds, double *loss) {
    const mos_step_setting *s = &step->setting;
    mos_objective_result result;
    int64_t start = mos_now_ns(), segments;
    const float *images[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < s->modalities; m++)
        images[m] = step->fed_images[m] ? step->fed_images[m] : step->images[m];
    mos_model_begin(step->model);
    MOS_TRY(mos_model_forward_all(step->model, images, NULL));
    MOS_TRY(run_losses(step, &result));
    mos_model_backward_all(step->model);
    const mos_optimizer_step optimizer = {.kind = MOS_OPTIMIZER_ADAMW,
                                          .step = ++step->steps,
                                          .lr = 1e-3 * (double)s->batch / 512,
                                          .beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .eps = 1e-8,
                                          .weight_decay = 0.01,
                                          .grad_scale = 1};
    const mos_segment_range *ranges = mos_model_segments(step->model, &segments);
    step->device->ops->optimize(step->device, &optimizer, ranges, segments,
                                mos_model_params(step->model), mos_model_grads(step->model),
                                step->m, step->v);
    *seconds = (double)(mos_now_ns() - start) * 1e-9;
    *loss = result.total;
    return isfinite(result.total)
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_NUMERIC, "the loss of the benchmark step is not finite");
}

void mos_synthetic_step_feed(mos_synthetic_step *step, const float *const *images,
                             const int8_t *labels) {
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        step->fed_images[m] = images ? images[m] : NULL;
    step->fed_labels = labels;
}

mos_model *mos_synthetic_step_model(mos_synthetic_step *step) {
    return step->model;
}

mos_device *mos_synthetic_step_device(mos_synthetic_step *step) {
    return step->device;
}
