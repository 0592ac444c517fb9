/* mosaic/training.h: a training run, step by step.
 *
 * It is the run of `mosaic train` and writes the same run directory. Between steps the caller may look
 * at the losses, validate, save and end the run. The library asks the stop hooks (mosaic/command.h)
 * before every step. Log lines and progress go to the log hooks.
 *
 * Threads: a training belongs to one thread at a time and uses threads inside. A process can have one
 * open at a time. Not collective: several ranks train by the command "train". */
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
 * the run's, MOSAIC_ERR_UNSUPPORTED while another training is open, MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY.
 * The caller owns *out; mosaic_training_close also takes a pointer to NULL. A run that is closed
 * before mosaic_training_finish can be resumed from its last checkpoint. */
MOSAIC_API mosaic_status mosaic_training_open(const char *const *options,
                                              mosaic_training **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_training_close(mosaic_training **training);

/* Name of the i-th term of the run's loss ("intra", "bce"); NULL past the last. Texts live as long as
 * the library. */
MOSAIC_API const char *mosaic_training_term(const mosaic_training *training, int64_t i);

enum { MOSAIC_MOST_TERMS = 16 };

/* The caller sets struct_size to sizeof(mosaic_step) before the call. */
typedef struct mosaic_step {
    size_t struct_size;
    int64_t step, steps;            /* steps done so far; steps of the whole run */
    int64_t epoch, epochs;          /* whole epochs done so far; epochs of the whole run */
    int32_t done;                   /* 1: this call did a step, and the losses are of it */
    int32_t epoch_ended;            /* 1: the epoch was validated, where due, and saved */
    int32_t over;                   /* 1: no step is left; mosaic_training_finish is next */
    int32_t score_is_loss;          /* 1: score is minus the epoch's mean loss; 0: macro AP */
    double loss;                    /* sum of weight * term */
    double term[MOSAIC_MOST_TERMS]; /* term[i]: of mosaic_training_term(i), before its weight */
    double gradient_norm;           /* of all gradients, before clipping */
    double score;                   /* of the epoch that ended; NaN where there is none */
} mosaic_step;

/* One step, and at an epoch's end its validation and checkpoint. Errors: MOSAIC_ERR_USAGE after the
 * end or for struct_size; MOSAIC_ERR_NUMERIC for a loss or gradient that is not finite and, with
 * fail-on-collapse, for a collapse; MOSAIC_ERR_DATA; MOSAIC_ERR_IO; MOSAIC_INTERRUPTED when the stop
 * hook asked for it, after a checkpoint was written. After an error other than MOSAIC_ERR_USAGE the
 * run has ended, and mosaic_training_close is next. */
MOSAIC_API mosaic_status mosaic_training_step(mosaic_training *training,
                                              mosaic_step *out) MOSAIC_CHECKED;
/* Scores of the present weights on the validation patches at threshold 0.5. The run goes on as if the
 * call had not been made. Errors: MOSAIC_ERR_DATA without labelled validation patches or for a damaged
 * file, MOSAIC_ERR_USAGE after the end or for struct_size, MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_training_validate(mosaic_training *training,
                                                  mosaic_metrics *out) MOSAIC_CHECKED;
/* Write a checkpoint now. Errors: MOSAIC_ERR_IO, MOSAIC_ERR_USAGE after the end. */
MOSAIC_API mosaic_status mosaic_training_checkpoint(mosaic_training *training) MOSAIC_CHECKED;
/* End the run: tune thresholds on validation and write the model. A run that is finished before its
 * last step is marked as reduced. `model` may be NULL; *model is the path of the model file, a text
 * that lives as long as the training. Errors: MOSAIC_ERR_IO, MOSAIC_ERR_USAGE after the end. */
MOSAIC_API mosaic_status mosaic_training_finish(mosaic_training *training,
                                                const char **model) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
