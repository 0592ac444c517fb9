#include "deploy/major_tom.h"

#include <math.h>

static const double radius_km = 6378.137, apart_km = 10, most_latitude = 85;

/* The last of the points that divide `whole` degrees into `count` parts, 0 one of them, which is
 * before `at`. */
static double point_before(double at, double whole, double count) {
    return ceil(at / (whole / count)) - 1;
}

bool mos_major_tom_cell(double latitude, double longitude, int32_t *row, int32_t *column) {
    if (!(fabs(latitude) <= most_latitude) || !(fabs(longitude) <= 180)) return false;
    const double rows = ceil(M_PI * radius_km / apart_km);
    const double up = point_before(latitude, 180, rows);
    const double circle = 2 * M_PI * radius_km * cos(up * M_PI / rows);
    const double columns = ceil(circle / apart_km);
    double right = point_before(longitude, 360, columns);
    if (right < -floor(columns / 2)) right = ceil(columns / 2) - 1; /* across the date line */
    *row = (int32_t)up;
    *column = (int32_t)right;
    return true;
}
