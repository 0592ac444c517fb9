/* An area to work on: a box, or the polygons of a file that OGR reads, in the reference system of a
 * grid. A pixel is inside when its centre is. */
#ifndef MOS_IO_AREA_H
#define MOS_IO_AREA_H

#include "io/raster_window.h"

typedef struct mos_area mos_area;

/* Four numbers with commas between: no file. */
bool mos_area_is_box(const char *text);
/* `text`: "xmin,ymin,xmax,ymax", or a GeoJSON, GeoPackage, FlatGeobuf or shapefile with polygons.
 * `crs` is that of the numbers (NULL: degrees, EPSG:4326), or replaces the file's own. Sides are
 * cut into short pieces before they are brought to `grid_crs`. */
mosaic_status mos_area_open(const char *text, const char *crs, const char *grid_crs,
                            mos_area **out);
void mos_area_close(mos_area **area);
mos_extent mos_area_box(const mos_area *area);
/* Pixels [x, x + width) x [y, y + height) of the grid: out [height, width] 1 inside, 0 outside. */
mosaic_status mos_area_pixels(const mos_area *area, const mos_grid *grid, int64_t x, int64_t y,
                              int64_t width, int64_t height, uint8_t *out);

#endif
