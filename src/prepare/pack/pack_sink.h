/* Where finished records go: into the store, or, when a pack is verified, beside the stored ones.
 */
#ifndef MOS_PREPARE_PACK_PACK_SINK_H
#define MOS_PREPARE_PACK_PACK_SINK_H

#include "io/lmdb_shards.h"
#include "prepare/pack/pack.h"

typedef struct mos_pack_sink {
    mos_store_writer *writer; /* one of writer and reader is NULL */
    mos_store *store;
    mos_store_reader *reader;
    int shards;
    mos_store_part part; /* this rank's */
    bool skip;           /* data.policy: leave damaged records out */
    mos_pack_result *result;
} mos_pack_sink;

/* A folder that was begun from another source is not continued: it keeps the `fingerprint`. */
mosaic_status mos_pack_begin(const char *folder, const char fingerprint[65]);
mosaic_status mos_pack_sink_write(const mos_pack_options *options, mos_pack_sink *sink);
mosaic_status mos_pack_sink_verify(const mos_pack_options *options, mos_pack_sink *sink);
/* Does the record still have to be made? Counts the records that are there already. */
mosaic_status mos_pack_sink_wants(mos_pack_sink *sink, const char *key, bool *wanted);
/* A made record, or what went wrong: put, compared, left out and counted, or the error. */
mosaic_status mos_pack_sink_take(mos_pack_sink *sink, const char *key, mosaic_status made,
                                 const char *error, const void *blob, size_t size);
/* While writing: takes a record out again, if it is there. */
mosaic_status mos_pack_sink_remove(mos_pack_sink *sink, const char *key);
/* Closes; `status` is what happened so far, and the first error is the one that is kept. */
mosaic_status mos_pack_sink_close(mos_pack_sink *sink, mosaic_status status);
/* The hash of a whole store, into `content`. */
mosaic_status mos_pack_content(const mos_pack_options *options, char content[65]);

#endif
