/* A run in flight: what the files of this room share. Internal to the room. */
#ifndef MOS_TRAIN_TRAIN_STATE_H
#define MOS_TRAIN_TRAIN_STATE_H

#include "evaluate/inference.h"
#include "score/metrics.h"
#include "train/train_parts.h"

typedef struct mos_trainer {
    mos_train_job job;
    mos_train_run_files run;
    mos_train_data data;
    mos_train_learner learner;
    mos_train_position at;
    mos_train_clock clock;
    mos_train_ranks ranks;
} mos_trainer;

/* train_ranks.c. Is this the process that writes? */
bool mos_train_writes(const mos_train_job *job);
/* Collective, as the next ones; with one process they do nothing. Agrees on the status of a call that
 * every rank made by itself. */
mosaic_status mos_train_agree(const mos_train_job *job, mosaic_status status);
/* The number of the signal that stops the run, on whichever rank it came; 0: go on. */
mosaic_status mos_train_stop_asked(const mos_train_job *job, int *number);
/* Fails unless all ranks ask for the same run of the same data on devices that compute alike, and the
 * batch can be shared among them. */
mosaic_status mos_train_ranks_check(const mos_trainer *trainer);
mosaic_status mos_train_ranks_statistics(const mos_train_job *job, mos_model_card *card);
/* How many ranks take the statistics of the encoders' norms together; 1 where norms are frozen. */
int64_t mos_train_norm_ranks(const mos_train_job *job);
/* Makes what every step uses; then broadcasts rank 0's weights, moments, queue and position. */
mosaic_status mos_train_ranks_start(mos_trainer *trainer);
mosaic_status mos_train_ranks_spread(mos_trainer *trainer);
/* The validation model of rank 0, with the head that it has fitted, becomes that of all. */
mosaic_status mos_train_ranks_head(mos_trainer *trainer);
/* The same after fitting that head to at most `limit` rows. */
mosaic_status mos_train_ranks_fit_head(mos_trainer *trainer, int64_t limit);
/* Before a checkpoint: where ranks have divided the optimizer, its moments become whole. */
mosaic_status mos_train_ranks_moments(mos_trainer *trainer);
mosaic_status mos_train_ranks_position(mos_trainer *trainer);
/* *whole: the batch of all ranks with this one's images. */
mosaic_status mos_train_ranks_batch(mos_trainer *trainer, const mos_batch *own, mos_batch *whole);
/* sign: -1 before a step, 1 after it. */
void mos_train_ranks_clock(mos_trainer *trainer, int sign);
/* Collective. Which rank the others wait for, and how much of the gradients' way is hidden behind the
 * backward pass. */
mosaic_status mos_train_ranks_say(mos_trainer *trainer);
void mos_train_ranks_release(mos_train_ranks *ranks);

/* train_setup.c: everything a run needs, in order; half-built is fine to release. */
mosaic_status mos_trainer_prepare(mos_trainer *trainer);
/* As far as the loader's options, without a run directory (run.directory.path empty), a device, a
 * model. */
mosaic_status mos_trainer_prepare_feed(mos_trainer *trainer);
void mos_trainer_release(mos_trainer *trainer);

/* train_config.c: the file, --set, the checks; then what only the data set knows. */
mosaic_status mos_train_read_job(mos_train_job *job);
mosaic_status mos_train_resolve_modalities(mos_train_job *job, const mos_dataset *set);
/* train_card.c: what the model is, with the size of the patches still open; and that size. */
mosaic_status mos_train_describe(const mos_train_job *job, const mos_train_data *data,
                                 mos_train_learner *learner);
mosaic_status mos_train_find_size(const mos_train_job *job, const mos_train_data *data,
                                  mos_model_card *card);
/* train_rows.c: rows, labelled fraction, labels; weights of positives. */
mosaic_status mos_train_rows(const mos_train_job *job, const mos_train_run_files *run,
                             mos_train_data *data);
mosaic_status mos_train_pos_weight(mos_train_job *job, mos_train_data *data);
/* train_statistics.c: mean and sd into the card. */
mosaic_status mos_train_statistics(const mos_train_job *job, const mos_train_run_files *run,
                                   const mos_train_data *data, int threads, mos_model_card *card);
/* train_weights.c: where the weights come from, when not from the seed. */
mosaic_status mos_train_init_weights(const mos_train_job *job, const mos_train_data *data,
                                     mos_train_run_files *run, mos_train_learner *learner);
/* train_claim.c: from here on the folder is this run's: cleared, compared, its log open. */
mosaic_status mos_train_claim(const mos_train_job *job, const mos_train_data *data,
                              mos_train_run_files *run, mos_model_card *card);
mosaic_status mos_train_path(const mos_train_run_files *run, const char *name, char *buffer,
                             size_t size);

/* train_notices.c: classes and modalities that do not occur, validation without labels. */
mosaic_status mos_train_notices(const mos_train_job *job, const mos_train_data *data,
                                mos_train_run_files *run);
/* Says and keeps in the same way which patches, read since the last call, have other pixels than those
 * that were seen when the data set was opened. */
mosaic_status mos_train_drifts(const mos_train_data *data, mos_train_run_files *run);

