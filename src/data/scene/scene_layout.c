#include "data/scene/scene_layout.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/data_options.h"
#include "data/modality_keys.h"
#include "data/names/patch_name.h"
#include "data/scene/scene_bands.h"
#include "data/scene/scene_grid.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What one modality's pixels are, once all scenes are known: optical integers of 16 bits stay;
 * everything else becomes float32, where NaN is "no data". */
static void settle_pixels(mos_dataset *dataset) {
    mos_dataset_classify(dataset);
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        mos_modality *modality = &dataset->modalities[m];
        mos_modality_storage *storage = &dataset->storage[m];
        bool whole =
            storage->optical && (storage->dtype[0] == MOS_U16 || storage->dtype[0] == MOS_I16);
        storage->eight_bit = storage->dtype[0] == MOS_U8;
        if (!whole) storage->has_nodata = storage->optical = false;
        for (int64_t b = 0; b < modality->band_count; b++) {
            if (!whole) storage->dtype[b] = MOS_F32;
            modality->bands[b].is_integer = whole;
        }
    }
}

static mosaic_status parse_nodata(const mos_dataset *dataset, const mos_scene_set *set,
                                  const mos_scene *scene, const mos_modality_storage *storage,
                                  mos_scene_source *source) {
    const char *text = source->options->nodata;
    if (text == NULL) text = mos_key_of(&dataset->options.nodata, source->options->name);
    if (text == NULL) {
        /* Sentinel-2 writes 0 where there is nothing, and few files say so. */
        mos_raster_info info;
        for (size_t r = 0; r < source->raster_count && storage->optical; r++) {
            MOS_TRY(mos_scene_info_read(source->paths[r], &info));
            if (info.has_nodata) return MOSAIC_OK;
        }
        source->has_nodata = storage->optical;
        source->nodata = 0;
        return MOSAIC_OK;
    }
    source->has_nodata = true;
    source->nodata = (double)NAN;
    if (strcmp(text, "none") == 0 || mos_parse_double(text, &source->nodata)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s: scene '%s': nodata of %s is '%.40s', wanted a number",
                    set->file.path, scene->options->name, source->options->name, text);
}

/* Sizes of a modality's patches; they are one size in all scenes. */
static mosaic_status settle_sizes(mos_dataset *dataset, const mos_scene_set *set, mos_scene *scene,
                                  int64_t m) {
    mos_modality *modality = &dataset->modalities[m];
    mos_modality_storage *storage = &dataset->storage[m];
    mos_scene_source *source = &scene->sources[m];
    MOS_TRY(mos_scene_source_grid(set, scene, source));
    for (int64_t b = 0; b < modality->band_count; b++) {
        if (storage->width[b] != 0 && storage->width[b] != source->size)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: scene '%s': patches of %s have %lld pixels a side, those of "
                            "other scenes %lld",
                            set->file.path, scene->options->name, modality->name,
                            (long long)source->size, (long long)storage->width[b]);
        storage->width[b] = storage->height[b] = source->size;
        bool degrees = false;
        MOS_TRY(mos_crs_is_geographic(source->grid.crs, &degrees));
        if (!degrees) modality->bands[b].resolution_m = source->grid.resolution;
    }
    return MOSAIC_OK;
}

/* The folder or file of a path that is named after a product. */
static mosaic_status product_of_path(mos_dataset *dataset, const char *path, const char **out) {
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        const char *part;
        MOS_TRY(mos_text_pool_add(&dataset->pool, path, size, &part));
        if (mos_product_baseline(part) >= 0) {
            *out = part;
            return MOSAIC_OK;
        }
        path += size + (path[size] == '/');
    }
    return MOSAIC_OK;
}

/* The scene's product: the first modality that tells one, else a path that holds one. */
static mosaic_status find_product(mos_dataset *dataset, mos_scene *scene) {
    for (int64_t m = 0; m < dataset->modality_count && scene->product == NULL; m++) {
        const mos_scene_source *source = &scene->sources[m];
        if (source->options == NULL) continue;
        scene->product = source->options->product;
        for (size_t r = 0; r < source->raster_count && scene->product == NULL; r++) {
            if (mos_product_baseline(source->paths[r]) >= 0)
                MOS_TRY(product_of_path(dataset, source->paths[r], &scene->product));
        }
    }
    return MOSAIC_OK;
}

