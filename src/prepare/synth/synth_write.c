#include "prepare/synth/synth_write.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/names/nomenclature.h"
#include "io/csv.h"
#include "io/raster.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

static mos_tensor_source source_of(const char *name, mos_dtype dtype, int64_t side,
                                   const void *data) {
    return (mos_tensor_source){
        .name = name, .dtype = dtype, .rank = 2, .shape = {side, side}, .data = data};
}

mosaic_status mos_synth_encode(const mos_synth_canvas *canvas, const mos_synth_patch *patch,
                               mos_synth_records *out) {
    mosaic_status status = MOSAIC_OK;
    memset(out, 0, sizeof *out);
    if (patch->has_s1) {
        mos_tensor_source bands[2] = {source_of("VH", MOS_F32, canvas->size, canvas->s1[0]),
                                      source_of("VV", MOS_F32, canvas->size, canvas->s1[1])};
        MOS_GOTO(mos_safetensors_encode(bands, 2, NULL, 0, &out->blob[0], &out->bytes[0]));
    }
    if (patch->has_s2) {
        mos_tensor_source bands[MOS_SYNTH_S2_BANDS];
        for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++)
            bands[b] = source_of(mos_synth_s2_bands[b], MOS_U16,
                                 canvas->size / mos_synth_s2_factor[b], canvas->s2[b]);
        MOS_GOTO(mos_safetensors_encode(bands, MOS_SYNTH_S2_BANDS, NULL, 0, &out->blob[1],
                                        &out->bytes[1]));
    }
    mos_tensor_source map = source_of("Data", MOS_U16, canvas->size, canvas->map);
    MOS_GOTO(mos_safetensors_encode(&map, 1, NULL, 0, &out->blob[2], &out->bytes[2]));
done:
    if (status != MOSAIC_OK) mos_synth_records_release(out);
    return status;
}

void mos_synth_records_release(mos_synth_records *records) {
    for (int i = 0; i < 3; i++)
        mos_free(records->blob[i]);
    memset(records, 0, sizeof *records);
}

/* Makes folder/root/PARENT/name, PARENT being the name without its last `fields` fields. */
static mosaic_status make_patch_folder(const char *folder, const char *root, const char *name,
                                       int fields, char *out, size_t size) {
    char scene[80];
    (void)snprintf(scene, sizeof scene, "%s", name);
    for (int i = 0; i < fields; i++) {
        char *last = strrchr(scene, '_');
        if (last != NULL) *last = '\0';
    }
    int length = snprintf(out, size, "%s/%s/%s/%s", folder, root, scene, name);
    if (length < 0 || (size_t)length >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: the path is too long", folder);
    return mos_make_dirs(out);
}

typedef struct tree_band {
    const char *folder, *patch, *band;
    mos_dtype dtype;
    const void *data;
    int64_t factor;
    bool zero_is_nodata;
} tree_band;

static mosaic_status write_band(const tree_band *band, const mos_synth_canvas *canvas,
                                const mos_synth_tile *tile, const mos_synth_patch *patch) {
    static const char *const map_options[] = {"COMPRESS=DEFLATE", "PREDICTOR=2", NULL};
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s_%s.tif", band->folder, band->patch, band->band);
    if (length < 0 || (size_t)length >= sizeof path)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: the path is too long", band->folder);
    /* Cells are 1200 m apart as in the official grid; larger patches spread them so as not to
     * overlap. */
    double side_m = 10.0 * (double)canvas->size, pitch_m = side_m > 1200 ? side_m : 1200;
    double pixel_m = 10.0 * (double)band->factor, zero = 0;
    double transform[6] = {tile->west_m + pitch_m * patch->column, pixel_m, 0,
                           tile->north_m - pitch_m * patch->row,   0,       -pixel_m};
    int64_t side = canvas->size / band->factor;
    bool is_map = strcmp(band->band, "reference_map") == 0;
    return mos_raster_write(path, band->dtype, side, side, 1, &band->data, transform, tile->epsg,
                            band->zero_is_nodata ? &zero : NULL, is_map ? map_options : NULL);
}

mosaic_status mos_synth_write_tree(const mos_synth_canvas *canvas, const mos_synth_plan *plan,
                                   const mos_synth_patch *patch, const char *folder) {
    static const char *const polarisations[2] = {"VH", "VV"};
    const mos_synth_tile *tile = &plan->tiles[patch->tile];
    char path[4000];
    if (patch->has_s1) {
        MOS_TRY(make_patch_folder(folder, "BigEarthNet-S1", patch->s1_name, 3, path, sizeof path));
        for (int k = 0; k < 2; k++) {
            tree_band band = {path, patch->s1_name, polarisations[k], MOS_F32, canvas->s1[k],
                              1,    false};
            MOS_TRY(write_band(&band, canvas, tile, patch));
        }
    }
    if (patch->has_s2) {
        MOS_TRY(make_patch_folder(folder, "BigEarthNet-S2", patch->s2_name, 2, path, sizeof path));
        for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++) {
            tree_band band = {path,    patch->s2_name, mos_synth_s2_bands[b],
                              MOS_U16, canvas->s2[b],  mos_synth_s2_factor[b],
                              true};
            MOS_TRY(write_band(&band, canvas, tile, patch));
        }
    }
    MOS_TRY(make_patch_folder(folder, "Reference_Maps", patch->s2_name, 2, path, sizeof path));
    tree_band map = {path, patch->s2_name, "reference_map", MOS_U16, canvas->map, 1, true};
    return write_band(&map, canvas, tile, patch);
}

