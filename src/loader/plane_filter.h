/* Whole planes: transposed, blurred. */
#ifndef MOS_LOADER_PLANE_FILTER_H
#define MOS_LOADER_PLANE_FILTER_H

#include <stdint.h>

/* out [width, height] = source [height, width] transposed. */
void mos_transpose(const float *source, int64_t width, int64_t height, float *out);
/* Floats of scratch that a blur of such a plane needs. */
int64_t mos_blur_scratch(int64_t width, int64_t height);
/* Gaussian blur in place, edge pixels repeated; scratch: mos_blur_scratch floats, best beginning on
 * a cache line. */
void mos_blur(float *plane, int64_t width, int64_t height, double sigma, float *scratch);

#endif
