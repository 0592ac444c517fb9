/* A band of which every valid pixel has one value: water, or a sensor that failed. */
#ifndef MOS_DATA_CONSTANT_BAND_H
#define MOS_DATA_CONSTANT_BAND_H

#include "data/dataset.h"

/* True if at least two pixels are valid (finite, not no-data) and all valid ones are equal. Stops
 * at the first difference. */
bool mos_band_is_constant(const struct mos_patch_band *band);

#endif
