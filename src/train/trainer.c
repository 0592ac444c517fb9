/* The loop of a run: epochs of steps, validation, checkpoints, early stop, and every way out. */
#include "train/training.h"

#include "base/memory.h"
#include "base/stop.h"
#include "train/train_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- after a step ---- */

/* Where there are several ranks, rank 0 alone logs, checks for collapse and saves. All have the same
 * losses and latents. */
static mosaic_status after_step(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->job.config->settings.train;
    int64_t step = trainer->at.step;
    bool last = trainer->at.batch == trainer->data.batches;
    const bool saves = train->checkpoint_every > 0 && step % train->checkpoint_every == 0 && !last;
    if (saves) MOS_TRY(mos_train_ranks_moments(trainer));
    if (!mos_train_writes(&trainer->job)) return MOSAIC_OK;
    if (step % train->log_every == 0 || last) MOS_TRY(mos_trainer_interval_line(trainer));
    if (step % train->health_every == 0 || last)
        MOS_TRY(
            mos_train_check_health(&trainer->job, &trainer->learner, &trainer->run, &trainer->at));
    return saves ? mos_checkpoint_write(trainer) : MOSAIC_OK;
}

static mosaic_status write_checkpoint(mos_trainer *trainer) {
    const bool writes = mos_train_writes(&trainer->job);
    MOS_TRY(mos_train_ranks_moments(trainer));
    return mos_train_agree(&trainer->job, writes ? mos_checkpoint_write(trainer) : MOSAIC_OK);
}

static mosaic_status write_provenance(const mos_trainer *trainer, const char *status) {
    const bool writes = mos_train_writes(&trainer->job);
    return mos_train_agree(&trainer->job,
                           writes ? mos_trainer_provenance(trainer, status) : MOSAIC_OK);
}

static mosaic_status stop_for_signal(mos_trainer *trainer, int number) {
    MOS_TRY(write_checkpoint(trainer));
    MOS_TRY(write_provenance(trainer, "interrupted"));
    return mos_train_agree(
        &trainer->job,
        mos_fail(MOSAIC_INTERRUPTED,
                 "stopped by signal %d at step %lld of epoch %lld: a checkpoint was written, "
                 "--resume goes on from it",
                 number, (long long)trainer->at.step, (long long)trainer->at.epoch + 1));
}

static bool out_of_steps(const mos_trainer *trainer) {
    return trainer->job.options->max_steps > 0 &&
           trainer->at.step >= trainer->job.options->max_steps;
}

/* ---- an epoch ---- */

/* Its next step, where one is left. */
static mosaic_status run_step(mos_trainer *trainer) {
    int stop;
    bool ended;
    MOS_TRY(mos_train_stop_asked(&trainer->job, &stop));
    if (stop != 0) return stop_for_signal(trainer, stop);
    MOS_TRY(mos_trainer_step(trainer, &ended));
    if (ended)
        return mos_fail(MOSAIC_ERR_DATA,
                        "epoch %lld ended after %lld of %lld batches: too many patches were "
                        "skipped",
                        (long long)trainer->at.epoch + 1, (long long)trainer->at.batch,
                        (long long)trainer->data.batches);
    return mos_train_agree(&trainer->job, after_step(trainer));
}

static bool has_step(const mos_trainer *trainer) {
    return trainer->at.batch < trainer->data.batches && !out_of_steps(trainer);
}

/* The score of this epoch, where there is one; NaN otherwise. */
static double score_of(bool use_macro_ap, const double *sums, const mos_validation *validation) {
    if (validation->valid) return validation->metrics.macro.average_precision;
    if (use_macro_ap) return NAN;
    return -sums[MOS_SUM_LOSS] / fmax(sums[MOS_SUM_STEPS], 1);
}

static void judge_score(mos_train_position *at, double score) {
    at->last_score = score;
    if (!isfinite(score)) return;
    if (at->best_step == 0 || score > at->best_score) {
        at->best_score = score;
        at->best_step = at->step;
        at->best_epoch = at->epoch + 1;
        at->stale = 0;
    } else {
        at->stale++;
    }
}

