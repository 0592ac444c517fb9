/* One step: batch, forwards, head, objective, backwards, measured gradient, new weights. */
#include "train/train_state.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool any_present(const mos_batch *batch, int64_t m) {
    if (batch->all_present[m]) return true;
    for (int64_t i = 0; i < batch->count; i++) {
        if (batch->present[m][i]) return true;
    }
    return false;
}

static const uint8_t *present_rows(const mos_batch *batch, int64_t m) {
    return batch->all_present[m] ? NULL : batch->present[m];
}

/* A modality that no patch of the batch has is left alone: its terms are masked. */
static mosaic_status run_forward(mos_trainer *trainer, const mos_batch *batch) {
    mos_model *model = trainer->model;
    int64_t modalities = trainer->card->spec.modalities, view[MOS_MAX_MODALITIES] = {0};
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    const float *images[MOS_MAX_MODALITIES] = {NULL};
    mos_model_begin(model);
    for (int64_t m = 0; m < modalities; m++) {
        view[m] = trainer->views.anchor;
        present[m] = present_rows(batch, m);
        if (any_present(batch, m)) images[m] = batch->images[m];
    }
    MOS_TRY(mos_model_forward_all(model, images, present));
    if (trainer->terms.bce) mos_model_head_forward(model, view, present);
    return MOSAIC_OK;
}

static mosaic_status run_objective(mos_trainer *trainer, const mos_batch *batch,
                                   mos_objective_result *result) {
    mos_model *model = trainer->model;
    const mos_model_spec *spec = &trainer->card->spec;
    mos_objective_input input = {.modalities = spec->modalities,
                                 .batch = batch->count,
                                 .classes = spec->classes,
                                 .latent = spec->latent,
                                 .labels = batch->labels};
    bool latents = trainer->rows_z != NULL;
    for (int64_t m = 0; m < spec->modalities; m++) {
        input.present[m] = present_rows(batch, m);
        if (!latents) continue;
        input.z[m] = mos_model_latents(model, m);
        input.dz[m] = mos_model_dlatents(model, m);
        input.z_inter[m] = mos_model_latents_inter(model, m);
        input.dz_inter[m] = mos_model_dlatents_inter(model, m);
    }
    if (trainer->terms.bce) {
        input.logits = mos_model_logits(model);
        input.dlogits = mos_model_dlogits(model);
    }
    mos_objective_settings(trainer->objective)->weight[MOS_TERM_MSC] =
        trainer->objective_options.weight[MOS_TERM_MSC] *
        mos_schedule_ramp(trainer->msc_warmup, trainer->at.step);
    return mos_objective_run(trainer->objective, &input, result);
}

static void run_backward(mos_trainer *trainer) {
    if (trainer->terms.bce) mos_model_head_backward(trainer->model);
    mos_model_backward_all(trainer->model);
}

static bool is_finite_result(const mos_objective_result *result) {
    bool finite = isfinite(result->total);
    for (int k = 0; k < MOS_TERM_COUNT; k++)
        finite = finite && isfinite(result->term[k]);
    return finite;
}

static void optimize(mos_trainer *trainer, const mos_optimizer_step *step,
                     const mos_segment_range *segments, int64_t count) {
    trainer->device->ops->optimize(
        trainer->device, step, segments, count, mos_model_params(trainer->model),
        mos_model_grads(trainer->model), trainer->moment1, trainer->moment2);
}

static void update_weights(mos_trainer *trainer, double norm) {
    const mos_settings_train *train = &trainer->config->settings.train;
    mos_optimizer_kind kind = mos_config_optimizer(trainer->config);
    bool momentum = kind == MOS_OPTIMIZER_SGD || kind == MOS_OPTIMIZER_LARS;
    mos_optimizer_step step = {.kind = kind,
                               .step = trainer->at.step + 1,
                               .lr = mos_schedule_rate(&trainer->schedule, trainer->at.step),
                               .beta1 = momentum ? train->momentum : train->beta1,
                               .beta2 = train->beta2,
                               .eps = train->eps,
                               .trust = train->trust,
                               .weight_decay = train->weight_decay,
                               .grad_scale =
                                   train->clip > 0 && norm > train->clip ? train->clip / norm : 1,
                               .nesterov = train->nesterov};
    if (trainer->other_segments == NULL) {
        int64_t count;
        const mos_segment_range *segments = mos_model_segments(trainer->model, &count);
        optimize(trainer, &step, segments, count);
    } else {
        optimize(trainer, &step, trainer->other_segments, trainer->other_segment_count);
        if (train->encoder_lr > 0) step.lr *= train->encoder_lr / train->lr;
        optimize(trainer, &step, trainer->encoder_segments, trainer->encoder_segment_count);
    }
}

