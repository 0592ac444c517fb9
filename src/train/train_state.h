/* A run in flight: what the files of this room share. Internal to the room. */
#ifndef MOS_TRAIN_TRAIN_STATE_H
#define MOS_TRAIN_TRAIN_STATE_H

#include "artifact/model_file.h"
#include "base/log.h"
#include "config/config_struct.h"
#include "evaluate/inference.h"
#include "score/metrics.h"
#include "train/run_directory.h"
#include "train/run_log.h"
#include "train/schedule.h"
#include "train/step.h"
#include "train/trainer.h"

/* Sums over the steps of an interval or an epoch; saved in checkpoints, so that a resumed run
 * writes the lines the uninterrupted one would have written. Append only. */
enum {
    MOS_SUM_STEPS,
    MOS_SUM_LOSS,
    MOS_SUM_TERM,
    MOS_SUM_FLOOR = MOS_SUM_TERM + MOS_TERM_COUNT,
    MOS_SUM_GRADIENT,
    MOS_SUM_ANCHORS,
    MOS_SUM_LONELY,
    MOS_SUM_KNOWN,
    MOS_SUM_INVALID,
    MOS_SUM_SKIPPED,
    MOS_SUM_POSITIVES,
    MOS_SUM_QUEUED,
    MOS_SUM_NOT_FINITE,
    MOS_SUM_ABSENT,
    MOS_SUM_UNREADABLE,
    MOS_SUM_CONSTANT,
    MOS_SUM_CONSTANT_SKIPPED,
    MOS_SUM_COUNT
};

/* Where a run is: everything that steps change besides weights and moments. */
typedef struct mos_train_position {
    int64_t step, epoch, batch;    /* done so far; batch: within the epoch */
    int64_t best_step, best_epoch; /* 0: none yet */
    int64_t stale;                 /* validations since the best */
    int64_t collapsed_in_a_row;
    int64_t finished; /* all epochs done, or stopped early */
    int64_t stopped_early;
    double best_score, last_score;
    double interval[MOS_SUM_COUNT], whole[MOS_SUM_COUNT]; /* since the last line; this epoch */
    double run[MOS_SUM_COUNT];                            /* all steps */
} mos_train_position;

typedef struct mos_trainer {
    const mos_train_options *options;
    mos_config *config;
    mos_run_directory run;
    mos_run_log log;
    bool log_open;
    FILE *text_log;
    mos_metric_row row;

    mos_dataset *dataset;
    char fingerprint[65];
    mos_text_list notices; /* said at the start, kept for provenance.json */
    int64_t *train_rows, train_count, dropped_rows; /* dropped: no modality in use */
    int64_t *valid_rows, valid_count;
    int64_t *probe_rows, probe_count; /* labelled training rows, all of them */
    int64_t labeled_count;            /* training rows with at least one known label */
    uint8_t *keep;                    /* [data set] labels of these rows count as known */
    int8_t *labels;                   /* [data set, classes] or NULL: the data set's own */
    int64_t classes;
    bool use_macro_ap; /* what the score is */

    mos_device *device;
    mos_model *model, *eval_model; /* the second one has a plan of its own, for validation */
    mos_model_card *card;
    mos_objective_options objective_options;
    unsigned needs; /* MOS_NEEDS_* of the terms that are on */
    mos_view_plan views;
    double *pos_weight;
    mos_objective *objective;
    mos_loader_options loader_options;
    mos_loader *loader;
    int64_t batches; /* per epoch */
    mos_schedule schedule;
    int64_t msc_warmup;
    mos_step step;

    mos_train_position at;
    int64_t resumed_from; /* step of the checkpoint, 0: a new run */
    char *init_from;      /* file the run started from; NULL: none. Travels in checkpoints */
    char init_sha256[65];
    bool reduced;
    /* of this process */
    int64_t steps_here, samples_here, heap_calls;
    int64_t started_ns, step_started_ns;
    int64_t wait_before_ns, lap_ns, lap_samples; /* since the last line of the log */
    mos_progress progress;
    float *rows_z, *rows_pair; /* [batch, latent] for the health check */
    double validation_seconds;
    mos_repairs validation_repairs; /* of the last validation */
} mos_trainer;

/* train_setup.c, train_rows.c: everything a run needs, in order; half-built is fine to release. */
mosaic_status mos_trainer_prepare(mos_trainer *trainer);
/* As far as the loader's options, without a run directory (run.path empty), a device, a model. */
mosaic_status mos_trainer_prepare_feed(mos_trainer *trainer);
void mos_trainer_release(mos_trainer *trainer);
/* Rows, labelled fraction, labels, weights of positives. */
mosaic_status mos_trainer_rows(mos_trainer *trainer);
/* train_notices.c: classes and modalities that do not occur, validation without labels. */
mosaic_status mos_trainer_notices(mos_trainer *trainer);
/* What the loader saw leave its promise since the last call, said and kept in the same way. */
mosaic_status mos_trainer_drifts(mos_trainer *trainer);
mosaic_status mos_trainer_pos_weight(mos_trainer *trainer);
/* train_statistics.c: mean and sd into the card. */
mosaic_status mos_trainer_statistics(mos_trainer *trainer);

