/* Watches pixels for values that no instrument gives, for one value repeated from the edge on, and
 * for units that differ from those of the first patches. Used on the patches that are looked at
 * while a data set opens, on every patch by `data check`, and on every read while training, where
 * good data cost one pass of comparisons. */
#ifndef MOS_DATA_BAND_WATCH_H
#define MOS_DATA_BAND_WATCH_H

#include "data/sample_reader.h"

/* Pixels of a band that no Sentinel gives and nothing declares, and one of them: optical below 0
 * (a few slightly negative pixels are measurements), at the end of their type or above; radar
 * beyond 60 dB, negative power. 0: none. */
int64_t mos_watch_fill(const mos_raw_band *band, mos_band_role role, bool power, double *value);
/* The number in as few digits as read back to it: what a key takes. */
const char *mos_watch_number(char out[40], double value);
/* Pixels whose bands all hold one value that also stands in a corner: 0 (or what is far from any
 * backscatter) of radar, 1 of optical, 0 of optical floats; or decibels of 0 anywhere. Bands of several sizes: those of the finest are compared. 0:
 * none. */
int64_t mos_watch_edge(const mos_raw_band *bands, const mos_band_identity *const *identity,
                       int64_t count, mos_band_role role, double *value);

/* Refuses the sample (data/verdicts.h) for what the raw bands show; `bands` are their indices. */
mosaic_status mos_watch_raw(const mos_dataset *dataset, int64_t sample, int64_t modality,
                            const int *bands, int64_t count, const mos_raw_band *raw);
/* And for a unit that is not the data set's, of the patch as delivered. */
mosaic_status mos_watch_units(const mos_dataset *dataset, int64_t sample, int64_t modality,
                              const int *bands, const mos_patch *patch);
/* The largest of every 89th valid optical value; 0: none. */
double mos_watch_top(const mos_dataset *dataset, int64_t modality, const int *bands,
                     const mos_patch *patch);

#endif
