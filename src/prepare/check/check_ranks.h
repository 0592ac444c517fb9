/* What several ranks found, brought together. */
#ifndef MOS_PREPARE_CHECK_CHECK_RANKS_H
#define MOS_PREPARE_CHECK_CHECK_RANKS_H

#include "dist/comm.h"
#include "prepare/check/check_list.h"

/* Collective. The rows and counts of all ranks' lists [threads] come into rank 0's, and the places of
 * their samples into its `ground` [samples]. With one rank nothing is done. */
mosaic_status mos_check_collect(mos_comm *comm, mos_check_list *lists, int threads,
                                mos_place *ground);

#endif
