/* The short way for small GeoTIFF patches: one band in strips, decoded by libtiff from memory. GDAL
 * needs many times as long to open such a file as to read its pixels. */
#ifndef MOS_IO_TIFF_PLAIN_H
#define MOS_IO_TIFF_PLAIN_H

#include "io/safetensors.h" /* mos_dtype */

#include <stdbool.h>
#include <stdint.h>

/* All pixels of a little-endian TIFF of one band in strips, of exactly this size and type, into
 * `out`. False for anything else, damage included: GDAL then reads it, or says what is wrong. False
 * too where GDAL might see other values: bits that do not fill a pixel, strips that are not there,
 * a second image. Thread safe. */
bool mos_tiff_plain_read(const void *data, size_t size, mos_dtype dtype, void *out, int64_t width,
                         int64_t height);

/* Does a little-endian TIFF say nothing of its own about its pixels: one band, one image, none of
 * GDAL's metadata (descriptions, scale, offset), no other no-data value than this one? False too
 * for what is no such TIFF: GDAL knows then. */
bool mos_tiff_is_silent(const void *data, size_t size, bool has_nodata, double nodata);

#endif
