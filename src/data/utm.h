/* Universal Transverse Mercator on WGS 84, and the MGRS squares Sentinel-2 tiles are named after:
 * enough to say where a patch lies, and whether patches of two zones overlap. */
#ifndef MOS_DATA_UTM_H
#define MOS_DATA_UTM_H

#include <stdbool.h>

#define MOS_EARTH_RADIUS_M 6371008.8 /* mean */

/* EPSG code of a UTM zone, 32601..32660 north and 32701..32760 south? */
bool mos_utm_is_zone(int epsg);
/* Zone of a longitude (radians), on the northern or southern half. */
int mos_utm_zone(double latitude, double longitude);
/* Radians to metres and back, by Krueger's series to the fourth order in the third flattening
 * (Karney 2011): exact to below 1 mm within 20 degrees of the central meridian. epsg: a UTM zone.
 */
void mos_utm_forward(int epsg, double latitude, double longitude, double *east_m, double *north_m);
void mos_utm_inverse(int epsg, double east_m, double north_m, double *latitude, double *longitude);
/* Zone and upper left corner of the 100 km square "33UUP"; false when it is none. */
bool mos_utm_square(const char *mgrs, int *epsg, double *west_m, double *north_m);

#endif
