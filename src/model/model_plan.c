/* Plans of a model: who runs how, and where everything lies in the arena. */
#include "model/model_internal.h"

void mos_model_unplan(mos_model *model) {
    mos_device *device = model->weights.device;
    for (int64_t m = 0; m < MOS_MAX_MODALITIES; m++) {
        mos_branch *branch = &model->branch[m];
        mos_encoder_unplan(&branch->encoder, mos_branch_device(model, branch));
        mos_projector_unplan(&branch->projector, device);
        mos_projector_unplan(&branch->inter, device);
        device->ops->free(device, branch->mask);
        device->ops->free(device, branch->part_mask);
        branch->mask = branch->part_mask = NULL;
        branch->features = branch->dfeatures = NULL;
        branch->images = NULL;
        branch->views = 0;
    }
    mos_side_by_side_release(model);
    mos_head_unplan(&model->head);
    mos_missing_unplan(&model->missing);
    if (model->arena != NULL) device->ops->free(device, model->arena);
    model->arena = NULL;
    model->plan = (mos_model_plan){0};
    model->scratch = (mos_projector_scratch){0};
    model->memory = (mos_memory_report){0};
}

static mosaic_status check_plan(const mos_model *model, const mos_model_plan *plan) {
    if (plan->batch < 1 || plan->height < 1 || plan->width < 1)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "a plan needs a batch and patches, found %lld of %lldx%lld",
                        (long long)plan->batch, (long long)plan->height, (long long)plan->width);
    if (plan->freeze.stages < 0 || plan->freeze.stages > MOS_ENCODER_STAGES)
        return mos_fail(MOSAIC_ERR_USAGE, "an encoder has %d stages, %lld cannot be frozen",
                        MOS_ENCODER_STAGES, (long long)plan->freeze.stages);
    int64_t used = 0;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        if (plan->views[m] < 0)
            return mos_fail(MOSAIC_ERR_USAGE, "modality '%s': %lld view sets",
                            model->spec.modality[m].name, (long long)plan->views[m]);
        used += plan->views[m] > 0;
    }
    if (used == 0) return mos_fail(MOSAIC_ERR_USAGE, "a plan must use at least one modality");
    if (plan->workers < 0)
        return mos_fail(MOSAIC_ERR_USAGE, "a plan with %lld workers", (long long)plan->workers);
    const int64_t ranks = plan->ranks > 1 ? plan->ranks : 1;
    if (plan->rank < 0 || plan->rank >= ranks || plan->batch % ranks != 0)
        return mos_fail(MOSAIC_ERR_USAGE, "a batch of %lld does not consist of %lld equal parts",
                        (long long)plan->batch, (long long)ranks);
    const int64_t part = plan->batch / ranks, chunk = plan->chunk == 0 ? part : plan->chunk;
    if (chunk < 1 || chunk > part || part % chunk != 0)
        return mos_fail(MOSAIC_ERR_USAGE, "a batch of %lld does not consist of chunks of %lld",
                        (long long)part, (long long)plan->chunk);
    if (plan->norm_parts < 0 || (plan->norm_parts > 0 && chunk % plan->norm_parts != 0))
        return mos_fail(MOSAIC_ERR_USAGE, "%lld patches do not make %lld equal parts",
                        (long long)chunk, (long long)plan->norm_parts);
    if (plan->peers != NULL && chunk < part)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "norms over several processes do not go with chunks of a part");
    return MOSAIC_OK;
}

static mosaic_status allocate_mask(mos_device *device, int64_t rows, uint8_t **mask) {
    void *memory = NULL;
    MOS_TRY(device->ops->alloc(device, (size_t)rows, &memory));
    *mask = memory;
    return MOSAIC_OK;
}

