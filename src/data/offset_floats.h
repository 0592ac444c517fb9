/* Sentinel-2 as floats, reflectance or digital numbers: nothing is subtracted from it, since the
 * file does not say what was done before. A +1000 (0.1 of reflectance) that was left in is said:
 * refused where a product's name tells of it, a warning where the pixels alone do. */
#ifndef MOS_DATA_OFFSET_FLOATS_H
#define MOS_DATA_OFFSET_FLOATS_H

#include "data/sample_reader.h"

typedef struct mos_offset_floats {
    int64_t dark, shifted; /* patches looked at, as data/offset_guard.h calls them */
    int64_t named;         /* the shifted among them whose name says +1000 */
    int baseline;          /* of the first of those */
    double step;           /* 1000, or 0.1 of reflectance */
    char id[128];          /* of the first named, or the first shifted */
} mos_offset_floats;

/* One patch whose raw bands are all at hand; integers are no matter here. */
void mos_offset_floats_look(const mos_dataset *dataset, int64_t sample, int64_t modality,
                            const mos_raw_band *raw, mos_offset_floats *out);
/* What all of them tell; MOSAIC_ERR_USAGE where data.boa_offset remove has nothing to work on. */
mosaic_status mos_offset_floats_settle(mos_dataset *dataset, int64_t modality,
                                       const mos_offset_floats *found);

#endif
