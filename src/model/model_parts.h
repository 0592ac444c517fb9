/* What a model consists of, for the two files that build it and run it. */
#ifndef MOS_MODEL_MODEL_PARTS_H
#define MOS_MODEL_MODEL_PARTS_H

#include "model/head.h"
#include "model/missing.h"
#include "model/projector.h"
#include "model/resnet.h"

typedef struct mos_branch {
    mos_encoder encoder;
    mos_projector projector, inter; /* inter.exists: the model has a second one */
    int64_t views;                  /* of the plan; 0: not used */
    void *features, *dfeatures;     /* real [views * batch, feature_size]; the encoder's own, or in
                                       a plan with chunks those of all of them */
    const float *images;            /* of the last forward pass */
    uint8_t *present;               /* host [views * batch], of the last forward pass */
    uint8_t *part_present;          /* host [views * chunk] */
    bool masked;                    /* some row of it is absent */
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
    mos_branch branch[MOS_MAX_MODALITIES];
    mos_head head;       /* classes 0: none */
    mos_missing missing; /* beside the head */

    mos_model_plan plan; /* batch 0: none */
    int64_t parts;       /* chunks of a batch */
    mos_projector_scratch scratch;
    void *arena;
    mos_memory_report memory;
};

#endif
