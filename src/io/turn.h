/* Coordinate transformation: points from any reference system into one. */
#ifndef MOS_IO_TURN_H
#define MOS_IO_TURN_H

#include "base/error.h"

#include <stdbool.h>

typedef struct mos_turn mos_turn;

/* to: "EPSG:4326", WKT; x goes east, y north, whatever the system's own order is. */
mosaic_status mos_turn_create(const char *to, mos_turn **out);
void mos_turn_destroy(mos_turn **turn); /* takes an empty one */
/* Transforms points in place. False where they do not exist in the target system, or `from` is not
 * known. Consecutive calls with one `from` are cheap: its transformation is kept. */
bool mos_turn_points(mos_turn *turn, const char *from, int count, double *x, double *y);

#endif
