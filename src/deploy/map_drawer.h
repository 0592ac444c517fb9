/* A thread that draws maps while another thread still computes the answers they are made of. The
 * drawing thread waits for answers; the computing thread learns of its failures. */
#ifndef MOS_DEPLOY_MAP_DRAWER_H
#define MOS_DEPLOY_MAP_DRAWER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_map_drawer mos_map_drawer;
typedef mosaic_status (*mos_map_draw)(void *context, mos_map_drawer *drawer);

/* Starts a thread. It calls `draw` after the first mos_map_drawer_tell, or never without one. */
mosaic_status mos_map_drawer_start(mos_map_draw draw, void *context, mos_map_drawer **out);
/* The computing thread says that the first `done` answers are there and final. Returns the failure
 * of the drawing, if it failed. */
mosaic_status mos_map_drawer_tell(mos_map_drawer *drawer, int64_t done);
/* The drawing thread waits until there are `wanted` answers, and then sees what was written before
 * them. Fails when no more will come. */
mosaic_status mos_map_drawer_wait(mos_map_drawer *drawer, int64_t wanted);
/* How many answers there are now. */
int64_t mos_map_drawer_told(mos_map_drawer *drawer);
/* Ends the thread. whole: after it has drawn every answer that it was told of; otherwise as soon as
 * possible. Returns the status of the drawing. Takes an empty drawer. */
mosaic_status mos_map_drawer_end(mos_map_drawer **drawer, bool whole);

#endif
