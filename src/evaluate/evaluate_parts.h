/* The parts of an evaluation that ask the model again: modality subsets, mismatched partners,
 * farther partners. Internal to the room. */
#ifndef MOS_EVALUATE_EVALUATE_PARTS_H
#define MOS_EVALUATE_EVALUATE_PARTS_H

#include "evaluate/evaluate.h"
#include "evaluate/lag_repair.h"
#include "evaluate/modality_ablation.h"

typedef struct mos_evaluate_parts {
    mos_modality_ablation ablation;
    mos_lag_repair lag_repair;
    bool has_ablation, has_lag_repair;
} mos_evaluate_parts;

/* What the options ask for, of scores at the model's tuned thresholds (0.5 where there are none).
 */
mosaic_status mos_evaluate_parts_measure(mos_session *session, const mos_evaluate_options *options,
                                         const mos_inference *inference, bool tuned,
                                         mos_evaluate_parts *out);
void mos_evaluate_parts_release(mos_evaluate_parts *parts);

#endif
