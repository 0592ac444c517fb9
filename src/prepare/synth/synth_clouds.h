/* Clouds and their shadows over optical patches of the procedural data set: radar sees through them.
 */
#ifndef MOS_PREPARE_SYNTH_SYNTH_CLOUDS_H
#define MOS_PREPARE_SYNTH_SYNTH_CLOUDS_H

#include "prepare/synth/synth_canvas.h"

/* Fills canvas->cloud (opacity, 0 to 1) and canvas->shadow (factor on the light, 0.45 to 1) with a
 * field of which the pixels of the largest values, `patch->cover` of all, are cloud. Uses the
 * canvas's plane and noise as scratch. */
void mos_synth_clouds_paint(mos_synth_canvas *canvas, uint64_t seed, const mos_synth_patch *patch);
/* Lays them over canvas->plane, the reflectance of S2 band `band` at 10 m. */
void mos_synth_clouds_cover(mos_synth_canvas *canvas, int band);

#endif