/* "..._20170613T101031_...": the first calendar time of a name. */
static int64_t time_of_name(const char *path) {
    const char *slash = strrchr(path, '/');
    for (const char *at = slash == NULL ? path : slash + 1; *at != '\0'; at++) {
        int d[6], used = 0;
        int64_t time_s;
        if (sscanf(at, "%4d%2d%2dT%2d%2d%2d%n", &d[0], &d[1], &d[2], &d[3], &d[4], &d[5], &used) ==
                6 &&
            used == 15 && mos_time_from_calendar(d[0], d[1], d[2], d[3], d[4], d[5], &time_s))
            return time_s;
    }
    return MOS_TIME_UNKNOWN;
}

static mosaic_status parse_time(const mos_scene_set *set, const mos_scene *scene,
                                mos_band_role role, mos_scene_source *source) {
    const char *text = source->options->datetime;
    source->time_s = MOS_TIME_UNKNOWN;
    if (text != NULL) {
        if (mos_time_parse(text, &source->time_s)) return MOSAIC_OK;
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: scene '%s': datetime of %s is '%.40s', wanted the form "
                        "2017-06-13T10:10:31Z",
                        set->file.path, scene->options->name, source->options->name, text);
    }
    if (source->options->product != NULL) source->time_s = time_of_name(source->options->product);
    if (source->time_s == MOS_TIME_UNKNOWN && source->options->file != NULL)
        source->time_s = time_of_name(source->options->file);
    if (source->time_s == MOS_TIME_UNKNOWN) source->time_s = time_of_name(source->paths[0]);
    /* Folders are named after products too. */
    if (source->time_s == MOS_TIME_UNKNOWN && role != MOS_ROLE_UNKNOWN)
        (void)mos_product_time(source->paths[0], role == MOS_ROLE_RADAR ? '1' : '2',
                               &source->time_s);
    return MOSAIC_OK;
}

static mosaic_status parse_mask(const mos_scene_set *set, mos_scene *scene) {
    const mos_text_list *values = &scene->options->mask_values;
    if ((scene->options->mask != NULL) != (values->count > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "%s: scene '%s': mask and mask_values go together",
                        set->file.path, scene->options->name);
    MOS_TRY(
        mos_alloc(values->count + 1, sizeof *scene->mask_values, "a mask", &scene->mask_values));
    for (size_t v = 0; v < values->count; v++)
        if (!mos_parse_double(values->items[v], &scene->mask_values[v]))
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: scene '%s': mask_values wants numbers, found '%s'", set->file.path,
                            scene->options->name, values->items[v]);
    scene->mask_count = values->count;
    return MOSAIC_OK;
}

/* Of several bands one would have to be chosen, and the wrong one leaves out the wrong pixels. */
static mosaic_status check_mask_bands(const mos_scene *scene) {
    mos_raster_info info;
    if (scene->mask_count == 0) return MOSAIC_OK;
    MOS_TRY(mos_context(mos_scene_info_read(scene->options->mask, &info), "mask"));
    const int bands = info.bands - (info.alpha > 0);
    if (bands == 1) return MOSAIC_OK;
    return mos_fail(
        MOSAIC_ERR_USAGE,
        "mask %s: has %d bands, and a mask has one; `gdal_translate -b N -of VRT` picks "
        "one without a copy",
        scene->options->mask, bands);
}

static mosaic_status begin_scene(mos_dataset *dataset, const mos_scene_set *set, mos_scene *scene) {
    const mos_scene_options *options = scene->options;
    scene->split = MOS_SPLIT_NONE;
    if (options->split != NULL)
        MOS_TRY(mos_context(mos_split_parse(options->split, &scene->split), "%s: scene '%s'",
                            set->file.path, options->name));
    const char *country = options->country == NULL ? "" : options->country;
    MOS_TRY(mos_dataset_country(dataset, country, strlen(country), &scene->country));
    MOS_TRY(parse_mask(set, scene));
    MOS_TRY(check_mask_bands(scene));
    for (size_t m = 0; m < options->modality_count; m++)
        MOS_TRY(mos_scene_bands(dataset, set, scene, &options->modalities[m]));
    return MOSAIC_OK;
}

