/* data.bands, data.nodata and data.scale: lists of <modality>=<value>. */
#ifndef MOS_DATA_MODALITY_KEYS_H
#define MOS_DATA_MODALITY_KEYS_H

#include "data/dataset.h"

/* The text behind "<modality>=" in such a list, NULL: the modality is not in it. */
const char *mos_key_of(const mos_text_list *list, const char *modality);
/* data.nodata of a modality: false where the key says nothing; NaN: "none". */
bool mos_key_nodata(const mos_dataset *dataset, const char *modality, double *out);
/* data.scale of a modality; false leaves both as they are. */
bool mos_key_scale(const mos_dataset *dataset, const char *modality, double *scale, double *offset);
/* Wrong values, and names that are no modality of the opened data set, in all three lists. */
mosaic_status mos_modality_keys_check(const mos_dataset *dataset);

#endif
