#include "data/scene/scene_bands.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/data_options.h"
#include "data/file_layout.h"
#include "data/modality_keys.h"
#include "data/names/band_names.h"
#include "data/names/patch_name.h"
#include "data/scene/safe_product.h"
#include "data/verdicts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The bands as this scene's files have them, before they are joined by name. */
typedef struct found_bands {
    const char *where;
    mos_modality modality;
    int raster[MOS_DATA_MAX_BANDS], number[MOS_DATA_MAX_BANDS];
    mos_band_identity identity[MOS_DATA_MAX_BANDS];
    mos_dtype dtype[MOS_DATA_MAX_BANDS];
    double scale[MOS_DATA_MAX_BANDS], offset[MOS_DATA_MAX_BANDS];
    bool has_nodata;
    double nodata;
} found_bands;

static mosaic_status keep_path(mos_dataset *dataset, const char *path, mos_scene_source *source) {
    if (source->raster_count == MOS_DATA_MAX_BANDS)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: more than %d rasters in one modality", path,
                        MOS_DATA_MAX_BANDS);
    return mos_text_pool_add(&dataset->pool, path, strlen(path),
                             &source->paths[source->raster_count++]);
}

/* The images of a product: those of the bands asked for, or all. */
static mosaic_status open_product(mos_dataset *dataset, const mos_scene_modality *options,
                                  mos_scene_source *source, found_bands *out) {
    mos_safe_band *bands;
    int count;
    MOS_TRY(mos_alloc(MOS_SAFE_BANDS, sizeof *bands, "bands of a product", &bands));
    mosaic_status status;
    MOS_GOTO(mos_safe_bands(options->file, bands, &count));
    size_t wanted = options->bands.count > 0 ? options->bands.count : (size_t)count;
    if (wanted > MOS_DATA_MAX_BANDS) wanted = MOS_DATA_MAX_BANDS;
    for (size_t w = 0; w < wanted; w++) {
        int b = (int)w;
        if (options->bands.count > 0) {
            mos_band name = {0};
            mos_band_name(&name, options->bands.items[w]);
            for (b = 0; b < count && strcmp(bands[b].name, name.name) != 0;)
                b++;
        }
        if (b >= count) {
            status = mos_fail(MOSAIC_ERR_DATA, "%s: no image of band '%.20s'", options->file,
                              options->bands.items[w]);
            goto done;
        }
        MOS_GOTO(keep_path(dataset, bands[b].path, source));
        snprintf(out->modality.bands[w].name, sizeof out->modality.bands[w].name, "%s",
                 bands[b].name);
    }
done:
    mos_free(bands);
    return status;
}

/* Joins the named bands of all rasters; `info` becomes that of a raster with all of them. */
static mosaic_status open_rasters(mos_dataset *dataset, const mos_scene_modality *options,
                                  mos_scene_source *source, bool one_each, found_bands *out,
                                  mos_raster_info *joined) {
    int64_t *count = &out->modality.band_count;
    memset(joined, 0, sizeof *joined);
    for (size_t r = 0; r < source->raster_count; r++) {
        const char *path = source->paths[r];
        mos_raster_info info;
        MOS_TRY(mos_file_layout_beside(dataset, options->name, path));
        MOS_TRY(mos_scene_info_read(path, &info));
        if (info.control_points > 0)
            mos_dataset_defect(dataset, "placed by ground control points",
                               "%s: %d of them, not by a map grid: relief moves its pixels", path,
                               info.control_points);
        if (one_each && info.bands - (info.alpha > 0) != 1)
            return mos_fail(MOSAIC_ERR_DATA, "%s: %d bands, wanted one: %s has a file for each",
                            path, info.bands, options->name);
        if (*count + info.bands > MOS_DATA_MAX_BANDS)
            return mos_fail(MOSAIC_ERR_DATA, "%s: %s has more than %d bands", path, options->name,
                            MOS_DATA_MAX_BANDS);
        if (options->product == NULL || !mos_product_level(options->product, source->level))
            (void)(mos_product_level(path, source->level) ||
                   mos_product_level(info.product, source->level));
        if (info.has_nodata && !out->has_nodata) out->nodata = info.nodata;
        out->has_nodata = out->has_nodata || info.has_nodata;
        for (int b = 0; b < info.bands; b++) {
            bool listed = b < MOS_RASTER_NAMED_BANDS;
            if (b + 1 == info.alpha) continue;
            out->raster[*count] = (int)r;
            out->number[*count] = b + 1;
            out->dtype[*count] = info.dtype;
            out->scale[*count] = listed ? info.scale[b] : 1;
            out->offset[*count] = listed ? info.offset[b] : 0;
            if (*count < (int64_t)(sizeof joined->band_names / sizeof *joined->band_names) &&
                b < (int)(sizeof info.band_names / sizeof *info.band_names))
                memcpy(joined->band_names[*count], info.band_names[b], sizeof info.band_names[b]);
            (*count)++;
        }
    }
    joined->bands = (int)*count;
    return MOSAIC_OK;
}

