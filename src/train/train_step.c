/* A batch of the loader to a training step, and its sums. */
#include "train/train_state.h"

#include "base/memory.h"

static bool any_present(const mos_batch *batch, int64_t m) {
    if (batch->all_present[m]) return true;
    for (int64_t i = 0; i < batch->count; i++) {
        if (batch->present[m][i]) return true;
    }
    return false;
}

/* A modality that no patch of the batch has is left alone: its terms are masked. */
static mos_step_input make_input(int64_t modalities, const mos_batch *batch) {
    mos_step_input input = {
        .batch = batch->count, .labels = batch->labels, .targets = batch->targets};
    for (int64_t m = 0; m < modalities; m++) {
        input.present[m] = batch->all_present[m] ? NULL : batch->present[m];
        if (any_present(batch, m)) input.images[m] = batch->images[m];
    }
    return input;
}

static mos_step_rate make_rate(const mos_config *config, const mos_schedule *schedule,
                               int64_t step) {
    const mos_settings_train *train = &config->settings.train;
    mos_optimizer_kind kind = mos_config_optimizer(config);
    bool momentum = kind == MOS_OPTIMIZER_SGD || kind == MOS_OPTIMIZER_LARS;
    return (mos_step_rate){.optimizer = {.kind = kind,
                                         .step = step + 1,
                                         .lr = mos_schedule_rate(schedule, step),
                                         .beta1 = momentum ? train->momentum : train->beta1,
                                         .beta2 = train->beta2,
                                         .eps = train->eps,
                                         .trust = train->trust,
                                         .weight_decay = train->weight_decay,
                                         .nesterov = train->nesterov},
                           .clip = train->clip};
}

static void add_sums(const mos_batch *batch, const mos_step_result *step, mos_train_position *at) {
    const mos_objective_result *result = &step->losses;
    const mos_repairs *repairs = &batch->repairs;
    double values[MOS_SUM_COUNT] = {
        [MOS_SUM_STEPS] = 1,
        [MOS_SUM_LOSS] = result->total,
        [MOS_SUM_FLOOR] = result->msc_floor,
        [MOS_SUM_GRADIENT] = step->norm,
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
        at->interval[i] += values[i];
        at->whole[i] += values[i];
        at->run[i] += values[i];
    }
}

/* NaN or Inf anywhere stops the run, and the batch is written to disk. Where several ranks share the
 * batch, rank 0 writes its own rows. */
static mosaic_status compute(mos_trainer *trainer, const mos_batch *batch, const mos_batch *own,
                             mos_step_result *result) {
    mos_train_learner *learner = &trainer->learner;
    const int64_t step = trainer->at.step;
    const mos_step_input input = make_input(learner->card->spec.modalities, batch);
    const mos_step_rate rate = make_rate(trainer->job.config, &learner->schedule, step);
    mos_objective_warm(learner->objective, trainer->job.objective.weight,
                       mos_schedule_ramp(learner->msc_warmup, step));
    mosaic_status status = mos_step_run(&learner->step, &input, &rate, result);
    if (result->not_finite == NULL) return status;
    /* The loss and the norm are the same on all ranks, so all of them stop here. */
    return mos_train_agree(
        &trainer->job, mos_train_writes(&trainer->job)
                           ? mos_trainer_capture(trainer, own, &result->losses, result->not_finite)
                           : status);
}

mosaic_status mos_trainer_step(mos_trainer *trainer, bool *ended) {
    mos_train_clock *clock = &trainer->clock;
    mos_batch *batch, whole;
    mos_step_result result = {0};
    uint64_t allocations = mos_alloc_count();
    *ended = false;
    mos_train_ranks_clock(trainer, -1);
    MOS_TRY(mos_train_agree(&trainer->job, mos_loader_next(trainer->data.loader, &batch)));
    if (batch == NULL) {
        *ended = true;
        return MOSAIC_OK;
    }
    MOS_TRY(mos_train_ranks_batch(trainer, batch, &whole));
    MOS_TRY(compute(trainer, &whole, batch, &result));
    if (clock->steps_here > 0) clock->heap_calls += (int64_t)(mos_alloc_count() - allocations);
    MOS_TRY(mos_train_drifts(&trainer->data, &trainer->run));
    mos_train_ranks_clock(trainer, 1);
    add_sums(&whole, &result, &trainer->at);
    clock->last = result;
    trainer->at.step++;
    trainer->at.batch++;
    clock->steps_here++;
    clock->samples_here += whole.count;
    clock->lap_samples += whole.count;
    mos_trainer_show_progress(trainer, &result.losses);
    return MOSAIC_OK;
}