/* train_memory.c. Bytes a run holds, by kind. */
typedef struct mos_run_memory {
    double process, weights, gradients, moments, packed;
    double activations; /* and all else of the model's arena */
    double losses, views, validation;
    double checkpoint; /* copies of weights and moments while one is written */
    double total;
} mos_run_memory;
mos_model_plan mos_trainer_model_plan(const mos_trainer *trainer);
/* The model is left without a plan. */
mosaic_status mos_trainer_memory(mos_trainer *trainer, mos_run_memory *out);
/* Settles train.recompute, train.grad_cache and train.prefetch by train.memory. */
mosaic_status mos_trainer_choose_memory(mos_trainer *trainer);

/* train_step.c: one batch to new weights. *ended: the epoch had no further batch. */
mosaic_status mos_trainer_step(mos_trainer *trainer, bool *ended);
/* train_replay.c */
mosaic_status mos_trainer_capture(mos_trainer *trainer, const mos_batch *batch,
                                  const mos_objective_result *result, const char *what);
/* train_lines.c: lines of the metrics files and the progress line. */
mosaic_status mos_trainer_open_log(mos_trainer *trainer, const int64_t *sizes);
mosaic_status mos_trainer_interval_line(mos_trainer *trainer);
/* metrics: of the validation, online: of the probe that looks on; NULL: there was none. */
mosaic_status mos_trainer_epoch_line(mos_trainer *trainer, const mos_metrics *metrics,
                                     const mos_metrics *online);
void mos_trainer_show_progress(mos_trainer *trainer, const mos_objective_result *result);
/* train_health.c */
mosaic_status mos_trainer_check_health(mos_trainer *trainer);

/* train_validate.c. The weights of `model` on the validation rows: metrics at 0.5 when there are
 * labels (mos_metrics_release), and probabilities when asked (mos_free) with their labels. */
typedef struct mos_validation {
    bool valid;
    mos_metrics metrics;
    int64_t n;
    float *probability; /* [n, classes] */
    int8_t *labels;
} mos_validation;
mosaic_status mos_trainer_validate(mos_trainer *trainer, mos_validation *out);
void mos_validation_release(mos_validation *validation);
/* The validation model over rows of the data set. */
mosaic_status mos_trainer_infer(mos_trainer *trainer, const int64_t *rows, int64_t count,
                                mos_inference *out);
/* Weights of the training model into the validation model. */
void mos_trainer_share_weights(mos_trainer *trainer);
/* train_probe.c. For methods without BCE: fit the linear probe on at most `limit` labelled rows and
 * make it the head of the validation model. */
mosaic_status mos_trainer_fit_head(mos_trainer *trainer, int64_t limit);
bool mos_trainer_needs_probe(const mos_trainer *trainer);
/* train.online_probe on the features as they are at the end of this epoch, where it is due (*out
 * not valid: it is not). Overwrites the validation model. */
mosaic_status mos_trainer_online_probe(mos_trainer *trainer, mos_validation *out);
/* Has the data what it needs? */
mosaic_status mos_trainer_check_online(const mos_trainer *trainer);

/* train_plan.c: what the loss is a sum of, as a notice; and the whole plan, with one batch loaded.
 */
void mos_trainer_say_loss(const mos_trainer *trainer);
/* "480 rows an epoch, 144 of them labelled: ...": which rows the steps see. */
void mos_trainer_add_draws(const mos_trainer *trainer, mos_text *out);
mosaic_status mos_trainer_plan(mos_trainer *trainer, mos_text *out);
/* train_finish.c: thresholds, model files, model card. */
mosaic_status mos_trainer_finish(mos_trainer *trainer, mos_train_summary *out);
/* model/initial.safetensors: the model before the first step. */
mosaic_status mos_trainer_save_initial(mos_trainer *trainer);
/* train_repairs.c: what data.policy did, as the member "policy" of an object, and in words. */
void mos_trainer_add_repairs(const mos_trainer *trainer, mos_text *out);
void mos_trainer_log_repairs(const mos_trainer *trainer);
/* train_provenance.c: status "running", "complete", "interrupted", "failed". */
mosaic_status mos_trainer_provenance(const mos_trainer *trainer, const char *status);
/* data.json: what `data info --json` says of the data set. */
mosaic_status mos_trainer_data_summary(const mos_trainer *trainer);

/* checkpoint.c */
/* Is there room for two checkpoints (the second is written before the first goes)? Says so; a disk
 * without is MOSAIC_ERR_IO. */
mosaic_status mos_checkpoint_space(const mos_trainer *trainer);
mosaic_status mos_checkpoint_write(mos_trainer *trainer);
/* Newest checkpoint that is whole; sizes of the log files then. *found false: there is none. */
mosaic_status mos_checkpoint_restore(mos_trainer *trainer, int64_t sizes[MOS_LOG_FILES],
                                     bool *found);
/* Weights alone of step `step` into a model. */
mosaic_status mos_checkpoint_weights(const mos_trainer *trainer, int64_t step, mos_model *model);
mosaic_status mos_trainer_path(const mos_trainer *trainer, const char *name, char *buffer,
                               size_t size);

#endif
