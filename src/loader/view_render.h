/* One band of one view: resampled, blurred, with gain, offset and noise, standardised, straight into
 * the batch. */
#ifndef MOS_LOADER_VIEW_RENDER_H
#define MOS_LOADER_VIEW_RENDER_H

#include "loader/resample.h"
#include "loader/view_plan.h"

/* A band ready to be rendered any number of times: no invalid value is left in `data`. */
typedef struct mos_band_source {
    const float *data; /* [height, width] native */
    const float *
        masked; /* [height, width] 1 where the value was invalid and must become 0; NULL: nowhere */
    int64_t width, height, fine_width, fine_height;
    float mean, sd;
    bool radar;
} mos_band_source;

/* One worker's scratch; grows to the largest patch and output seen, then stays. */
typedef struct mos_render_scratch {
    float *turned, *line, *plane, *blur, *mask;
    size_t turned_size, line_size, plane_size, blur_size, mask_size;
    mos_axis_cache axes;
} mos_render_scratch;
void mos_render_scratch_release(mos_render_scratch *scratch);

/* out [height, width]. band: index within the modality of light. */
mosaic_status mos_view_render(const mos_band_source *source, const mos_view_geometry *geometry,
                              const mos_view_light *light, int64_t band,
                              const mos_rng *noise_stream, int64_t width, int64_t height,
                              mos_render_scratch *scratch, float *out);

#endif
