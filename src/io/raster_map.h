/* Maps on disk, written in strips: a tiled GeoTIFF and its overviews grow beside the final name,
 * become a Cloud-Optimized GeoTIFF where that is wanted, and take the name when it is whole. Memory is a
 * strip and GDAL's cache, whatever the size of the map. */
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
    int unit;                   /* so many bands after the other are a vector of length one, which
                                   overviews are too: the means, made as long again; 0: no vectors */
    const char *const *names;   /* [bands] descriptions */
    const char *const *facts;   /* KEY, VALUE, KEY, VALUE, NULL: metadata of the file */
    const mos_map_class *codes; /* [code_count], NULL: values, not codes */
    int code_count;
    int threads;                   /* that compress; without effect on any byte */
    const char *format;            /* "COG" or "GTiff" */
    const mos_text_list *creation; /* K=V for that driver, over ours; may be NULL */
} mos_map_spec;

typedef struct mos_map mos_map;
enum { MOS_MAP_STRIP = 512 /* rows: those of a tile */ };

extern const char *const mos_map_formats[]; /* "COG", "GTiff", NULL */
/* What GDAL keeps of tiles, for the process: its own choice is a share of all memory. */
void mos_map_limit_cache(int64_t bytes);
/* Does the format know these creation options (K=V)? GDAL would only warn, and write something else
 * than was asked for. */
mosaic_status mos_map_check_creation(const char *format, const mos_text_list *creation);
/* `spec` and what it points to live until finish or abandon. */
mosaic_status mos_map_create(const char *path, const mos_map_spec *spec, mos_map **out);
/* Rows [y, y + rows) of a band (0-based): pixels [rows, width] of the spec's type. Of
 * COG a strip: y is a
 * multiple of MOS_MAP_STRIP, and so are rows but for the last; each once. */
mosaic_status mos_map_write(mos_map *map, int band, int64_t y, int64_t rows, const void *pixels);
/* Overviews (means of values, the commonest code), then the final name. The
 * attribute table stands in <path>.aux.xml, where GDAL and QGIS look for it. Also ends the map when
 * it fails. */
mosaic_status mos_map_finish(mos_map **map);
/* Nothing is left. Takes an empty one. */
void mos_map_abandon(mos_map **map);

#endif
