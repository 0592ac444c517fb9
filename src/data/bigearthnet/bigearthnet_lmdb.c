/* LMDB of safetensors as rico-hdl writes it: S1 and S2 of a place are two records, joined by the
 * s1_name of a metadata table beside the store. `data pack` writes the same; for sets of other
 * origin its table names the record of each modality in columns record:<modality>. */
#include "data/bigearthnet/bigearthnet_layout.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/bigearthnet/pack_bands.h"
#include "data/bigearthnet/pack_ground.h"
#include "data/bigearthnet/packed_table.h"
#include "data/data_options.h"
#include "data/names/patch_name.h"
#include "data/source_info.h"
#include "io/lmdb_shards.h"

#include <stdio.h>
#include <string.h>

typedef struct key_walk {
    mos_dataset *dataset;
    mos_name_set *sets[MOS_BEN_MODALITIES];
} key_walk;

static mosaic_status sort_key(void *context, const char *key, size_t size) {
    static const char map[] = "_reference_map";
    key_walk *walk = context;
    mos_patch_name parsed;
    if (mos_patch_name_parse_s2(key, size, &parsed))
        return mos_name_set_add(walk->sets[MOS_BEN_S2], key, size, NULL);
    if (mos_patch_name_parse_s1(key, size, &parsed))
        return mos_name_set_add(walk->sets[MOS_BEN_S1], key, size, NULL);
    bool reference = size > sizeof map - 1 &&
                     memcmp(key + size - (sizeof map - 1), map, sizeof map - 1) == 0 &&
                     mos_patch_name_parse_s2(key, size - (sizeof map - 1), &parsed);
    if (!reference)
        mos_dataset_defect(walk->dataset, "record of unknown kind", "%.*s",
                           (int)(size < 120 ? size : 120), key);
    return MOSAIC_OK;
}

/* Values of other writers, by their first bytes. */
static mosaic_status check_value(const char *root, const char *key, const unsigned char *data,
                                 size_t size) {
    bool pickle = size > 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5;
    bool numpy = size > 6 && memcmp(data, "\x93NUMPY", 6) == 0;
    bool zip = size > 4 && memcmp(data, "PK\x03\x04", 4) == 0;
    if (!pickle && !numpy && !zip) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: record '%s' is %s, and records of safetensors are wanted, as rico-hdl and "
                    "`mosaic data pack` write them; pack the folders it was made of: mosaic data "
                    "pack ROOT OUT",
                    root, key,
                    pickle  ? "a Python pickle, as older BigEarthNet encoders wrote"
                    : numpy ? "a NumPy array"
                            : "a zip or npz archive");
}

static mosaic_status first_key(void *context, const char *key, size_t size) {
    char *out = context;
    if (out[0] == '\0' && size < 512) snprintf(out, 512, "%.*s", (int)size, key);
    return MOSAIC_OK;
}

/* Asked before samples are counted as missing from a store that could not be read anyway. */
static mosaic_status check_store(const mos_dataset *dataset, mos_store_reader *store) {
    char key[512] = "";
    const void *data = NULL;
    size_t size = 0;
    MOS_TRY(mos_store_each_key(store, first_key, key));
    if (key[0] != '\0') MOS_TRY(mos_store_get(store, key, &data, &size));
    return data == NULL ? MOSAIC_OK : check_value(dataset->root, key, data, size);
}

static mosaic_status record_of(mos_store_reader *store, const char *key, mos_safetensors *parsed) {
    const void *data;
    size_t size;
    MOS_TRY(mos_store_get(store, key, &data, &size));
    if (data == NULL) return mos_fail(MOSAIC_ERR_DATA, "no record '%s' in the store", key);
    return mos_safetensors_reparse(data, size, key, parsed);
}

/* The side of the 10 m bands from the first record; damage in it shows when it is read for use. */
static mosaic_status find_side(mos_dataset *dataset, mos_store_reader *store) {
    for (int64_t i = 0; i < dataset->count; i++) {
        for (int64_t m = 0; m < MOS_BEN_MODALITIES; m++) {
            const char *key = dataset->sources[i * dataset->slots + m];
            if (key == NULL) continue;
            mos_safetensors record = {0};
            mosaic_status status = record_of(store, key, &record);
            const mos_tensor_view *tensor =
                status == MOSAIC_OK ? mos_safetensors_find(&record, m == MOS_BEN_S1 ? "VV" : "B02")
                                    : NULL;
            int64_t side = tensor != NULL && tensor->rank == 2 ? tensor->shape[1] : 120;
            mos_safetensors_release(&record);
            return mos_ben_sizes(dataset, side, key);
        }
    }
    return mos_ben_sizes(dataset, 120, dataset->root);
}

