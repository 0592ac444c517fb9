/* What happens to one view of one sample, drawn from (seed, epoch, sample, view) alone. */
#ifndef MOS_LOADER_VIEW_PLAN_H
#define MOS_LOADER_VIEW_PLAN_H

#include "base/rng.h"
#include "loader/loader.h"

/* Shared by the modalities of a view, so that they stay aligned. The output is the box, turned:
 * first transposed, then mirrored. */
typedef struct mos_view_geometry {
    double left, top, width, height; /* box, in shares of the (transposed) patch */
    bool transpose, flip_x, flip_y;
} mos_view_geometry;

/* Of one modality of a view. The finishing pass computes band * gain + offset + noise. */
typedef struct mos_view_light {
    double blur_sigma;                                          /* output pixels, 0: none */
    float gain[MOS_DATA_MAX_BANDS], offset[MOS_DATA_MAX_BANDS]; /* offset in sd of the band */
    float noise; /* sd of additive noise, in sd of the band */
    float looks; /* of multiplicative speckle, 0: none */
    float shift_db;
} mos_view_light;

/* Which numbers a view gets. `repeat` counts how often the sample was drawn before in this epoch.
 */
typedef struct mos_view_key {
    uint64_t seed;
    uint32_t epoch;
    int64_t sample;
    uint32_t repeat, view;
} mos_view_key;

void mos_view_geometry_draw(const mos_augment_options *options, char kind, bool square,
                            const mos_view_key *key, mos_view_geometry *out);
void mos_view_light_draw(const mos_augment_options *options, char kind, const mos_view_key *key,
                         const mos_loader_modality *modality, int64_t modality_index,
                         mos_view_light *out);
/* The stream of the pixel noise of one band. */
mos_rng mos_view_noise_stream(const mos_view_key *key, int64_t modality_index, int64_t band);

#endif
