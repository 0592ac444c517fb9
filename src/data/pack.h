/* Any data set into an LMDB of safetensors (rico-hdl's layout) plus a metadata table. */
#ifndef MOS_DATA_PACK_H
#define MOS_DATA_PACK_H

#include "data/dataset.h"

typedef struct mos_pack_result {
    int64_t samples, records, skipped, already;
    int64_t bytes;
} mos_pack_result;
/* Writes folder/data.mdb, folder/metadata.csv. Resumable: records that are there are left alone.
 * Values are bit-identical to the source. Sources whose modality is not S1/S2 get a record
 * "<id>_<modality>". Records of one key are refused before anything is written. */
mosaic_status mos_pack(mos_dataset *dataset, const char *folder, int threads, bool progress,
                       mos_pack_result *out);

#endif
