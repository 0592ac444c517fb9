/* metadata.csv of a packed set. */
#ifndef MOS_PREPARE_PACK_PACK_TABLE_H
#define MOS_PREPARE_PACK_PACK_TABLE_H

#include "prepare/pack/pack_record.h"

/* BigEarthNet: patch_id, labels, split, country, s1_name. Others: id, split, country, product, then
 * datetime_<modality>, record:<modality> and class:<name> columns, from which everything comes
 * back. Atomic. */
mosaic_status mos_pack_table_write(const mos_pack_plan *plan, mos_reader *reader,
                                   const char *folder);

#endif
