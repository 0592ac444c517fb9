/* Batch norms of encoders whose statistics several ranks take together (train.batch_norm). */
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

/* Collective. Groups of `ranks` consecutive ranks, whose number divides that of all. It stays where it
 * is: the model's plan points to it. */
mosaic_status mos_norm_ranks_init(mos_norm_ranks *norms, mos_comm *comm, int64_t ranks);
/* Did the passes since get all they asked for? */
mosaic_status mos_norm_ranks_status(const mos_norm_ranks *norms);

#endif
