/* Samples without a product name, grouped by the ground they were cut from: patches of one raster
 * carry the +1000 offset together or not at all (data/offset_guard.h). */
#ifndef MOS_DATA_OFFSET_GROUPS_H
#define MOS_DATA_OFFSET_GROUPS_H

#include "data/sample_reader.h"

/* Sets the data set's groups and whether each has the offset. Samples are grouped by scene where
 * they have one, else by the ground of their files, 100 km apart and of one day, as an acquisition
 * is. A group stays UNDECIDED when none of the patches looked at tells. Samples whose ground is not
 * known are in no group. */
mosaic_status mos_offset_groups_make(mos_reader *reader, int64_t modality);

#endif
