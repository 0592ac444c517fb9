/* The tiles of a map and of its overviews, each compressed and written once, while the map comes block
 * by block. Tiles have MOS_MAP_STRIP columns; those of overview k have MOS_MAP_STRIP >> k rows, so
 * that a strip of the map makes whole ones. */
#ifndef MOS_IO_TILE_PYRAMID_H
#define MOS_IO_TILE_PYRAMID_H

#include "io/raster_map.h"
#include "io/tile_file.h"

enum { MOS_PYRAMID_LEVELS = 6 /* the image, and overviews of 16 rows and more */ };

int64_t mos_pyramid_reduced(int64_t size, int level);
/* The image alone where it fits a tile. */
int mos_pyramid_levels(const mos_map_spec *spec);

typedef struct mos_tile_pyramid mos_tile_pyramid;
/* paths[levels]: of the image, then of its overviews. */
mosaic_status mos_tile_pyramid_create(const mos_map_spec *spec, const char *const *paths,
                                      mos_tile_pyramid **out);
/* See mos_map_write_block. */
mosaic_status mos_tile_pyramid_add(mos_tile_pyramid *pyramid, int64_t x, int64_t y, int64_t width,
                                   int64_t rows, const void *pixels, int threads);
const mos_tile_places *mos_tile_pyramid_places(const mos_tile_pyramid *pyramid, int level);
/* Takes an empty one; the files stay. */
void mos_tile_pyramid_destroy(mos_tile_pyramid **pyramid);

#endif
