/* One training step of a model under an objective, as a trainer runs it, for tests. */
#ifndef TEST_MODEL_STEP_SUPPORT_H
#define TEST_MODEL_STEP_SUPPORT_H

#include "golden/golden_file.h"

#include "base/memory.h"
#include "model/model.h"
#include "objective/objective.h"

typedef struct step_rig {
    mos_device *device;
    mos_model *model;
    mos_objective *objective;
    mos_view_plan views;
    int64_t modalities, batch, bands[MOS_MAX_MODALITIES], size;
    float *images[MOS_MAX_MODALITIES];
    int8_t *labels;
    uint8_t *present[MOS_MAX_MODALITIES]; /* NULL: all */
    bool left_out[MOS_MAX_MODALITIES];    /* no patch has it: its passes are not run */
    void *moments[2];
} step_rig;

typedef struct step_shape {
    mos_encoder_kind encoder;
    int64_t size, batch, modalities, bands[MOS_MAX_MODALITIES];
    int64_t hidden, latent, classes;
    bool inter, no_pool;
    mos_fusion_id fusion; /* of width 8, rank 2, 2 heads */
    mos_recompute recompute;
    int64_t chunk, norm_parts, lanes;
    int64_t left_out; /* this modality, counted from 1, is in no patch; 0: all are */
    mos_missing_kind missing;
} step_shape;

static const char *const step_names[] = {"s1", "s2", "dem"};

static inline void step_rig_init(step_rig *rig, mos_device *device, const step_shape *shape,
                                 const mos_objective_options *options) {
    *rig = (step_rig){.device = device,
                      .views = mos_objective_views(options),
                      .modalities = shape->modalities,
                      .batch = shape->batch,
                      .size = shape->size};
    mos_model_spec spec = {.modalities = shape->modalities,
                           .encoder = shape->encoder,
                           .stem_pool = !shape->no_pool,
                           .hidden = shape->hidden,
                           .latent = shape->latent,
                           .inter_projector = shape->inter,
                           .fusion = shape->fusion,
                           .fusion_dim = 8,
                           .fusion_rank = 2,
                           .fusion_heads = 2,
                           .missing = shape->missing,
                           .classes = shape->classes};
    mos_model_plan plan = {.batch = shape->batch,
                           .height = shape->size,
                           .width = shape->size,
                           .train = true,
                           .latents = true,
                           .recompute = shape->recompute,
                           .chunk = shape->chunk,
                           .norm_parts = shape->norm_parts,
                           .lanes = shape->lanes};
    for (int64_t m = 0; m < shape->modalities; m++) {
        (void)snprintf(spec.modality[m].name, sizeof spec.modality[m].name, "%s", step_names[m]);
        spec.modality[m].bands = rig->bands[m] = shape->bands[m];
        plan.views[m] = rig->views.views;
        size_t count =
            (size_t)(rig->views.views * shape->batch * shape->bands[m] * shape->size * shape->size);
        rig->images[m] = calloc(count, sizeof(float));
    }
    rig->labels = calloc((size_t)(shape->batch * shape->classes), 1);
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &rig->model), MOSAIC_OK);
    assert_int_equal(mos_model_plan_make(rig->model, &plan), MOSAIC_OK);
    assert_int_equal(mos_objective_create(device, options, shape->modalities, shape->batch,
                                          shape->classes, shape->latent, &rig->objective),
                     MOSAIC_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(device->ops->alloc(
                             device, (size_t)mos_model_param_count(rig->model) * device->real_bytes,
                             &rig->moments[i]),
                         MOSAIC_OK);
}

static inline void step_rig_release(step_rig *rig) {
    for (int i = 0; i < 2; i++)
        rig->device->ops->free(rig->device, rig->moments[i]);
    for (int64_t m = 0; m < rig->modalities; m++) {
        free(rig->images[m]);
        free(rig->present[m]);
    }
    free(rig->labels);
    mos_objective_destroy(&rig->objective);
    mos_model_destroy(&rig->model);
}

/* Weights and statistics of the goldens. */
static inline void step_formula_weights(mos_model *model) {
    int64_t count;
    const mos_parameter *items = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++) {
        if (items[i].counter) continue;
        float *values = malloc((size_t)items[i].count * sizeof *values);
        formula_parameter(items[i].name, items[i].rank, items[i].shape, items[i].count, values);
        mos_model_put(model, &items[i], values);
        free(values);
    }
    mos_model_refresh(model);
}

/* Forward, objective; gradients stay to be run. */
static inline mos_objective_result step_forward(step_rig *rig) {
    mos_model *model = rig->model;
    const mos_model_spec *spec = mos_model_get_spec(model);
    int64_t view[MOS_MAX_MODALITIES];
    const uint8_t *present[MOS_MAX_MODALITIES];
    mos_objective_input input = {.modalities = rig->modalities,
                                 .batch = rig->batch,
                                 .classes = spec->classes,
                                 .latent = spec->latent,
                                 .labels = rig->labels};
    mos_model_begin(model);
    const float *images[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < rig->modalities; m++)
        images[m] = rig->left_out[m] ? NULL : rig->images[m];
    assert_int_equal(mos_model_forward_all(model, images, (const uint8_t *const *)rig->present),
                     MOSAIC_OK);
    for (int64_t m = 0; m < rig->modalities; m++) {
        view[m] = rig->views.anchor;
        present[m] = input.present[m] = rig->present[m];
        input.z[m] = mos_model_latents(model, m);
        input.dz[m] = mos_model_dlatents(model, m);
        input.z_inter[m] = mos_model_latents_inter(model, m);
        input.dz_inter[m] = mos_model_dlatents_inter(model, m);
    }
    mos_model_head_forward(model, view, present);
    input.logits = mos_model_logits(model);
    input.dlogits = mos_model_dlogits(model);
    mos_objective_result result;
    assert_int_equal(mos_objective_run(rig->objective, &input, &result), MOSAIC_OK);
    return result;
}

static inline void step_backward(step_rig *rig) {
    mos_model_head_backward(rig->model);
    mos_model_backward_all(rig->model);
}

static inline void step_optimize(step_rig *rig, int64_t step, double lr, double weight_decay) {
    int64_t count;
    const mos_segment_range *segments = mos_model_segments(rig->model, &count);
    mos_optimizer_step options = {.kind = MOS_OPTIMIZER_ADAMW,
                                  .step = step,
                                  .lr = lr,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .eps = 1e-8,
                                  .weight_decay = weight_decay,
                                  .grad_scale = 1};
    rig->device->ops->optimize(rig->device, &options, segments, count, mos_model_params(rig->model),
                               mos_model_grads(rig->model), rig->moments[0], rig->moments[1]);
}

#endif
