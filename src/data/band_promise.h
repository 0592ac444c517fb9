/* What the patches looked at while a data set opens promise for the others, and how one patch looks
 * against it: mean, spread, share of gaps, whether dark pixels are dark. Cheap enough for every
 * patch of a training run: a spread of pixels, not all of them. Pure functions. */
#ifndef MOS_DATA_BAND_PROMISE_H
#define MOS_DATA_BAND_PROMISE_H

#include "data/dataset.h"

typedef struct mos_band_promise {
    bool known;    /* some patch was looked at */
    bool surface;  /* digital numbers of land and water: dark somewhere, as `dark` says of the
                      patches */
    bool radar;    /* decibels */
    double gaps;   /* mean share of invalid pixels */
    bool constant; /* some patch had one value in all of this band */
    double low[2]; /* where patches begin: the least and the largest of their darkest pixels */
} mos_band_promise;

typedef struct mos_modality_promise {
    bool dark; /* optical patches have pixels below 1000, and none but for its clouds has not */
    mos_band_promise band[MOS_DATA_MAX_BANDS];
} mos_modality_promise;

typedef struct mos_band_look {
    int64_t looked, valid;
    double mean, sd, minimum, maximum; /* of the valid ones looked at; NAN where there are none */
    int64_t below[2];                  /* valid pixels below 1000 and below 2000 */
} mos_band_look;

void mos_band_look_at(const struct mos_patch_band *band, mos_band_look *out);

typedef enum mos_patch_darkness {
    MOS_PATCH_UNKNOWN,
    MOS_PATCH_DARK,    /* some surface band has more than 1 % of its pixels below 1000 */
    MOS_PATCH_SHIFTED, /* none has, but some has more than 1 % below 2000: as if 1000 were added */
    MOS_PATCH_BRIGHT
} mos_patch_darkness;
/* Of the surface bands among `looks` [count]. */
mos_patch_darkness mos_patch_darkness_of(const mos_band_look *looks,
                                         const mos_band_promise *const *promises, int64_t count);
/* Is it a patch such as the first ones, and 1000 more in every band? Sand, cloud and snow begin above 1000 too, but not where the others
 * would after a shift: they are far brighter in some bands than in others. */
bool mos_patch_is_shifted(const mos_band_look *looks, const mos_band_promise *const *promises,
                          int64_t count);

/* Of a modality of an open data set. */
const mos_modality_promise *mos_dataset_promise(const mos_dataset *dataset, int64_t modality);

#endif
