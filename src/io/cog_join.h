/* A Cloud-Optimized GeoTIFF from its parts: for the image and for each of its overviews a directory,
 * in a BigTIFF of GDAL's, and tiles, in that file or in one of their own. Tiles are taken as they lie,
 * compressed; all directories come first, then the tiles of the smallest overview, those of the image
 * last. */
#ifndef MOS_IO_COG_JOIN_H
#define MOS_IO_COG_JOIN_H

#include "io/tile_file.h"

enum { MOS_COG_IMAGES = 8 };

#define MOS_COG_CLASSIC UINT64_C(0xfff00000) /* a bit less than 4 GB */

typedef struct mos_cog_image {
    const char *directory;         /* path of the BigTIFF */
    const char *tiles;             /* path of another file that has the tiles; NULL: it has them */
    const mos_tile_places *places; /* of the tiles in that other file */
} mos_cog_image;

/* images[count]: from the image to the smallest overview. A file of more than `classic` bytes is a
 * BigTIFF. After a failure the caller removes what was written. */
mosaic_status mos_cog_join(const mos_cog_image *images, int count, uint64_t classic,
                           const char *out);

#endif
