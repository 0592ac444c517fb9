/* S1 must be decibels as floats: whole numbers mean somebody cut the dB to integers, values that
 * are never negative mean linear power. One negative value again and again among power is a fill,
 * and noise leaves power a little below 0: neither makes decibels. */
#ifndef MOS_DATA_RADAR_GUARD_H
#define MOS_DATA_RADAR_GUARD_H

#include "data/sample_reader.h"

typedef enum mos_radar_scale {
    MOS_RADAR_DB,
    MOS_RADAR_LINEAR,  /* no valid pixels below 0, but for a fill or noise */
    MOS_RADAR_INTEGER, /* no valid pixel of some band with a fraction */
    MOS_RADAR_MIXED,   /* one band decibels, another power */
    MOS_RADAR_UNCLEAR  /* constant or nothing valid */
} mos_radar_scale;

/* Ends at the first counterexample in each band: next to nothing for good data. The bands are
 * polarisations (mos_radar_bands). */
mos_radar_scale mos_radar_judge(const mos_raw_band *bands, int64_t count);
/* Those of the read bands (indices `bands`) that are polarisations: an angle beside them is none.
 */
int64_t mos_radar_bands(const mos_dataset *dataset, int64_t modality, const int *bands,
                        int64_t count, const mos_raw_band *raw, mos_raw_band *out);
/* Bands of one transmitted wave: VV and VH, else HH and HV. What comes back turned is the weaker.
 */
bool mos_radar_pair(const mos_modality *modality, int64_t *like, int64_t *cross);
/* Words for whole numbers: what they are, and the key that helps. */
void mos_radar_integer_words(const mos_modality *modality, const mos_raw_band *bands, int64_t count,
                             char *out, size_t size);
/* Of the valid pixels; NaN where there are none. */
double mos_raw_mean(const mos_raw_band *band);
/* The guard of every read: in "auto" and "db" what contradicts the scale of the data set is
 * refused, naming the sample. */
mosaic_status mos_radar_check(const mos_dataset *dataset, int64_t sample, int64_t modality,
                              const mos_raw_band *bands, int64_t count);

#endif
