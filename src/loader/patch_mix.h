/* Mixing of a labelled patch with another one: all pixels of both (mixup) or a box of the other's
 * (CutMix), and the targets in the same proportion. Drawn from (seed, epoch, sample, repeat) alone. */
#ifndef MOS_LOADER_PATCH_MIX_H
#define MOS_LOADER_PATCH_MIX_H

#include "loader/view_plan.h"

typedef struct mos_patch_mix {
    double own;                       /* lambda, the patch's own share: 1/2 to 1 */
    bool box;                         /* CutMix */
    int64_t left, top, right, bottom; /* of the box, output pixels */
    mos_view_key other; /* the view of the other patch; sample: its place in the list */
} mos_patch_mix;

/* The partner is one of `count` patches. */
void mos_patch_mix_draw(const mos_augment_options *options, const mos_view_key *key, int64_t count,
                        int64_t width, int64_t height, mos_patch_mix *out);
/* own [height, width] becomes the mixture. */
void mos_patch_mix_plane(const mos_patch_mix *mix, const float *other, int64_t width,
                         int64_t height, float *own);
/* own [classes]: targets; what either patch does not know stays unknown. */
void mos_patch_mix_targets(const mos_patch_mix *mix, const int8_t *other, int64_t classes,
                           float *own);

#endif
