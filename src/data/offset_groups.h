/* Samples without a product name, grouped by the ground they were cut from: patches of one raster
 * carry the +1000 offset together or not at all (data/offset_guard.h). */
#ifndef MOS_DATA_OFFSET_GROUPS_H
#define MOS_DATA_OFFSET_GROUPS_H

#include "data/sample_reader.h"

/* Sets the data set's groups and what each is: by scene where samples have one, else by the places
 * of their files, 100 km apart and of one day, as an acquisition is. A group of which no probe
 * tells stays UNDECIDED. Samples without a place are in none. */
mosaic_status mos_offset_groups_make(mos_reader *reader, int64_t modality);

#endif
