/* Records of a packed set: their keys and their bytes. */
#ifndef MOS_DATA_PACK_RECORD_H
#define MOS_DATA_PACK_RECORD_H

#include "data/sample_table.h"

enum { MOS_PACK_KEY_BYTES = 512 };

typedef struct mos_pack_plan {
    mos_dataset *dataset;
    bool bigearthnet; /* records and table as rico-hdl's: names of patches, 19 classes */
    int64_t records; /* per sample: one per modality, then the reference map where there are some */
    char reference_maps[4096]; /* "" none */
} mos_pack_plan;

mosaic_status mos_pack_plan_make(mos_dataset *dataset, mos_pack_plan *out);
/* Key of record r of a sample; "" when the sample has no such record. */
mosaic_status mos_pack_key(const mos_pack_plan *plan, int64_t sample, int64_t record,
                           char key[MOS_PACK_KEY_BYTES]);
/* The safetensors blob, values as stored at the source: mos_free(*blob). Tensors of BigEarthNet are
 * in alphabetical order as in rico-hdl's files, others in the order of the bands. */
mosaic_status mos_pack_encode(const mos_pack_plan *plan, mos_reader *reader, int64_t sample,
                              int64_t record, void **blob, size_t *size);

#endif