static void say_epoch(const mos_train_position *at, int64_t epochs,
                      const mos_validation *validation, const mos_validation *online) {
    char loss[32], scores[160] = "", probe[80] = "", number[3][32];
    mos_format_double(loss, sizeof loss,
                      at->whole[MOS_SUM_LOSS] / fmax(at->whole[MOS_SUM_STEPS], 1), 4);
    if (validation->valid)
        (void)snprintf(
            scores, sizeof scores,
            ", validation macro AP %s, macro F1 %s (%lld of %lld classes), micro F1 %s",
            mos_format_double(number[0], 32, validation->metrics.macro.average_precision, 4),
            mos_format_double(number[1], 32, validation->metrics.macro.f1, 4),
            (long long)validation->metrics.averaged, (long long)validation->metrics.classes,
            mos_format_double(number[2], 32, validation->metrics.micro.f1, 4));
    if (online->valid)
        (void)snprintf(probe, sizeof probe, ", on-line probe macro AP %s (%lld classes)",
                       mos_format_double(number[0], 32, online->metrics.macro.average_precision, 4),
                       (long long)online->metrics.averaged);
    mos_log(MOS_LOG_NOTICE, "epoch %lld/%lld: loss %s%s%s%s", (long long)at->epoch + 1,
            (long long)epochs, loss, scores, probe, at->best_step == at->step ? " (best)" : "");
}

static mosaic_status validate(mos_trainer *trainer, mos_validation *out) {
    const mos_settings_train *train = &trainer->job.config->settings.train;
    mos_train_learner *learner = &trainer->learner;
    mos_train_data *data = &trainer->data;
    bool last = trainer->at.epoch + 1 == train->epochs;
    *out = (mos_validation){0};
    trainer->at.last_score = NAN;
    if ((trainer->at.epoch + 1) % train->validate_every != 0 && !last) return MOSAIC_OK;
    if (data->use_macro_ap) {
        mos_train_share_weights(learner);
        if (mos_train_needs_probe(&trainer->job, data)) {
            MOS_TRY(mos_train_ranks_fit_head(trainer, train->probe_limit));
        }
        MOS_TRY(mos_train_validate(learner, data, out));
    }
    judge_score(&trainer->at, score_of(data->use_macro_ap, trainer->at.whole, out));
    return MOSAIC_OK;
}

/* All ranks run over the validation patches; rank 0 alone judges, tells and saves. */
static mosaic_status close_epoch(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->job.config->settings.train;
    mos_train_position *at = &trainer->at;
    mos_validation validation, online = {0};
    int64_t before = mos_now_ns();
    mosaic_status status;
    MOS_GOTO(validate(trainer, &validation));
    MOS_GOTO(mos_train_online_probe(&trainer->job, &trainer->data, &trainer->learner, at->epoch,
                                    &online));
    if (!mos_train_writes(&trainer->job)) goto done;
    MOS_GOTO(mos_trainer_epoch_line(trainer, validation.valid ? &validation.metrics : NULL,
                                    online.valid ? &online.metrics : NULL));
    say_epoch(at, train->epochs, &validation, &online);
    memset(at->whole, 0, sizeof at->whole);
    at->epoch++;
    at->batch = 0;
    bool patient = train->patience == 0 || at->stale < train->patience;
    at->stopped_early = !patient && at->epoch < train->epochs;
    at->finished = at->epoch == train->epochs || at->stopped_early;
    if (at->stopped_early)
        mos_log(MOS_LOG_NOTICE, "stopping early: no better score for %lld validations",
                (long long)at->stale);
    status = mos_checkpoint_write(trainer);
done:
    mos_validation_release(&validation);
    mos_validation_release(&online);
    trainer->clock.lap_ns += mos_now_ns() - before; /* validation is not training time */
    trainer->clock.started_ns += mos_now_ns() - before;
    return status;
}

/* Asked to stop while it ran over validation patches: what resumes begins with them. */
static mosaic_status stop_in_validation(mos_trainer *trainer, const mos_train_position *before) {
    int stop;
    trainer->at = *before;
    MOS_TRY(mos_train_stop_asked(&trainer->job, &stop));
    return stop_for_signal(trainer, stop);
}

