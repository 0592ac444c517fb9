/* The grid that the Major TOM data sets name places by. Its points are some 10 km apart, in rows along
 * circles of latitude; a cell has the name of the point at its lower left ("516U_72R"). */
#ifndef MOS_DEPLOY_MAJOR_TOM_H
#define MOS_DEPLOY_MAJOR_TOM_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The cell of a place, in degrees: rows up from the equator, columns to the right of Greenwich,
 * below 0 down and left. False beyond 85 degrees, where the grid ends. */
bool mos_major_tom_cell(double latitude, double longitude, int32_t *row, int32_t *column);

#endif