static mosaic_status open_bigearthnet(mos_dataset *dataset, mos_store_reader *store,
                                      const char *path) {
    mos_name_set s1 = {0}, s2 = {0};
    mos_metadata metadata = {0};
    key_walk walk = {.dataset = dataset, .sets = {[MOS_BEN_S1] = &s1, [MOS_BEN_S2] = &s2}};
    mosaic_status status;
    if (dataset->options.scale.count > 0) {
        status = mos_fail(MOSAIC_ERR_USAGE,
                          "%s: data.scale: the records of this store are digital numbers and "
                          "decibels, and are not scaled",
                          dataset->root);
        goto done;
    }
    MOS_GOTO(mos_ben_modalities(dataset));
    MOS_GOTO(mos_store_each_key(store, sort_key, &walk));
    MOS_GOTO(mos_metadata_read(dataset, path, &metadata));
    MOS_GOTO(mos_ben_join(dataset, &metadata, path, &s1, &s2));
    MOS_GOTO(find_side(dataset, store));
done:
    mos_metadata_release(&metadata);
    mos_name_set_release(&s1);
    mos_name_set_release(&s2);
    return status;
}

static mosaic_status open_lmdb(mos_dataset *dataset) {
    mos_store *db;
    mos_store_reader *store = NULL;
    char folder[4096], path[4096];
    const char *given = mos_ben_options_of(&dataset->options)->lmdb;
    MOS_TRY(mos_dataset_path(dataset, given != NULL ? given : dataset->root, "", folder,
                             sizeof folder));
    MOS_TRY(mos_store_open(folder, &db));
    dataset->handle = db;
    mosaic_status status;
    size_t length = strlen(folder);
    if (length > 4 && strcmp(folder + length - 4, ".mdb") == 0) {
        char *slash = strrchr(folder, '/');
        snprintf(slash == NULL ? folder : slash, 2, "%s", slash == NULL ? "." : "");
    }
    MOS_GOTO(mos_store_reader_open(db, &store));
    MOS_GOTO(check_store(dataset, store));
    MOS_GOTO(mos_ben_metadata_path(dataset, folder, path, sizeof path));
    bool packed;
    MOS_GOTO(mos_packed_table_recognise(path, &packed));
    if (packed)
        MOS_GOTO(mos_packed_table_open(dataset, store, path));
    else
        MOS_GOTO(open_bigearthnet(dataset, store, path));
    mos_pack_bands described;
    MOS_GOTO(mos_pack_bands_read(dataset, folder, &described));
    if (packed && described == MOS_PACK_BANDS_UNNAMED)
        mos_log(MOS_LOG_NOTICE,
                "%s: packed by an earlier version: it does not say which names of its bands were "
                "guessed, nor what the files said of units and levels; pack the source again for "
                "that",
                dataset->root);
    if (packed && described == MOS_PACK_BANDS_ABSENT)
        mos_log(MOS_LOG_NOTICE,
                "%s: packed by an earlier version: it does not say which format it was made of, "
                "where its samples lie, how fine its bands are, or which of their names were "
                "guessed; pack the source again for that",
                dataset->root);
done:
    mos_store_reader_close(&store);
    return status;
}

static void close_lmdb(mos_dataset *dataset) {
    mos_store *db = dataset->handle;
    mos_store_close(&db);
    dataset->handle = NULL;
}

static bool recognise_lmdb(const char *root) {
    return mos_store_exists(root);
}

typedef struct lmdb_reader {
    mos_store_reader *store;
    mos_safetensors records[MOS_DATA_MAX_MODALITIES];
} lmdb_reader;

static void close_reader(void *state) {
    lmdb_reader *reader = state;
    if (reader == NULL) return;
    mos_store_reader_close(&reader->store);
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++)
        mos_safetensors_release(&reader->records[m]);
    mos_free(reader);
}