/* Ends the epoch; rank 0 then broadcasts the position of the run to all. */
static mosaic_status end_epoch(mos_trainer *trainer) {
    const mos_train_position before = trainer->at;
    MOS_TRY(mos_train_ranks_moments(trainer));
    trainer->learner.comm = trainer->job.options->comm;
    const mosaic_status status = close_epoch(trainer);
    trainer->learner.comm = NULL;
    if (status == MOSAIC_INTERRUPTED)
        return stop_in_validation(trainer, &before); /* on all ranks */
    MOS_TRY(mos_train_agree(&trainer->job, status));
    MOS_TRY(mos_train_ranks_say(trainer));
    return mos_train_ranks_position(trainer);
}

/* What follows the last step of an epoch or of the run. */
static mosaic_status leave_epoch(mos_trainer *trainer, bool *over) {
    int stop;
    MOS_TRY(mos_train_stop_asked(&trainer->job, &stop));
    if (stop != 0) return stop_for_signal(trainer, stop);
    if (trainer->at.batch == trainer->data.batches) MOS_TRY(end_epoch(trainer));
    if (out_of_steps(trainer) && !trainer->at.finished) {
        trainer->run.reduced = *over = true;
        if (trainer->at.batch > 0) MOS_TRY(write_checkpoint(trainer));
        mos_log(MOS_LOG_NOTICE, "reduced run: stopped after %lld of %lld steps",
                (long long)trainer->at.step, (long long)trainer->learner.schedule.steps);
        return MOSAIC_OK;
    }
    *over = trainer->at.finished;
    MOS_TRY(mos_train_stop_asked(&trainer->job, &stop));
    return !*over && stop != 0 ? stop_for_signal(trainer, stop) : MOSAIC_OK;
}

/* One step, and the end of its epoch where it was the last. */
static mosaic_status advance(mos_trainer *trainer, bool *over) {
    *over = trainer->at.finished;
    if (*over) return MOSAIC_OK;
    if (!trainer->clock.feeding) {
        if (trainer->at.batch < trainer->data.batches)
            MOS_TRY(mos_loader_start(trainer->data.loader, trainer->at.epoch, trainer->at.batch));
        trainer->clock.wait_before_ns = 0;
        trainer->clock.feeding = true;
    }
    if (has_step(trainer)) MOS_TRY(run_step(trainer));
    if (has_step(trainer)) return MOSAIC_OK;
    trainer->clock.feeding = false;
    return leave_epoch(trainer, over);
}

/* ---- a run ---- */

static void say_draws(const mos_train_data *data) {
    mos_text text = {0};
    mos_train_add_draws(data, &text);
    if (text.size > 0) mos_log(MOS_LOG_NOTICE, "%s", text.data);
    mos_text_release(&text);
}

static void announce(const mos_trainer *trainer) {
    const mos_train_data *data = &trainer->data;
    const mos_train_learner *learner = &trainer->learner;
    mos_memory_report memory;
    mos_model_memory(learner->model, &memory);
    mos_log(MOS_LOG_NOTICE, "%s on %s", trainer->job.objective.method->name,
            learner->device->description);
    if (mos_comm_size(trainer->job.options->comm) > 1)
        mos_log(MOS_LOG_NOTICE, "%s, %lld patches of a batch each",
                mos_comm_description(trainer->job.options->comm),
                (long long)data->loader_options.batch);
    mos_log(MOS_LOG_NOTICE,
            "%lld training patches (%lld with labels), %lld validation patches, %lld classes, "
            "%lld step%s an epoch, %.0f MiB for the model",
            (long long)data->train_count, (long long)data->labeled_count,
            (long long)data->valid_count, (long long)data->classes, (long long)data->batches,
            data->batches == 1 ? "" : "s", (double)memory.total / 1048576.0);
    if (data->labeled_count < data->train_count) say_draws(data);
    mos_train_say_loss(&trainer->job, learner);
    if (data->dropped_rows > 0)
        mos_log(MOS_LOG_WARNING, "%lld training patches have none of the modalities in use",
                (long long)data->dropped_rows);
}

