/* A view the plain way, pixel by pixel in double with a scalar generator: what the vectorised
 * loader is measured against, and checked by. */
#ifndef MOS_BENCH_NAIVE_VIEW_H
#define MOS_BENCH_NAIVE_VIEW_H

#include "loader/view_render.h"

/* As mos_view_render without masks; out [size, size], scratch [2 * size * size]. The noise has the
 * same law and other numbers. */
void mos_naive_view(const mos_band_source *source, const mos_view_geometry *geometry,
                    const mos_view_light *light, int64_t band, const mos_rng *noise_stream,
                    int64_t size, double *scratch, float *out);

#endif
