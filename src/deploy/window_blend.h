/* One number for each window of a grid becomes one for each pixel: where windows overlap, their
 * mean by weights that depend on how far a pixel is from the window's middle.
 *
 *     v(x, y) = sum_w h(x - x_w) h(y - y_w) v_w / sum_w h(x - x_w) h(y - y_w)
 *
 * over the windows w that have a value. A pixel is the same whatever block it is asked for in, and
 * for any number of threads: sums run in the order of the windows, in double. */
#ifndef MOS_DEPLOY_WINDOW_BLEND_H
#define MOS_DEPLOY_WINDOW_BLEND_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Hann, h(i) = sin^2(pi (i + 1/2) / size), has no seams: a window's weight ends at nothing, so the
 * map is as smooth as its windows differ. The mean, h = 1, has a step at every window's edge. */
typedef enum mos_blend_kind { MOS_BLEND_HANN, MOS_BLEND_MEAN } mos_blend_kind;
extern const char *const mos_blend_names[]; /* in the same order, NULL-terminated */

typedef struct mos_blend_grid {
    int64_t width, size;   /* px of the map, and of a window's side */
    int64_t rows, columns; /* of windows */
    const int64_t *x, *y;  /* [columns], [rows] upper left pixels, ascending */
    int64_t values;        /* of a window */
    const float *value;    /* [rows, columns, values] */
    const uint8_t *known;  /* [rows, columns] 0: the window has no value */
    mos_blend_kind kind;
} mos_blend_grid;

typedef struct mos_blend mos_blend;
/* Blocks have at most `most` rows and columns. The grid's arrays live as long as the blend; a
 * window's values may come any time before a block that it touches. */
mosaic_status mos_blend_create(const mos_blend_grid *grid, int64_t most, mos_blend **out);
void mos_blend_destroy(mos_blend **blend);
/* The block of the map that is asked for next; sums are made on so many threads. */
mosaic_status mos_blend_block(mos_blend *blend, int64_t x, int64_t y, int64_t width, int64_t rows,
                              int threads);
/* What the weighted sums in row y of the block are multiplied by: share [width]. These two may be
 * called from any thread. */
void mos_blend_shares(const mos_blend *blend, int64_t y, double *share);
/* One value in that row: out [width], NaN where no window has it. */
void mos_blend_row(const mos_blend *blend, int64_t value, int64_t y, const double *share,
                   float *out);

#endif
