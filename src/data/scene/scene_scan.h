/* One pass over all patches of all scenes, in windows: which modalities have enough valid pixels
 * there, and which classes the land cover holds. */
#ifndef MOS_DATA_SCENE_SCENE_SCAN_H
#define MOS_DATA_SCENE_SCENE_SCAN_H

#include "data/scene/scene_layout.h"

typedef struct mos_scene_patch {
    uint32_t present; /* bit m: enough of modality m is valid */
    uint32_t touched; /* bit m: some of it is */
    float valid;      /* share of valid pixels of the modality that has fewest */
    float known;      /* share of the patch that is in a class; -1: no land cover */
    bool labeled;
    bool outside; /* of the area: nothing else is known */
} mos_scene_patch;

typedef struct mos_scene_scan {
    mos_scene_patch *patches; /* [set->patches], scene by scene, row by row */
    int8_t *labels;           /* [set->patches, classes] */
} mos_scene_scan;

/* Values of land cover that have no class become defects of the data set, or the error where
 * land_cover.unknown is refuse. A modality that is nowhere on its scene's grid is MOSAIC_ERR_DATA.
 */
mosaic_status mos_scene_scan_run(mos_dataset *dataset, const mos_scene_set *set,
                                 mos_scene_scan *out);
void mos_scene_scan_release(mos_scene_scan *scan);

#endif
