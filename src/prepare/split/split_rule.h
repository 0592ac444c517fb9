/* The official split of BigEarthNet V2: concentric squares inside each Sentinel-2 tile. */
#ifndef MOS_PREPARE_SPLIT_SPLIT_RULE_H
#define MOS_PREPARE_SPLIT_SPLIT_RULE_H

#include "data/dataset.h"

/* The split of the patch at (column, row) of its tile, 0..90 each. With x = 1200 column + 600, y
 * alike, s = 109800 m and d = min(x, y, s - x, s - y): train where d < s (2 - sqrt 2) / 4,
 * validation where d < that + s (sqrt 2 - 1) / 4, test inside (bigearthnet-pipeline, ben-metadata-
 * finalizer.sql). */
mos_split mos_split_rule_v2(int column, int row);

#endif
