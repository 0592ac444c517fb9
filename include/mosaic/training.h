/* mosaic/training.h: a training run, step by step.
 *
 * It is the run of `mosaic train`, and writes the same run directory to the byte; the caller looks
 * on between steps, validates, saves, and ends it when it likes. Stop hooks (mosaic/command.h) are
 * asked before every step. Log lines and progress go to the log hooks.
 *
 * Threads: a training belongs to one thread at a time and uses threads inside. One is open in a
 * process at a time. Not collective: several ranks train by the command "train". */
#ifndef MOSAIC_TRAINING_H
#define MOSAIC_TRAINING_H

#include "mosaic/metrics.h"
#include "mosaic/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_training mosaic_training;

/* Open a run by options: key, value pairs ended by NULL. "out" (the run directory) is needed. Keys of
 * the configuration ("train.epochs") are as there. Besides: config, config_text (a configuration
 * file or its text; the pairs go over it), resume, overwrite, fail-on-collapse ("true" or "false"),
 * init-from, init-pattern, device ("auto", "cpu", "ref"), threads ("0": all), max-steps, as those of
 * `mosaic train`. Everything that can be refused is refused here. Errors: MOSAIC_ERR_USAGE for keys
 * and values, MOSAIC_ERR_DATA for data and weights, MOSAIC_ERR_RESUME for another configuration than
 * the run's, MOSAIC_ERR_UNSUPPORTED while another training is open. The caller owns *out;
 * mosaic_training_close also takes a pointer to NULL, and a run closed before its finish can be
 * resumed from its last checkpoint. */
MOSAIC_API mosaic_status mosaic_training_open(const char *const *options,
                                              mosaic_training **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_training_close(mosaic_training **training);

/* The i-th term of the loss that the run has, "intra", "bce"; NULL past the last. Texts live as long
 * as the library. */
MOSAIC_API const char *mosaic_training_term(const mosaic_training *training, int64_t i);

enum { MOSAIC_MOST_TERMS = 16 };

/* The caller sets struct_size to sizeof(mosaic_step) before the call. */
typedef struct mosaic_step {
    size_t struct_size;
    int64_t step, steps;            /* done so far, of the whole run */
    int64_t epoch, epochs;          /* whole ones done so far, of the run */
    int32_t done;                   /* 1: a step was done, and the losses are of it */
    int32_t epoch_ended;            /* 1: the epoch was validated, where due, and saved */
    int32_t over;                   /* 1: no step is left; mosaic_training_finish is next */
    int32_t score_is_loss;          /* 1: score is minus the epoch's mean loss; 0: macro AP */
    double loss;                    /* sum of weight * term */
    double term[MOSAIC_MOST_TERMS]; /* of mosaic_training_term, before their weights */
    double gradient_norm;           /* before clipping */
    double score;                   /* of the epoch that ended, NaN where there is none */
} mosaic_step;

/* One step, and at an epoch's end its validation and checkpoint. Errors: MOSAIC_ERR_USAGE after the
 * end or for struct_size; MOSAIC_ERR_NUMERIC for a loss that is not finite or, where it was asked
 * for, collapse; MOSAIC_ERR_DATA; MOSAIC_ERR_IO; MOSAIC_INTERRUPTED when the stop hook said so: a
 * checkpoint was written. After an error only close is left. */
MOSAIC_API mosaic_status mosaic_training_step(mosaic_training *training,
                                              mosaic_step *out) MOSAIC_CHECKED;
/* Scores of the present weights on the validation patches, threshold 0.5; the run goes on as if this
 * had not been asked. Errors: MOSAIC_ERR_DATA without labelled validation patches, MOSAIC_ERR_USAGE
 * after the end. */
MOSAIC_API mosaic_status mosaic_training_validate(mosaic_training *training,
                                                  mosaic_metrics *out) MOSAIC_CHECKED;
/* Write a checkpoint now. Errors: MOSAIC_ERR_IO, MOSAIC_ERR_USAGE after the end. */
MOSAIC_API mosaic_status mosaic_training_checkpoint(mosaic_training *training) MOSAIC_CHECKED;
/* Tune thresholds on validation and write the model; before the last step the run is marked as
 * reduced. model: the path of its file, which lives as long as the training; may be NULL. Errors:
 * MOSAIC_ERR_IO, MOSAIC_ERR_USAGE after the end. */
MOSAIC_API mosaic_status mosaic_training_finish(mosaic_training *training,
                                                const char **model) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
