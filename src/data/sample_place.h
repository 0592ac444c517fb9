/* Where the samples of a data set lie on the ground: the one answer that splits, the search for
 * leakage and packs share. */
#ifndef MOS_DATA_SAMPLE_PLACE_H
#define MOS_DATA_SAMPLE_PLACE_H

#include "data/patch_place.h"

enum { MOS_SITE_CRS_BYTES = 32 };

/* The outline of one sample as its source has it (data/dataset.h), else that of its first
 * georeferenced raster, whose crs is written into `crs`: "EPSG:32633", "unnamed" where the raster
 * has a geotransform and no code. False where neither tells it; a damaged file tells nothing. */
bool mos_site_find(mos_reader *reader, int64_t sample, char crs[MOS_SITE_CRS_BYTES], mos_site *out);
/* The same as a place; where no outline is known, the cell that a name tells (BigEarthNet V2, or a
 * record or file of it). *out unknown when nothing tells it. */
void mos_place_find(mos_reader *reader, int64_t sample, mos_place *out);
/* Of all samples, with several threads; mos_free(*out); *unknown counts those without. */
mosaic_status mos_places_make(mos_dataset *dataset, mos_place **out, int64_t *unknown);

/* Samples of one place have one number, [count] in [0, *groups): the location the table names, the
 * cell of a BigEarthNet name, ground that two outlines share by more than half a side, and where
 * nothing is known of the ground one file. What none of them joins is a group of its own. places
 * [count] may be NULL: names and the table alone. mos_free(*group). */
mosaic_status mos_locations_make(const mos_dataset *dataset, const mos_place *places,
                                 int32_t **group, int64_t *groups);

#endif
