/* A step that several processes do together: each encodes its part of the batch, all see the features
 * of all, and everything behind the encoders - projectors, fusion, head, losses, their gradients, the
 * queue of labelled latents - is worked out by every rank for the whole batch, from the same bits. So
 * the normalisers of the losses and the norms of the projectors are those of the whole batch, and
 * nothing in `model` or `objective` knows of ranks. What is summed over ranks are the gradients of the
 * encoders; those behind the features are rank 0's. It is gradient caching (Gao et al. 2021) whose
 * chunks are on several machines. */
#ifndef MOS_TRAIN_STEP_RANKS_H
#define MOS_TRAIN_STEP_RANKS_H

#include "dist/comm.h"
#include "train/norm_ranks.h"
#include "train/step.h"

typedef struct mos_shared_step {
    mos_comm *comm;
    const mos_norm_ranks *norms; /* the caller's; NULL: each rank takes statistics of its own */
    mos_step_ranks hooks;
    float *mine, *all; /* host: features of one modality, of this rank and of all */
    float *flat;       /* host [flat_count], the most of param_count and state_count */
    int64_t flat_count;
    mos_segment_range *behind; /* runs of parameters behind the features */
    int64_t behind_count;
} mos_shared_step;

/* Not collective. For a step on a model planned with plan.ranks as there are in comm; the step uses it
 * from then on. Release it after the step. */
mosaic_status mos_shared_step_init(mos_shared_step *shared, mos_comm *comm, mos_step *step,
                                   const mos_model_plan *plan, const mos_norm_ranks *norms);
void mos_shared_step_release(mos_shared_step *shared);

/* Collective. A block of reals becomes rank 0's. */
mosaic_status mos_shared_step_spread(mos_shared_step *shared, mos_device *device, void *real,
                                     int64_t count);

#endif
