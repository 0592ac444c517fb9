/* What a map of classes shows at a glance: a small picture of it, and a table of how much each
 * class covers, with its colour. The report shows both. */
#ifndef MOS_DEPLOY_MAP_PREVIEW_H
#define MOS_DEPLOY_MAP_PREVIEW_H

#include "io/raster_map.h"

enum { MOS_PREVIEW_SIDE = 640 /* px at most */ };

typedef struct mos_map_preview {
    const mos_map_spec *spec; /* the map's, with its codes */
    int64_t step;             /* pixels of the map from one shown pixel to the next */
    int64_t width, height;
    uint8_t *rgb;        /* [height, width, 3] */
    int64_t pixels[256]; /* of each code */
} mos_map_preview;

/* `spec` lives as long as the preview. */
mosaic_status mos_map_preview_create(const mos_map_spec *spec, mos_map_preview *out);
/* A part of the map at x, y: codes [rows, width]. */
void mos_map_preview_add(mos_map_preview *preview, int64_t x, int64_t y, int64_t width,
                         int64_t rows, const uint8_t *codes);
/* <stem>.png; <stem>.csv: code, class, red, green, blue, pixels, share of those with a class; and
 * <stem>.qml, QGIS's style of the map. */
mosaic_status mos_map_preview_write(const mos_map_preview *preview, const char *stem);
void mos_map_preview_release(mos_map_preview *preview); /* takes an empty one */

#endif
