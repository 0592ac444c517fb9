/* How large pixels are on the ground, whatever their reference system counts in: degrees, feet, or
 * metres of a projection that stretches them, as Web Mercator's. */
#ifndef MOS_DATA_SCENE_SCENE_GROUND_H
#define MOS_DATA_SCENE_SCENE_GROUND_H

#include "io/raster_window.h"

/* Metres on the ground of one unit of `crs`, to the east and to the north, at a point of it. Exactly 1
 * where the system's units are metres but for what a projection of a zone does to them; both are
 * equal where they nearly are, so that square pixels stay square. */
mosaic_status mos_scene_ground(const char *crs, double x, double y, double *across, double *down);

#endif
