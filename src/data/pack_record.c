#include "data/pack_record.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/nomenclature.h"
#include "data/patch_name.h"
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
    MOS_TRY(mos_dataset_path(dataset, dataset->options.reference_maps, "Reference_Maps",
                             out->reference_maps, sizeof out->reference_maps));
    if (mos_path_is_dir(out->reference_maps))
        out->records++;
    else
        out->reference_maps[0] = '\0';
    return MOSAIC_OK;
}

static mosaic_status map_path(const mos_pack_plan *plan, int64_t sample, char *out, size_t size) {
    const char *id = plan->dataset->ids[sample];
    mos_patch_name parsed;
    out[0] = '\0';
    if (!mos_patch_name_parse_s2(id, strlen(id), &parsed)) return MOSAIC_OK;
    int written = snprintf(out, size, "%s/%.*s/%s/%s_reference_map.tif", plan->reference_maps,
                           (int)parsed.folder_size, id, id, id);
    if (written < 0 || (size_t)written >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", plan->reference_maps);
    return MOSAIC_OK;
}

mosaic_status mos_pack_key(const mos_pack_plan *plan, int64_t sample, int64_t record,
                           char key[MOS_PACK_KEY_BYTES]) {
    const mos_dataset *dataset = plan->dataset;
    const char *id = dataset->ids[sample], *first = id, *second = "";
    char path[4096];
    key[0] = '\0';
    if (record < dataset->modality_count) {
        if (!(dataset->present[sample] >> record & 1)) return MOSAIC_OK;
        if (dataset->format == &mos_format_csv)
            second = dataset->modalities[record].name;
        else
            first = dataset->sources[sample * dataset->slots + dataset->storage[record].slot];
    } else {
        MOS_TRY(map_path(plan, sample, path, sizeof path));
        if (path[0] == '\0' || !mos_path_exists(path)) return MOSAIC_OK;
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

static mosaic_status encode_map(const mos_pack_plan *plan, int64_t sample, void **blob,
                                size_t *size) {
    char path[4096];
    mos_raster_info info;
    uint16_t *pixels = NULL;
    MOS_TRY(map_path(plan, sample, path, sizeof path));
    MOS_TRY(mos_raster_info_read(path, &info));
    MOS_TRY(
        mos_alloc((size_t)(info.width * info.height), sizeof *pixels, "a reference map", &pixels));
    mosaic_status status = mos_raster_read_band(path, 1, MOS_U16, pixels, info.width, info.height);
    mos_tensor_source source = {.name = "Data",
                                .dtype = MOS_U16,
                                .rank = 2,
                                .shape = {info.height, info.width},
                                .data = pixels};
    if (status == MOSAIC_OK) status = mos_safetensors_encode(&source, 1, NULL, 0, blob, size);
    mos_free(pixels);
    return status;
}

mosaic_status mos_pack_encode(const mos_pack_plan *plan, mos_reader *reader, int64_t sample,
                              int64_t record, void **blob, size_t *size) {
    const mos_dataset *dataset = plan->dataset;
    if (record >= dataset->modality_count) return encode_map(plan, sample, blob, size);
    const mos_modality *modality = &dataset->modalities[record];
    const mos_modality_storage *storage = &dataset->storage[record];
    int bands[MOS_DATA_MAX_BANDS] = {0};
    mos_raw_band raw[MOS_DATA_MAX_BANDS];
    mos_tensor_source tensors[MOS_DATA_MAX_BANDS];
    int64_t count = modality->band_count;
    for (int64_t b = 0; b < count; b++)
        bands[b] = (int)b;
    MOS_TRY(mos_reader_read_raw(reader, sample, record, bands, count, raw));
    for (int64_t b = 0; b < count; b++)
        tensors[b] = (mos_tensor_source){.name = modality->bands[b].name,
                                         .dtype = raw[b].dtype,
                                         .rank = 2,
                                         .shape = {raw[b].height, raw[b].width},
                                         .data = raw[b].data};
    if (plan->bigearthnet) qsort(tensors, (size_t)count, sizeof tensors[0], by_name);
    char number[64];
    const char *metadata[] = {"nodata", number};
    bool nodata = storage->has_nodata && !plan->bigearthnet;
    mos_format_double(number, sizeof number, storage->nodata, 17);
    return mos_safetensors_encode(tensors, (size_t)count, nodata ? metadata : NULL, nodata ? 1 : 0,
                                  blob, size);
}
