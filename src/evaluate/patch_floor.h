/* Features of one patch that nobody trained: random convolutions, and numbers of each band. */
#ifndef MOS_EVALUATE_PATCH_FLOOR_H
#define MOS_EVALUATE_PATCH_FLOOR_H

#include "base/error.h"

#include <stdint.h>

enum { MOS_FLOOR_FILTERS = 256, MOS_FLOOR_SIDE = 3, MOS_FLOOR_STATISTICS = 4 };

/* 3 x 3 pixels over all bands, weights standard normal: random convolutional features (Rolf et al.
 * 2021) as TorchGeo has them. */
typedef struct mos_floor_filters {
    int64_t bands;
    int threads;
    float *weight; /* [bands * 9, MOS_FLOOR_FILTERS]; a column is [bands, 3, 3] */
    float *windows, *answers;
    void *room;
} mos_floor_filters;

/* stream: a modality's number, so that each has filters of its own */
mosaic_status mos_floor_filters_init(mos_floor_filters *filters, uint64_t seed, int64_t stream,
                                     int64_t bands, int threads);
void mos_floor_filters_release(mos_floor_filters *filters);
/* patch [bands, h, w], at least 3 x 3 pixels; out [2 * MOS_FLOOR_FILTERS]: the mean over all
 * positions inside of max(0, x - 1), then of max(0, -x - 1), of each filter's answer x. The same
 * for any number of threads. */
void mos_floor_filters_apply(const mos_floor_filters *filters, const float *patch, int64_t h,
                             int64_t w, float *out);

/* patch [bands, pixels]; out [bands, MOS_FLOOR_STATISTICS]: mean, standard deviation, minimum,
 * maximum. */
void mos_floor_statistics(const float *patch, int64_t bands, int64_t pixels, float *out);

#endif
