/* metadata.csv of a packed set that is not BigEarthNet: any modalities, any classes, nothing lost.
 */
#ifndef MOS_DATA_BIGEARTHNET_PACKED_TABLE_H
#define MOS_DATA_BIGEARTHNET_PACKED_TABLE_H

#include "data/dataset.h"
#include "io/lmdb_shards.h"

/* A table with columns record:<modality>. */
mosaic_status mos_packed_table_recognise(const char *path, bool *packed);
/* Adds modalities (bands as the first record has them), classes and samples. */
mosaic_status mos_packed_table_open(mos_dataset *dataset, mos_store_reader *store,
                                    const char *path);

#endif
