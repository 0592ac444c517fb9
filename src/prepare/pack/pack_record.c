#include "prepare/pack/pack_record.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/file_layout.h"
#include "data/names/nomenclature.h"
#include "io/raster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of patches throughout, the two modalities, and no class outside the 19. */
static bool is_bigearthnet(const mos_dataset *dataset) {
    mos_patch_name parsed;
    if (dataset->format == &mos_format_csv || dataset->modality_count != 2 ||
        dataset->class_count != MOS_BEN_CLASSES || strcmp(dataset->modalities[0].name, "s1") != 0 ||
        strcmp(dataset->modalities[1].name, "s2") != 0)
        return false;
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (mos_ben_class_find(dataset->classes[c], strlen(dataset->classes[c])) < 0) return false;
    }
    for (int64_t i = 0; i < dataset->count; i++) {
        const char *s1 = dataset->sources[i * dataset->slots];
        if (!mos_patch_name_parse_s2(dataset->ids[i], strlen(dataset->ids[i]), &parsed) ||
            (s1 != NULL && !mos_patch_name_parse_s1(s1, strlen(s1), &parsed)))
            return false;
    }
    return true;
}

mosaic_status mos_pack_plan_make(mos_dataset *dataset, mos_pack_plan *out) {
    *out = (mos_pack_plan){.dataset = dataset, .records = dataset->modality_count};
    out->bigearthnet = is_bigearthnet(dataset);
    if (dataset->format != &mos_format_bigearthnet_v2) return MOSAIC_OK;
    MOS_TRY(mos_patch_files_find(dataset, dataset->options.reference_maps,
                                 &mos_patch_layouts[MOS_PATCHES_MAPS], &out->maps));
    if (out->maps.store == MOS_STORE_STREAM)
        return MOSAIC_OK; /* prepare/pack/pack_stream.c packs them */
    MOS_TRY(mos_patch_files_open(dataset, &out->maps));
    out->records += out->maps.store != MOS_STORE_NONE;
    return MOSAIC_OK;
}

void mos_pack_plan_release(mos_pack_plan *plan) {
    mos_patch_files_release(&plan->maps);
}

void mos_pack_worker_release(mos_pack_worker *worker) {
    mos_reader_close(&worker->reader);
    mos_file_bytes_release(&worker->file);
    mos_free(worker->pixels);
    *worker = (mos_pack_worker){0};
}

mosaic_status mos_pack_key(const mos_pack_plan *plan, int64_t sample, int64_t record,
                           char key[MOS_PACK_KEY_BYTES]) {
    const mos_dataset *dataset = plan->dataset;
    const char *id = dataset->ids[sample], *first = id, *second = "";
    key[0] = '\0';
    if (record < dataset->modality_count) {
        if (!(dataset->present[sample] >> record & 1)) return MOSAIC_OK;
        if (dataset->format == &mos_format_csv)
            second = dataset->modalities[record].name;
        else
            first = dataset->sources[sample * dataset->slots + dataset->storage[record].slot];
    } else {
        if (!mos_patch_files_has(&plan->maps, id, 0)) return MOSAIC_OK;
        second = "reference_map";
    }
    int written =
        snprintf(key, MOS_PACK_KEY_BYTES, "%s%s%s", first, second[0] == '\0' ? "" : "_", second);
    /* LMDB takes keys of 511 bytes. */
    if (written < 0 || written >= MOS_PACK_KEY_BYTES)
        return mos_fail(MOSAIC_ERR_DATA, "id '%.80s...' is too long for a key of the store", id);
    return MOSAIC_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const mos_tensor_source *)a)->name, ((const mos_tensor_source *)b)->name);
}

/* Room for `bytes` of pixels. */
static mosaic_status pixels_of(mos_pack_worker *worker, size_t bytes) {
    if (bytes <= worker->pixel_room) return MOSAIC_OK;
    mos_free(worker->pixels);
    worker->pixels = NULL;
    worker->pixel_room = 0;
    MOS_TRY(mos_alloc(bytes, 1, "pixels of a patch", &worker->pixels));
    worker->pixel_room = bytes;
    return MOSAIC_OK;
}

static mosaic_status encode_map(const mos_patch_bytes *file, int64_t side, mos_pack_worker *worker,
                                void **blob, size_t *size) {
    int64_t width = side, height = side;
    MOS_TRY(pixels_of(worker, (size_t)(width * height) * sizeof(uint16_t)));
    if (mos_raster_read_bytes(file->name, file->data, file->size, 1, MOS_U16, worker->pixels, width,
                              height) != MOSAIC_OK) {
        mos_raster_info info; /* damaged, or of another size than the patch */
        MOS_TRY(mos_raster_info_bytes(file->name, file->data, file->size, &info));
        width = info.width;
        height = info.height;
        MOS_TRY(pixels_of(worker, (size_t)(width * height) * sizeof(uint16_t)));
        MOS_TRY(mos_raster_read_bytes(file->name, file->data, file->size, 1, MOS_U16,
                                      worker->pixels, width, height));
    }
    mos_tensor_source source = {.name = "Data",
                                .dtype = MOS_U16,
                                .rank = 2,
                                .shape = {height, width},
                                .data = worker->pixels};
    return mos_safetensors_encode(&source, 1, NULL, 0, blob, size);
}

