/* bands.csv of a pack: the format that the pack was made of, and what a record cannot say of its
 * bands. Packs of earlier versions, and stores of rico-hdl, have none. */
#ifndef MOS_DATA_PACK_BANDS_H
#define MOS_DATA_PACK_BANDS_H

#include "data/dataset.h"

mosaic_status mos_pack_bands_write(const mos_dataset *dataset, const char *folder);
/* Into a data set whose modalities and bands are known. *found false: there is no such file. */
mosaic_status mos_pack_bands_read(mos_dataset *dataset, const char *folder, bool *found);

#endif
