/* Scenes cut into patches: whole Sentinel-1 and Sentinel-2 rasters on any grids, and a land-cover
 * raster to label from, as a scene file describes them (data/scene/scene_file.h).
 *
 * Opening looks once at every patch (data/scene/scene_scan.h); reading one costs its windows alone.
 * Nothing is written: `data pack` stores the patches. An id is
 * <scene>_r<row>_c<column>_x<x>_y<y>, with the place on the grid and the upper left corner. */
#include "data/scene/scene_grid.h"
#include "data/scene/scene_own_options.h"
#include "data/scene/scene_reader.h"
#include "data/scene/scene_scan.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/data_options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_scene_file(const char *name) {
    size_t size = strlen(name);
    return (size > 5 && strcmp(name + size - 5, ".yaml") == 0) ||
           (size > 4 && strcmp(name + size - 4, ".yml") == 0);
}

static bool recognise_scene(const char *root) {
    char path[4096];
    if (!mos_path_is_dir(root)) return is_scene_file(root) && mos_path_exists(root);
    return mos_path_join(path, sizeof path, root, "scene.yaml") == MOSAIC_OK &&
           mos_path_exists(path);
}

static void make_id(const mos_scene *scene, const mos_site *place, mos_text *out) {
    out->size = 0;
    mos_text_add(out, "%s_r%lld_c%lld_x", scene->options->name,
                 (long long)(scene->first_row + place->row),
                 (long long)(scene->first_column + place->column));
    mos_text_add_number(out, place->x);
    mos_text_add(out, "_y");
    mos_text_add_number(out, place->y);
}

typedef struct scene_rows {
    mos_dataset *dataset;
    const mos_scene_set *set;
    const mos_scene_scan *scan;
    mos_text id, sources[MOS_DATA_MAX_MODALITIES];
} scene_rows;

static uint32_t modalities_of(const scene_rows *rows, const mos_scene *scene) {
    uint32_t all = 0;
    for (int64_t m = 0; m < rows->dataset->modality_count; m++)
        all |= (uint32_t)(scene->sources[m].options != NULL) << m;
    return all;
}

/* Is the patch a sample? What is left out is counted by its reason. */
static bool is_kept(const scene_rows *rows, const mos_scene *scene, const mos_scene_patch *patch,
                    const char *id) {
    mos_dataset *dataset = rows->dataset;
    uint32_t all = modalities_of(rows, scene);
    bool keep = rows->set->file.grid.missing == MOS_MISSING_KEEP;
    if (patch->present == all || (keep && patch->present != 0)) return true;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        char kind[sizeof dataset->defects[0].kind];
        if (!((all & ~patch->present) >> m & 1)) continue;
        snprintf(kind, sizeof kind, "left out: %.16s covers too little",
                 dataset->modalities[m].name);
        mos_dataset_defect(dataset, kind, "%s", id);
        return false;
    }
    return false;
}

static void note_labels(scene_rows *rows, const mos_scene *scene, const mos_scene_patch *patch,
                        const int8_t *labels, const char *id) {
    mos_dataset *dataset = rows->dataset;
    if (scene->options->land_cover.file == NULL) return;
    if (!patch->labeled) {
        mos_dataset_defect(dataset, "unlabelled: too little known land cover", "%s: %.3g of it", id,
                           (double)patch->known);
        return;
    }
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (labels[c] == 1) return;
    }
    mos_dataset_defect(dataset, "no class reaches data.label_threshold", "%s", id);
}

static mosaic_status add_patch(scene_rows *rows, size_t s, mos_site *place) {
    mos_dataset *dataset = rows->dataset;
    const mos_scene *scene = &rows->set->scenes[s];
    int64_t index = scene->first_patch + place->row * scene->columns + place->column;
    const mos_scene_patch *patch = &rows->scan->patches[index];
    const int8_t *labels = rows->scan->labels + index * dataset->class_count;
    const char *sources[MOS_DATA_MAX_MODALITIES] = {NULL};
    int64_t times[MOS_DATA_MAX_MODALITIES];
    mos_scene_corner(scene, place->row, place->column, &place->x, &place->y);
    make_id(scene, place, &rows->id);
    if (rows->id.failed) return mos_fail_memory(rows->id.size, "an id");
    const char *id = rows->id.data;
    if (patch->outside || !is_kept(rows, scene, patch, id)) return MOSAIC_OK;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        mos_text *source = &rows->sources[m];
        times[m] = scene->sources[m].options == NULL ? MOS_TIME_UNKNOWN : scene->sources[m].time_s;
        source->size = 0;
        mos_text_add(source, "%s_%s", id, dataset->modalities[m].name);
        if (source->failed) return mos_fail_memory(source->size, "an id");
        if (patch->present >> m & 1) sources[m] = source->data;
        if (patch->present >> m & 1) continue;
        mos_dataset_defect(dataset, "missing modality", "%s: %s", id, dataset->modalities[m].name);
    }
    note_labels(rows, scene, patch, labels, id);
    mos_sample_row row = {.id = id,
                          .id_size = rows->id.size,
                          .split = scene->split,
                          .country = scene->country,
                          .labels = labels,
                          .times = times,
                          .sources = sources,
                          .product = scene->product,
                          .site = place};
    return mos_dataset_add(dataset, &row);
}

