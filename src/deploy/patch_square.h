/* Where a patch lies on the ground, for every file that says it: tables, polygons, GeoParquet. */
#ifndef MOS_DEPLOY_PATCH_SQUARE_H
#define MOS_DEPLOY_PATCH_SQUARE_H

#include "data/sample_place.h"
#include "io/raster_window.h"
#include "io/vector_file.h"

/* The outline as the source has it, to the bit; where that is in no system with a name, the grid
 * cell in the sample's name; else the outline in a system of the name "unnamed". False, and
 * out->crs NULL: not known. `crs` has room for the name of a system. */
bool mos_patch_square(mos_reader *reader, int64_t sample, char crs[MOS_SITE_CRS_BYTES],
                      mos_vector_square *out);

/* The one system that a layer of squares is in. */
typedef struct mos_layer_crs {
    char crs[MOS_CRS_BYTES];
} mos_layer_crs;
/* Counts a square's system; one without a name, or NULL, does not count. */
void mos_layer_crs_add(mos_layer_crs *layer, const char *crs);
/* That of all squares, else "EPSG:4326"; NULL: none has a place. */
const char *mos_layer_crs_of(const mos_layer_crs *layer);

#endif
