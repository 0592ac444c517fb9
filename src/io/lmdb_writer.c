#include "base/file.h"
#include "base/memory.h"
#include "io/file_map.h"
#include "io/lmdb_failure.h"
#include "io/lmdb_store.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A commit syncs the disk, and until then the puts lie in memory. */
enum { BATCH_PUTS = 512 };
static const uint64_t batch_bytes = (uint64_t)64 << 20;
/* The map is address space, not disk: the file grows by what is written. */
static const uint64_t first_map_bytes = (uint64_t)64 << 20;
/* Pages a put may take beside its value: a copy and a split on every level of a tree 16 deep; and
 * what a commit takes for the free list and the meta pages. */
enum { PAGES_PER_PUT = 32, PAGES_PER_COMMIT = 512 };

struct mos_lmdb_writer {
    MDB_env *env;
    MDB_dbi database;
    MDB_txn *txn;         /* NULL before the first put, and after a failed commit */
    mos_lmdb_shape shape; /* of the file when the transaction began */
    const void *map;      /* where liblmdb mapped it; NULL while the store is empty */
    uint64_t map_bytes,
        used_pages; /* used_pages: the most that the open transaction may have reached */
    uint64_t pending_puts, pending_bytes;
    bool broken;
    char path[4096];
};

static mosaic_status fail(const mos_lmdb_writer *writer, int answer) {
    return mos_lmdb_fail(answer, "write", writer->path);
}

/* liblmdb does not tell where its map begins. Before anything is put, the first key lies in the
 * map, on a page that carries its own number. */
static mosaic_status find_map(mos_lmdb_writer *writer) {
    MDB_cursor *cursor;
    MDB_val key, value;
    writer->map = NULL;
    MOS_TRY(fail(writer, mdb_cursor_open(writer->txn, writer->database, &cursor)));
    int answer = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    mdb_cursor_close(cursor);
    if (answer == MDB_NOTFOUND) return MOSAIC_OK;
    MOS_TRY(fail(writer, answer));
    const char *page =
        (const char *)key.mv_data - (uintptr_t)key.mv_data % writer->shape.page_bytes;
    writer->map = page - mos_load_u64(page) * writer->shape.page_bytes;
    return MOSAIC_OK;
}

static mosaic_status begin(mos_lmdb_writer *writer) {
    if (writer->broken)
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: an earlier write failed", writer->path);
    if (writer->txn != NULL) return MOSAIC_OK;
    MOS_TRY(fail(writer, mdb_txn_begin(writer->env, NULL, 0, &writer->txn)));
    MDB_envinfo info;
    MOS_TRY(fail(writer, mdb_env_info(writer->env, &info)));
    writer->shape.pages = info.me_last_pgno + 1;
    MOS_TRY(find_map(writer));
    writer->used_pages = writer->shape.pages + PAGES_PER_COMMIT;
    writer->pending_puts = writer->pending_bytes = 0;
    return MOSAIC_OK;
}

static mosaic_status commit(mos_lmdb_writer *writer) {
    if (writer->txn == NULL) return MOSAIC_OK;
    MDB_txn *txn = writer->txn;
    writer->txn = NULL; /* liblmdb frees it in every case */
    mosaic_status status = fail(writer, mdb_txn_commit(txn));
    writer->broken = status != MOSAIC_OK;
    return status;
}

/* Make sure that a value of `size` bytes fits the map. liblmdb can only resize between
 * transactions, and a put that meets a full map spoils the whole transaction, so room is made
 * before. */
static mosaic_status reserve(mos_lmdb_writer *writer, size_t size) {
    uint64_t page_bytes = writer->shape.page_bytes;
    uint64_t wanted = ((uint64_t)size + page_bytes) / page_bytes + 1 + PAGES_PER_PUT;
    MOS_TRY(begin(writer));
    if ((writer->used_pages + wanted) * page_bytes > writer->map_bytes) {
        MOS_TRY(commit(writer));
        uint64_t larger = writer->map_bytes * 2,
                 least = (writer->used_pages + 2 * wanted) * page_bytes;
        while (larger < least)
            larger *= 2;
        MOS_TRY(fail(writer, mdb_env_set_mapsize(writer->env, larger)));
        writer->map_bytes = larger;
        MOS_TRY(begin(writer));
    }
    writer->used_pages += wanted;
    return MOSAIC_OK;
}

static mosaic_status open_env(mos_lmdb_writer *writer) {
    MOS_TRY(fail(writer, mdb_env_create(&writer->env)));
    writer->map_bytes = first_map_bytes;
    while (writer->map_bytes < 2 * writer->shape.pages * writer->shape.page_bytes)
        writer->map_bytes *= 2;
    MOS_TRY(fail(writer, mdb_env_set_mapsize(writer->env, writer->map_bytes)));
    MOS_TRY(fail(writer, mdb_env_open(writer->env, writer->path, 0, 0644)));
    MDB_stat stat;
    MOS_TRY(fail(writer, mdb_env_stat(writer->env, &stat)));
    writer->shape.page_bytes = stat.ms_psize;
    if (writer->shape.page_bytes > (uint64_t)sysconf(_SC_PAGESIZE))
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "%s: has pages of %u bytes, larger than this machine's", writer->path,
                        writer->shape.page_bytes);
    MDB_txn *txn;
    MOS_TRY(fail(writer, mdb_txn_begin(writer->env, NULL, MDB_RDONLY, &txn)));
    int answer = mdb_dbi_open(txn, NULL, 0, &writer->database);
    mdb_txn_abort(txn);
    return fail(writer, answer);
}

