/* Overviews of rasters whose bands are vectors of length one. Internal to the room. */
#ifndef MOS_IO_RASTER_VECTORS_H
#define MOS_IO_RASTER_VECTORS_H

#include "io/raster_gdal.h"
#include "io/raster_map.h"

/* Puts overviews into the file, each half as wide as the one before: of every vector the mean of
 * up to four, made as long as one again. A plain mean is shorter the more its vectors differ, and
 * no vector that a search knows. */
mosaic_status mos_vector_overviews(const char *path, const mos_map_spec *spec,
                                   const mos_gdal_capture *capture);

#endif
