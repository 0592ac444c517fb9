#include "bench/step_rig.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "train/step.h"

#include <stdio.h>

struct mos_step_rig {
    mos_step_setting setting;
    mos_device *device;
    mos_model *model;
    mos_objective *objective;
    mos_view_plan views;
    float *images[MOS_MAX_MODALITIES];           /* [views*batch, bands, size, size] */
    int8_t *labels;                              /* [batch, classes] */
    const float *fed_images[MOS_MAX_MODALITIES]; /* instead of the above, when not NULL */
    const int8_t *fed_labels;
    mos_step step;
    mos_shared_step shared; /* of several ranks */
    mos_norm_ranks norms;
    mos_step_ranks stand_in;
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

static int64_t ranks_of(const mos_step_setting *s) {
    return s->stand_for > 0 ? s->stand_for : mos_comm_size(s->comm);
}

static mosaic_status make_model(mos_step_rig *rig) {
    const mos_step_setting *s = &rig->setting;
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
    MOS_TRY(mos_model_create(rig->device, &spec, 0, &rig->model));
    return mos_step_rig_replan(rig, s->recompute, s->chunk, s->workers);
}

mosaic_status mos_step_rig_replan(mos_step_rig *rig, mos_recompute recompute, int64_t chunk,
                                  int64_t workers) {
    mos_step_setting *s = &rig->setting;
    s->recompute = recompute;
    s->chunk = chunk;
    s->workers = workers;
    mos_model_plan plan = {.batch = s->batch,
                           .height = s->size,
                           .width = s->size,
                           .train = true,
                           .latents = true,
                           .recompute = recompute,
                           .chunk = chunk,
                           .workers = workers,
                           .peers = rig->norms.peers.count > 1 ? &rig->norms.peers : NULL};
    if (plan.peers != NULL) plan.workers = s->modalities;
    if (ranks_of(s) > 1) {
        plan.ranks = ranks_of(s);
        plan.rank = mos_comm_rank(s->comm);
    }
    for (int64_t m = 0; m < s->modalities; m++)
        plan.views[m] = rig->views.views;
    return mos_model_plan_make(rig->model, &plan);
}

static mosaic_status make_input(mos_step_rig *rig) {
    const mos_step_setting *s = &rig->setting;
    for (int64_t m = 0; m < s->modalities; m++) {
        const int64_t rows = s->batch / ranks_of(s);
        int64_t count = rig->views.views * rows * s->bands[m] * s->size * s->size;
        const uint32_t rank = (uint32_t)mos_comm_rank(s->comm);
        mos_rng rng = mos_rng_at(0, MOS_RNG_TEST, 2 * rank, (uint64_t)m, 0);
        MOS_TRY(mos_alloc((size_t)count, sizeof(float), "synthetic images", &rig->images[m]));
        for (int64_t i = 0; i < count; i++)
            rig->images[m][i] = 3.46f * (mos_rng_uniform(&rng) - 0.5f);
    }
    mos_rng rng = mos_rng_at(0, MOS_RNG_TEST, 1, 0, 0);
    MOS_TRY(mos_alloc((size_t)(s->batch * s->classes), 1, "synthetic labels", &rig->labels));
    for (int64_t i = 0; i < s->batch * s->classes; i++)
        rig->labels[i] = mos_rng_uniform(&rng) < 0.15f;
    return MOSAIC_OK;
}

/* ---- ranks ---- */

static mosaic_status copy_features(void *context, mos_step *step) {
    const mos_step_rig *rig = context;
    const mos_model_plan *plan = mos_model_get_plan(step->model);
    const int64_t rows = plan->batch / plan->ranks;
    const size_t row = (size_t)mos_model_feature_size(step->model) * step->device->real_bytes;
    for (int64_t m = 0; m < rig->setting.modalities; m++)
        for (int64_t v = 0; v < plan->views[m]; v++)
            for (int64_t r = 1; r < plan->ranks; r++) {
                unsigned char *first = (unsigned char *)mos_model_features(step->model, m) +
                                       (size_t)(v * plan->batch) * row;
                step->device->ops->copy(step->device, first + (size_t)(r * rows) * row, first,
                                        (size_t)rows * row);
            }
    return MOSAIC_OK;
}

static mosaic_status keep_losses(void *context, mos_step *step) {
    (void)context;
    (void)step;
    return MOSAIC_OK;
}

static mosaic_status keep_gradients(void *context, mos_step *step) {
    (void)context;
    (void)step;
    return MOSAIC_OK;
}

static mosaic_status join_ranks(mos_step_rig *rig) {
    const mos_step_setting *s = &rig->setting;
    rig->stand_in = (mos_step_ranks){
        .context = rig, .share = copy_features, .join = keep_losses, .sum = keep_gradients};
    if (s->stand_for > 1) rig->step.ranks = &rig->stand_in;
    if (s->stand_for > 0 || mos_comm_size(s->comm) < 2) return MOSAIC_OK;
    return mos_shared_step_init(&rig->shared, s->comm, &rig->step, mos_model_get_plan(rig->model),
                                &rig->norms, true);
}

void mos_step_rig_overlap(mos_step_rig *rig, bool overlap) {
    mos_model_watch(rig->model, overlap ? &rig->shared.watch : NULL);
}

void mos_step_rig_divide(mos_step_rig *rig, bool divide) {
    if (rig->shared.parts == NULL) return;
    rig->step.parts = divide ? rig->shared.parts : NULL;
    rig->shared.buckets.kept = divide;
}

const mos_buckets *mos_step_rig_buckets(const mos_step_rig *rig) {
    return &rig->shared.buckets;
}

mosaic_status mos_step_rig_create(const char *device, mos_precision precision, int threads,
                                  const mos_step_setting *setting, mos_step_rig **out) {
    mos_step_rig *rig = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    MOS_GOTO(mos_alloc(1, sizeof *rig, "benchmark step", &rig));
    rig->setting = *setting;
    MOS_GOTO(mos_device_open(device, precision, threads, &rig->device));
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .positives = MOS_POSITIVES_MULSUPCON,
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.1,
                                     .shared_anchor = setting->views < 3};
    MOS_GOTO(mos_method_find(setting->method, &options.method));
    rig->views = mos_objective_views(&options);
    if (mos_comm_size(setting->comm) > 1)
        MOS_GOTO(mos_norm_ranks_init(&rig->norms, setting->comm, setting->norm_ranks));
    MOS_GOTO(make_model(rig));
    MOS_GOTO(make_input(rig));
    MOS_GOTO(mos_objective_create(rig->device, &options, setting->modalities, setting->batch,
                                  setting->classes, 128, &rig->objective));
    MOS_GOTO(mos_step_init(&rig->step, rig->model, rig->objective, MOS_OPTIMIZER_ADAMW));
    MOS_GOTO(join_ranks(rig));
    *out = rig;
    return MOSAIC_OK;
done:
    mos_step_rig_destroy(&rig);
    return status;
}