static void add_sums(mos_trainer *trainer, const mos_batch *batch,
                     const mos_objective_result *result, double norm) {
    const mos_repairs *repairs = &batch->repairs;
    double values[MOS_SUM_COUNT] = {
        [MOS_SUM_STEPS] = 1,
        [MOS_SUM_LOSS] = result->total,
        [MOS_SUM_FLOOR] = result->msc_floor,
        [MOS_SUM_GRADIENT] = norm,
        [MOS_SUM_ANCHORS] = (double)result->anchors_used,
        [MOS_SUM_LONELY] = (double)result->anchors_without_positive,
        [MOS_SUM_KNOWN] = (double)result->known_labels,
        [MOS_SUM_INVALID] = (double)(repairs->not_finite_pixels + repairs->nodata_pixels),
        [MOS_SUM_SKIPPED] = (double)repairs->skipped,
        [MOS_SUM_NOT_FINITE] = (double)repairs->not_finite_pixels,
        [MOS_SUM_ABSENT] = (double)repairs->absent_modalities,
        [MOS_SUM_UNREADABLE] = (double)repairs->unreadable,
        [MOS_SUM_CONSTANT] = (double)repairs->constant_bands,
        [MOS_SUM_CONSTANT_SKIPPED] = (double)repairs->constant_skipped,
        [MOS_SUM_POSITIVES] = (double)result->positives,
        [MOS_SUM_QUEUED] = (double)result->queue_positives};
    for (int k = 0; k < MOS_TERM_COUNT; k++)
        values[MOS_SUM_TERM + k] = result->term[k];
    for (int i = 0; i < MOS_SUM_COUNT; i++) {
        trainer->at.interval[i] += values[i];
        trainer->at.whole[i] += values[i];
        trainer->at.run[i] += values[i];
    }
}

/* Forward to measured gradient; NaN or Inf anywhere stops the run with the batch on disk. */
static mosaic_status compute(mos_trainer *trainer, const mos_batch *batch,
                             mos_objective_result *result, double *norm) {
    double squares = 0;
    int64_t not_finite = 0;
    MOS_TRY(run_forward(trainer, batch));
    MOS_TRY(run_objective(trainer, batch, result));
    if (!is_finite_result(result)) return mos_trainer_capture(trainer, batch, result, "loss");
    run_backward(trainer);
    trainer->device->ops->measure(trainer->device, mos_model_grads(trainer->model),
                                  mos_model_param_count(trainer->model), &squares, &not_finite);
    *norm = sqrt(squares);
    if (not_finite > 0 || !isfinite(squares))
        return mos_trainer_capture(trainer, batch, result, "gradient");
    return MOSAIC_OK;
}

mosaic_status mos_trainer_step(mos_trainer *trainer, bool *ended) {
    mos_batch *batch;
    mos_objective_result result = {0};
    double norm = 0;
    uint64_t allocations = mos_alloc_count();
    *ended = false;
    MOS_TRY(mos_loader_next(trainer->loader, &batch));
    if (batch == NULL) {
        *ended = true;
        return MOSAIC_OK;
    }
    MOS_TRY(compute(trainer, batch, &result, &norm));
    update_weights(trainer, norm);
    if (trainer->steps_here > 0) trainer->heap_calls += (int64_t)(mos_alloc_count() - allocations);
    add_sums(trainer, batch, &result, norm);
    trainer->at.step++;
    trainer->at.batch++;
    trainer->steps_here++;
    trainer->samples_here += batch->count;
    trainer->lap_samples += batch->count;
    mos_trainer_show_progress(trainer, &result);
    return MOSAIC_OK;
}
