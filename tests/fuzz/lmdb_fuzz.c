#include "base/file.h"
#include "fuzz/fuzz_target.h"
#include "io/lmdb_check.h"
#include "io/lmdb_store.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the check lets through is given to liblmdb itself: read to the end with every value as a
 * record, then written to. */

static char folder[64];

static void remove_folder(void) {
    (void)!mos_remove_tree(folder);
}

static void write_store(const uint8_t *data, size_t size) {
    if (folder[0] == '\0') { /* in memory where there is such a place: every commit syncs */
        snprintf(folder, sizeof folder, "%smosaic-lmdb-fuzz-XXXXXX",
                 mos_path_is_dir("/dev/shm") ? "/dev/shm/" : "");
        if (mkdtemp(folder) == NULL) abort();
        atexit(remove_folder);
    }
    char path[80];
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
}

static mosaic_status visit(void *context, const char *key, size_t key_size, const void *data,
                           size_t size) {
    volatile uint64_t *sum = context;
    for (size_t i = 0; i < key_size; i++)
        *sum += (uint8_t)key[i];
    mos_safetensors record;
    if (mos_safetensors_parse(data, size, "record", &record) == MOSAIC_OK)
        for (size_t i = 0; i < record.count; i++)
            *sum += record.tensors[i].bytes;
    mos_safetensors_release(&record);
    for (size_t i = 0; i < size; i++)
        *sum += ((const uint8_t *)data)[i];
    return MOSAIC_OK;
}

static void read_store(void) {
    mos_lmdb *db = NULL;
    mos_lmdb_reader *reader = NULL;
    volatile uint64_t sum = 0;
    if (mos_lmdb_open(folder, &db) != MOSAIC_OK) return;
    if (mos_lmdb_reader_open(db, &reader) == MOSAIC_OK) {
        const void *data;
        size_t size;
        (void)!mos_lmdb_each(reader, visit, (void *)(uintptr_t)&sum);
        if (mos_lmdb_get(reader, "k", &data, &size) == MOSAIC_OK && data != NULL) sum += size;
    }
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
}

static void continue_store(void) {
    mos_lmdb_writer *writer = NULL;
    static const char value[3000];
    int has;
    if (mos_lmdb_writer_open(folder, &writer) != MOSAIC_OK) return;
    static const char *const keys[] = {"a", "b", "k", "key", "m", "zzz"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (mos_lmdb_put(writer, keys[i], value, i % 2 == 0 ? 20 : sizeof value) != MOSAIC_OK)
            break;
        if (mos_lmdb_writer_has(writer, keys[i], &has) != MOSAIC_OK || !has) abort();
        if (i == 3 && mos_lmdb_writer_commit(writer) != MOSAIC_OK) break;
    }
    if (mos_lmdb_writer_close(&writer) == MOSAIC_OK) {
        mos_lmdb *db;
        if (mos_lmdb_open(folder, &db) != MOSAIC_OK) { /* what was written is good */
            fprintf(stderr, "%s\n", mosaic_error());
            abort();
        }
        mos_lmdb_close(&db);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_lmdb_shape shape;
    bool readable = mos_lmdb_check(data, size, false, &shape) == MOSAIC_OK;
    bool writable = mos_lmdb_check(data, size, true, &shape) == MOSAIC_OK;
    if (writable && !readable) abort();
    if (!readable) return 0;
    write_store(data, size);
    read_store();
    if (writable) continue_store();
    return 0;
}
