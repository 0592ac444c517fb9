/* Which raster, and which band of it, is behind each band of a scene's modality. */
#ifndef MOS_DATA_SCENE_SCENE_BANDS_H
#define MOS_DATA_SCENE_SCENE_BANDS_H

#include "data/scene/scene_layout.h"

/* The first scene that has a modality tells its bands; others need the same names. Paths of bands
 * of .SAFE folders go to the data set's pool. */
mosaic_status mos_scene_bands(mos_dataset *dataset, const mos_scene_set *set, mos_scene *scene,
                              const mos_scene_modality *options);

#endif
