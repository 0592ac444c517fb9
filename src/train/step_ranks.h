/* A step that several processes do together. Each rank encodes its part of the batch; an all-gather
 * then gives every rank the features of all. Projectors, fusion and head every rank computes for the whole
 * batch, from the same bits; so the norms of the projectors are those of the whole batch, and the queue of
 * labelled latents is the same everywhere. Of the contrastive terms each rank takes the anchors of its own
 * samples, against all references; normalisers are those of the whole batch, and the gradients of the
 * latents are summed over ranks. The gradients of the encoders are summed over ranks while the backward
 * pass goes on; those behind the features are rank 0's. This is gradient caching (Gao et al. 2021) with its
 * chunks on several machines.
 *
 * Ranks of one machine, where memory is what they compete for, divide the optimizer (ZeRO-1, Rajbhandari
 * et al. 2020): each sums, measures and updates its parts of the buckets of gradients, and the new weights
 * go to all. On several machines the sums go to all during the backward pass instead, and every rank
 * updates all weights: there the way of the weights would be waited for. */
#ifndef MOS_TRAIN_STEP_RANKS_H
#define MOS_TRAIN_STEP_RANKS_H

#include "dist/comm_buckets.h"
#include "model/gradient_watch.h"
#include "train/norm_ranks.h"
#include "train/step.h"

typedef struct mos_shared_step {
    mos_comm *comm;
    const mos_norm_ranks *norms; /* the caller's; NULL: each rank takes statistics of its own */
    mos_step_ranks hooks;
    float *mine, *all; /* host: features of one modality, of this rank and of all */
    float *latents;    /* host: gradients of the latents */
    float *flat;       /* host [flat_count]: running statistics, and blocks that are spread */
    int64_t flat_count;
    mos_step *step; /* the caller's */
    /* Gradients on their way: a bucket is posted when the last of its values is final. */
    mos_buckets buckets;
    mos_segment_range *parts; /* of the parameters, that are this rank's; NULL: not divided */
    int64_t part_count;
    bool mapped; /* the buckets' values are the gradients themselves */
    mos_gradient_watch watch;
    int64_t *whole, *left; /* [buckets] parameters' values; those that are not final yet */
    bool begun;            /* a backward pass has told of its first gradients */
    mosaic_status status;  /* of what was posted meanwhile, with its words */
    char words[1024];
    mos_segment_range *behind; /* runs of parameters behind the features */
    int64_t behind_count;
} mos_shared_step;

/* Not collective. divided: so that ranks divide the optimizer, where it and the device allow that. `step`
 * runs a model whose plan.ranks is the size of `comm`; from then on it uses
 * *shared. Release *shared after the step. */
mosaic_status mos_shared_step_init(mos_shared_step *shared, mos_comm *comm, mos_step *step,
                                   const mos_model_plan *plan, const mos_norm_ranks *norms,
                                   bool divided);
void mos_shared_step_release(mos_shared_step *shared);

/* Collective. Where ranks have divided the parameters: a block of reals that belongs to these (moments,
 * gradients, weights) becomes whole on all ranks. */
mosaic_status mos_shared_step_gather(mos_shared_step *shared, void *real);
/* Collective. Broadcast: rank 0's block of reals replaces that of every other rank. */
mosaic_status mos_shared_step_spread(mos_shared_step *shared, mos_device *device, void *real,
                                     int64_t count);

#endif
