/* Tiles of a TIFF, compressed: differences of neighbours where they are wanted (predictors 2 and 3 of
 * TIFF 6.0 and its technical note 3), then a zlib stream of the fastest level. The bytes depend on the
 * pixels and on the library that compresses. */
#ifndef MOS_IO_TILE_ENCODE_H
#define MOS_IO_TILE_ENCODE_H

#include "io/raster.h"

#include <stdbool.h>

typedef struct mos_tile_encoder mos_tile_encoder; /* one thread's */

/* side: of tiles, at most, in pixels. */
mosaic_status mos_tile_encoder_create(mos_dtype dtype, bool differences, int64_t side,
                                      mos_tile_encoder **out);
void mos_tile_encoder_destroy(mos_tile_encoder **encoder);
/* A tile of side x height pixels. pixels [rows, stride] has `columns` x `rows` of them; what the tile
 * has beyond repeats its edge, and costs nothing then. *out stays until the next call. */
mosaic_status mos_tile_encode(mos_tile_encoder *encoder, const void *pixels, int64_t stride,
                              int64_t columns, int64_t rows, int64_t height,
                              const unsigned char **out, size_t *size);

#endif
