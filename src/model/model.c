/* A model's description and its tensors; plans are made in model_plan.c, passes run in model_pass.c.
 */
#include "model/model_internal.h"

#include <stdio.h>
#include <string.h>

const char *const mos_recompute_names[] = {"none", "norm", "block", NULL};

/* ---- description ---- */

static mosaic_status check_fusion(const mos_model_spec *spec) {
    if ((int)spec->fusion < 0 || spec->fusion >= MOS_FUSION_KINDS)
        return mos_fail(MOSAIC_ERR_USAGE, "unknown fusion number %d", (int)spec->fusion);
    const char *name = mos_fusion_names[spec->fusion];
    if (spec->fusion != MOS_FUSION_CONCAT && spec->fusion_dim < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "fusion '%s': its width must be positive, found %lld",
                        name, (long long)spec->fusion_dim);
    if (spec->fusion == MOS_FUSION_BILINEAR && spec->fusion_rank < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "fusion '%s': its rank must be positive, found %lld",
                        name, (long long)spec->fusion_rank);
    if (spec->fusion == MOS_FUSION_ATTENTION &&
        (spec->fusion_heads < 1 || spec->fusion_dim % spec->fusion_heads != 0))
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "fusion '%s': its width must be a multiple of its heads, found %lld and %lld", name,
            (long long)spec->fusion_dim, (long long)spec->fusion_heads);
    return MOSAIC_OK;
}

static mosaic_status check_spec(const mos_model_spec *spec) {
    if (spec->modalities < 1 || spec->modalities > MOS_MAX_MODALITIES)
        return mos_fail(MOSAIC_ERR_USAGE, "a model has 1 to %d modalities, found %lld",
                        MOS_MAX_MODALITIES, (long long)spec->modalities);
    for (int64_t m = 0; m < spec->modalities; m++) {
        const mos_modality_spec *modality = &spec->modality[m];
        if (modality->name[0] == 0)
            return mos_fail(MOSAIC_ERR_USAGE, "modality %lld has no name", (long long)m + 1);
        if (modality->bands < 1 || modality->bands > MOS_MAX_BANDS)
            return mos_fail(MOSAIC_ERR_USAGE, "modality '%s' must have 1 to %d bands, found %lld",
                            modality->name, MOS_MAX_BANDS, (long long)modality->bands);
        for (int64_t k = 0; k < m; k++)
            if (strcmp(modality->name, spec->modality[k].name) == 0)
                return mos_fail(MOSAIC_ERR_USAGE, "modality '%s' is given twice", modality->name);
    }
    if ((int)spec->encoder < 0 || spec->encoder >= MOS_ENCODER_COUNT)
        return mos_fail(MOSAIC_ERR_USAGE, "unknown encoder number %d", (int)spec->encoder);
    if (spec->hidden < 1 || spec->latent < 1)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "projector widths must be positive, found hidden %lld, latent %lld",
                        (long long)spec->hidden, (long long)spec->latent);
    MOS_TRY(check_fusion(spec));
    if (spec->classes < 0 || spec->classes > MOS_MAX_CLASSES)
        return mos_fail(MOSAIC_ERR_USAGE, "a head has 0 to %d classes, found %lld", MOS_MAX_CLASSES,
                        (long long)spec->classes);
    return MOSAIC_OK;
}

static mosaic_status describe(mos_model *model) {
    const mos_model_spec *spec = &model->spec;
    mos_parameter_table *table = &model->table;
    char prefix[MOS_NAME_SIZE];
    int64_t size = 0;
    for (int64_t m = 0; m < spec->modalities; m++) {
        (void)snprintf(prefix, sizeof prefix, "backbones.%s", spec->modality[m].name);
        mos_encoder *encoder = &model->branch[m].encoder;
        MOS_TRY(mos_encoder_init(encoder, table, prefix, spec->encoder, spec->modality[m].bands,
                                 spec->stem_pool));
        size = encoder->feature_size;
    }
    for (int64_t m = 0; m < spec->modalities; m++) {
        (void)snprintf(prefix, sizeof prefix, "projectors.%s", spec->modality[m].name);
        MOS_TRY(mos_projector_init(&model->branch[m].projector, table, prefix, size, spec->hidden,
                                   spec->latent));
    }
    for (int64_t m = 0; m < spec->modalities && spec->inter_projector; m++) {
        (void)snprintf(prefix, sizeof prefix, "projectors_inter.%s", spec->modality[m].name);
        MOS_TRY(mos_projector_init(&model->branch[m].inter, table, prefix, size, spec->hidden,
                                   spec->latent));
    }
    if (spec->classes > 0) {
        MOS_TRY(mos_head_init(&model->head, table, spec, size));
        MOS_TRY(mos_missing_init(&model->missing, table, spec, size));
    }
    mos_parameter_finish(table);
    return MOSAIC_OK;
}

