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

#endif