/* Files that say what the run is, before its first step. */
static mosaic_status write_beginning(mos_trainer *trainer) {
    if (!mos_train_writes(&trainer->job)) return MOSAIC_OK;
    if (trainer->job.options->save_initial && trainer->at.step == 0)
        MOS_TRY(mos_train_save_initial(&trainer->run, &trainer->learner));
    MOS_TRY(mos_trainer_provenance(trainer, "running"));
    return mos_train_data_summary(&trainer->data, &trainer->run);
}

/* The model's files, after the last step. */
static mosaic_status write_end(mos_trainer *trainer, mos_train_summary *out) {
    MOS_TRY(mos_trainer_finish(trainer, out));
    return mos_train_writes(&trainer->job) ? mos_trainer_provenance(trainer, "complete")
                                           : MOSAIC_OK;
}

/* As far as the first step. */
static mosaic_status begin(mos_trainer *trainer) {
    MOS_TRY(mos_trainer_prepare(trainer));
    announce(trainer);
    if (trainer->job.options->plan != NULL) return MOSAIC_OK;
    MOS_TRY(mos_train_agree(&trainer->job, write_beginning(trainer)));
    trainer->clock.started_ns = trainer->clock.lap_ns = mos_now_ns();
    mos_progress_begin(&trainer->clock.progress, "train", 0);
    trainer->clock.begun = true;
    return MOSAIC_OK;
}

/* From the last step, or a failing one, to the model's files. */
static mosaic_status end(mos_trainer *trainer, mosaic_status status, mos_train_summary *out) {
    mos_progress_end(&trainer->clock.progress);
    out->seconds = (double)(mos_now_ns() - trainer->clock.started_ns) * 1e-9;
    const bool whole = status == MOSAIC_OK; /* all steps were done */
    if (whole) status = mos_train_agree(&trainer->job, write_end(trainer, out));
    const bool stopped = status == MOSAIC_INTERRUPTED;
    if (status != MOSAIC_OK && (whole || !stopped) && mos_train_writes(&trainer->job)) {
        /* The first failure is the one to report. */
        char detail[4096];
        mos_error_copy(detail, sizeof detail);
        (void)!mos_trainer_provenance(trainer, stopped ? "interrupted" : "failed");
        mos_error_restore(detail);
    }
    return status;
}

/* The caller reports a failure on the screen; the run's own log keeps it too. */
static mosaic_status keep_failure(const mos_trainer *trainer, mosaic_status status) {
    if (status != MOSAIC_OK && trainer->run.text_log != NULL)
        (void)fprintf(trainer->run.text_log, "%s: %s\n", mosaic_status_name(status),
                      mosaic_error());
    return status;
}

static void summarise(const mos_trainer *trainer, mos_train_summary *out) {
    out->epochs = trainer->at.epoch;
    out->steps = trainer->at.step;
    out->best_epoch = trainer->at.best_epoch;
    out->score_is_loss = !trainer->data.use_macro_ap;
    out->best_score = trainer->at.best_step > 0 ? trainer->at.best_score : NAN;
    out->reduced = trainer->run.reduced;
    out->stopped_early = trainer->at.stopped_early != 0;
    if (out->seconds > 0)
        out->samples_per_second = (double)trainer->clock.samples_here / out->seconds;
}

mosaic_status mos_train_run(const mos_train_options *options, mos_train_summary *out) {
    mos_trainer trainer = {.job.options = options, .run.directory.lock = -1};
    bool over = false;
    *out = (mos_train_summary){0};
    mos_stop_begin();
    mosaic_status status = begin(&trainer);
    if (status == MOSAIC_OK && options->plan != NULL)
        status = mos_trainer_plan(&trainer, options->plan);
    if (trainer.clock.begun) {
        while (status == MOSAIC_OK && !over)
            status = advance(&trainer, &over);
        status = end(&trainer, status, out);
    }
    (void)keep_failure(&trainer, status);
    summarise(&trainer, out);
    mos_trainer_release(&trainer);
    mos_stop_end();
    return status;
}

/* ---- a run whose caller looks on ---- */

struct mos_training {
    mos_train_options options;
    mos_trainer trainer;
    bool over, ended; /* no step is left; end() was called */
};

