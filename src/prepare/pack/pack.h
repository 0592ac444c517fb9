/* `data pack`: writes any data set as an LMDB of safetensors (rico-hdl's layout) with a metadata
 * table. */
#ifndef MOS_PREPARE_PACK_PACK_H
#define MOS_PREPARE_PACK_PACK_H

#include "data/dataset.h"
#include "dist/comm.h"

typedef struct mos_pack_options {
    const char *folder;
    int threads, shards; /* shards 0 or 1: one LMDB in the folder (io/lmdb_shards.h) */
    bool progress;
    bool verify; /* then read source and store again and compare every record */
    mos_comm *
        comm; /* ranks, of which each writes and verifies its shards; NULL: one process. mos_pack */
} mos_pack_options;

typedef struct mos_pack_result {
    int64_t samples, records, skipped, already;
    int64_t removed; /* records of a stream that turned out to be of no sample */
    int64_t bytes;
    int64_t verified; /* records found equal to their source */
    char content[65]; /* with verify: SHA-256 over keys and values in the order of the keys; the
                         same for any number of shards */
} mos_pack_result;

/* Collective, with options->comm: rank r of P has the shards r, r + P ..., and makes the records of these
 * alone; the table is rank 0's. Files are one process's, and so is the result, on every rank.
 * Writes folder/data.mdb (or shards) and folder/metadata.csv. Resumable: records that are there
 * are left alone. Values are bit-identical to the source. Sources whose modality is not S1/S2
 * get a record "<id>_<modality>". Two records with the same key are refused before anything is
 * written. */
mosaic_status mos_pack(mos_dataset *dataset, const mos_pack_options *options, mos_pack_result *out);

/* Do these options mean archives that can only be streamed (compressed, or in parts)? */
mosaic_status mos_pack_streams(const mos_data_options *data, bool *streams);
/* Pack such archives of BigEarthNet, V2 or V1, each read once from its beginning to its end. The
 * result has the same records and table as a pack of the unpacked tree: records that belong to no
 * sample, which only shows at the end, are removed again. With data.limit the archives are read
 * once before that, for names alone, and only what it picks is packed. A second call goes on where
 * the first was stopped: the archives are read again, records that are there are not made again. */
mosaic_status mos_pack_stream(const mos_data_options *data, const mos_pack_options *options,
                              mos_pack_result *out);

#endif
