/* Synchronised batch norm of the encoders: a group of ranks takes the statistics together
 * (train.batch_norm). */
#ifndef MOS_TRAIN_NORM_RANKS_H
#define MOS_TRAIN_NORM_RANKS_H

#include "compute/device.h"
#include "dist/comm.h"

typedef struct mos_norm_ranks {
    mos_comm *comm;
    mos_norm_peers peers; /* for the model's plan; count below 2: every rank for itself */
    mosaic_status status; /* of the first gathering that failed, with its words */
    char words[1024];
} mos_norm_ranks;

/* Collective. Makes groups of `ranks` consecutive ranks; `ranks` divides the number of all. Do not move
 * *norms afterwards: the model's plan points to it. */
mosaic_status mos_norm_ranks_init(mos_norm_ranks *norms, mos_comm *comm, int64_t ranks);
/* The first failure of the gatherings so far; MOSAIC_OK: there was none. */
mosaic_status mos_norm_ranks_status(const mos_norm_ranks *norms);

#endif