/* The key bands. */
static mosaic_status use_names(const mos_scene_modality *options, const char *path,
                               mos_modality *modality) {
    if ((int64_t)options->bands.count != modality->band_count)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %lld bands of %s, but %zu are named", path,
                        (long long)modality->band_count, options->name, options->bands.count);
    for (size_t b = 0; b < options->bands.count; b++) {
        const char *name = options->bands.items[b];
        if (name[0] == '\0' || strlen(name) >= sizeof modality->bands[b].name)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: band name '%.60s' of %s is empty or long", path,
                            name, options->name);
        mos_band_name(&modality->bands[b], name);
        for (size_t a = 0; a < b; a++) {
            if (strcmp(modality->bands[a].name, modality->bands[b].name) == 0)
                return mos_fail(MOSAIC_ERR_USAGE, "%s: band '%s' of %s is named twice", path,
                                modality->bands[b].name, options->name);
        }
    }
    return MOSAIC_OK;
}

static mosaic_status find_bands(mos_dataset *dataset, const mos_scene_modality *options,
                                mos_scene_source *source, found_bands *out) {
    mos_raster_info joined;
    bool product = options->file != NULL && mos_safe_is_product(options->file);
    if (product) MOS_TRY(open_product(dataset, options, source, out));
    if (!product && options->file != NULL) MOS_TRY(keep_path(dataset, options->file, source));
    for (size_t f = 0; f < options->files.count; f++)
        MOS_TRY(keep_path(dataset, options->files.items[f], source));
    bool one_each =
        product || (options->files.count > 0 && options->bands.count == options->files.count);
    MOS_TRY(open_rasters(dataset, options, source, one_each, out, &joined));
    if (product) {
        mos_band_names_told(&out->modality, out->identity, MOS_SAID_BY_FORMAT);
        return MOSAIC_OK;
    }
    snprintf(out->modality.name, sizeof out->modality.name, "%.31s", options->name);
    if (options->bands.count > 0) {
        bool described;
        MOS_TRY(use_names(options, source->paths[0], &out->modality));
        mos_band_names_conflict(dataset, &out->modality, &joined, "bands", source->paths[0],
                                &described);
        mos_band_names_told(&out->modality, out->identity,
                            described ? MOS_SAID_BY_DESCRIPTION : MOS_SAID_BY_KEY);
        return MOSAIC_OK;
    }
    return mos_band_names_find(dataset, &out->modality, out->identity, &joined, source->paths[0]);
}

static mosaic_status modality_of(mos_dataset *dataset, const mos_scene_modality *options,
                                 const found_bands *found, int64_t *out) {
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        *out = m;
        if (strcmp(dataset->modalities[m].name, options->name) == 0) return MOSAIC_OK;
    }
    mos_modality *modality;
    *out = dataset->modality_count;
    MOS_TRY(mos_dataset_add_modality(dataset, options->name, 1, &modality));
    mos_modality_storage *storage = &dataset->storage[*out];
    modality->band_count = found->modality.band_count;
    for (int64_t b = 0; b < modality->band_count; b++) {
        modality->bands[b] = found->modality.bands[b];
        storage->identity[b] = found->identity[b];
        storage->dtype[b] = found->dtype[0];
    }
    storage->has_nodata = found->has_nodata;
    storage->nodata = found->nodata;
    return MOSAIC_OK;
}

/* Decibels cut to integers would get fractions when they are resampled, and pass the guard. */
static mosaic_status check_radar(const mos_dataset *dataset, const mos_modality *modality,
                                 const mos_scene_source *source, mos_dtype dtype) {
    double scale, offset;
    bool radar = mos_band_role_of(modality->bands[0].name) == MOS_ROLE_RADAR;
    if (source->scaled || mos_key_scale(dataset, modality->name, &scale, &offset)) return MOSAIC_OK;
    if (!radar || dtype == MOS_F32 || dtype == MOS_F64 || dataset->options.s1_scale != MOS_S1_AUTO)
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: s1 is stored as %s: scaled values, or decibels cut to integers; wanted "
                    "F32; data.scale %s=<scale>,<offset> turns scaled values into decibels, "
                    "data.s1_scale db takes whole decibels",
                    source->paths[0], mos_dtype_name(dtype), modality->name);
}

