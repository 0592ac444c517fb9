/* Maps on disk, written in strips or blocks: a tiled GeoTIFF and its overviews grow beside the final
 * name, become a Cloud-Optimized GeoTIFF where that is wanted, and take the name when it is whole.
 * Memory is a strip or a block and GDAL's cache, whatever the size of the map. */
#ifndef MOS_IO_RASTER_MAP_H
#define MOS_IO_RASTER_MAP_H

#include "base/options.h"
#include "io/raster.h"

/* A code of a map of codes: gets a colour, and a row of the attribute table. */
typedef struct mos_map_class {
    int code;
    const char *name;
    uint8_t red, green, blue;
} mos_map_class;

typedef struct mos_map_spec {
    int64_t width, height;
    int bands;
    mos_dtype dtype; /* U8, U16, F32 */
    const char *crs; /* as mos_grid has it */
    const double *transform;
    double nodata;              /* NAN is fine for floats */
    double scale, offset;       /* value = scale * stored + offset; 1 and 0: as stored */
    int unit;                   /* this many consecutive bands are a vector of length one.
                                   Overviews are means, scaled to length one again. 0: the bands
                                   are no vectors */
    const char *const *names;   /* [bands] descriptions */
    const char *const *facts;   /* KEY, VALUE, KEY, VALUE, NULL: metadata of the file */
    const mos_map_class *codes; /* [code_count], NULL: values, not codes */
    int code_count;
    int threads;                   /* that compress; the file does not depend on them */
    const char *format;            /* "COG" or "GTiff" */
    const mos_text_list *creation; /* K=V for that driver, over ours; may be NULL */
} mos_map_spec;

typedef struct mos_map mos_map;
enum { MOS_MAP_STRIP = 512 /* rows and columns of a tile */ };

extern const char *const mos_map_formats[]; /* "COG", "GTiff", NULL */
/* Checks creation options (K=V) against the format. GDAL itself would only warn about an unknown
 * one, and write another file than was asked for. */
mosaic_status mos_map_check_creation(const char *format, const mos_text_list *creation);
/* `spec` and what it points to live until finish or abandon. */
mosaic_status mos_map_create(const char *path, const mos_map_spec *spec, mos_map **out);
/* Writes rows [y, y + rows) of a band (0-based): pixels [rows, width] of the spec's type. Not of a COG
 * without options of the caller, which is written in blocks. */
mosaic_status mos_map_write(mos_map *map, int band, int64_t y, int64_t rows, const void *pixels);
/* Writes a block of all bands: pixels [bands, rows, width] at x, y, on so many threads. Blocks have
 * MOS_MAP_STRIP rows and columns, except at the right and the lower edge, and each is written once:
 * those of a row of blocks from left to right. */
mosaic_status mos_map_write_block(mos_map *map, int64_t x, int64_t y, int64_t width, int64_t rows,
                                  const void *pixels, int threads);
/* Writes the overviews (means of values, the most frequent code) and gives the file its final name.
 * The attribute table goes to <path>.aux.xml, where GDAL and QGIS look for it. Ends the map, also
 * on failure. */
mosaic_status mos_map_finish(mos_map **map);
/* What the file says under a key of `facts`; "" where it says nothing, or is no raster. Cut to `size`. */
mosaic_status mos_map_fact(const char *path, const char *key, char *out, size_t size);
/* Removes what was written. Takes an empty map. */
void mos_map_abandon(mos_map **map);

#endif
