/* Patches of BigEarthNet v1.0 become samples: S1 and S2 of a place are joined by the split list
 * that names both, or by corresponding_s2_patch of the S1 patch's JSON. */
#ifndef MOS_DATA_BIGEARTHNET_BIGEARTHNET_V1_JOIN_H
#define MOS_DATA_BIGEARTHNET_BIGEARTHNET_V1_JOIN_H

#include "data/bigearthnet/bigearthnet_layout.h"
#include "data/bigearthnet/bigearthnet_v1_labels.h"
#include "data/bigearthnet/bigearthnet_v1_lists.h"

/* patches[MOS_BEN_S1], patches[MOS_BEN_S2] are what is stored, with a note for each name; JSON that
 * is needed and that no note has is read from their files. Modalities are there; classes and
 * samples are added here. */
mosaic_status mos_v1_join(mos_dataset *dataset, const mos_v1_lists *lists, mos_v1_patches *patches);

#endif
