/* One worker's memory for painting a patch, and the two steps of painting: regions, then bands. */
#ifndef MOS_PREPARE_SYNTH_SYNTH_CANVAS_H
#define MOS_PREPARE_SYNTH_SYNTH_CANVAS_H

#include "base/rng.h"
#include "prepare/synth/synth_classes.h"
#include "prepare/synth/synth_plan.h"

enum { MOS_SYNTH_SITES = 12 };

/* A region: a class as it is here. Site-to-site variation is drawn when the bands are painted. */
typedef struct mos_synth_site {
    float x, y; /* pixels */
    int class_index;
    uint16_t code;
} mos_synth_site;

typedef struct mos_synth_canvas {
    int64_t size;   /* side in 10 m pixels */
    int64_t pixels; /* size * size */
    int site_count;
    mos_synth_site sites[MOS_SYNTH_SITES];
    uint8_t *first, *second;        /* [pixels] nearest and second nearest site */
    float *weight;                  /* [pixels] share of the nearest one, 0.5 .. 1 */
    float *warp_x, *warp_y;         /* [pixels] */
    float *fields;                  /* [MOS_SYNTH_FIELDS, pixels] unit variance */
    float *relief;                  /* [pixels] */
    float *smooth;                  /* [pixels] slow unit field, for haze */
    float *texture, *plane, *noise; /* [pixels] */
    float *cloud, *shadow;          /* [pixels] of a patch with clouds (synth_clouds.h) */
    /* What is written, in record order. */
    uint16_t *map;                    /* [size, size] CORINE codes */
    uint16_t *s2[MOS_SYNTH_S2_BANDS]; /* native sizes */
    float *s1[2];                     /* VH, VV */
    uint32_t labels;                  /* bit per class */
    void *memory;
} mos_synth_canvas;

mosaic_status mos_synth_canvas_init(mos_synth_canvas *canvas, int64_t size);
void mos_synth_canvas_release(mos_synth_canvas *canvas);

/* Choose classes and regions; fills first, second, weight, map and labels. */
void mos_synth_paint_regions(mos_synth_canvas *canvas, const mos_synth_options *options,
                             const mos_synth_class classes[MOS_SYNTH_CLASSES],
                             const mos_synth_plan *plan, const mos_synth_patch *patch);
/* Paint s1 and s2 over the regions. */
void mos_synth_paint_bands(mos_synth_canvas *canvas, const mos_synth_options *options,
                           const mos_synth_class classes[MOS_SYNTH_CLASSES],
                           const mos_synth_plan *plan, const mos_synth_patch *patch);

/* Smooth noise of about unit variance, independent at distances above `length` pixels. `stream` is
 * used up. */
void mos_synth_value_noise(const mos_rng *stream, int64_t size, float length, float *out);

#endif
