#include "train/step.h"

#include "base/memory.h"

#include <math.h>

/* ---- forward ---- */

static mosaic_status run_forward(mos_step *step, const mos_step_input *input) {
    int64_t view[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < MOS_MAX_MODALITIES; m++)
        view[m] = step->anchor;
    mos_model_begin(step->model);
    MOS_TRY(mos_model_encode_all(step->model, input->images, input->present));
    if (step->ranks != NULL) MOS_TRY(step->ranks->share(step->ranks->context, step));
    mos_model_project_all(step->model);
    if (step->head) mos_model_head_forward(step->model, view, input->present);
    return MOSAIC_OK;
}

static bool is_finite_result(const mos_objective_result *result) {
    bool finite = isfinite(result->total);
    for (int k = 0; k < MOS_TERM_COUNT; k++)
        finite = finite && isfinite(result->term[k]);
    return finite;
}

static mosaic_status fail_not_finite(mos_step_result *result, const char *what) {
    result->not_finite = what;
    return mos_fail(MOSAIC_ERR_NUMERIC, "the %s of a training step is not finite", what);
}

/* Everything up to the gradients of latents and logits. */
static mosaic_status enqueue_losses(mos_step *step, const mos_step_input *input) {
    mos_model *model = step->model;
    const mos_model_spec *spec = mos_model_get_spec(model);
    mos_objective_input rows = {.modalities = spec->modalities,
                                .batch = input->batch,
                                .classes = spec->classes,
                                .latent = spec->latent,
                                .labels = input->labels,
                                .targets = input->targets};
    MOS_TRY(run_forward(step, input));
    for (int64_t m = 0; m < spec->modalities; m++) {
        rows.present[m] = input->present[m];
        if (!step->latents) continue;
        rows.z[m] = mos_model_latents(model, m);
        rows.dz[m] = mos_model_dlatents(model, m);
        rows.z_inter[m] = mos_model_latents_inter(model, m);
        rows.dz_inter[m] = mos_model_dlatents_inter(model, m);
    }
    if (step->head) {
        rows.logits = mos_model_logits(model);
        rows.dlogits = mos_model_dlogits(model);
    }
    MOS_TRY(mos_objective_enqueue(step->objective, &rows));
    return step->ranks != NULL ? step->ranks->join(step->ranks->context, step) : MOSAIC_OK;
}

/* The only place where a step waits for its device. */
static mosaic_status collect_losses(mos_step *step, mos_step_result *result) {
    MOS_TRY(mos_settle(step->device));
    mos_objective_collect(step->objective, &result->losses);
    return is_finite_result(&result->losses) ? MOSAIC_OK : fail_not_finite(result, "loss");
}

mosaic_status mos_step_losses(mos_step *step, const mos_step_input *input,
                              mos_step_result *result) {
    *result = (mos_step_result){0};
    MOS_TRY(enqueue_losses(step, input));
    return collect_losses(step, result);
}

/* ---- backward ---- */

static const void *gradient_at(const mos_step *step, int64_t offset) {
    return (const unsigned char *)mos_model_grads(step->model) +
           (size_t)offset * step->device->real_bytes;
}

static mosaic_status enqueue_backward(mos_step *step) {
    mos_device *device = step->device;
    if (step->head) mos_model_head_backward(step->model);
    MOS_TRY(mos_model_backward_all(step->model));
    if (step->ranks != NULL) MOS_TRY(step->ranks->sum(step->ranks->context, step));
    const mos_segment_range all = {.count = mos_model_param_count(step->model)};
    const int64_t count = step->parts != NULL ? step->part_count : 1;
    for (int64_t i = 0; i < count; i++) {
        const mos_segment_range *part = step->parts != NULL ? &step->parts[i] : &all;
        device->ops->measure(device, gradient_at(step, part->offset), part->count,
                             &step->measured[i]);
    }
    device->ops->get_bytes(device, step->measured,
                           step->parts != NULL ? step->part_found : &step->found,
                           (size_t)count * sizeof step->found);
    return MOSAIC_OK;
}

/* Of the parts of this process, then of all. */
static mosaic_status join_measures(mos_step *step) {
    if (step->parts == NULL) return MOSAIC_OK;
    step->found = (mos_measure_result){0};
    for (int64_t i = 0; i < step->part_count; i++) {
        step->found.sum_of_squares += step->part_found[i].sum_of_squares;
        step->found.not_finite += step->part_found[i].not_finite;
    }
    return step->ranks->measure(step->ranks->context, &step->found);
}

mosaic_status mos_step_gradients(mos_step *step, const mos_step_input *input,
                                 mos_step_result *result) {
    *result = (mos_step_result){0};
    MOS_TRY(enqueue_losses(step, input));
    MOS_TRY(enqueue_backward(step));
    MOS_TRY(collect_losses(step, result));
    MOS_TRY(join_measures(step));
    const double squares = step->found.sum_of_squares;
    result->norm = sqrt(squares);
    if (step->found.not_finite > 0 || !isfinite(squares))
        return fail_not_finite(result, "gradient");
    return MOSAIC_OK;
}

/* ---- new weights ---- */

/* What of the segments lies in this process's parts. The list stays until the device has settled. */
static const mos_segment_range *clip(mos_step *step, const mos_segment_range *segments,
                                     int64_t *count) {
    const mos_segment_range *list = step->clipped + step->clipped_count;
    const int64_t before = step->clipped_count;
    for (int64_t s = 0; s < *count; s++)
        for (int64_t p = 0; p < step->part_count; p++) {
            const mos_segment_range *segment = &segments[s], *part = &step->parts[p];
            const int64_t first = segment->offset > part->offset ? segment->offset : part->offset;
            const int64_t end = segment->offset + segment->count,
                          limit = part->offset + part->count;
            const int64_t size = (end < limit ? end : limit) - first;
            if (size > 0)
                step->clipped[step->clipped_count++] =
                    (mos_segment_range){first, size, segment->decay};
        }
    *count = step->clipped_count - before;
    return list;
}