static mosaic_status plan_branch(mos_model *model, int64_t m, const mos_model_plan *plan) {
    mos_device *device = model->weights.device;
    mos_branch *branch = &model->branch[m];
    int64_t views = plan->views[m], norm_parts = plan->norm_parts == 0 ? 1 : plan->norm_parts;
    const mos_encoder_plan encoder = {.parts = views,
                                      .rows = plan->chunk,
                                      .groups = views * norm_parts,
                                      .height = plan->height,
                                      .width = plan->width,
                                      .train = plan->train,
                                      .recompute = plan->recompute,
                                      .freeze = plan->freeze,
                                      .peers = plan->peers};
    branch->views = views;
    if (views == 0) return MOSAIC_OK;
    MOS_TRY(mos_encoder_make(&branch->encoder, mos_branch_device(model, branch), &encoder));
    MOS_TRY(allocate_mask(device, views * plan->batch, &branch->mask));
    MOS_TRY(allocate_mask(device, views * plan->batch, &branch->part_mask));
    if (!plan->latents) return MOSAIC_OK;
    MOS_TRY(mos_projector_plan(&branch->projector, device, &model->scratch, plan->batch, views,
                               plan->train));
    if (!branch->inter.exists) return MOSAIC_OK;
    return mos_projector_plan(&branch->inter, device, &model->scratch, plan->batch, views,
                              plan->train);
}

/* Features and their gradients, twice where a batch is encoded in parts: those of one part, which the
 * encoder writes, and those of the whole batch. */
static void place_features(mos_model *model, mos_branch *branch, const mos_model_plan *plan,
                           mos_arena *arena) {
    mos_encoder *encoder = &branch->encoder;
    size_t row = (size_t)encoder->feature_size * model->weights.device->real_bytes;
    size_t part = row * (size_t)encoder->n, all = row * (size_t)(branch->views * plan->batch);
    encoder->features = mos_arena_take(arena, part);
    encoder->dfeatures = plan->train ? mos_arena_take(arena, part) : NULL;
    branch->features = encoder->features;
    branch->dfeatures = encoder->dfeatures;
    if (plan->chunk == plan->batch) return;
    branch->features = mos_arena_take(arena, all);
    branch->dfeatures = plan->train ? mos_arena_take(arena, all) : NULL;
}

/* Everything but the encoders' buffers, in one order: run once to measure and once to hand out. */
static void place_rows(mos_model *model, const mos_model_plan *plan, mos_arena *arena) {
    mos_device *device = model->weights.device;
    mos_projector_scratch *scratch = &model->scratch;
    scratch->hidden[0] = mos_arena_take(arena, scratch->hidden_bytes);
    scratch->hidden[1] = mos_arena_take(arena, scratch->hidden_bytes);
    scratch->latent = mos_arena_take(arena, scratch->latent_bytes);
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        mos_branch *branch = &model->branch[m];
        if (branch->views == 0) continue;
        place_features(model, branch, plan, arena);
        if (plan->train)
            branch->increments =
                mos_arena_take(arena, (size_t)(branch->encoder.counters + 1) * device->real_bytes);
        if (!plan->latents) continue;
        mos_projector_place(&branch->projector, device, arena, plan->train);
        if (branch->inter.exists) mos_projector_place(&branch->inter, device, arena, plan->train);
    }
    if (model->spec.classes == 0) return;
    mos_head_place(&model->head, device, arena, plan->train);
    mos_missing_place(&model->missing, device, arena);
}

/* The encoders' buffers by their lifetimes. With chunks an encoder's forward pass is repeated right
 * before its backward pass, so encoders of a worker share all of their memory. */
static mosaic_status place_encoders(mos_model *model, mos_placement *placement) {
    *placement = (mos_placement){.alone = model->own_parts > 1};
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        if (model->branch[m].views == 0) continue;
        mos_branch *branch = &model->branch[m];
        mos_placement_begin(placement, (int)m, branch->worker);
        const mos_weights weights = mos_branch_weights(model, branch);
        mos_encoder_record(&branch->encoder, &weights, placement);
    }
    return mos_placement_solve(placement);
}

static void fill_increments(mos_model *model) {
    mos_device *device = model->weights.device;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        mos_branch *branch = &model->branch[m];
        if (branch->views == 0) continue;
        float groups = (float)(branch->encoder.groups * model->own_parts);
        float views = (float)branch->views, none = 0;
        int64_t count = branch->encoder.counters;
        int64_t fixed = mos_encoder_fixed_counters(&branch->encoder);
        for (int64_t i = 0; i <= count; i++)
            device->ops->put_f32(device, mos_real_at(device, branch->increments, i),
                                 i == count  ? &views
                                 : i < fixed ? &none
                                             : &groups,
                                 1);
    }
}

