#include "model/model_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- description
 * -----------------------------------------------------------------------------------------------
 */

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
    if ((int)spec->encoder < 0 || (int)spec->encoder >= mos_encoder_shape_count)
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
    if (spec->classes > 0) MOS_TRY(mos_head_init(&model->head, table, spec, size));
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

static mosaic_status allocate_block(mos_device *device, int64_t count, unsigned char **block) {
    void *memory = NULL;
    MOS_TRY(device->ops->alloc(device, (size_t)count * device->real_bytes, &memory));
    *block = memory;
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
    MOS_GOTO(allocate_block(device, model->table.param_count, &model->weights.params));
    MOS_GOTO(allocate_block(device, model->table.state_count, &model->weights.state));
    if (seed != MOS_MODEL_UNSET)
        MOS_GOTO(mos_parameter_start(&model->table, &model->weights, seed));
    *out = model;
    return MOSAIC_OK;
done:
    mos_model_destroy(&model);
    return status;
}

static void release_plan(mos_model *model) {
    mos_device *device = model->weights.device;
    for (int64_t m = 0; m < MOS_MAX_MODALITIES; m++) {
        mos_branch *branch = &model->branch[m];
        mos_encoder_unplan(&branch->encoder, device);
        mos_projector_unplan(&branch->projector, device);
        mos_projector_unplan(&branch->inter, device);
        mos_free(branch->present);
        branch->present = NULL;
        branch->views = 0;
    }
    mos_head_unplan(&model->head);
    if (model->arena != NULL) device->ops->free(device, model->arena);
    model->arena = NULL;
    model->plan = (mos_model_plan){0};
    model->slots = (mos_slots){0};
    model->scratch = (mos_projector_scratch){0};
    model->memory = (mos_memory_report){0};
}

void mos_model_destroy(mos_model **slot) {
    mos_model *model = *slot;
    if (model == NULL) return;
    mos_device *device = model->weights.device;
    release_plan(model);
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

/* ---- planning
 * ------------------------------------------------------------------------------------------------
 */

static mosaic_status check_plan(const mos_model *model, const mos_model_plan *plan) {
    if (plan->batch < 1 || plan->height < 1 || plan->width < 1)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "a plan needs a batch and patches, found %lld of %lldx%lld",
                        (long long)plan->batch, (long long)plan->height, (long long)plan->width);
    int64_t used = 0;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        if (plan->views[m] < 0)
            return mos_fail(MOSAIC_ERR_USAGE, "modality '%s': %lld view sets",
                            model->spec.modality[m].name, (long long)plan->views[m]);
        used += plan->views[m] > 0;
    }
    if (used == 0) return mos_fail(MOSAIC_ERR_USAGE, "a plan must use at least one modality");
    return MOSAIC_OK;
}

static mosaic_status plan_layers(mos_model *model, const mos_model_plan *plan) {
    mos_device *device = model->weights.device;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        mos_branch *branch = &model->branch[m];
        branch->views = plan->views[m];
        if (branch->views == 0) continue;
        MOS_TRY(mos_encoder_plan(&branch->encoder, device, &model->slots, plan->batch,
                                 branch->views, plan->height, plan->width, plan->train));
        MOS_TRY(mos_alloc((size_t)(branch->views * plan->batch), 1, "a presence mask",
                          &branch->present));
        if (!plan->latents) continue;
        MOS_TRY(mos_projector_plan(&branch->projector, device, &model->scratch, plan->batch,
                                   branch->views, plan->train));
        if (branch->inter.exists)
            MOS_TRY(mos_projector_plan(&branch->inter, device, &model->scratch, plan->batch,
                                       branch->views, plan->train));
    }
    return model->spec.classes > 0 ? mos_head_plan(&model->head, plan->batch) : MOSAIC_OK;
}

/* Every buffer of the plan, in one order: run once to measure and once to hand out. Scratch comes
 * first because layers of an inference plan keep addresses in it. */
