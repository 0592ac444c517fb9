/* In which order the windows of scenes are asked for a map. */
#ifndef MOS_DEPLOY_WINDOW_ORDER_H
#define MOS_DEPLOY_WINDOW_ORDER_H

#include "data/dataset.h"

/* Sorts rows of a data set of scenes: down a column of some windows side by side, then the next.
 * What is read of a raster with tiles is then soon read again, and still in memory; from edge to
 * edge every tile of a wide raster would be decoded for every row of windows. */
mosaic_status mos_window_order(const mos_dataset *dataset, int64_t *index, int64_t count);

#endif