static void report_memory(mos_model *model, const mos_model_plan *plan, size_t rows,
                          const mos_placement *placement) {
    mos_device *device = model->weights.device;
    size_t params = (size_t)model->table.param_count * device->real_bytes;
    size_t state = (size_t)model->table.state_count * device->real_bytes;
    mos_memory_report *memory = &model->memory;
    *memory =
        (mos_memory_report){.parameters = params + state,
                            .gradients = plan->train || model->weights.grads != NULL ? params : 0,
                            .activations = placement->kept,
                            .rows = rows,
                            .workspace = placement->total - placement->kept,
                            .least = placement->least,
                            .arena = rows + placement->total};
    for (int64_t m = 0; m < model->spec.modalities; m++)
        if (model->branch[m].views > 0)
            memory->packed += mos_encoder_packed_bytes(&model->branch[m].encoder, device);
    memory->total = memory->parameters + memory->gradients + memory->packed + memory->arena;
}

/* All plans, and where everything would lie: rows.used bytes, then placement->total. */
static mosaic_status make_plans(mos_model *model, mos_model_plan *plan, mos_arena *rows,
                                mos_placement *placement) {
    if (plan->ranks == 0) plan->ranks = 1;
    if (plan->chunk == 0) plan->chunk = plan->batch / plan->ranks;
    model->parts = plan->batch / plan->chunk;
    model->own_parts = model->parts / plan->ranks;
    model->first_part = plan->rank * model->own_parts;
    MOS_TRY(mos_side_by_side_plan(model, plan));
    for (int64_t m = 0; m < model->spec.modalities; m++)
        MOS_TRY(plan_branch(model, m, plan));
    if (model->spec.classes > 0) {
        MOS_TRY(mos_head_plan(&model->head, plan->batch));
        MOS_TRY(mos_missing_plan(&model->missing, plan->batch));
    }
    place_rows(model, plan, rows);
    MOS_TRY(place_encoders(model, placement));
    report_memory(model, plan, rows->used, placement);
    return MOSAIC_OK;
}

mosaic_status mos_model_plan_measure(mos_model *model, const mos_model_plan *plan,
                                     mos_memory_report *out) {
    mosaic_status status;
    mos_model_plan wanted = *plan;
    mos_arena rows = {0};
    mos_placement placement = {0};
    *out = (mos_memory_report){0};
    MOS_TRY(check_plan(model, plan));
    mos_model_unplan(model);
    MOS_GOTO(make_plans(model, &wanted, &rows, &placement));
    *out = model->memory;
done:
    mos_placement_release(&placement);
    mos_model_unplan(model);
    return status;
}

void mos_model_refresh(mos_model *model) {
    for (int64_t m = 0; m < model->spec.modalities; m++)
        mos_encoder_fold(&model->branch[m].encoder, &model->weights);
}

mosaic_status mos_model_plan_make(mos_model *model, const mos_model_plan *plan) {
    mosaic_status status;
    mos_device *device = model->weights.device;
    mos_model_plan wanted = *plan;
    mos_arena rows = {0};
    mos_placement placement = {0};
    MOS_TRY(check_plan(model, plan));
    mos_model_unplan(model);
    MOS_GOTO(make_plans(model, &wanted, &rows, &placement));
    size_t row_bytes = rows.used;
    MOS_GOTO(device->ops->alloc(device, row_bytes + placement.total, &model->arena));
    rows = (mos_arena){.base = model->arena, .size = row_bytes};
    place_rows(model, &wanted, &rows);
    mos_placement_hand_out(&placement, (unsigned char *)model->arena + row_bytes);
    if (wanted.train && model->weights.grads == NULL)
        MOS_GOTO(mos_parameter_block(device, model->table.param_count, &model->weights.grads));
    if (wanted.train) fill_increments(model);
    MOS_GOTO(mos_side_by_side_start(model));
    model->plan = wanted;
    mos_placement_release(&placement);
    mos_model_refresh(model);
    return MOSAIC_OK;
done:
    mos_placement_release(&placement);
    mos_model_unplan(model);
    return status;
}

const mos_model_plan *mos_model_get_plan(const mos_model *model) {
    return &model->plan;
}

void mos_model_memory(const mos_model *model, mos_memory_report *out) {
    *out = model->memory;
}

void mos_model_layers(const mos_model *model, mos_layer_visit visit, void *context) {
    for (int64_t m = 0; m < model->spec.modalities; m++)
        mos_encoder_layers(&model->branch[m].encoder, model->weights.device, visit, context);
}