static void place_all(mos_model *model, const mos_model_plan *plan, mos_arena *arena) {
    mos_device *device = model->weights.device;
    mos_slots *slots = &model->slots;
    slots->workspace = mos_arena_take(arena, slots->workspace_bytes);
    for (int s = 0; s < MOS_SLOTS; s++)
        slots->at[s] = mos_arena_take(arena, slots->bytes[s]);
    mos_projector_scratch *scratch = &model->scratch;
    scratch->hidden[0] = mos_arena_take(arena, scratch->hidden_bytes);
    scratch->hidden[1] = mos_arena_take(arena, scratch->hidden_bytes);
    scratch->latent = mos_arena_take(arena, scratch->latent_bytes);
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        mos_branch *branch = &model->branch[m];
        if (branch->views == 0) continue;
        mos_encoder_place(&branch->encoder, device, slots, arena);
        if (plan->train)
            branch->increments =
                mos_arena_take(arena, (size_t)branch->encoder.counters * device->real_bytes);
        if (!plan->latents) continue;
        mos_projector_place(&branch->projector, device, arena, plan->train);
        if (branch->inter.exists) mos_projector_place(&branch->inter, device, arena, plan->train);
    }
    if (model->spec.classes > 0) mos_head_place(&model->head, device, arena, plan->train);
}

static void fill_increments(mos_model *model) {
    mos_device *device = model->weights.device;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        mos_branch *branch = &model->branch[m];
        if (branch->views == 0) continue;
        float views = (float)branch->views;
        for (int64_t i = 0; i < branch->encoder.counters; i++)
            device->ops->put_f32(device, mos_real_at(device, branch->increments, i), &views, 1);
    }
}

mosaic_status mos_model_plan_make(mos_model *model, const mos_model_plan *plan) {
    mosaic_status status;
    mos_device *device = model->weights.device;
    mos_model_plan wanted = *plan;
    MOS_TRY(check_plan(model, plan));
    release_plan(model);
    MOS_GOTO(plan_layers(model, &wanted));
    mos_arena arena = {0};
    place_all(model, &wanted, &arena);
    size_t bytes = arena.used;
    MOS_GOTO(device->ops->alloc(device, bytes, &model->arena));
    arena = (mos_arena){.base = model->arena, .size = bytes};
    place_all(model, &wanted, &arena);
    if (wanted.train && model->weights.grads == NULL)
        MOS_GOTO(allocate_block(device, model->table.param_count, &model->weights.grads));
    if (wanted.train) fill_increments(model);
    model->plan = wanted;
    mos_memory_report *memory = &model->memory;
    *memory = (mos_memory_report){
        .parameters =
            (size_t)(model->table.param_count + model->table.state_count) * device->real_bytes,
        .gradients = model->weights.grads == NULL
                         ? 0
                         : (size_t)model->table.param_count * device->real_bytes,
        .workspace = model->slots.workspace_bytes,
        .activations = bytes - model->slots.workspace_bytes};
    for (int64_t m = 0; m < model->spec.modalities; m++)
        if (model->branch[m].views > 0)
            memory->packed += mos_encoder_packed_bytes(&model->branch[m].encoder, device);
    memory->total = memory->parameters + memory->gradients + memory->activations +
                    memory->workspace + memory->packed;
    mos_model_refresh(model);
    return MOSAIC_OK;
done:
    release_plan(model);
    return status;
}

void mos_model_memory(const mos_model *model, mos_memory_report *out) {
    *out = model->memory;
}

void mos_model_layers(const mos_model *model, mos_layer_visit visit, void *context) {
    for (int64_t m = 0; m < model->spec.modalities; m++)
        mos_encoder_layers(&model->branch[m].encoder, model->weights.device, visit, context);
}

/* ---- tensors
 * -------------------------------------------------------------------------------------------------
 */

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

void mos_model_get(mos_model *model, const mos_parameter *parameter, float *host) {
    mos_device *device = model->weights.device;
    device->ops->get_f32(device, tensor_at(model, parameter), host, parameter->count);
}

void mos_model_put(mos_model *model, const mos_parameter *parameter, const float *host) {
    mos_device *device = model->weights.device;
    device->ops->put_f32(device, tensor_at(model, parameter), host, parameter->count);
}

void mos_model_refresh(mos_model *model) {
    for (int64_t m = 0; m < model->spec.modalities; m++)
        mos_encoder_pack(&model->branch[m].encoder, &model->weights, &model->slots);
}
