/* Files beside a raster that say something of its pixels. GDAL finds them by listing the folder,
 * which is off (io/raster_gdal.c), so it ignores them. A caller that reads the raster asks here
 * whether there are any. */
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
