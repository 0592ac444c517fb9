/* After a format has filled the table: countries, limits, policy for missing modalities; then the
 * index over ids. */
#ifndef MOS_DATA_SAMPLE_SELECT_H
#define MOS_DATA_SAMPLE_SELECT_H

#include "data/dataset.h"

/* Takes away the rows whose keep [count] is 0. */
void mos_dataset_keep(mos_dataset *dataset, const uint8_t *keep);
mosaic_status mos_dataset_select(mos_dataset *dataset);
/* Refuses an id that occurs twice. */
mosaic_status mos_dataset_index(mos_dataset *dataset);

#endif
