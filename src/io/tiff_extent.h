/* Is a TIFF as long as it says? A download that broke off, or a disk that was full, leaves a file that
 * GDAL opens, without what it lacks: no reference system, no names, later no pixels. */
#ifndef MOS_IO_TIFF_EXTENT_H
#define MOS_IO_TIFF_EXTENT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Where the last of what its directories name ends: their tags, its strips and tiles. 0: no TIFF.
 * Directories behind the end of `data` count as far as their place is known. */
uint64_t mos_tiff_extent(const void *data, size_t size);
/* Refuses a TIFF that is shorter, as MOSAIC_ERR_DATA. Anything else passes: other formats, what
 * cannot be opened. */
mosaic_status mos_tiff_whole(const char *path);

#endif
