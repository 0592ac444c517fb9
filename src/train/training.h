/* A run whose caller looks on: the run of mos_train_run in parts, step by step. What it writes is the
 * same to the byte. */
#ifndef MOS_TRAIN_TRAINING_H
#define MOS_TRAIN_TRAINING_H

#include "objective/objective.h"
#include "score/metrics.h"
#include "train/trainer.h"

typedef struct mos_training mos_training;

typedef struct mos_training_step_result {
    int64_t step, steps; /* done so far, of the whole run */
    int64_t epoch, epochs;
    bool done;        /* a step was done: the losses are of it */
    bool epoch_ended; /* validated (where it was due) and saved */
    bool over;        /* no step is left */
    mos_objective_result losses;
    double gradient_norm; /* before clipping */
    double score;         /* of the epoch that ended, NaN: none */
    bool score_is_loss;   /* minus the mean loss of the epoch, else macro AP */
} mos_training_step_result;

/* The calls are mos_train_run's parts: everything up to the first step; a step, with the end of its
 * epoch where it was the last; the model's files. options->plan is ignored; what options point to
 * must live as long as the training, and one is open in a process at a time (the log has one file).
 * After a failure, or the finish, only close is left. MOSAIC_INTERRUPTED: a checkpoint was written. */
mosaic_status mos_training_open(const mos_train_options *options, mos_training **out);
mosaic_status mos_training_step(mos_training *training, mos_training_step_result *out);
bool mos_training_uses(const mos_training *training, mos_term term);
/* Scores of the present weights on the validation rows, threshold 0.5; the run is as before. *out:
 * mos_metrics_release. */
mosaic_status mos_training_validate(mos_training *training, mos_metrics *out);
mosaic_status mos_training_checkpoint(mos_training *training);
/* Before the last step, it makes the run a reduced one. */
mosaic_status mos_training_finish(mos_training *training, mos_train_summary *out);
/* A run that was not finished can be resumed from its last checkpoint. */
void mos_training_close(mos_training **training);

#endif