static mosaic_status list_segments(mos_model *model) {
    const mos_parameter_table *table = &model->table;
    MOS_TRY(mos_alloc((size_t)table->count, sizeof *model->segments, "parameter segments",
                      &model->segments));
    for (int64_t i = 0; i < table->count; i++) {
        const mos_parameter *item = &table->items[i];
        if (item->trainable)
            model->segments[model->segment_count++] = (mos_segment_range){
                .offset = item->offset, .count = item->count, .decay = item->decay};
    }
    return MOSAIC_OK;
}

mosaic_status mos_model_create(mos_device *device, const mos_model_spec *spec, uint64_t seed,
                               mos_model **out) {
    *out = NULL;
    MOS_TRY(check_spec(spec));
    mos_model *model;
    MOS_TRY(mos_alloc(1, sizeof *model, "a model", &model));
    mosaic_status status;
    model->spec = *spec;
    model->weights.device = device;
    MOS_GOTO(describe(model));
    MOS_GOTO(list_segments(model));
    MOS_GOTO(mos_parameter_block(device, model->table.param_count, &model->weights.params));
    MOS_GOTO(mos_parameter_block(device, model->table.state_count, &model->weights.state));
    if (seed != MOS_MODEL_UNSET)
        MOS_GOTO(mos_parameter_start(&model->table, &model->weights, seed));
    *out = model;
    return MOSAIC_OK;
done:
    mos_model_destroy(&model);
    return status;
}

void mos_model_destroy(mos_model **slot) {
    mos_model *model = *slot;
    if (model == NULL) return;
    mos_device *device = model->weights.device;
    mos_model_unplan(model);
    for (int64_t m = 0; m < MOS_MAX_MODALITIES; m++)
        mos_encoder_release(&model->branch[m].encoder, device);
    if (model->weights.params != NULL) device->ops->free(device, model->weights.params);
    if (model->weights.grads != NULL) device->ops->free(device, model->weights.grads);
    if (model->weights.state != NULL) device->ops->free(device, model->weights.state);
    mos_parameter_release(&model->table);
    mos_free(model->segments);
    mos_free(model);
    *slot = NULL;
}

/* ---- tensors ---- */

const mos_model_spec *mos_model_get_spec(const mos_model *model) {
    return &model->spec;
}
mos_device *mos_model_device(const mos_model *model) {
    return model->weights.device;
}
const mos_parameter *mos_model_parameters(const mos_model *model, int64_t *count) {
    *count = model->table.count;
    return model->table.items;
}
int64_t mos_model_param_count(const mos_model *model) {
    return model->table.param_count;
}
int64_t mos_model_state_count(const mos_model *model) {
    return model->table.state_count;
}
void *mos_model_params(mos_model *model) {
    return model->weights.params;
}
void *mos_model_grads(mos_model *model) {
    return model->weights.grads;
}
void *mos_model_state(mos_model *model) {
    return model->weights.state;
}
const mos_segment_range *mos_model_segments(const mos_model *model, int64_t *count) {
    *count = model->segment_count;
    return model->segments;
}

const mos_parameter *mos_model_find(const mos_model *model, const char *name) {
    for (int64_t i = 0; i < model->table.count; i++)
        if (strcmp(model->table.items[i].name, name) == 0) return &model->table.items[i];
    return NULL;
}

static void *tensor_at(const mos_model *model, const mos_parameter *parameter) {
    return parameter->trainable ? mos_param_at(&model->weights, parameter->offset)
                                : mos_state_at(&model->weights, parameter->offset);
}

mosaic_status mos_model_get(mos_model *model, const mos_parameter *parameter, float *host) {
    return mos_get_f32(model->weights.device, tensor_at(model, parameter), host, parameter->count);
}

void mos_model_put(mos_model *model, const mos_parameter *parameter, const float *host) {
    mos_device *device = model->weights.device;
    device->ops->put_f32(device, tensor_at(model, parameter), host, parameter->count);
}
