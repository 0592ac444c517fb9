/* Where patches lie on the ground: from BigEarthNet names or the georeference of the files. What
 * geographic blocks, buffers and the search for overlapping patches stand on. */
#ifndef MOS_DATA_PATCH_PLACE_H
#define MOS_DATA_PATCH_PLACE_H

#include "data/dataset.h"

typedef struct mos_place {
    bool known;
    int epsg;    /* of the plane x and y are in; 0: one unnamed plane for all such patches */
    double x, y; /* centre, metres */
    double half_width, half_height; /* metres */
    double pixel_m;                 /* side of the finest pixel */
    double latitude, longitude;     /* radians; NaN where the plane is no UTM zone */
} mos_place;

/* One sample's: its site (data/dataset.h), its name, its file. *out unknown when its name is none
 * of BigEarthNet V2 and its file has no georeference. A degree grid (EPSG 4326) is turned into UTM.
 */
mosaic_status mos_place_find(const mos_dataset *dataset, int64_t sample, mos_place *out);
/* Of a raster with this geotransform; false when it is turned. */
bool mos_place_of_grid(const double transform[6], int64_t width, int64_t height, int epsg,
                       mos_place *out);
/* Of a BigEarthNet patch name that has a tile. */
bool mos_place_of_name(const char *name, mos_place *out);
/* Of all samples, mos_free(*out); *unknown counts those without. */
mosaic_status mos_places_make(const mos_dataset *dataset, mos_place **out, int64_t *unknown);
/* Free metres between the outlines of two patches: 0 when they touch, below 0 when they overlap
 * (minus the smaller side of the shared rectangle); infinity between unrelated planes. Across UTM
 * zones the second patch is moved into the first one's plane. */
double mos_place_gap(const mos_place *a, const mos_place *b);
/* The block of side_m x side_m the centre falls into, as a key that is equal for equal blocks. With
 * latitudes known blocks are cells of a sinusoidal grid, the same for all zones. */
uint64_t mos_place_block(const mos_place *place, double side_m);

/* Visit every pair (a < b) of known places whose gap is below `within_m`. */
typedef mosaic_status (*mos_place_visit)(void *context, int64_t a, int64_t b, double gap_m);
mosaic_status mos_places_near(const mos_place *places, int64_t count, double within_m,
                              mos_place_visit visit, void *context);

/* Samples of one place have one number, [count] in [0, *groups): the location the table names, else
 * the cell of a BigEarthNet name, else each sample is its own. mos_free(*group). */
mosaic_status mos_locations_make(const mos_dataset *dataset, int32_t **group, int64_t *groups);

#endif
