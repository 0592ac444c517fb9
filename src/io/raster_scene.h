/* Opening the rasters of a scene: what windows (raster_window.c) and questions about the whole
 * (raster_scene.c) share. */
#ifndef MOS_IO_RASTER_SCENE_H
#define MOS_IO_RASTER_SCENE_H

#include "io/raster_gdal.h"

/* For reading; errors name the path. GDAL is loaded, the capture is the caller's and on. */
mosaic_status mos_scene_open(const char *path, mos_gdal_capture *capture, GDALDatasetH *out);
/* From the raster's pixels to coordinates of `crs`, by its transform or by the spline through its
 * ground control points (gdalwarp -tps). The capture is the caller's and on. */
mosaic_status mos_scene_transformer(const char *path, GDALDatasetH dataset, const char *given,
                                    const char *crs, const mos_gdal_capture *capture, void **out);

#endif