/* What is done to the values of one band. */
static void settle_scale(const mos_dataset *dataset, const mos_modality *modality, int64_t b,
                         const found_bands *found, int64_t at, mos_scene_source *out,
                         bool *differ) {
    bool whole = found->dtype[at] != MOS_F32 && found->dtype[at] != MOS_F64;
    out->scale[b] = found->scale[at];
    out->offset[b] = found->offset[at];
    whole = whole && !mos_key_scale(dataset, modality->name, &out->scale[b], &out->offset[b]);
    int tag = mos_band_scale(mos_band_role_of(modality->bands[b].name), whole, &out->scale[b],
                             &out->offset[b]);
    *differ = *differ || (tag != 0 && out->offset_tag == -tag);
    if (tag != 0) out->offset_tag = (int8_t)tag;
    out->scaled = out->scaled || out->scale[b] != 1 || out->offset[b] != 0;
}

mosaic_status mos_scene_bands(mos_dataset *dataset, const mos_scene_set *set, mos_scene *scene,
                              const mos_scene_modality *options) {
    found_bands *found;
    int64_t m;
    MOS_TRY(mos_alloc(1, sizeof *found, "bands of a scene", &found));
    mosaic_status status;
    mos_scene_source local = {.options = options};
    bool differ = false;
    MOS_GOTO(find_bands(dataset, options, &local, found));
    MOS_GOTO(modality_of(dataset, options, found, &m));
    const mos_modality *modality = &dataset->modalities[m];
    mos_modality_storage *storage = &dataset->storage[m];
    for (int64_t b = 0; b < modality->band_count; b++) {
        int64_t at = mos_modality_band(&found->modality, modality->bands[b].name);
        if (at < 0) {
            status = mos_fail(
                MOSAIC_ERR_DATA, "%s: scene '%s': %s has no band '%s', which other scenes have",
                local.paths[0], scene->options->name, options->name, modality->bands[b].name);
            goto done;
        }
        local.raster[b] = found->raster[at];
        local.number[b] = found->number[at];
        /* Of unlike files nothing is kept but the value. */
        if (found->dtype[at] != storage->dtype[b]) storage->dtype[0] = MOS_F32;
        settle_scale(dataset, modality, b, found, at, &local, &differ);
        if (isfinite(local.scale[b]) && local.scale[b] != 0 && isfinite(local.offset[b])) continue;
        MOS_GOTO(mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                    "%s: a tag gives %s scale %g and offset %g, of which no value "
                                    "follows; data.scale %s=1,0 takes the values as they are",
                                    local.paths[found->raster[at]], modality->bands[b].name,
                                    local.scale[b], local.offset[b], options->name));
    }
    if (differ)
        MOS_GOTO(mos_verdict_refuse(dataset, MOS_CHECK_OFFSET_CONFLICT,
                                    "%s: tags of scale and offset say +1000 of some bands of %s, "
                                    "and none of others",
                                    local.paths[0], options->name));
    if (scene->sources[m].options != NULL) {
        status = mos_fail(MOSAIC_ERR_USAGE, "%s: scene '%s' has %s twice", set->file.path,
                          scene->options->name, options->name);
        goto done;
    }
    MOS_GOTO(check_radar(dataset, modality, &local, found->dtype[0]));
    if (local.scaled) {
        storage->dtype[0] = MOS_F32;
        int64_t b = 0;
        while (b + 1 < modality->band_count && local.scale[b] == 1 && local.offset[b] == 0)
            b++;
        mos_verdict_note(dataset, MOS_CHECK_SCALE, "%s: %s: scale %g and offset %g are applied",
                         local.paths[0], modality->name, local.scale[b], local.offset[b]);
    }
    for (int64_t b = 0; b < modality->band_count; b++) {
        storage->identity[b].scale = local.scale[b];
        storage->identity[b].offset = local.offset[b];
        storage->identity[b].scale_by = local.scaled ? MOS_SAID_BY_TAG : MOS_SAID_BY_NOBODY;
    }
    scene->sources[m] = local;
done:
    mos_free(found);
    return status;
}
