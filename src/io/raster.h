/* Rasters through GDAL: whole small patches (GeoTIFF, COG, PNG, JPEG 2000; no VRT, which can name
 * any other file), plus a small GeoTIFF writer. */
#ifndef MOS_IO_RASTER_H
#define MOS_IO_RASTER_H

#include "base/error.h"
#include "io/safetensors.h" /* mos_dtype */

#include <stdbool.h>
#include <stdint.h>

enum { MOS_RASTER_NAMED_BANDS = 64 }; /* of a raster's bands, so many are described */

typedef struct mos_raster_info {
    int64_t width, height;
    int bands;
    mos_dtype dtype; /* of band 1 */
    int alpha;       /* the band that is transparency, 1-based; 0: none. It is counted in `bands` */
    bool has_mask;   /* a mask beside the bands tells which pixels are measurements */
    bool scaled;     /* some band has a scale or an offset other than 1 and 0 */
    double scale[MOS_RASTER_NAMED_BANDS], offset[MOS_RASTER_NAMED_BANDS]; /* value = scale * v +
                                                                             offset */
    bool has_nodata;
    double nodata;
    bool has_transform;
    int control_points;  /* of a scene's raster that has them in place of a transform */
    double transform[6]; /* GDAL's geotransform */
    int epsg;            /* 0 unknown */
    char product[96];    /* what a tag says of the product or its level, "" nothing */
    char band_names[MOS_RASTER_NAMED_BANDS][64]; /* band descriptions, "" where none */
} mos_raster_info;

/* Errors name the file and carry GDAL's or libtiff's own words. Nothing is printed. Limits: 65,536
 * px a side, 256 bands, 2 GiB. GDAL is loaded by the first call that needs it, from any thread; where
 * it cannot be loaded, each of them is MOSAIC_ERR_UNSUPPORTED with the reason. */
/* GDAL's release name, "3.6.2". */
mosaic_status mos_raster_version(const char **out);
/* Limits GDAL's cache of tiles, process-wide. GDAL's own limit is a share of all memory. */
void mos_raster_limit_cache(int64_t bytes);
mosaic_status mos_raster_info_read(const char *path, mos_raster_info *info);
/* All of band `band` (1-based) into `out` as `dtype` (only exact conversions: u8/u16/i16/f32 to f32
 * or f64, or the same type; anything else is an error). `count` = width*height expected; a
 * different size is MOSAIC_ERR_DATA. */
mosaic_status mos_raster_read_band(const char *path, int band, mos_dtype dtype, void *out,
                                   int64_t width, int64_t height);
/* Open once, read several bands: out[b] for bands[b], each width*height of dtype. info may be NULL.
 */
mosaic_status mos_raster_read_bands(const char *path, const int *bands, int count, mos_dtype dtype,
                                    void *const *out, int64_t width, int64_t height);
/* Which pixels are measurements, by the file's mask or alpha band: out [height, width], 0: none. */
mosaic_status mos_raster_read_mask(const char *path, uint8_t *out, int64_t width, int64_t height);
/* mos_raster_info_read and mos_raster_read_band for a file that lies in memory; `what` stands for
 * its path in messages. Small GeoTIFFs of one band take a short way past GDAL: same values, a
 * fraction of the time. */
mosaic_status mos_raster_info_bytes(const char *what, const void *data, size_t size,
                                    mos_raster_info *info);
mosaic_status mos_raster_read_bytes(const char *what, const void *data, size_t size, int band,
                                    mos_dtype dtype, void *out, int64_t width, int64_t height);
mosaic_status mos_raster_mask_bytes(const char *what, const void *data, size_t size, uint8_t *out,
                                    int64_t width, int64_t height);
/* Plain uncompressed (or options-driven) GeoTIFF, planes in order, written beside `path` and
 * renamed; epsg 0 and transform NULL leave georeferencing out. */
mosaic_status mos_raster_write(const char *path, mos_dtype dtype, int64_t width, int64_t height,
                               int bands, const void *const *planes, const double *transform,
                               int epsg, const double *nodata, const char *const *creation_options);

#endif
