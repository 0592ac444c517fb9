#include "io/lmdb_shards.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/csv.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096, NAME_SIZE = 16 };
static const char manifest_name[] = "shards.csv";

struct mos_store {
    int count;
    mos_lmdb **shards; /* [count] */
};

struct mos_store_reader {
    int count;
    mos_lmdb_reader **shards; /* [count] */
};

struct mos_store_writer {
    int count;
    mos_lmdb_writer **shards; /* [count] */
};

static int shard_of(const char *key, int count) {
    uint64_t hash = 0xcbf29ce484222325ull;
    if (count == 1) return 0;
    for (const unsigned char *at = (const unsigned char *)key; *at != '\0'; at++)
        hash = (hash ^ *at) * 0x100000001b3ull;
    return (int)(hash % (uint64_t)count);
}

static void shard_name(int shard, char name[NAME_SIZE]) {
    (void)snprintf(name, NAME_SIZE, "shard-%03u", (unsigned)shard % 1000u);
}

static mosaic_status shard_path(const char *folder, int shard, char path[PATH_SIZE]) {
    char name[NAME_SIZE];
    shard_name(shard, name);
    return mos_path_join(path, PATH_SIZE, folder, name);
}

/* Rows shard,folder with 0, 1, ... and the names above: their number is what counts. */
static mosaic_status read_manifest(const char *path, int *count) {
    mos_csv csv = {0};
    mosaic_status status = mos_csv_read(path, ',', &csv);
    int64_t column = status == MOSAIC_OK ? mos_csv_column(&csv, "folder") : -1;
    if (status == MOSAIC_OK && (column < 0 || csv.rows < 1 || csv.rows > MOS_MAX_SHARDS))
        status = mos_fail(MOSAIC_ERR_DATA, "%s: wanted 1 to %d rows with a column 'folder'", path,
                          MOS_MAX_SHARDS);
    for (size_t r = 0; status == MOSAIC_OK && r < csv.rows; r++) {
        char name[NAME_SIZE];
        shard_name((int)r, name);
        const char *found = csv.cells[r * csv.columns + (size_t)column];
        if (strcmp(found, name) != 0)
            status = mos_fail(MOSAIC_ERR_DATA, "%s:%u: shard '%.40s', wanted '%s'", path,
                              csv.lines[r], found, name);
    }
    *count = (int)csv.rows;
    mos_csv_release(&csv);
    return status;
}

/* *count 0: no manifest. */
static mosaic_status find_manifest(const char *folder, int *count) {
    char path[PATH_SIZE];
    *count = 0;
    MOS_TRY(mos_path_join(path, sizeof path, folder, manifest_name));
    return mos_path_exists(path) ? read_manifest(path, count) : MOSAIC_OK;
}

static mosaic_status write_manifest(const char *folder, int count) {
    char path[PATH_SIZE];
    mos_text text = {0};
    mos_text_add(&text, "shard,folder\n");
    for (int s = 0; s < count; s++) {
        char name[NAME_SIZE];
        shard_name(s, name);
        mos_text_add(&text, "%d,%s\n", s, name);
    }
    mosaic_status status = mos_path_join(path, sizeof path, folder, manifest_name);
    if (status == MOSAIC_OK && text.failed) status = mos_fail_memory(text.size, manifest_name);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}

bool mos_store_exists(const char *folder) {
    static const char *const names[] = {"data.mdb", manifest_name};
    for (int i = 0; i < 2; i++) {
        char path[PATH_SIZE];
        if (mos_path_join(path, sizeof path, folder, names[i]) == MOSAIC_OK &&
            mos_path_exists(path))
            return true;
    }
    return false;
}

static mosaic_status open_shards(const char *path, mos_store *store) {
    int listed;
    MOS_TRY(find_manifest(path, &listed));
    store->count = listed == 0 ? 1 : listed;
    MOS_TRY(mos_alloc((size_t)store->count, sizeof *store->shards, "shards", &store->shards));
    if (listed == 0) return mos_lmdb_open(path, &store->shards[0]);
    for (int s = 0; s < listed; s++) {
        char shard[PATH_SIZE];
        MOS_TRY(shard_path(path, s, shard));
        MOS_TRY(mos_lmdb_open(shard, &store->shards[s]));
    }
    return MOSAIC_OK;
}

mosaic_status mos_store_open(const char *path, mos_store **out) {
    mos_store *store;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *store, "store", &store));
    mosaic_status status = open_shards(path, store);
    if (status == MOSAIC_OK)
        *out = store;
    else
        mos_store_close(&store);
    return status;
}

void mos_store_close(mos_store **pointer) {
    mos_store *store = *pointer;
    if (store == NULL) return;
    for (int s = 0; store->shards != NULL && s < store->count; s++)
        mos_lmdb_close(&store->shards[s]);
    mos_free(store->shards);
    mos_free(store);
    *pointer = NULL;
}

