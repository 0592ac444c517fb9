/* A Cloud-Optimized GeoTIFF from tiled TIFFs that are complete: the image and its overviews, each a
 * BigTIFF of GDAL's. Tiles are taken as they lie, compressed; all directories come first, then the
 * tiles of the smallest overview, those of the image last. */
#ifndef MOS_IO_COG_JOIN_H
#define MOS_IO_COG_JOIN_H

#include "base/error.h"

#include <stdint.h>

enum { MOS_COG_IMAGES = 8 };

#define MOS_COG_CLASSIC UINT64_C(0xfff00000) /* a bit less than 4 GB */

/* paths[count]: from the image to the smallest overview. A file of more than `classic` bytes is a
 * BigTIFF. After a failure the caller removes what was written. */
mosaic_status mos_cog_join(const char *const *paths, int count, uint64_t classic, const char *out);

#endif
