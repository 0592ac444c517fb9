/* Inference whose rows several ranks share (dist/comm.h). */
#ifndef MOS_EVALUATE_INFERENCE_RANKS_H
#define MOS_EVALUATE_INFERENCE_RANKS_H

#include "dist/comm.h"
#include "evaluate/inference.h"

/* Collective: all ranks have the same model and ask for the same rows. As mos_inference_run, with each
 * rank running a part of the rows. Rank 0 gets the results of all, equal to the bit to those of one
 * rank; *out of the others has n 0 and nothing in it. A request to stop on any rank is MOSAIC_INTERRUPTED on
 * all, without an agreement on a failure: they can still write what they have. comm NULL: one rank. */
mosaic_status mos_inference_run_ranks(mos_comm *comm, mos_model *model, const mos_model_card *card,
                                      mos_dataset *dataset, const int64_t *index, int64_t count,
                                      bool latents, int threads, bool progress, mos_inference *out);

#endif