mosaic_status mos_store_reader_open(mos_store *store, mos_store_reader **out) {
    mos_store_reader *reader;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *reader, "store reader", &reader));
    reader->count = store->count;
    mosaic_status status =
        mos_alloc((size_t)store->count, sizeof *reader->shards, "store reader", &reader->shards);
    for (int s = 0; status == MOSAIC_OK && s < store->count; s++)
        status = mos_lmdb_reader_open(store->shards[s], &reader->shards[s]);
    if (status == MOSAIC_OK)
        *out = reader;
    else
        mos_store_reader_close(&reader);
    return status;
}

void mos_store_reader_close(mos_store_reader **pointer) {
    mos_store_reader *reader = *pointer;
    if (reader == NULL) return;
    for (int s = 0; reader->shards != NULL && s < reader->count; s++)
        mos_lmdb_reader_close(&reader->shards[s]);
    mos_free(reader->shards);
    mos_free(reader);
    *pointer = NULL;
}

mosaic_status mos_store_get(mos_store_reader *reader, const char *key, const void **data,
                            size_t *size) {
    return mos_lmdb_get(reader->shards[shard_of(key, reader->count)], key, data, size);
}

mosaic_status mos_store_each_key(mos_store_reader *reader, mos_lmdb_visit_key visit,
                                 void *context) {
    for (int s = 0; s < reader->count; s++)
        MOS_TRY(mos_lmdb_each_key(reader->shards[s], visit, context));
    return MOSAIC_OK;
}

/* The manifest comes before the first shard: what a kill leaves behind is a store of so many. */
static mosaic_status begin_folder(const char *folder, int shards) {
    int listed;
    bool exists = mos_store_exists(folder);
    MOS_TRY(mos_make_dirs(folder));
    MOS_TRY(find_manifest(folder, &listed));
    int found = listed == 0 ? 1 : listed;
    if (exists && found != shards)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: a store of %d shard%s, wanted %d; choose a new folder", folder, found,
                        found == 1 ? "" : "s", shards);
    return exists || shards == 1 ? MOSAIC_OK : write_manifest(folder, shards);
}

static bool is_own(const mos_store_part *part, int shard) {
    return part == NULL || part->count < 2 || shard % part->count == part->number;
}

mosaic_status mos_store_writer_open(const char *folder, int shards, const mos_store_part *part,
                                    mos_store_writer **out) {
    mos_store_writer *writer;
    *out = NULL;
    if (shards < 1 || shards > MOS_MAX_SHARDS)
        return mos_fail(MOSAIC_ERR_USAGE, "%d shards, wanted 1 to %d", shards, MOS_MAX_SHARDS);
    MOS_TRY(begin_folder(folder, shards));
    MOS_TRY(mos_alloc(1, sizeof *writer, "store writer", &writer));
    writer->count = shards;
    mosaic_status status =
        mos_alloc((size_t)shards, sizeof *writer->shards, "store writer", &writer->shards);
    for (int s = 0; status == MOSAIC_OK && s < shards; s++) {
        char path[PATH_SIZE];
        if (!is_own(part, s)) continue;
        status = shard_path(folder, s, path);
        if (status == MOSAIC_OK)
            status = mos_lmdb_writer_open(shards == 1 ? folder : path, &writer->shards[s]);
    }
    *out = writer;
    if (status == MOSAIC_OK) return MOSAIC_OK;
    char text[1024];
    mos_error_copy(text, sizeof text);
    (void)!mos_store_writer_close(out);
    mos_error_restore(text);
    return status;
}

bool mos_store_part_has(const mos_store_part *part, int shards, const char *key) {
    return is_own(part, shard_of(key, shards));
}

mosaic_status mos_store_put(mos_store_writer *writer, const char *key, const void *data,
                            size_t size) {
    return mos_lmdb_put(writer->shards[shard_of(key, writer->count)], key, data, size);
}

mosaic_status mos_store_writer_has(mos_store_writer *writer, const char *key, int *has) {
    return mos_lmdb_writer_has(writer->shards[shard_of(key, writer->count)], key, has);
}

mosaic_status mos_store_delete(mos_store_writer *writer, const char *key, int *had) {
    return mos_lmdb_delete(writer->shards[shard_of(key, writer->count)], key, had);
}

mosaic_status mos_store_writer_close(mos_store_writer **pointer) {
    mos_store_writer *writer = *pointer;
    mosaic_status status = MOSAIC_OK;
    char text[1024] = "";
    if (writer == NULL) return MOSAIC_OK;
    for (int s = 0; writer->shards != NULL && s < writer->count; s++) {
        mosaic_status closed = mos_lmdb_writer_close(&writer->shards[s]);
        if (closed == MOSAIC_OK || status != MOSAIC_OK) continue;
        status = closed;
        mos_error_copy(text, sizeof text);
    }
    if (status != MOSAIC_OK) mos_error_restore(text);
    mos_free(writer->shards);
    mos_free(writer);
    *pointer = NULL;
    return status;
}
