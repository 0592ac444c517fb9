/* Windows of a raster of any size, reference system and resolution, as pixels of another grid:
 * GDAL's warper with its exact transformer, so that a pixel is the same whatever window it is read
 * in. Costs the window, never the raster.
 *
 * Formats: GeoTIFF, COG, JPEG 2000, PNG, ENVI, Erdas Imagine and VRT (whose sources must be files
 * of this machine). An open window belongs to one thread. */
#ifndef MOS_IO_RASTER_WINDOW_H
#define MOS_IO_RASTER_WINDOW_H

#include "io/raster.h"

enum { MOS_CRS_BYTES = 4096 };

/* North is up; x and y are the upper left corner, lengths in units of the reference system. */
typedef struct mos_grid {
    char crs[MOS_CRS_BYTES]; /* "EPSG:32633", else WKT */
    double x, y, resolution;
    double down; /* height of a pixel that is not square; 0: `resolution` */
} mos_grid;
double mos_grid_down(const mos_grid *grid);

typedef enum mos_resampling {
    MOS_RESAMPLE_NEAREST,
    MOS_RESAMPLE_BILINEAR,
    MOS_RESAMPLE_CUBIC,
    MOS_RESAMPLE_AVERAGE,
    MOS_RESAMPLE_MODE
} mos_resampling;
extern const char *const mos_resampling_names[]; /* in the same order, NULL-terminated */

/* Where a raster lies: its outline's box in a reference system. */
typedef struct mos_extent {
    double west, south, east, north;
    double pixel_width, pixel_height; /* of its pixels along the axes of that system; 0: they are
                                         turned, or of another system */
} mos_extent;

/* As mos_raster_info_read, for rasters of any size and of the formats above. band_names are the
 * descriptions. */
mosaic_status mos_scene_info_read(const char *path, mos_raster_info *info);
/* The reference system as "EPSG:n" where it has such a code, else as WKT. `given` replaces the
 * file's own where it is not NULL. A raster without one is MOSAIC_ERR_DATA. */
mosaic_status mos_scene_crs_read(const char *path, const char *given, char out[MOS_CRS_BYTES]);
/* Brings any text that GDAL takes for a reference system to the same form. */
mosaic_status mos_crs_normalise(const char *text, char out[MOS_CRS_BYTES]);
/* Is it degrees? */
mosaic_status mos_crs_is_geographic(const char *crs, bool *out);
/* The box of the raster in `crs`, from 21 points a side, and the mean size of a pixel there. */
mosaic_status mos_scene_extent(const char *path, const char *given, const char *crs,
                               mos_extent *out, double *resolution);

typedef struct mos_window_options {
    const char *crs; /* of the source, where it has none or a wrong one; NULL: its own */
    mos_resampling resampling;
    mos_dtype dtype;        /* of the pixels delivered */
    bool has_source_nodata; /* replaces the file's own */
    double source_nodata;
    double nodata; /* what pixels outside or without data become; NaN is fine for floats */
} mos_window_options;
typedef struct mos_window mos_window;

mosaic_status mos_window_open(const char *path, const mos_grid *grid,
                              const mos_window_options *options, mos_window **out);
void mos_window_close(mos_window **window);
/* Bands (1-based) of the pixels [x, x + width) x [y, y + height) of the grid, which may lie
 * anywhere: out[b] [height, width]. */
mosaic_status mos_window_read(mos_window *window, const int *bands, int count, int64_t x, int64_t y,
                              int64_t width, int64_t height, void *const *out);

/* How often each value occurs among the raster's own pixels whose centres lie inside the window:
 * nothing is resampled. `outside` are the pixels without data, and those the raster would have
 * there if it were larger. */
typedef struct mos_value_count {
    double value;
    int64_t count;
} mos_value_count;
typedef struct mos_value_counts {
    mos_value_count *values; /* in order of value */
    size_t count, capacity;
    int64_t inside, outside;
    bool has_nodata;
    double nodata;
} mos_value_counts;
mosaic_status mos_window_count_values(mos_window *window, int band, int64_t x, int64_t y,
                                      int64_t width, int64_t height, mos_value_counts *out);
void mos_value_counts_release(mos_value_counts *counts);

#endif
