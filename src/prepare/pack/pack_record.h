/* Records of a packed set: their keys and their bytes. */
#ifndef MOS_PREPARE_PACK_PACK_RECORD_H
#define MOS_PREPARE_PACK_PACK_RECORD_H

#include "data/bigearthnet/patch_files.h"

enum { MOS_PACK_KEY_BYTES = 512 };

typedef struct mos_pack_plan {
    mos_dataset *dataset;
    bool bigearthnet; /* records and table as rico-hdl's: names of patches, 19 classes */
    int64_t records; /* per sample: one per modality, then the reference map where there are some */
    mos_patch_files maps;
} mos_pack_plan;

mosaic_status mos_pack_plan_make(mos_dataset *dataset, mos_pack_plan *out);
void mos_pack_plan_release(mos_pack_plan *plan);
/* Key of record r of a sample; "" when the sample has no such record. */
mosaic_status mos_pack_key(const mos_pack_plan *plan, int64_t sample, int64_t record,
                           char key[MOS_PACK_KEY_BYTES]);
/* What one thread needs to make records. */
typedef struct mos_pack_worker {
    mos_reader *reader;
    mos_file_bytes file;
    void *pixels;
    size_t pixel_room;
} mos_pack_worker;
void mos_pack_worker_release(mos_pack_worker *worker);

/* The safetensors blob, values as stored at the source: mos_free(*blob). Tensors of BigEarthNet are
 * in alphabetical order as in rico-hdl's files, others in the order of the bands. */
mosaic_status mos_pack_encode(const mos_pack_plan *plan, mos_pack_worker *worker, int64_t sample,
                              int64_t record, void **blob, size_t *size);

/* One GeoTIFF of a patch, in memory. */
typedef struct mos_patch_bytes {
    const char *name; /* for messages */
    const void *data;
    size_t size;
} mos_patch_bytes;

/* The same blob from the GeoTIFFs of a patch: [layout->count], in the layout's order; `side` of a
 * 10 m band. A reference map may be of any size. `dataset` has BigEarthNet's modalities. */
mosaic_status mos_pack_encode_files(const mos_dataset *dataset, const mos_patch_layout *layout,
                                    int64_t side, const mos_patch_bytes *files,
                                    mos_pack_worker *worker, void **blob, size_t *size);

#endif
