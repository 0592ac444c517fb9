/* bands.csv of a pack: the format that the pack was made of, and what a record cannot say of its
 * bands: their identities. Packs of earlier versions, and stores of rico-hdl, have none. */
#ifndef MOS_DATA_PACK_BANDS_H
#define MOS_DATA_PACK_BANDS_H

#include "data/dataset.h"

typedef enum mos_pack_bands {
    MOS_PACK_BANDS_ABSENT,  /* no such file */
    MOS_PACK_BANDS_UNNAMED, /* written before bands had identities: who named them is not known */
    MOS_PACK_BANDS_WHOLE
} mos_pack_bands;

mosaic_status mos_pack_bands_write(const mos_dataset *dataset, const char *folder);
/* Into a data set whose modalities and bands are known and classified. */
mosaic_status mos_pack_bands_read(mos_dataset *dataset, const char *folder, mos_pack_bands *found);

#endif