/* The table of the clear patches, or of those with clouds. */
static mosaic_status write_table(const mos_synth_plan *plan, const uint32_t *labels, bool cloudy,
                                 const char *folder) {
    mos_text out = {0}, names = {0};
    mos_text_add(&out, "patch_id,labels,split,country,s1_name,s2v1_name,contains_seasonal_snow,"
                       "contains_cloud_or_shadow\n");
    for (int64_t i = 0; i < plan->count; i++) {
        const mos_synth_patch *patch = &plan->patches[i];
        if ((patch->cover > 0) != cloudy) continue;
        names.size = 0;
        for (int l = 0; l < MOS_SYNTH_CLASSES; l++) {
            if (labels[i] >> l & 1)
                mos_text_add(&names, "%s%s", names.size > 0 ? ";" : "", mos_ben_classes[l]);
        }
        if (names.failed) break;
        mos_text_add(&out, "%s,", patch->s2_name);
        mos_csv_add_field(&out, names.data);
        mos_text_add(&out, ",%s,%s,%s,%s,false,%s\n", mos_split_names[patch->split],
                     plan->tiles[patch->tile].country, patch->s1_name, patch->s2v1_name,
                     cloudy ? "true" : "false");
    }
    char path[4096];
    mosaic_status status =
        mos_path_join(path, sizeof path, folder, cloudy ? MOS_SYNTH_CLOUDY_TABLE : "metadata.csv");
    if (status == MOSAIC_OK && (out.failed || names.failed))
        status = mos_fail_memory(out.capacity, "the metadata table");
    if (status == MOSAIC_OK) status = mos_atomic_write(path, out.data, out.size);
    mos_text_release(&out);
    mos_text_release(&names);
    return status;
}

static mosaic_status write_cover(const mos_synth_plan *plan, const char *folder) {
    mos_text out = {0};
    char path[4096];
    mos_text_add(&out, "id,cloud_cover\n");
    for (int64_t i = 0; i < plan->count; i++)
        mos_text_add(&out, "%s,%.4f\n", plan->patches[i].s2_name, plan->patches[i].cover);
    mosaic_status status = mos_path_join(path, sizeof path, folder, MOS_SYNTH_COVER_TABLE);
    if (status == MOSAIC_OK && out.failed)
        status = mos_fail_memory(out.capacity, "the table of clouds");
    if (status == MOSAIC_OK) status = mos_atomic_write(path, out.data, out.size);
    mos_text_release(&out);
    return status;
}

mosaic_status mos_synth_write_metadata(const mos_synth_plan *plan, const uint32_t *labels,
                                       bool clouds, const char *folder) {
    if (clouds) {
        MOS_TRY(write_cover(plan, folder));
        MOS_TRY(write_table(plan, labels, true, folder));
    }
    return write_table(plan, labels, false, folder);
}
