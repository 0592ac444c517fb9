/* How large the patches of a data set are. */
#ifndef MOS_DATA_PATCH_SIDE_H
#define MOS_DATA_PATCH_SIDE_H

#include "data/dataset.h"

/* Width of the widest band of the first sample that can be read, in pixels. MOSAIC_ERR_DATA when
 * none can. */
mosaic_status mos_dataset_patch_side(mos_dataset *dataset, int64_t *out);

#endif
