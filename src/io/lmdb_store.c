#include "io/lmdb_store.h"

#include "base/memory.h"
#include "io/file_map.h"
#include "io/lmdb_check.h"
#include "io/lmdb_failure.h"

#include <stdbool.h>
#include <string.h>

struct mos_lmdb {
    MDB_env *env;
    MDB_dbi database;
    mos_lmdb_shape shape;
    const void *data; /* liblmdb's own mapping */
    char path[4096];
};

struct mos_lmdb_reader {
    mos_lmdb *db;
    MDB_txn *txn;
};

/* liblmdb does not tell where its map begins, but the first key's place is known in the file and in
 * the map. */
static mosaic_status find_mapping(mos_lmdb *db, MDB_txn *txn) {
    MDB_cursor *cursor;
    MDB_val key, value;
    MOS_TRY(mos_lmdb_fail(mdb_dbi_open(txn, NULL, 0, &db->database), "open", db->path));
    if (db->shape.first_key == 0) return MOSAIC_OK; /* empty: no value will need the check */
    MOS_TRY(mos_lmdb_fail(mdb_cursor_open(txn, db->database, &cursor), "open", db->path));
    int answer = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    mdb_cursor_close(cursor);
    if (answer == 0) db->data = (const char *)key.mv_data - db->shape.first_key;
    return mos_lmdb_fail(answer, "open", db->path);
}

static mosaic_status open_env(mos_lmdb *db) {
    MOS_TRY(mos_lmdb_fail(mdb_env_create(&db->env), "open", db->path));
    /* The map is exactly the checked file: the size in the file's head may be anything. */
    MOS_TRY(mos_lmdb_fail(mdb_env_set_mapsize(db->env, db->shape.pages * db->shape.page_bytes),
                          "open", db->path));
    MOS_TRY(mos_lmdb_fail(
        mdb_env_open(db->env, db->path, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR | MDB_NOTLS, 0644),
        "open", db->path));
    MDB_envinfo info;
    MOS_TRY(mos_lmdb_fail(mdb_env_info(db->env, &info), "open", db->path));
    if (info.me_last_pgno + 1 != db->shape.pages || info.me_last_txnid != db->shape.transaction)
        return mos_fail(MOSAIC_ERR_DATA, "%s: changed while it was opened", db->path);
    MDB_txn *txn;
    MOS_TRY(mos_lmdb_fail(mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn), "open", db->path));
    mosaic_status status = find_mapping(db, txn);
    mdb_txn_abort(txn);
    return status;
}

mosaic_status mos_lmdb_open(const char *path, mos_lmdb **out) {
    *out = NULL;
    mos_lmdb *db;
    MOS_TRY(mos_alloc(1, sizeof *db, "LMDB store", &db));
    mosaic_status status;
    MOS_GOTO(mos_lmdb_data_path(path, db->path, sizeof db->path));
    MOS_GOTO(mos_lmdb_check_file(db->path, false, &db->shape));
    MOS_GOTO(open_env(db));
    *out = db;
    db = NULL;
done:
    mos_lmdb_close(&db);
    return status;
}

void mos_lmdb_close(mos_lmdb **db) {
    if (*db == NULL) return;
    if ((*db)->env != NULL) mdb_env_close((*db)->env);
    mos_free(*db);
    *db = NULL;
}

uint64_t mos_lmdb_count(const mos_lmdb *db) {
    return db->shape.entries;
}

mosaic_status mos_lmdb_reader_open(mos_lmdb *db, mos_lmdb_reader **out) {
    *out = NULL;
    mos_lmdb_reader *reader;
    MOS_TRY(mos_alloc(1, sizeof *reader, "LMDB reader", &reader));
    reader->db = db;
    mosaic_status status =
        mos_lmdb_fail(mdb_txn_begin(db->env, NULL, MDB_RDONLY, &reader->txn), "read", db->path);
    if (status != MOSAIC_OK) {
        mos_free(reader);
        return status;
    }
    *out = reader;
    return MOSAIC_OK;
}

void mos_lmdb_reader_close(mos_lmdb_reader **reader) {
    if (*reader == NULL) return;
    mdb_txn_abort((*reader)->txn);
    mos_free(*reader);
    *reader = NULL;
}

static mosaic_status check_value(const mos_lmdb *db, const char *key, size_t key_size,
                                 const MDB_val *value) {
    if (mos_lmdb_value_is_sound(db->data, &db->shape, value->mv_data, value->mv_size, false))
        return MOSAIC_OK;
    char shown[100];
    return mos_fail(MOSAIC_ERR_DATA, "%s: record \"%s\": its pages are damaged", db->path,
                    mos_shown_text(key, key_size, shown, sizeof shown));
}

mosaic_status mos_lmdb_get(mos_lmdb_reader *reader, const char *key, const void **data,
                           size_t *size) {
    *data = NULL;
    *size = 0;
    size_t key_size = strlen(key);
    if (key_size == 0 || key_size > MOS_LMDB_MAX_KEY)
        return MOSAIC_OK; /* no such key can be in the store */
    MDB_val name = mos_lmdb_value(key, key_size), value;
    int answer = mdb_get(reader->txn, reader->db->database, &name, &value);
    if (answer == MDB_NOTFOUND) return MOSAIC_OK;
    MOS_TRY(mos_lmdb_fail(answer, "read", reader->db->path));
    MOS_TRY(check_value(reader->db, key, key_size, &value));
    *data = value.mv_data;
    *size = value.mv_size;
    return MOSAIC_OK;
}

mosaic_status mos_lmdb_each(mos_lmdb_reader *reader, mos_lmdb_visit visit, void *context) {
    const mos_lmdb *db = reader->db;
    MDB_cursor *cursor;
    MOS_TRY(mos_lmdb_fail(mdb_cursor_open(reader->txn, db->database, &cursor), "read", db->path));
    mosaic_status status = MOSAIC_OK;
    MDB_val key, value;
    int answer = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (answer == 0) {
        MOS_GOTO(check_value(db, key.mv_data, key.mv_size, &value));
        MOS_GOTO(visit(context, key.mv_data, key.mv_size, value.mv_data, value.mv_size));
        answer = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (answer != MDB_NOTFOUND) status = mos_lmdb_fail(answer, "read", db->path);
done:
    mdb_cursor_close(cursor);
    return status;
}

mosaic_status mos_lmdb_each_key(mos_lmdb_reader *reader, mos_lmdb_visit_key visit, void *context) {
    const mos_lmdb *db = reader->db;
    MDB_cursor *cursor;
    MOS_TRY(mos_lmdb_fail(mdb_cursor_open(reader->txn, db->database, &cursor), "read", db->path));
    mosaic_status status = MOSAIC_OK;
    MDB_val key;
    int answer = mdb_cursor_get(cursor, &key, NULL, MDB_FIRST);
    while (answer == 0) {
        MOS_GOTO(visit(context, key.mv_data, key.mv_size));
        answer = mdb_cursor_get(cursor, &key, NULL, MDB_NEXT);
    }
    if (answer != MDB_NOTFOUND) status = mos_lmdb_fail(answer, "read", db->path);
done:
    mdb_cursor_close(cursor);
    return status;
}
