/* The grid a scene is cut on. */
#ifndef MOS_DATA_SCENE_SCENE_GRID_H
#define MOS_DATA_SCENE_SCENE_GRID_H

#include "data/scene/scene_layout.h"

/* Sets grid, size, stride and the numbers of patches, from the keys and the scene's first optical
 * modality (else its first). */
mosaic_status mos_scene_grid(const mos_dataset *dataset, const mos_scene_set *set,
                             mos_scene *scene);
/* The pixels of one modality on that grid. */
mosaic_status mos_scene_source_grid(const mos_scene_set *set, const mos_scene *scene,
                                    mos_scene_source *source);
/* Pixels of the grid from the first patch to the one at a row and column. */
void mos_scene_offset(const mos_scene *scene, int64_t row, int64_t column, int64_t *x, int64_t *y);
/* Upper left corner of a patch, row and column counted from the scene's first. */
void mos_scene_corner(const mos_scene *scene, int64_t row, int64_t column, double *x, double *y);

#endif