static mosaic_status open_reader(mos_dataset *dataset, void **state) {
    lmdb_reader *reader;
    MOS_TRY(mos_alloc(1, sizeof *reader, "reader", &reader));
    mosaic_status status = mos_store_reader_open(dataset->handle, &reader->store);
    if (status != MOSAIC_OK) {
        close_reader(reader);
        return status;
    }
    *state = reader;
    return MOSAIC_OK;
}

static mosaic_status check_tensor(const mos_tensor_view *tensor, const mos_dataset *dataset,
                                  int64_t modality, int band, const char *key, const char *name) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    if (tensor == NULL)
        return mos_fail(MOSAIC_ERR_DATA, "record '%s' has no tensor '%s'", key, name);
    int64_t width = storage->width[band], height = storage->height[band];
    bool sized =
        tensor->rank == 2 && tensor->shape[0] > 0 && tensor->shape[1] > 0 &&
        (dataset->options.any_size || (tensor->shape[0] == height && tensor->shape[1] == width));
    if (!sized || tensor->dtype != storage->dtype[band])
        return mos_fail(MOSAIC_ERR_DATA,
                        "record '%s': '%s' is %s of rank %d, [%lld, %lld], wanted %s [%lld, %lld]",
                        key, name, mos_dtype_name(tensor->dtype), tensor->rank,
                        (long long)(tensor->rank > 0 ? tensor->shape[0] : 0),
                        (long long)(tensor->rank > 1 ? tensor->shape[1] : 0),
                        mos_dtype_name(storage->dtype[band]), (long long)height, (long long)width);
    return MOSAIC_OK;
}

static mosaic_status read_lmdb(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                               const int *bands, int64_t count, mos_raw_band *out) {
    lmdb_reader *reader = state;
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *key = dataset->sources[sample * dataset->slots + storage->slot];
    mos_safetensors *record = &reader->records[modality];
    MOS_TRY(mos_context(record_of(reader->store, key, record), "%s", dataset->root));
    for (int64_t i = 0; i < count; i++) {
        int band = bands[i];
        const char *name = dataset->modalities[modality].bands[band].name;
        const mos_tensor_view *tensor = mos_safetensors_find(record, name);
        MOS_TRY(mos_context(check_tensor(tensor, dataset, modality, band, key, name), "%s",
                            dataset->root));
        out[i] = (mos_raw_band){.dtype = tensor->dtype,
                                .width = tensor->shape[1],
                                .height = tensor->shape[0],
                                .data = tensor->data,
                                .has_nodata = storage->has_nodata,
                                .nodata = storage->nodata};
    }
    return MOSAIC_OK;
}

static mosaic_status describe_lmdb(mos_dataset *dataset, void *state, int64_t sample,
                                   int64_t modality, int band, mos_source_info *out) {
    lmdb_reader *reader = state;
    const char *key = dataset->sources[sample * dataset->slots + dataset->storage[modality].slot];
    mos_safetensors *record = &reader->records[modality];
    snprintf(out->path, sizeof out->path, "%.4000s: record '%.200s'", dataset->root, key);
    MOS_TRY(record_of(reader->store, key, record));
    const char *name = dataset->modalities[modality].bands[band].name;
    const mos_tensor_view *tensor = mos_safetensors_find(record, name);
    if (tensor == NULL || tensor->rank != 2)
        return mos_fail(MOSAIC_ERR_DATA, "record '%s' has no plane '%s'", key, name);
    out->width = tensor->shape[1];
    out->height = tensor->shape[0];
    out->dtype = tensor->dtype;
    if (dataset->grounds == NULL) return MOSAIC_OK;
    mos_site site;
    const char *ground = dataset->grounds[sample * dataset->modality_count + modality];
    bool known = mos_dataset_site(dataset, sample, &site);
    return mos_pack_ground_read(ground, known ? &site : NULL, band, out);
}

const mos_format mos_format_bigearthnet_v2_lmdb = {
    .name = "bigearthnet-v2-lmdb",
    .summary = "LMDB of safetensors (rico-hdl, or mosaic data pack) and a metadata table",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19,
    .bands = mos_ben_default_bands,
    .options = &mos_ben_format_options,
    .open = open_lmdb,
    .close = close_lmdb,
    .recognise = recognise_lmdb,
    .reader_open = open_reader,
    .reader_close = close_reader,
    .read = read_lmdb,
    .describe = describe_lmdb,
};