/* BigEarthNet's as rico-hdl writes them, others with what a reader has to know. */
static mosaic_status encode_bands(mos_tensor_source *tensors, int64_t count, bool bigearthnet,
                                  const mos_modality_storage *storage, void **blob, size_t *size) {
    char number[64];
    const char *metadata[] = {"nodata", number};
    bool nodata = storage->has_nodata && !bigearthnet;
    if (bigearthnet) qsort(tensors, (size_t)count, sizeof tensors[0], by_name);
    mos_format_double(number, sizeof number, storage->nodata, 17);
    return mos_safetensors_encode(tensors, (size_t)count, nodata ? metadata : NULL, nodata ? 1 : 0,
                                  blob, size);
}

mosaic_status mos_pack_encode_files(const mos_dataset *dataset, const mos_patch_layout *layout,
                                    int64_t side, const mos_patch_bytes *files,
                                    mos_pack_worker *worker, void **blob, size_t *size) {
    mos_tensor_source tensors[MOS_PATCH_FILES];
    if (layout->kind == MOS_PATCHES_MAPS) return encode_map(files, side, worker, blob, size);
    mos_dtype dtype = layout->kind == MOS_PATCHES_S1 ? MOS_F32 : MOS_U16;
    size_t bytes = (size_t)(side * side) * mos_dtype_bytes(dtype), at = 0;
    MOS_TRY(pixels_of(worker, bytes * (size_t)layout->count));
    for (int b = 0; b < layout->count; b++) {
        int64_t pixels = side / mos_patch_step(layout->kind, b);
        void *target = (char *)worker->pixels + at;
        MOS_TRY(mos_file_layout_read_bytes(dataset, layout->kind, b, files[b].name, files[b].data,
                                           files[b].size, dtype, pixels, pixels, target));
        tensors[b] = (mos_tensor_source){.name = layout->file[b],
                                         .dtype = dtype,
                                         .rank = 2,
                                         .shape = {pixels, pixels},
                                         .data = target};
        at += bytes;
    }
    bool bigearthnet = layout->grouped; /* V2, whose records are those of rico-hdl */
    return encode_bands(tensors, layout->count, bigearthnet, &dataset->storage[layout->kind], blob,
                        size);
}

static mosaic_status encode_map_of(const mos_pack_plan *plan, mos_pack_worker *worker,
                                   int64_t sample, void **blob, size_t *size) {
    const mos_dataset *dataset = plan->dataset;
    const mos_modality *s2 = &dataset->modalities[MOS_PATCHES_S2];
    char path[4096];
    MOS_TRY(mos_patch_files_read(&plan->maps, dataset->ids[sample], 0, &worker->file, path,
                                 sizeof path));
    const mos_patch_bytes file = {path, worker->file.data, worker->file.size};
    int64_t side = dataset->storage[MOS_PATCHES_S2].width[mos_modality_band(s2, "B02")];
    return encode_map(&file, side, worker, blob, size);
}

mosaic_status mos_pack_encode(const mos_pack_plan *plan, mos_pack_worker *worker, int64_t sample,
                              int64_t record, void **blob, size_t *size) {
    const mos_dataset *dataset = plan->dataset;
    if (record >= dataset->modality_count) return encode_map_of(plan, worker, sample, blob, size);
    const mos_modality *modality = &dataset->modalities[record];
    const mos_modality_storage *storage = &dataset->storage[record];
    int bands[MOS_DATA_MAX_BANDS] = {0};
    mos_raw_band raw[MOS_DATA_MAX_BANDS];
    mos_tensor_source tensors[MOS_DATA_MAX_BANDS];
    int64_t count = modality->band_count;
    for (int64_t b = 0; b < count; b++)
        bands[b] = (int)b;
    MOS_TRY(mos_reader_read_raw(worker->reader, sample, record, bands, count, raw));
    for (int64_t b = 0; b < count; b++)
        tensors[b] = (mos_tensor_source){.name = modality->bands[b].name,
                                         .dtype = raw[b].dtype,
                                         .rank = 2,
                                         .shape = {raw[b].height, raw[b].width},
                                         .data = raw[b].data};
    return encode_bands(tensors, count, plan->bigearthnet, storage, blob, size);
}
