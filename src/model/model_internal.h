/* What a model consists of, for the files that describe, plan and run it. */
#ifndef MOS_MODEL_MODEL_INTERNAL_H
#define MOS_MODEL_MODEL_INTERNAL_H

#include "base/turns.h"
#include "base/workers.h"
#include "model/encoder.h"
#include "model/head.h"
#include "model/missing.h"
#include "model/projector.h"

typedef struct mos_branch {
    mos_encoder encoder;
    mos_projector projector, inter; /* inter.exists: the model has a second one */
    int64_t views;                  /* of the plan; 0: not used */
    int worker;                     /* of the plan */
    void *features, *dfeatures;     /* real [views * batch, feature_size]; the encoder's own, or in
                                       a plan with chunks those of all of them */
    const float *images;            /* of this step's forward pass; NULL: none was run */
    /* Of the last forward pass, where some row is absent (masked): [views * batch]; the same rows
     * chunk by chunk, [parts, views * chunk] */
    uint8_t *mask, *part_mask;
    bool masked;
    /* real [encoder counters + 1]: what a step adds to num_batches_tracked, the last is the
     * projectors' */
    void *increments;
} mos_branch;

struct mos_model {
    mos_model_spec spec;
    mos_parameter_table table;
    mos_segment_range *segments;
    int64_t segment_count;
    mos_weights weights;
    const mos_gradient_watch *watch;
    mos_branch branch[MOS_MAX_MODALITIES];
    mos_head head;       /* classes 0: none */
    mos_missing missing; /* beside the head */

    mos_model_plan plan;           /* batch 0: none */
    int64_t parts;                 /* chunks of a batch */
    int64_t first_part, own_parts; /* those that are encoded here */
    int worker_count; /* 0: encoders run one after the other, on the model's own device */
    mos_device *worker_device[MOS_MAX_MODALITIES]; /* with a share of the threads each */
    bool in_turns; /* they take turns on one thread, because their norms wait for other processes */
    mos_workers *workers; /* NULL: in turns */
    mos_turns *turns;     /* NULL: at the same time */
    mos_projector_scratch scratch;
    void *arena;
    mos_memory_report memory;
};

/* model_plan.c. Frees the plan and all that came with it. */
void mos_model_unplan(mos_model *model);

/* side_by_side.c. Workers of a plan, their devices and which encoder runs where; the threads come
 * with mos_side_by_side_start, once the rest of the plan stands. */
mosaic_status mos_side_by_side_plan(mos_model *model, const mos_model_plan *plan);
mosaic_status mos_side_by_side_start(mos_model *model);
void mos_side_by_side_release(mos_model *model);
/* pass(model, m) for every encoder that got images in this step. */
typedef void (*mos_encoder_pass)(mos_model *model, int64_t m);
mosaic_status mos_side_by_side_run(mos_model *model, mos_encoder_pass pass);
/* The same for modality m alone. Either way all devices have settled where there are several: what
 * one wrote the others may read. */
mosaic_status mos_side_by_side_run_one(mos_model *model, mos_encoder_pass pass, int64_t m);
/* The device an encoder runs on, and the weights as seen from there. */
mos_device *mos_branch_device(const mos_model *model, const mos_branch *branch);
mos_weights mos_branch_weights(const mos_model *model, const mos_branch *branch);

#endif
