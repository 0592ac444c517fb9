/* What raster reading and writing share: GDAL's errors caught per thread, and its pixel types. */
#ifndef MOS_IO_RASTER_GDAL_H
#define MOS_IO_RASTER_GDAL_H

#include "io/gdal_table.h"
#include "io/raster.h"

/* GDAL's first failure while the capture is on. */
typedef struct mos_gdal_capture {
    char text[400]; /* "" while nothing failed */
} mos_gdal_capture;

/* Loads GDAL and sets it up, once; MOSAIC_ERR_UNSUPPORTED where it cannot be loaded. Whatever calls
 * GDAL first calls this, or was handed what GDAL has opened. */
mosaic_status mos_raster_init(void);

/* From here to the end nothing of GDAL's is printed on this thread. */
void mos_gdal_capture_begin(mos_gdal_capture *capture);
void mos_gdal_capture_end(void);

/* "<path>: <GDAL's words>", or `otherwise` where GDAL said nothing. */
mosaic_status mos_gdal_fail(mosaic_status status, const char *path, const mos_gdal_capture *capture,
                            const char *otherwise);

/* A file that GDAL did not open, and of which the first bytes tell what it is instead: an error
 * that names the way round; MOSAIC_OK: nothing known. */
mosaic_status mos_gdal_foreign(const char *path);

/* The no-data value of the first band, where its type can hold it. */
void mos_gdal_nodata(GDALDatasetH dataset, mos_raster_info *info);
/* The band that is transparency, by its colour or its description (alpha, dataMask); 0: none. */
int mos_gdal_alpha(GDALDatasetH dataset);
/* Names, scales, offsets, alpha and mask of the bands. */
void mos_gdal_describe_bands(GDALDatasetH dataset, mos_raster_info *info);

/* "EPSG:4326", WKT; x goes east, whatever the system's own order is. NULL: not known. */
OGRSpatialReferenceH mos_reference_of(const char *crs);

/* False where there is no exact counterpart. */
bool mos_gdal_dtype(GDALDataType type, mos_dtype *out);
GDALDataType mos_gdal_type(mos_dtype dtype); /* GDT_Unknown */

#endif
