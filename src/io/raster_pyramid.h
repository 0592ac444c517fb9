/* Overviews of a strip of a map, each half the size of the one before. */
#ifndef MOS_IO_RASTER_PYRAMID_H
#define MOS_IO_RASTER_PYRAMID_H

#include "io/raster.h"

/* Means of what is data in squares of 2 x 2, rounded; no data where none is. U8, U16 and F32 (NaN
 * is no data). from [rows, width], out [(rows + 1) / 2, (width + 1) / 2]. */
void mos_pyramid_mean(mos_dtype dtype, const void *from, int64_t width, int64_t rows, double nodata,
                      void *out);
/* The commonest code that is data in squares of 2^level a side, the least of several. */
void mos_pyramid_mode(const uint8_t *from, int64_t width, int64_t rows, int level, uint8_t nodata,
                      uint8_t *out);

#endif