/* train_memory.c. Bytes a run holds, by kind. */
typedef struct mos_run_memory {
    double process, weights, gradients, moments, packed;
    double activations; /* and all else of the model's arena */
    double losses, views, validation;
    double checkpoint; /* copies of weights and moments while one is written */
    double total;
} mos_run_memory;
mos_model_plan mos_train_model_plan(const mos_train_job *job, const mos_train_learner *learner);
/* The model is left without a plan. */
mosaic_status mos_train_memory(const mos_train_job *job, const mos_train_learner *learner,
                               mos_run_memory *out);
/* Settles train.recompute, train.grad_cache and train.prefetch by train.memory. */
mosaic_status mos_train_choose_memory(mos_train_job *job, const mos_train_learner *learner);

/* train_step.c: one batch to new weights. *ended: the epoch had no further batch. */
mosaic_status mos_trainer_step(mos_trainer *trainer, bool *ended);
/* train_replay.c */
mosaic_status mos_trainer_capture(mos_trainer *trainer, const mos_batch *batch,
                                  const mos_objective_result *result, const char *what);
/* train_lines.c: lines of the metrics files and the progress line. */
mosaic_status mos_train_open_log(const mos_train_job *job, const mos_model_spec *spec,
                                 mos_train_run_files *run, const int64_t *sizes);
mosaic_status mos_trainer_interval_line(mos_trainer *trainer);
/* metrics: of the validation, online: of the probe that looks on; NULL: there was none. */
mosaic_status mos_trainer_epoch_line(mos_trainer *trainer, const mos_metrics *metrics,
                                     const mos_metrics *online);
void mos_trainer_show_progress(mos_trainer *trainer, const mos_objective_result *result);
/* train_health.c */
mosaic_status mos_train_check_health(const mos_train_job *job, mos_train_learner *learner,
                                     mos_train_run_files *run, mos_train_position *at);

/* train_validate.c. The weights of the validation model on the validation rows: metrics at 0.5 when
 * there are labels (mos_metrics_release), and probabilities when asked (mos_free) with their
 * labels. */
typedef struct mos_validation {
    bool valid;
    mos_metrics metrics;
    int64_t n;
    float *probability; /* [n, classes] */
    int8_t *labels;
} mos_validation;
mosaic_status mos_train_validate(const mos_train_learner *learner, mos_train_data *data,
                                 mos_validation *out);
void mos_validation_release(mos_validation *validation);
/* The validation model over rows of the data set. */
mosaic_status mos_train_infer(const mos_train_learner *learner, const mos_train_data *data,
                              const int64_t *rows, int64_t count, mos_inference *out);
/* Weights of the training model into the validation model. */
void mos_train_share_weights(const mos_train_learner *learner);
/* train_probe.c. For methods without BCE: fit the linear probe on at most `limit` labelled rows and
 * make it the head of the validation model. */
mosaic_status mos_train_fit_head(const mos_train_job *job, const mos_train_data *data,
                                 mos_train_learner *learner, int64_t limit);
bool mos_train_needs_probe(const mos_train_job *job, const mos_train_data *data);
/* train.online_probe on the features as they are at the end of epoch `epoch` (from 0), where it is
 * due (*out not valid: it is not). Overwrites the validation model. */
mosaic_status mos_train_online_probe(const mos_train_job *job, const mos_train_data *data,
                                     mos_train_learner *learner, int64_t epoch,
                                     mos_validation *out);
/* Has the data what it needs? */
mosaic_status mos_train_check_online(const mos_train_job *job, const mos_train_data *data);

/* train_plan.c: what the loss is a sum of, as a notice; and the whole plan, with one batch loaded.
 */
void mos_train_say_loss(const mos_train_job *job, const mos_train_learner *learner);
/* "480 rows an epoch, 144 of them labelled: ...": which rows the steps see. */
void mos_train_add_draws(const mos_train_data *data, mos_text *out);
mosaic_status mos_trainer_plan(mos_trainer *trainer, mos_text *out);
/* train_finish.c: thresholds, model files, model card. Collective; rank 0 alone writes. */
mosaic_status mos_trainer_finish(mos_trainer *trainer, mos_train_summary *out);
/* model/initial.safetensors: the model before the first step. */
mosaic_status mos_train_save_initial(const mos_train_run_files *run, mos_train_learner *learner);
/* train_repairs.c: what data.policy did, as the member "policy" of an object, and in words. */
void mos_train_add_repairs(const mos_train_data *data, const mos_train_position *at, mos_text *out);
void mos_train_log_repairs(const mos_train_data *data, const mos_train_position *at);
/* train_provenance.c: status "running", "complete", "interrupted", "failed". */
mosaic_status mos_trainer_provenance(const mos_trainer *trainer, const char *status);
/* data.json: what `data info --json` says of the data set. */
mosaic_status mos_train_data_summary(const mos_train_data *data, const mos_train_run_files *run);

/* checkpoint_write.c, checkpoint_read.c, checkpoint_files.c */
/* MOSAIC_ERR_IO unless the disk has room for two checkpoints: the second is written before the first
 * is removed. */
mosaic_status mos_checkpoint_space(const mos_train_run_files *run,
                                   const mos_train_learner *learner);
mosaic_status mos_checkpoint_write(mos_trainer *trainer);
/* Newest checkpoint that is whole; sizes of the log files then. *found false: there is none. */
mosaic_status mos_checkpoint_restore(mos_trainer *trainer, int64_t sizes[MOS_LOG_FILES],
                                     bool *found);
/* Weights alone of step `step` into a model. */
mosaic_status mos_checkpoint_weights(const mos_trainer *trainer, int64_t step, mos_model *model);

#endif