mosaic_status mos_lmdb_writer_open(const char *path, mos_lmdb_writer **out) {
    *out = NULL;
    mos_lmdb_writer *writer;
    MOS_TRY(mos_alloc(1, sizeof *writer, "LMDB writer", &writer));
    mosaic_status status;
    char data_path[4096];
    struct stat info;
    MOS_GOTO(mos_path_join(writer->path, sizeof writer->path, path, ""));
    MOS_GOTO(mos_make_dirs(path));
    MOS_GOTO(mos_path_join(data_path, sizeof data_path, path, "data.mdb"));
    /* An empty file is what a kill before the first commit leaves; liblmdb starts it anew. */
    if (stat(data_path, &info) == 0 && info.st_size > 0)
        MOS_GOTO(mos_lmdb_check_file(data_path, true, &writer->shape));
    MOS_GOTO(open_env(writer));
    *out = writer;
    writer = NULL;
done:
    if (writer != NULL) {
        if (writer->txn != NULL) mdb_txn_abort(writer->txn);
        if (writer->env != NULL) mdb_env_close(writer->env);
        mos_free(writer);
    }
    return status;
}

/* The value of `key` within the open transaction; its own pages may still be in memory only. */
static mosaic_status find(mos_lmdb_writer *writer, const char *key, MDB_val *name, MDB_val *value,
                          bool *found) {
    size_t size = strlen(key);
    if (size == 0 || size > MOS_LMDB_MAX_KEY)
        return mos_fail(MOSAIC_ERR_DATA, "%s: key \"%.60s\" has %zu bytes, wanted 1 to %d",
                        writer->path, key, size, MOS_LMDB_MAX_KEY);
    MOS_TRY(begin(writer));
    *name = mos_lmdb_value(key, size);
    int answer = mdb_get(writer->txn, writer->database, name, value);
    *found = answer == 0;
    return answer == MDB_NOTFOUND ? MOSAIC_OK : fail(writer, answer);
}

/* Replacing or deleting a value, liblmdb believes the page count in the old value's header. */
static mosaic_status check_replaced(const mos_lmdb_writer *writer, const char *key,
                                    const MDB_val *value) {
    uintptr_t offset = (uintptr_t)value->mv_data - (uintptr_t)writer->map;
    if (writer->map == NULL || offset >= writer->shape.pages * writer->shape.page_bytes)
        return MOSAIC_OK; /* outside the file: put by this very transaction */
    if (mos_lmdb_value_is_sound(writer->map, &writer->shape, value->mv_data, value->mv_size, true))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "%s: record \"%s\": its pages are damaged", writer->path, key);
}

/* Commits when enough has come together. */
static mosaic_status count_change(mos_lmdb_writer *writer, size_t size) {
    writer->pending_puts++;
    writer->pending_bytes += size;
    return writer->pending_puts >= BATCH_PUTS || writer->pending_bytes >= batch_bytes
               ? commit(writer)
               : MOSAIC_OK;
}

mosaic_status mos_lmdb_put(mos_lmdb_writer *writer, const char *key, const void *data,
                           size_t size) {
    if (size > UINT32_MAX)
        return mos_fail(MOSAIC_ERR_DATA, "%s: record \"%s\" of %zu bytes, at most 4294967295 fit",
                        writer->path, key, size);
    MDB_val name, value;
    bool found = false;
    MOS_TRY(find(writer, key, &name, &value, &found));
    if (found) MOS_TRY(check_replaced(writer, key, &value));
    MOS_TRY(reserve(writer, size));
    value = mos_lmdb_value(data, size);
    /* Deleting first gives the new value exactly the pages it needs. */
    int answer = found ? mdb_del(writer->txn, writer->database, &name, NULL) : 0;
    if (answer == 0) answer = mdb_put(writer->txn, writer->database, &name, &value, 0);
    if (answer != 0) {
        writer->broken = true; /* the transaction is spoilt, and the puts since the last commit */
        return fail(writer, answer);
    }
    return count_change(writer, size);
}

mosaic_status mos_lmdb_delete(mos_lmdb_writer *writer, const char *key, int *had) {
    MDB_val name, value;
    bool found = false;
    *had = 0;
    MOS_TRY(find(writer, key, &name, &value, &found));
    if (!found) return MOSAIC_OK;
    size_t size = value.mv_size;
    MOS_TRY(check_replaced(writer, key, &value));
    MOS_TRY(reserve(writer, 0));
    int answer = mdb_del(writer->txn, writer->database, &name, NULL);
    if (answer != 0) {
        writer->broken = true;
        return fail(writer, answer);
    }
    *had = 1;
    return count_change(writer, size);
}

mosaic_status mos_lmdb_writer_has(mos_lmdb_writer *writer, const char *key, int *has) {
    MDB_val name, value;
    bool found = false;
    *has = 0;
    MOS_TRY(find(writer, key, &name, &value, &found));
    *has = found;
    return MOSAIC_OK;
}

mosaic_status mos_lmdb_writer_commit(mos_lmdb_writer *writer) {
    if (writer->broken)
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: an earlier write failed", writer->path);
    return commit(writer);
}

mosaic_status mos_lmdb_writer_close(mos_lmdb_writer **writer) {
    mos_lmdb_writer *old = *writer;
    if (old == NULL) return MOSAIC_OK;
    *writer = NULL;
    mosaic_status status = MOSAIC_OK;
    if (old->broken) {
        if (old->txn != NULL) mdb_txn_abort(old->txn);
        status = mos_fail(MOSAIC_ERR_RUNTIME, "%s: an earlier write failed", old->path);
    } else {
        status = commit(old);
        if (status == MOSAIC_OK)
            status = mos_lmdb_fail(mdb_env_sync(old->env, 1), "write", old->path);
    }
    mdb_env_close(old->env);
    mos_free(old);
    return status;
}
