/* LMDB as rico-hdl writes it: one unnamed database, key = patch name without terminator, value =
 * bytes. */
#ifndef MOS_IO_LMDB_STORE_H
#define MOS_IO_LMDB_STORE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mos_lmdb mos_lmdb;               /* an open environment; shared by threads */
typedef struct mos_lmdb_reader mos_lmdb_reader; /* one read transaction; one thread */

/* Read-only, no lock file needed. `path` is the folder (or data.mdb itself). A file that is not
 * LMDB, or is cut short (size against the meta page's last page), is MOSAIC_ERR_DATA: LMDB itself
 * would crash on it later. */
mosaic_status mos_lmdb_open(const char *path, mos_lmdb **out);
void mos_lmdb_close(mos_lmdb **db);
uint64_t mos_lmdb_count(const mos_lmdb *db);
mosaic_status mos_lmdb_reader_open(mos_lmdb *db, mos_lmdb_reader **out);
void mos_lmdb_reader_close(mos_lmdb_reader **reader);
/* The value's bytes, valid until the reader closes. found=false and *data NULL when the key is
 * absent. Values are bounds-checked against the mapped file. */
mosaic_status mos_lmdb_get(mos_lmdb_reader *reader, const char *key, const void **data,
                           size_t *size);
/* Calls `visit` for every record, in the order of the keys; its error ends the walk. */
typedef mosaic_status (*mos_lmdb_visit)(void *context, const char *key, size_t key_size,
                                        const void *data, size_t size);
mosaic_status mos_lmdb_each(mos_lmdb_reader *reader, mos_lmdb_visit visit, void *context);
/* Keys alone: the values' pages are not touched, so a store of any size is listed in a moment. */
typedef mosaic_status (*mos_lmdb_visit_key)(void *context, const char *key, size_t key_size);
mosaic_status mos_lmdb_each_key(mos_lmdb_reader *reader, mos_lmdb_visit_key visit, void *context);

typedef struct mos_lmdb_writer mos_lmdb_writer;
/* Create or continue a store in folder `path` (the map grows by itself). The writer commits
 * whenever some megabytes have come together. */
mosaic_status mos_lmdb_writer_open(const char *path, mos_lmdb_writer **out);
mosaic_status mos_lmdb_put(mos_lmdb_writer *writer, const char *key, const void *data, size_t size);
/* Is the key there already (for resuming a pack)? */
mosaic_status mos_lmdb_writer_has(mos_lmdb_writer *writer, const char *key, int *has);
/* Takes a record out, if it is there; its room is used again by later puts. */
mosaic_status mos_lmdb_delete(mos_lmdb_writer *writer, const char *key, int *had);
mosaic_status mos_lmdb_writer_commit(mos_lmdb_writer *writer);
/* Commits what is pending, syncs, closes; NULL is fine. */
mosaic_status mos_lmdb_writer_close(mos_lmdb_writer **writer);

#endif
