/* A thread that draws maps while the answers they are made of still come: it waits for them, and who
 * computes them hears of its failures. */
#ifndef MOS_DEPLOY_MAP_DRAWER_H
#define MOS_DEPLOY_MAP_DRAWER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_map_drawer mos_map_drawer;
typedef mosaic_status (*mos_map_draw)(void *context, mos_map_drawer *drawer);

/* `draw` begins on a thread of its own with the first word of answers, if there is any. */
mosaic_status mos_map_drawer_start(mos_map_draw draw, void *context, mos_map_drawer **out);
/* Who computes: the first `done` answers are there, and stay as they are. Fails as the drawing did.
 */
mosaic_status mos_map_drawer_tell(mos_map_drawer *drawer, int64_t done);
/* Who draws: until there are `wanted` answers. What was written before them is seen. Fails when none
 * will come any more. */
mosaic_status mos_map_drawer_wait(mos_map_drawer *drawer, int64_t wanted);
/* Ends the thread: whole, with all that was told, or soon. Returns how the drawing ended; takes an
 * empty one. */
mosaic_status mos_map_drawer_end(mos_map_drawer **drawer, bool whole);

#endif