static void optimize(mos_step *step, const mos_optimizer_step *rate,
                     const mos_segment_range *segments, int64_t count) {
    if (step->parts != NULL) segments = clip(step, segments, &count);
    step->device->ops->optimize(step->device, rate, segments, count, mos_model_params(step->model),
                                mos_model_grads(step->model), step->moment1, step->moment2);
}

static void update_weights(mos_step *step, const mos_step_rate *rate, double norm) {
    mos_optimizer_step now = rate->optimizer;
    step->clipped_count = 0;
    now.grad_scale = rate->clip > 0 && norm > rate->clip ? rate->clip / norm : 1;
    if (step->other_segments == NULL) {
        int64_t count;
        const mos_segment_range *segments = mos_model_segments(step->model, &count);
        optimize(step, &now, segments, count);
        return;
    }
    optimize(step, &now, step->other_segments, step->other_segment_count);
    now.lr *= step->encoder_rate;
    optimize(step, &now, step->encoder_segments, step->encoder_segment_count);
}

mosaic_status mos_step_run(mos_step *step, const mos_step_input *input, const mos_step_rate *rate,
                           mos_step_result *result) {
    MOS_TRY(mos_step_gradients(step, input, result));
    update_weights(step, rate, result->norm);
    return step->parts != NULL ? step->ranks->spread(step->ranks->context, step) : MOSAIC_OK;
}

/* ---- making one ---- */

mosaic_status mos_step_init(mos_step *step, mos_model *model, mos_objective *objective,
                            mos_optimizer_kind optimizer) {
    const mos_objective_options *options = mos_objective_settings(objective);
    const unsigned needs = mos_objective_needs(options);
    mos_device *device = mos_model_device(model);
    size_t bytes = (size_t)mos_model_param_count(model) * device->real_bytes;
    *step = (mos_step){.device = device,
                       .model = model,
                       .objective = objective,
                       .anchor = mos_objective_views(options).anchor,
                       .latents = (needs & MOS_NEEDS_ANY_LATENTS) != 0,
                       .head = (needs & MOS_NEEDS_LOGITS) != 0,
                       .optimizer = optimizer,
                       .encoder_rate = 1};
    void *measured = NULL;
    MOS_TRY(device->ops->alloc(device, sizeof *step->measured, &measured));
    step->measured = measured;
    MOS_TRY(device->ops->alloc(device, bytes, &step->moment1));
    if (optimizer == MOS_OPTIMIZER_ADAM || optimizer == MOS_OPTIMIZER_ADAMW)
        MOS_TRY(device->ops->alloc(device, bytes, &step->moment2));
    return MOSAIC_OK;
}

/* "backbones.s1.bn1.weight", "backbones.s1.layer2.0.downsample.1.bias": convolutions have neither a
 * bias nor fewer than four dimensions. */
static bool is_norm(const mos_parameter *parameter) {
    return parameter->rank == 1;
}

mosaic_status mos_step_group(mos_step *step, double encoder_rate, int64_t freeze_stages,
                             bool freeze_norms) {
    int64_t count;
    const mos_parameter *parameters = mos_model_parameters(step->model, &count);
    step->encoder_rate = encoder_rate;
    MOS_TRY(mos_alloc((size_t)count, sizeof *step->encoder_segments, "parameter segments",
                      &step->encoder_segments));
    MOS_TRY(mos_alloc((size_t)count, sizeof *step->other_segments, "parameter segments",
                      &step->other_segments));
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *parameter = &parameters[i];
        const mos_segment_range segment = {parameter->offset, parameter->count, parameter->decay};
        const int64_t stage = parameter->stage;
        if (!parameter->trainable) continue;
        if (stage == 0)
            step->other_segments[step->other_segment_count++] = segment;
        else if (stage > freeze_stages && !(freeze_norms && is_norm(parameter)))
            step->encoder_segments[step->encoder_segment_count++] = segment;
    }
    return MOSAIC_OK;
}

mosaic_status mos_step_divide(mos_step *step, const mos_segment_range *parts, int64_t count) {
    const mos_backend *ops = step->device->ops;
    void *measured = NULL;
    int64_t segments;
    (void)mos_model_parameters(step->model, &segments);
    if (step->optimizer == MOS_OPTIMIZER_LARS)
        return mos_fail(MOSAIC_ERR_USAGE, "the rates of LARS are of whole segments");
    MOS_TRY(ops->alloc(step->device, (size_t)count * sizeof *step->measured, &measured));
    ops->free(step->device, step->measured);
    step->measured = measured;
    /* a parameter that crosses the end of a part has a piece in each */
    MOS_TRY(mos_alloc((size_t)(segments + count), sizeof *step->clipped, "parameter segments",
                      &step->clipped));
    MOS_TRY(mos_alloc((size_t)count, sizeof *step->part_found, "measures", &step->part_found));
    step->parts = parts;
    step->part_count = count;
    return MOSAIC_OK;
}

void mos_step_release(mos_step *step) {
    if (step->device != NULL) {
        step->device->ops->free(step->device, step->measured);
        step->device->ops->free(step->device, step->moment1);
        step->device->ops->free(step->device, step->moment2);
    }
    mos_free(step->clipped);
    mos_free(step->part_found);
    mos_free(step->encoder_segments);
    mos_free(step->other_segments);
    *step = (mos_step){0};
}
