/* A linear probe as the head of a model. */
#ifndef MOS_EVALUATE_PROBE_HEAD_H
#define MOS_EVALUATE_PROBE_HEAD_H

#include "model/model.h"
#include "score/linear_probe.h"

/* For models whose fusion is concat: w (x - mean) / sd + b becomes one linear layer. used
 * [modalities]: those whose features the probe saw, in the model's order (NULL: all); columns of
 * the others become 0. row [classes of the model]: the probe's class of each (NULL: the same
 * order). Refreshes the model. */
mosaic_status mos_probe_head_put(mos_model *model, const mos_linear_probe *probe, const bool *used,
                                 const int64_t *row);

#endif
