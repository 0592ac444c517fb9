/* Outlines on the ground, from a georeference or a BigEarthNet name: gaps, blocks, neighbours. */
#ifndef MOS_DATA_PATCH_PLACE_H
#define MOS_DATA_PATCH_PLACE_H

#include "data/dataset.h"

typedef struct mos_place {
    bool known;
    int epsg;    /* of the plane x and y are in; 0: one unnamed plane for all such patches */
    double x, y; /* centre, metres */
    double half_width, half_height; /* metres */
    double pixel_m;         /* side of the finest pixel; of a pixel that is no square the shorter */
    double pixel_longest_m; /* the longer one: they differ where pixels are squares of degrees */
    double latitude, longitude; /* radians; NaN where the plane is no UTM zone */
} mos_place;

/* The outline of a raster with this geotransform, in its units; a turned one's has it inside. crs
 * is left alone. */
void mos_box_of_grid(const double transform[6], int64_t width, int64_t height, mos_site *out);
/* Of an outline whose pixels have these sides; degrees are turned into UTM. */
bool mos_place_of_box(const mos_site *box, int epsg, double pixel_wide, double pixel_high,
                      mos_place *out);
/* Of a BigEarthNet patch name that has a tile. */
bool mos_place_of_name(const char *name, mos_place *out);
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

#endif
