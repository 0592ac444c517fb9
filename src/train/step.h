/* One training step. The trainer, the benchmarks and the tests against PyTorch all run this code.
 *
 *   zero gradients, forward passes, head, objective, backward passes,
 *   norm of all gradients and a look for NaN, new weights */
#ifndef MOS_TRAIN_STEP_H
#define MOS_TRAIN_STEP_H

#include "model/model.h"
#include "objective/objective.h"

struct mos_step;
/* What a step does where several processes share a batch (plan.ranks of the model); every rank does
 * the same in the same order. */
typedef struct mos_step_ranks {
    void *context;
    /* The features of the others' parts, for the modalities that have images. */
    mosaic_status (*share)(void *context, struct mos_step *step);
    /* Losses and gradients of latents become those of all anchors, where each rank took its own. */
    mosaic_status (*join)(void *context, struct mos_step *step);
    /* Gradients, or those of step->parts, become those of the whole batch, running statistics the ranks'
     * mean. */
    mosaic_status (*sum)(void *context, struct mos_step *step);
    /* With parts: *found becomes that of all ranks' parts; then all weights become those that the ranks
     * of their parts have. */
    mosaic_status (*measure)(void *context, mos_measure_result *found);
    mosaic_status (*spread)(void *context, struct mos_step *step);
} mos_step_ranks;

typedef struct mos_step {
    mos_device *device; /* these three are the caller's and outlive the step */
    mos_model *model;   /* planned to train */
    mos_objective *objective;
    int64_t anchor;          /* view set that the head scores */
    bool latents, head;      /* what the objective's terms ask for */
    void *moment1, *moment2; /* real [param_count] on the device; moment2 NULL where the optimizer
                                has one moment */
    mos_measure_result *measured, found; /* of all gradients: on the device, and here */
    /* The parameters that the optimizer changes, where encoders have a rate of their own or frozen
     * parts; NULL: all that is trainable. encoder_rate is a factor on the rate of the others. */
    mos_segment_range *encoder_segments, *other_segments;
    int64_t encoder_segment_count, other_segment_count;
    double encoder_rate;
    mos_optimizer_kind optimizer;
    const mos_step_ranks *ranks; /* NULL: one process; set after mos_step_init */
    /* Runs of parameters that this process alone measures and updates, others the rest: mos_step_divide.
     * NULL: all. */
    const mos_segment_range *parts;
    int64_t part_count;
    mos_measure_result *part_found; /* [part_count] */
    mos_segment_range *clipped;     /* segments within the parts, of one update */
    int64_t clipped_count;
} mos_step;

typedef struct mos_step_input {
    int64_t batch; /* no larger than planned */
    /* Per modality: host [views*batch, bands, h, w], view-major, kept until the step is done; NULL:
     * no patch has it, and its passes are left out. Of a shared batch this rank's part alone. */
    const float *images[MOS_MAX_MODALITIES];
    const uint8_t
        *present[MOS_MAX_MODALITIES]; /* host [batch] or NULL: all; all 0 without images */
    const int8_t *labels;             /* host [batch, classes]: 1, 0, -1 unknown */
    const float *targets;             /* host [batch, classes] or NULL: of mixed patches */
} mos_step_input;

typedef struct mos_step_rate {
    mos_optimizer_step optimizer; /* its grad_scale is the step's to set */
    double clip;                  /* gradients of a larger norm are scaled to it; 0: never */
} mos_step_rate;

typedef struct mos_step_result {
    mos_objective_result losses;
    double norm;            /* of all gradients, before clipping */
    const char *not_finite; /* "loss" or "gradient" when that is why the step failed, else NULL */
} mos_step_result;

/* Terms are taken from the objective's settings as they are now (objective.h says why weights that
 * are raised later must not be 0 yet). Release it also after a failure. */
mosaic_status mos_step_init(mos_step *step, mos_model *model, mos_objective *objective,
                            mos_optimizer_kind optimizer);
/* Encoders with a rate of their own (encoder_rate: times that of the others) or with parts that
 * stay as they are: their first stages, their norms. */
mosaic_status mos_step_group(mos_step *step, double encoder_rate, int64_t freeze_stages,
                             bool freeze_norms);
/* Divides measures and updates among ranks: once; `parts` are the caller's and outlive the step. Not
 * with LARS, whose rates are of whole segments. */
mosaic_status mos_step_divide(mos_step *step, const mos_segment_range *parts, int64_t count);
void mos_step_release(mos_step *step);

/* The whole step. MOSAIC_ERR_NUMERIC when the loss or a gradient is not finite: the weights are
 * then those from before. No heap call after the first step. */
mosaic_status mos_step_run(mos_step *step, const mos_step_input *input, const mos_step_rate *rate,
                           mos_step_result *result);
/* Its first part alone: forward passes and losses. Gradients of latents and logits are there, those
 * of weights are not. */
mosaic_status mos_step_losses(mos_step *step, const mos_step_input *input, mos_step_result *result);
/* The step without its last part: all gradients and their norm; the weights are as before. */
mosaic_status mos_step_gradients(mos_step *step, const mos_step_input *input,
                                 mos_step_result *result);

#endif
