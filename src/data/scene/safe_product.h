/* The band images of a Sentinel-2 product as ESA delivers it, unpacked: a folder *.SAFE with
 * GRANULE/<granule>/IMG_DATA/[R10m|R20m|R60m]/<...>_<band>[_10m].jp2. */
#ifndef MOS_DATA_SCENE_SAFE_PRODUCT_H
#define MOS_DATA_SCENE_SAFE_PRODUCT_H

#include "base/error.h"

#include <stdbool.h>

enum { MOS_SAFE_BANDS = 13 };

typedef struct mos_safe_band {
    char name[4]; /* "B02", "B8A"; "" for a band the product has not */
    int resolution_m;
    char path[4096];
} mos_safe_band;

bool mos_safe_is_product(const char *path);
/* The finest image of each band, in the order of names (B8A after B08). No image, or more than one
 * granule, is MOSAIC_ERR_DATA. */
mosaic_status mos_safe_bands(const char *path, mos_safe_band *bands, int *count);

#endif
