/* Which pixels of a scene are valid, a bit for each: every pixel is looked at once, however many
 * patches it is in. */
#ifndef MOS_DATA_SCENE_SCENE_PLANES_H
#define MOS_DATA_SCENE_SCENE_PLANES_H

#include "data/scene/scene_layout.h"

typedef struct mos_bit_plane {
    int64_t width, height, words; /* words: of a row */
    uint64_t *bits;
} mos_bit_plane;

/* Some rows of patches of a scene. Planes of what the scene has not are empty. */
typedef struct mos_scene_planes {
    const mos_scene *scene;
    int64_t row, rows;                            /* of patches */
    mos_bit_plane valid[MOS_DATA_MAX_MODALITIES]; /* in the modality's own pixels */
    mos_bit_plane masked, inside;                 /* by the scene's mask; in the area */
} mos_scene_planes;

/* Reads as many rows of patches from `row` on as some thousand rows of pixels hold. power: bit m:
 * zero and less of modality m is no measurement. readers [threads] are opened as they are needed
 * and stay the caller's. */
mosaic_status mos_scene_planes_read(mos_dataset *dataset, const mos_scene *scene, uint32_t power,
                                    int64_t row, int threads, void **readers,
                                    mos_scene_planes *out);
void mos_scene_planes_release(mos_scene_planes *planes);
/* Set bits of the patch at a row and column of the scene; `size` is its side in the plane. */
int64_t mos_scene_planes_count(const mos_scene_planes *planes, const mos_bit_plane *plane,
                               int64_t size, int64_t row, int64_t column);

#endif
