/* One row of a batch: read a sample, apply the policy to its invalid pixels, render every view. */
#ifndef MOS_LOADER_ROW_FILL_H
#define MOS_LOADER_ROW_FILL_H

#include "loader/band_drift.h"
#include "loader/epoch_order.h"
#include "loader/view_render.h"

/* What all workers share, unchanged while they run. */
typedef struct mos_row_context {
    mos_dataset *dataset;
    const mos_loader_options *options;
    const int8_t *labels; /* [count of data set, classes] or NULL */
    int64_t classes;
    const int64_t *labeled; /* [labeled_count] samples that are mixed with each other */
    int64_t labeled_count;
    const mos_epoch_order *order;
    int64_t epoch;
    mos_drift *drift;
} mos_row_context;

/* One worker's own. */
typedef struct mos_row_worker {
    mos_reader *reader;
    mos_patch patch;
    mos_render_scratch scratch;
    mos_view_geometry geometry[MOS_LOADER_MAX_VIEWS];
    float *partner; /* [bands of all modalities, height, width] of the patch that is mixed in */
    size_t partner_size;
    float *filled, *masked; /* of the band in hand, when it has invalid pixels */
    size_t filled_size, masked_size;
    int64_t read_ns, augment_ns; /* of the last row */
} mos_row_worker;

/* Fill row `row` of `batch` (all its views) with draw number `draw_index` of the epoch. */
mosaic_status mos_row_fill(const mos_row_context *context, mos_row_worker *worker,
                           int64_t draw_index, mos_batch *batch, int64_t row, mos_repairs *counts);
void mos_row_worker_release(mos_row_worker *worker);

#endif
