/* How long a sweep takes on this machine and how much disk, before it is begun. Internal to the
 * room. */
#ifndef MOS_COMMAND_SWEEP_ESTIMATE_H
#define MOS_COMMAND_SWEEP_ESTIMATE_H

#include "study/sweep.h"

/* Lines for the runs of the plan that are not complete: hours, from a training step measured here
 * and now on made images of the data set's size and bands (seconds for each different step), and
 * bytes, from the size of the models. Early stops make it shorter, a busy machine or a slow disk
 * longer. */
mosaic_status mos_sweep_estimate(const mos_sweep_options *options, const mos_sweep_plan *plan,
                                 mos_text *out);

#endif