mosaic_status mos_training_open(const mos_train_options *options, mos_training **out) {
    mos_training *training = NULL;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *training, "a training", &training));
    training->options = *options;
    training->options.plan = NULL;
    training->trainer.job.options = &training->options;
    training->trainer.run.directory.lock = -1;
    mos_stop_begin();
    mosaic_status status = begin(&training->trainer);
    training->over = training->trainer.at.finished;
    *out = training;
    if (status != MOSAIC_OK) {
        (void)keep_failure(&training->trainer, status);
        training->ended = true;
        mos_training_close(out);
    }
    return status;
}

static mosaic_status check_open(const mos_training *training) {
    return training->ended ? mos_fail(MOSAIC_ERR_USAGE, "the training has ended") : MOSAIC_OK;
}

/* A failing training is at its end. */
static mosaic_status settle(mos_training *training, mosaic_status status) {
    mos_train_summary unused = {0};
    if (status == MOSAIC_OK) return status;
    training->ended = true;
    return keep_failure(&training->trainer, end(&training->trainer, status, &unused));
}

mosaic_status mos_training_step(mos_training *training, mos_training_step_result *out) {
    const mos_trainer *trainer = &training->trainer;
    const int64_t step = trainer->at.step, epoch = trainer->at.epoch;
    *out = (mos_training_step_result){.score = NAN};
    MOS_TRY(check_open(training));
    MOS_TRY(settle(training, advance(&training->trainer, &training->over)));
    out->step = trainer->at.step;
    out->steps = trainer->learner.schedule.steps;
    out->epoch = trainer->at.epoch;
    out->epochs = trainer->job.config->settings.train.epochs;
    out->done = trainer->at.step > step;
    out->epoch_ended = trainer->at.epoch > epoch;
    out->over = training->over;
    if (out->done) {
        out->losses = trainer->clock.last.losses;
        out->gradient_norm = trainer->clock.last.norm;
    }
    if (out->epoch_ended) out->score = trainer->at.last_score;
    out->score_is_loss = !trainer->data.use_macro_ap;
    return MOSAIC_OK;
}

bool mos_training_uses(const mos_training *training, mos_term term) {
    return mos_objective_uses(&training->trainer.job.objective, term);
}

mosaic_status mos_training_validate(mos_training *training, mos_metrics *out) {
    mos_trainer *trainer = &training->trainer;
    mos_validation validation = {0};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_metrics){0};
    MOS_TRY(check_open(training));
    if (!trainer->data.use_macro_ap)
        return mos_fail(MOSAIC_ERR_DATA, "there are no labelled validation patches to score");
    const int64_t before = mos_now_ns();
    mos_train_share_weights(&trainer->learner);
    if (mos_train_needs_probe(&trainer->job, &trainer->data))
        MOS_GOTO(mos_train_fit_head(&trainer->job, &trainer->data, &trainer->learner,
                                    trainer->job.config->settings.train.probe_limit));
    MOS_GOTO(mos_train_validate(&trainer->learner, &trainer->data, &validation));
    *out = validation.metrics;
    validation.metrics = (mos_metrics){0};
done:
    mos_validation_release(&validation);
    trainer->clock.lap_ns += mos_now_ns() - before; /* validation is not training time */
    trainer->clock.started_ns += mos_now_ns() - before;
    return status;
}

mosaic_status mos_training_checkpoint(mos_training *training) {
    MOS_TRY(check_open(training));
    return write_checkpoint(&training->trainer);
}

mosaic_status mos_training_finish(mos_training *training, mos_train_summary *out) {
    mos_trainer *trainer = &training->trainer;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_train_summary){0};
    MOS_TRY(check_open(training));
    if (!training->over) { /* the caller ends the run early */
        trainer->run.reduced = true;
        status = write_checkpoint(trainer);
    }
    training->ended = true;
    status = keep_failure(trainer, end(trainer, status, out));
    summarise(trainer, out);
    return status;
}

void mos_training_close(mos_training **training) {
    if (*training == NULL) return;
    mos_trainer *trainer = &(*training)->trainer;
    if (!(*training)->ended) { /* left before its end: what resumes it says so */
        mos_progress_end(&trainer->clock.progress);
        (void)!write_provenance(trainer, "interrupted");
    }
    mos_trainer_release(trainer);
    mos_stop_end();
    mos_free(*training);
    *training = NULL;
}
