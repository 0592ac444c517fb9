/* A model, an objective and input for training steps (train/step.h) in tests. */
#ifndef TEST_MODEL_STEP_RIG_H
#define TEST_MODEL_STEP_RIG_H

#include "golden/golden_file.h"

#include "base/memory.h"
#include "train/step.h"

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
    mos_step step;
} step_rig;

typedef struct step_shape {
    mos_encoder_kind encoder;
    int64_t size, batch, modalities, bands[MOS_MAX_MODALITIES];
    int64_t hidden, latent, classes;
    bool inter, no_pool;
    mos_fusion_id fusion; /* of width 8, rank 2, 2 heads */
    mos_recompute recompute;
    int64_t chunk, norm_parts, workers;
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
                           .workers = shape->workers};
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
    assert_int_equal(mos_step_init(&rig->step, rig->model, rig->objective, MOS_OPTIMIZER_ADAMW),
                     MOSAIC_OK);
}

static inline void step_rig_release(step_rig *rig) {
    mos_step_release(&rig->step);
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

static inline mos_step_input step_input(const step_rig *rig) {
    mos_step_input input = {.batch = rig->batch, .labels = rig->labels};
    for (int64_t m = 0; m < rig->modalities; m++) {
        input.images[m] = rig->left_out[m] ? NULL : rig->images[m];
        input.present[m] = rig->present[m];
    }
    return input;
}

/* AdamW as the goldens were made with. A rate of 0 leaves the weights as they are. */
static inline mos_step_rate step_rate(int64_t step, double lr) {
    return (mos_step_rate){.optimizer = {.kind = MOS_OPTIMIZER_ADAMW,
                                         .step = step,
                                         .lr = lr,
                                         .beta1 = 0.9,
                                         .beta2 = 0.999,
                                         .eps = 1e-8,
                                         .weight_decay = 0.01}};
}

#endif
