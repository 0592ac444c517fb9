/* Points from any reference system into one. */
#ifndef MOS_IO_TURN_H
#define MOS_IO_TURN_H

#include "base/error.h"

#include <stdbool.h>

typedef struct mos_turn mos_turn;

/* to: "EPSG:4326", WKT; x goes east, y north, whatever the system's own order is. */
mosaic_status mos_turn_create(const char *to, mos_turn **out);
void mos_turn_destroy(mos_turn **turn); /* takes an empty one */
/* In place; false where the points have no place there, or `from` is not known. Points of one
 * system after the other are cheap. */
bool mos_turn_points(mos_turn *turn, const char *from, int count, double *x, double *y);

#endif