static mosaic_status finish_scene(mos_dataset *dataset, mos_scene_set *set, mos_scene *scene) {
    const mos_scene_grid_options *grid = &set->file.grid;
    MOS_TRY(mos_scene_grid(dataset, set, scene));
    if (grid->area != NULL)
        MOS_TRY(mos_area_open(grid->area, grid->area_crs, scene->grid.crs, &scene->area));
    MOS_TRY(
        mos_text_pool_add(&dataset->pool, scene->grid.crs, strlen(scene->grid.crs), &scene->crs));
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (scene->sources[m].options == NULL) continue;
        MOS_TRY(settle_sizes(dataset, set, scene, m));
        MOS_TRY(parse_nodata(dataset, set, scene, &dataset->storage[m], &scene->sources[m]));
        MOS_TRY(parse_time(set, scene, mos_dataset_role(dataset, m), &scene->sources[m]));
    }
    MOS_TRY(find_product(dataset, scene));
    scene->first_patch = set->patches;
    set->patches += scene->columns * scene->rows;
    return MOSAIC_OK;
}

static void forget_land_cover(mos_scene_set *set) {
    for (size_t s = 0; s < set->file.count; s++) {
        mos_free(set->file.scenes[s].land_cover.file);
        set->file.scenes[s].land_cover.file = NULL;
    }
}

/* All scenes are labelled by one map: classes are the data set's. */
static mosaic_status make_map(mos_dataset *dataset, mos_scene_set *set) {
    const mos_scene_land_cover *first = NULL;
    for (size_t s = 0; s < set->file.count && first == NULL; s++) {
        if (set->file.scenes[s].land_cover.file != NULL) first = &set->file.scenes[s].land_cover;
    }
    if (first == NULL) return MOSAIC_OK;
    MOS_TRY(mos_cover_map_make(dataset, first, set->file.folder, set->file.path, &set->map));
    for (size_t s = 0; s < set->file.count; s++) {
        const mos_scene_land_cover *cover = &set->file.scenes[s].land_cover;
        if (cover == first || cover->file == NULL) continue;
        mos_cover_map other;
        int64_t classes = dataset->class_count;
        MOS_TRY(mos_cover_map_make(dataset, cover, set->file.folder, set->file.path, &other));
        bool same = dataset->class_count == classes && other.count == set->map.count &&
                    memcmp(other.values, set->map.values, other.count * sizeof *other.values) == 0;
        mos_cover_map_release(&other);
        if (!same)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: scene '%s': its land cover has other classes than that of the "
                            "scenes before; classes belong to land_cover beside scenes",
                            set->file.path, set->file.scenes[s].name);
    }
    return MOSAIC_OK;
}

mosaic_status mos_scene_layout(mos_dataset *dataset, mos_scene_set *set) {
    MOS_TRY(mos_alloc(set->file.count, sizeof *set->scenes, "scenes", &set->scenes));
    for (size_t s = 0; s < set->file.count; s++) {
        set->scenes[s].options = &set->file.scenes[s];
        MOS_TRY(begin_scene(dataset, set, &set->scenes[s]));
    }
    settle_pixels(dataset);
    if (!set->file.grid.labels) forget_land_cover(set);
    MOS_TRY(make_map(dataset, set));
    for (size_t s = 0; s < set->file.count; s++)
        MOS_TRY(finish_scene(dataset, set, &set->scenes[s]));
    return MOSAIC_OK;
}

void mos_scene_set_release(mos_scene_set *set) {
    for (size_t s = 0; set->scenes != NULL && s < set->file.count; s++) {
        mos_free(set->scenes[s].mask_values);
        mos_area_close(&set->scenes[s].area);
    }
    mos_free(set->scenes);
    mos_free(set->valid);
    mos_cover_map_release(&set->map);
    mos_scene_file_release(&set->file);
    *set = (mos_scene_set){0};
}
