/* Compressed tiles of one image, in the order in which they come, and where each of them lies. */
#ifndef MOS_IO_TILE_FILE_H
#define MOS_IO_TILE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mos_tile_places {
    uint64_t count;
    uint64_t *offset, *bytes; /* [count] 0 bytes: the tile has not come */
} mos_tile_places;

typedef struct mos_tile_file mos_tile_file;

/* `path` is made anew. */
mosaic_status mos_tile_file_create(const char *path, uint64_t tiles, mos_tile_file **out);
/* From any thread; each tile once. */
mosaic_status mos_tile_file_put(mos_tile_file *file, uint64_t tile, const void *data, size_t size);
const mos_tile_places *mos_tile_file_places(const mos_tile_file *file);
/* Takes an empty one; the file stays. */
void mos_tile_file_close(mos_tile_file **file);

#endif
