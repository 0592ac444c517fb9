/* Files beside a raster that say something of its pixels. GDAL would look for them in a listing of
 * the folder, which is off (io/raster_gdal.c), so nothing of them is used: who reads the raster has
 * to know that they are there. */
#ifndef MOS_IO_RASTER_BESIDE_H
#define MOS_IO_RASTER_BESIDE_H

#include <stdbool.h>

typedef struct mos_raster_beside {
    bool mask;   /* <path>.msk */
    bool nodata; /* <path>.aux.xml gives a no-data value */
    bool scale;  /* or a scale other than 1, or an offset other than 0 */
} mos_raster_beside;

mos_raster_beside mos_raster_beside_find(const char *path);

#endif
