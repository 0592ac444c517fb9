/* Native-resolution bands to the output grid: replication to the finest grid, crop, resize, flips,
 * blur. */
#ifndef MOS_LOADER_RESAMPLE_H
#define MOS_LOADER_RESAMPLE_H

#include "base/error.h"
#include "loader/view_plan.h"

/* One axis of the output: output[i] = lerp(native[first[i]], native[second[i]], share[i]). */
typedef struct mos_axis {
    int32_t *first, *second; /* [count] native indices */
    float *share;            /* [count] of the second */
    int64_t count, native;
    bool exact;  /* no interpolation anywhere */
    bool narrow; /* any 16 outputs from a multiple of 16 on reach over at most 32 native pixels */
    size_t capacity[3];
} mos_axis;
/* The output's pixel centres lie evenly in [start, start + length] of the patch; the patch's finest
 * grid has `fine` pixels and the band `native`, each replicated fine / native times. */
mosaic_status mos_axis_make(mos_axis *axis, int64_t count, int64_t native, int64_t fine,
                            double start, double length, bool flip);
void mos_axis_release(mos_axis *axis);

/* out [rows->count, columns->count] from source [rows->native, columns->native]; line: scratch of
 * columns->native + 32 floats. */
void mos_resample(const float *source, const mos_axis *rows, const mos_axis *columns, float *line,
                  float *out);
/* out [width, height] = source [height, width] transposed. */
void mos_transpose(const float *source, int64_t width, int64_t height, float *out);
/* Gaussian blur in place, edge pixels repeated; scratch: (height + 2) * (width + 64) floats. */
void mos_blur(float *plane, int64_t width, int64_t height, double sigma, float *scratch);

#endif
