/* BigEarthNet V2 as unpacked: BigEarthNet-S2/<tile>/<patch>/<patch>_<BAND>.tif,
 * BigEarthNet-S1/<scene>/<patch>/<patch>_{VH,VV}.tif and metadata.parquet. Folders are listed,
 * files are not asked for one by one: a full set has 7.7 million of them. */
#include "data/bigearthnet_layout.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/data_options.h"
#include "data/patch_name.h"
#include "data/raster_buffers.h"
#include "io/raster.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct ben_tree {
    char folders[MOS_BEN_MODALITIES][4096];
} ben_tree;

typedef bool (*name_parser)(const char *name, size_t size, mos_patch_name *out);

static bool hidden(const char *name) {
    return name[0] == '.';
}

/* The patch folders of one tile or scene. */
static mosaic_status list_patches(mos_dataset *dataset, const char *folder, const char *group,
                                  name_parser parse, mos_name_set *out) {
    char path[4096];
    MOS_TRY(mos_path_join(path, sizeof path, folder, group));
    DIR *stream = opendir(path);
    if (stream == NULL) {
        if (errno != ENOTDIR) return mos_fail_errno("list", path);
        mos_dataset_defect(dataset, "unexpected file", "%s", path);
        return MOSAIC_OK;
    }
    mosaic_status status = MOSAIC_OK;
    size_t group_size = strlen(group);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        const char *name = entry->d_name;
        if (hidden(name)) continue;
        mos_patch_name parsed;
        size_t size = strlen(name);
        if (!parse(name, size, &parsed) || parsed.folder_size != group_size ||
            memcmp(name, group, group_size) != 0) {
            mos_dataset_defect(dataset, "folder that is no patch of its parent", "%s/%s", group,
                               name);
            continue;
        }
        MOS_GOTO(mos_name_set_add(out, name, size, NULL));
    }
done:
    closedir(stream);
    return status;
}

/* A modality's folder that does not exist holds nothing. */
static mosaic_status list_modality(mos_dataset *dataset, const char *folder, name_parser parse,
                                   mos_name_set *out) {
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        if (errno == ENOENT) return MOSAIC_OK;
        return mos_fail_errno("list", folder);
    }
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (hidden(entry->d_name)) continue;
        MOS_GOTO(list_patches(dataset, folder, entry->d_name, parse, out));
    }
done:
    closedir(stream);
    return status;
}

static mosaic_status band_path(const ben_tree *tree, const mos_dataset *dataset, const char *name,
                               int64_t modality, int64_t band, char *out, size_t size) {
    mos_patch_name parsed;
    size_t length = strlen(name);
    name_parser parse = modality == MOS_BEN_S1 ? mos_patch_name_parse_s1 : mos_patch_name_parse_s2;
    if (!parse(name, length, &parsed))
        return mos_fail(MOSAIC_ERR_DATA, "'%s' is not a patch name", name);
    int written = snprintf(out, size, "%s/%.*s/%s/%s_%s.tif", tree->folders[modality],
                           (int)parsed.folder_size, name, name, name,
                           dataset->modalities[modality].bands[band].name);
    if (written < 0 || (size_t)written >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", tree->folders[modality]);
    return MOSAIC_OK;
}

/* The side of the 10 m bands: of the first patch whose file can be read; 120 where there is none.
 */
static mosaic_status find_side(mos_dataset *dataset, const ben_tree *tree) {
    const int64_t tries = 16;
    int64_t tried = 0;
    for (int64_t i = 0; i < dataset->count && tried < tries; i++) {
        for (int64_t m = 0; m < MOS_BEN_MODALITIES; m++) {
            const char *name = dataset->sources[i * dataset->slots + m];
            if (name == NULL) continue;
            int64_t band =
                mos_modality_band(&dataset->modalities[m], m == MOS_BEN_S1 ? "VV" : "B02");
            char path[4096];
            mos_raster_info info;
            MOS_TRY(band_path(tree, dataset, name, m, band, path, sizeof path));
            tried++;
            if (mos_raster_info_read(path, &info) == MOSAIC_OK)
                return mos_ben_sizes(dataset, info.width, path);
        }
    }
    return mos_ben_sizes(dataset, 120, dataset->root);
}

static mosaic_status open_tree(mos_dataset *dataset) {
    ben_tree *tree;
    MOS_TRY(mos_alloc(1, sizeof *tree, "data set", &tree));
    dataset->handle = tree;
    mosaic_status status;
    mos_name_set s1 = {0}, s2 = {0};
    mos_metadata metadata = {0};
    char path[4096];
    const mos_data_options *options = &dataset->options;
    MOS_GOTO(mos_dataset_path(dataset, options->s1, "BigEarthNet-S1", tree->folders[MOS_BEN_S1],
                              sizeof tree->folders[0]));
    MOS_GOTO(mos_dataset_path(dataset, options->s2, "BigEarthNet-S2", tree->folders[MOS_BEN_S2],
                              sizeof tree->folders[0]));
    MOS_GOTO(mos_ben_modalities(dataset));
    MOS_GOTO(mos_ben_metadata_path(dataset, dataset->root, path, sizeof path));
    MOS_GOTO(list_modality(dataset, tree->folders[MOS_BEN_S1], mos_patch_name_parse_s1, &s1));
    MOS_GOTO(list_modality(dataset, tree->folders[MOS_BEN_S2], mos_patch_name_parse_s2, &s2));
    MOS_GOTO(mos_metadata_read(dataset, path, &metadata));
    MOS_GOTO(mos_ben_join(dataset, &metadata, path, &s1, &s2));
    MOS_GOTO(find_side(dataset, tree));
done:
    mos_metadata_release(&metadata);
    mos_name_set_release(&s1);
    mos_name_set_release(&s2);
    return status;
}

static void close_tree(mos_dataset *dataset) {
    mos_free(dataset->handle);
    dataset->handle = NULL;
}

static bool recognise_tree(const char *root) {
    char path[4096];
    return (mos_path_join(path, sizeof path, root, "BigEarthNet-S2") == MOSAIC_OK &&
            mos_path_is_dir(path)) ||
           (mos_path_join(path, sizeof path, root, "BigEarthNet-S1") == MOSAIC_OK &&
            mos_path_is_dir(path));
}

static mosaic_status read_tree(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                               const int *bands, int64_t count, mos_raw_band *out) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *name = dataset->sources[sample * dataset->slots + storage->slot];
    void *targets[MOS_DATA_MAX_BANDS];
    MOS_TRY(mos_raster_buffers_take(state, dataset, modality, bands, count, targets, out));
    for (int64_t i = 0; i < count; i++) {
        char path[4096];
        MOS_TRY(band_path(dataset->handle, dataset, name, modality, bands[i], path, sizeof path));
        MOS_TRY(
            mos_raster_read_band(path, 1, out[i].dtype, targets[i], out[i].width, out[i].height));
    }
    return MOSAIC_OK;
}

const mos_format mos_format_bigearthnet_v2 = {
    .name = "bigearthnet-v2",
    .summary = "BigEarthNet V2 as unpacked: a tree of band GeoTIFFs and metadata.parquet",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19,
    .open = open_tree,
    .close = close_tree,
    .recognise = recognise_tree,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = read_tree,
};