static mosaic_status add_scene(scene_rows *rows, size_t s) {
    const mos_scene *scene = &rows->set->scenes[s];
    mos_site place = {.crs = scene->crs,
                      .width = (double)scene->size * scene->grid.resolution,
                      .height = (double)scene->size * mos_grid_down(&scene->grid),
                      .scene = (int32_t)s};
    for (int64_t i = 0; i < scene->rows * scene->columns; i++) {
        place.row = (int32_t)(i / scene->columns);
        place.column = (int32_t)(i % scene->columns);
        MOS_TRY(add_patch(rows, s, &place));
    }
    return MOSAIC_OK;
}

static mosaic_status add_samples(mos_dataset *dataset, mos_scene_set *set) {
    mos_scene_scan scan;
    scene_rows rows = {.dataset = dataset, .set = set, .scan = &scan};
    MOS_TRY(mos_alloc((size_t)set->patches, sizeof *set->valid, "patches of scenes", &set->valid));
    MOS_TRY(mos_scene_scan_run(dataset, set, &scan));
    mosaic_status status;
    dataset->metadata_rows = set->patches;
    MOS_GOTO(mos_dataset_reserve(dataset, set->patches));
    for (int64_t i = 0; i < set->patches; i++)
        set->valid[i] = scan.patches[i].valid;
    for (size_t s = 0; s < set->file.count; s++)
        MOS_GOTO(add_scene(&rows, s));
done:
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++)
        mos_text_release(&rows.sources[m]);
    mos_text_release(&rows.id);
    mos_scene_scan_release(&scan);
    return status;
}

static void close_scene(mos_dataset *dataset) {
    mos_scene_set *set = dataset->handle;
    if (set != NULL) mos_scene_set_release(set);
    mos_free(set);
    dataset->handle = NULL;
}

/* data.s1 and data.s2 are one scene without a file. */
static mosaic_status read_description(mos_dataset *dataset, mos_scene_file *out) {
    const mos_data_options *options = &dataset->options;
    static const char *const names[] = {"s1", "s2"};
    const char *const rasters[] = {options->s1, options->s2};
    char path[4096];
    if (options->s1 != NULL || options->s2 != NULL)
        return mos_scene_file_of_rasters(dataset->root, names, rasters, 2, out);
    if (mos_path_is_dir(dataset->root))
        MOS_TRY(mos_path_join(path, sizeof path, dataset->root, "scene.yaml"));
    else
        MOS_TRY(mos_dataset_path(dataset, dataset->root, "", path, sizeof path));
    return mos_scene_file_read(path, out);
}

static mosaic_status open_scene(mos_dataset *dataset) {
    const mos_text_list *grid = &mos_scene_own_options_of(&dataset->options)->grid;
    mos_scene_set *set;
    MOS_TRY(mos_alloc(1, sizeof *set, "scenes", &set));
    dataset->handle = set;
    MOS_TRY(read_description(dataset, &set->file));
    for (size_t i = 0; i < grid->count; i++)
        MOS_TRY(mos_scene_file_set_grid(&set->file, grid->items[i]));
    MOS_TRY(mos_scene_layout(dataset, set));
    return add_samples(dataset, set);
}

static mosaic_status read_scene(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                                const int *bands, int64_t count, mos_raw_band *out) {
    const mos_scene_set *set = dataset->handle;
    const mos_site *place = &dataset->sites[sample];
    return mos_context(mos_scene_read(dataset, state, &set->scenes[place->scene], place->row,
                                      place->column, modality, bands, count, false, out),
                       "sample '%s'", dataset->ids[sample]);
}

static int scene_offset_tag(mos_dataset *dataset, int64_t sample, int64_t modality) {
    const mos_scene_set *set = dataset->handle;
    return set->scenes[dataset->sites[sample].scene].sources[modality].offset_tag;
}

static const char *scene_level_tag(mos_dataset *dataset, int64_t sample, int64_t modality) {
    const mos_scene_set *set = dataset->handle;
    return set->scenes[dataset->sites[sample].scene].sources[modality].level;
}

const mos_format mos_format_scene = {
    .name = "scene",
    .summary = "whole rasters and land cover, cut into patches as a scene file says",
    .classes = 1u << MOS_CLASSES_DEFAULT,
    .options = &mos_scene_format_options,
    .open = open_scene,
    .close = close_scene,
    .recognise = recognise_scene,
    .reader_open = mos_scene_reader_open,
    .reader_close = mos_scene_reader_close,
    .read = read_scene,
    .offset_tag = scene_offset_tag,
    .level_tag = scene_level_tag,
};
