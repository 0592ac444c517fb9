/* A folder of rasters that nobody wrote a table for: which of them are radar, which optical, and
 * which belong together, told by their names. */
#ifndef MOS_PREPARE_PAIRS_RASTER_PAIRS_H
#define MOS_PREPARE_PAIRS_RASTER_PAIRS_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_raster_pair {
    char *id;      /* the path without its sensor: "field_0017" */
    char *s1, *s2; /* paths relative to the folder; NULL: there is none */
} mos_raster_pair;

typedef struct mos_raster_pairs {
    mos_raster_pair *pair; /* [count] by id, owned */
    int64_t count, both;   /* both: pairs that are whole */
    int64_t unknown;       /* rasters whose path names no sensor */
    char example[512];     /* one of these, or "" */
} mos_raster_pairs;

/* Looks at *.tif and *.tiff up to five folders deep. A sensor is a part of the path between / _ - .
 * and blanks: s1, sar, radar, sentinel1; s2, optical, msi, sentinel2; in any case. Two rasters of a
 * sensor with one id are MOSAIC_ERR_DATA naming both. Release it also after a failure. */
mosaic_status mos_raster_pairs_find(const char *folder, mos_raster_pairs *out);
void mos_raster_pairs_release(mos_raster_pairs *pairs);
/* A table at `path`: id,s1,s2,labels with empty labels and the rasters by their absolute paths below
 * `folder`; a sensor that no raster is of has no column. */
mosaic_status mos_raster_pairs_write(const mos_raster_pairs *pairs, const char *folder,
                                     const char *path);

#endif
