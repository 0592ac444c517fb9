/* Labelled fractions: nested (1 % within 10 % within 100 %), stratified over labels, seeded, saved.
 */
#ifndef MOS_DATA_FRACTION_H
#define MOS_DATA_FRACTION_H

#include "data/dataset.h"

/* keep: [mos_dataset_count] 1 for samples of `split` whose labels count as known. Nested: a smaller
 * fraction with the same seed is a subset of a larger one. Every class with at least one positive
 * in the split keeps at least one. */
mosaic_status mos_fraction_choose(const mos_dataset *dataset, mos_split split, double fraction,
                                  uint64_t seed, uint8_t *keep);
/* One id per line with a header that names seed, fraction and fingerprint; atomic. */
mosaic_status mos_fraction_save(const mos_dataset *dataset, const uint8_t *keep, double fraction,
                                uint64_t seed, const char *path);
mosaic_status mos_fraction_load(const mos_dataset *dataset, const char *path, uint8_t *keep);

#endif
