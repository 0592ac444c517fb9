#include "data/scene/scene_ground.h"

#include "io/turn.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Lengths of a radian of longitude and of latitude on the ellipsoid of WGS 84. */
static void radian_lengths(double latitude, double *east, double *north) {
    const double major = 6378137, squared = 0.00669437999014; /* its eccentricity's square */
    const double sine = sin(latitude), bend = 1 - squared * sine * sine;
    *east = major * cos(latitude) / sqrt(bend);
    *north = major * (1 - squared) / (bend * sqrt(bend));
}

static double distance(const double longitude[2], const double latitude[2]) {
    double east, north;
    radian_lengths((latitude[0] + latitude[1]) / 360 * pi, &east, &north);
    return hypot((longitude[1] - longitude[0]) / 180 * pi * east,
                 (latitude[1] - latitude[0]) / 180 * pi * north);
}

static bool is_near(double a, double b) {
    return fabs(a - b) <= 0.01 * b;
}

/* A unit may be a metre or a degree: both ways are far less than a scene and far more than rounding. */
mosaic_status mos_scene_ground(const char *crs, double x, double y, double *across, double *down) {
    double longitude[4] = {x, x, x, x}, latitude[4] = {y, y, y, y};
    mos_turn *turn;
    bool degrees;
    MOS_TRY(mos_crs_is_geographic(crs, &degrees));
    MOS_TRY(mos_turn_create("EPSG:4326", &turn));
    const double step = degrees ? 1e-3 : 100;
    longitude[0] -= step / 2;
    longitude[1] += step / 2;
    latitude[2] -= step / 2;
    latitude[3] += step / 2;
    const bool good = mos_turn_points(turn, crs, 4, longitude, latitude);
    mos_turn_destroy(&turn);
    *across = distance(longitude, latitude) / step;
    *down = distance(longitude + 2, latitude + 2) / step;
    if (!good || !(*across > 0) || !(*down > 0) || !isfinite(*across) || !isfinite(*down))
        return mos_fail(MOSAIC_ERR_DATA, "%.15g, %.15g of %.40s is no place on the earth", x, y,
                        crs);
    if (is_near(*across, 1) && is_near(*down, 1)) *across = *down = 1;
    if (is_near(*across, *down)) *across = *down = sqrt(*across * *down);
    return MOSAIC_OK;
}
