/* Painted patches side by side as one scene: rasters, a land-cover map, and the file that names
 * them. */
#ifndef MOS_PREPARE_SYNTH_SYNTH_SCENE_H
#define MOS_PREPARE_SYNTH_SYNTH_SCENE_H

#include "prepare/synth/synth_canvas.h"

typedef struct mos_synth_mosaic {
    int64_t size, columns, rows, width, height; /* of a patch, in patches, in px */
    uint16_t *s2[MOS_SYNTH_S2_BANDS];           /* [height, width] 0: nothing there */
    float *s1[2];                               /* VV, VH; NaN: nothing there */
    uint16_t *cover;                            /* CORINE's codes, 0: nothing there */
} mos_synth_mosaic;

/* Room for `count` patches, as square as it gets. */
mosaic_status mos_synth_mosaic_init(mos_synth_mosaic *mosaic, int64_t count, int64_t size);
void mos_synth_mosaic_release(mos_synth_mosaic *mosaic);
/* Patch number `index`, row by row. Threads may put different ones. */
void mos_synth_mosaic_put(mos_synth_mosaic *mosaic, int64_t index, const mos_synth_canvas *canvas,
                          const mos_synth_patch *patch);
/* s1.tif, s2.tif, land_cover.tif and, last, scene.yaml, with the upper left corner of `tile`. */
mosaic_status mos_synth_mosaic_write(const mos_synth_mosaic *mosaic, const mos_synth_tile *tile,
                                     const char *folder);

#endif
