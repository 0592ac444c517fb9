/* The order in which a map reads and predicts the windows of scenes. */
#ifndef MOS_DEPLOY_WINDOW_ORDER_H
#define MOS_DEPLOY_WINDOW_ORDER_H

#include "data/dataset.h"

/* Sorts rows of a data set of scenes: the windows of a strip of the map (io/raster_map.h), column
 * by column, then those of the next. In this order a tile of a raster is needed again while it is
 * still in GDAL's cache. Row by row, every tile of a wide raster would be decoded for each row of
 * windows. A block is drawn as soon as its windows are answered. */
mosaic_status mos_window_order(const mos_dataset *dataset, int64_t *index, int64_t count);
/* Along one axis: the first block of the map that a window touches, where the map begins at `first`. */
int64_t mos_window_block(int64_t place, int64_t first);

#endif
