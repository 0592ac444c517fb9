/* Patches of BigEarthNet v1.0 become samples: S1 and S2 of a place are joined by the split list
 * that names both, or by corresponding_s2_patch of the S1 patch's JSON. */
#ifndef MOS_DATA_BIGEARTHNET_V1_JOIN_H
#define MOS_DATA_BIGEARTHNET_V1_JOIN_H

#include "data/bigearthnet_layout.h"

/* folders[MOS_BEN_S1], folders[MOS_BEN_S2] hold the patch folders named in stored[...]. Modalities
 * are there; classes are added here. */
mosaic_status mos_v1_join(mos_dataset *dataset, const char *const *folders,
                          mos_name_set *const *stored);

#endif
