/* A band's identity as named texts: the columns of a pack's bands.csv, the keys of a model's card,
 * the lines of `data info --verbose`. One list for all, so that what one writes another reads. */
#ifndef MOS_DATA_IDENTITY_FIELDS_H
#define MOS_DATA_IDENTITY_FIELDS_H

#include "base/text.h"
#include "data/band_identity.h"
#include "data/dataset.h"

typedef enum mos_identity_field {
    MOS_IDENTITY_ROLE, /* for people: it follows from the name, and is not read */
    MOS_IDENTITY_NAMED_BY,
    MOS_IDENTITY_UNIT,
    MOS_IDENTITY_UNIT_BY,
    MOS_IDENTITY_SCALE,
    MOS_IDENTITY_OFFSET,
    MOS_IDENTITY_SCALE_BY,
    MOS_IDENTITY_NODATA, /* empty: none */
    MOS_IDENTITY_NODATA_BY,
    MOS_IDENTITY_LEVEL,
    MOS_IDENTITY_LEVEL_BY,
    MOS_IDENTITY_FIELDS
} mos_identity_field;
extern const char *const mos_identity_fields[MOS_IDENTITY_FIELDS]; /* "role" "named_by" ... */

/* Of a band of an open data set. */
mos_band_identity mos_dataset_identity(const mos_dataset *dataset, int64_t modality, int64_t band);
/* The text of one field. */
void mos_identity_write(const mos_band_identity *identity, const char *name,
                        mos_identity_field field, mos_text *out);
/* And back; false where the text is none of this field. An empty text is "unknown". */
bool mos_identity_read(mos_band_identity *identity, mos_identity_field field, const char *text);

#endif
