/* Sentinel-2's product level of every optical modality: reflectance at the top of the atmosphere
 * (L1C) or at the ground (L2A). By the modality's name, the samples' product names, ids and paths,
 * a tag of the files, or cirrus (B10), which level 1C alone has. */
#ifndef MOS_DATA_PRODUCT_LEVEL_H
#define MOS_DATA_PRODUCT_LEVEL_H

#include "data/dataset.h"

/* Sets storage->level and level_by; both levels in one modality are noted as product-level. Tags
 * are looked at in some samples, spread over the data set. */
void mos_product_levels_find(mos_dataset *dataset);

#endif