void mos_step_rig_destroy(mos_step_rig **rig) {
    mos_step_rig *s = *rig;
    *rig = NULL;
    if (!s) return;
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        mos_free(s->images[m]);
    mos_free(s->labels);
    mos_step_release(&s->step);
    mos_shared_step_release(&s->shared);
    mos_objective_destroy(&s->objective);
    mos_model_destroy(&s->model);
    mos_device_close(&s->device);
    mos_free(s);
}

mosaic_status mos_step_rig_run(mos_step_rig *rig, double *seconds, double *loss) {
    const mos_step_setting *s = &rig->setting;
    mos_step_result result;
    mos_step_input input = {.batch = s->batch,
                            .labels = rig->fed_labels ? rig->fed_labels : rig->labels};
    const mos_step_rate rate = {.optimizer = {.kind = MOS_OPTIMIZER_ADAMW,
                                              .step = ++rig->steps,
                                              .lr = 1e-3 * (double)s->batch / 512,
                                              .beta1 = 0.9,
                                              .beta2 = 0.999,
                                              .eps = 1e-8,
                                              .weight_decay = 0.01}};
    for (int64_t m = 0; m < s->modalities; m++)
        input.images[m] = rig->fed_images[m] ? rig->fed_images[m] : rig->images[m];
    int64_t start = mos_now_ns();
    mosaic_status status = mos_step_run(&rig->step, &input, &rate, &result);
    if (status == MOSAIC_OK) status = mos_settle(rig->device); /* the new weights, too */
    *seconds = (double)(mos_now_ns() - start) * 1e-9;
    *loss = result.losses.total;
    return status;
}

void mos_step_rig_feed(mos_step_rig *rig, const float *const *images, const int8_t *labels) {
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        rig->fed_images[m] = images ? images[m] : NULL;
    rig->fed_labels = labels;
}

mos_model *mos_step_rig_model(mos_step_rig *rig) {
    return rig->model;
}

mos_device *mos_step_rig_device(mos_step_rig *rig) {
    return rig->device;
}

int64_t mos_step_rig_views(const mos_step_rig *rig) {
    return rig->views.views;
}
