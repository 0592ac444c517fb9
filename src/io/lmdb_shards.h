/* One store, in one LMDB or spread over several: a folder with data.mdb, or a folder with
 * shards.csv and shard-000/data.mdb, shard-001/data.mdb, ... Parallel file systems like several
 * files of moderate size. Each shard is an LMDB as rico-hdl writes it. A key's shard is its 64-bit
 * FNV-1a hash modulo their number. */
#ifndef MOS_IO_LMDB_SHARDS_H
#define MOS_IO_LMDB_SHARDS_H

#include "io/lmdb_store.h"

#include <stdbool.h>

enum { MOS_MAX_SHARDS = 999 };

typedef struct mos_store mos_store;               /* shared by threads */
typedef struct mos_store_reader mos_store_reader; /* one thread */

bool mos_store_exists(const char *folder);
/* `path`: the folder, or a data.mdb. */
mosaic_status mos_store_open(const char *path, mos_store **out);
void mos_store_close(mos_store **store);
mosaic_status mos_store_reader_open(mos_store *store, mos_store_reader **out);
void mos_store_reader_close(mos_store_reader **reader);
/* As mos_lmdb_get. */
mosaic_status mos_store_get(mos_store_reader *reader, const char *key, const void **data,
                            size_t *size);
/* Visits all keys as mos_lmdb_each_key does, one shard after the other. */
mosaic_status mos_store_each_key(mos_store_reader *reader, mos_lmdb_visit_key visit, void *context);

typedef struct mos_store_writer mos_store_writer;
/* Which of several writers has a shard: those are dealt out one by one. */
typedef struct mos_store_part {
    int64_t number, count; /* count 0: one writer has all */
} mos_store_part;
/* Create or continue; a store of another number of shards is refused. `shards` 1: one LMDB. part NULL: all
 * of them. A further part is opened once that of number 0 is. */
mosaic_status mos_store_writer_open(const char *folder, int shards, const mos_store_part *part,
                                    mos_store_writer **out);
/* Is the key's shard, of so many, one of the part's? The calls below are for such keys. */
bool mos_store_part_has(const mos_store_part *part, int shards, const char *key);
mosaic_status mos_store_put(mos_store_writer *writer, const char *key, const void *data,
                            size_t size);
mosaic_status mos_store_writer_has(mos_store_writer *writer, const char *key, int *has);
mosaic_status mos_store_delete(mos_store_writer *writer, const char *key, int *had);
/* Commits, syncs, closes all shards; the first error counts. */
mosaic_status mos_store_writer_close(mos_store_writer **writer);

#endif
