/* BigEarthNet V2 as unpacked, or as published in uncompressed tars:
 * BigEarthNet-S2/<tile>/<patch>/<patch>_<BAND>.tif,
 * BigEarthNet-S1/<scene>/<patch>/<patch>_{VH,VV}.tif and metadata.parquet. Folders are listed,
 * files are not asked for one by one: a full set has 7.7 million of them. */
#include "data/bigearthnet_layout.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/data_options.h"
#include "data/patch_files.h"
#include "data/raster_buffers.h"
#include "data/source_info.h"
#include "io/archive_parts.h"
#include "io/raster.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct ben_tree {
    mos_patch_files files[MOS_BEN_MODALITIES];
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

/* What an index knows of patches. */
static mosaic_status list_index(const mos_tar_index *index, mos_name_set *out) {
    for (size_t i = 0; i < index->names.count; i++)
        MOS_TRY(mos_name_set_add(out, index->names.entries[i].name, index->names.entries[i].size,
                                 NULL));
    return MOSAIC_OK;
}

static mosaic_status list_files(mos_dataset *dataset, const mos_patch_files *files,
                                mos_name_set *out) {
    if (files->store == MOS_STORE_TAR) return list_index(&files->index, out);
    if (files->store == MOS_STORE_NONE) return MOSAIC_OK;
    return list_modality(dataset, files->path, files->layout->parse, out);
}

/* The side of the 10 m bands: of the first patch whose file can be read; 120 where there is none.
 */
static mosaic_status find_side(mos_dataset *dataset, const ben_tree *tree, mos_file_bytes *bytes) {
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
            tried++;
            if (mos_patch_files_read(&tree->files[m], name, (int)band, bytes, path, sizeof path) ==
                    MOSAIC_OK &&
                mos_raster_info_bytes(path, bytes->data, bytes->size, &info) == MOSAIC_OK)
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
    mos_name_set s1 = {0}, s2 = {0}, *const sets[] = {&s1, &s2};
    mos_metadata metadata = {0};
    mos_file_bytes bytes = {0};
    char path[4096];
    const mos_data_options *options = &dataset->options;
    MOS_GOTO(mos_patch_files_find(dataset, options->s1, MOS_PATCHES_S1, &tree->files[MOS_BEN_S1]));
    MOS_GOTO(mos_patch_files_find(dataset, options->s2, MOS_PATCHES_S2, &tree->files[MOS_BEN_S2]));
    MOS_GOTO(mos_ben_modalities(dataset));
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        MOS_GOTO(mos_patch_files_open(dataset, &tree->files[m]));
        MOS_GOTO(list_files(dataset, &tree->files[m], sets[m]));
    }
    MOS_GOTO(mos_ben_metadata_path(dataset, dataset->root, path, sizeof path));
    MOS_GOTO(mos_metadata_read(dataset, path, &metadata));
    MOS_GOTO(mos_ben_join(dataset, &metadata, path, &s1, &s2));
    MOS_GOTO(find_side(dataset, tree, &bytes));
done:
    mos_file_bytes_release(&bytes);
    mos_metadata_release(&metadata);
    mos_name_set_release(&s1);
    mos_name_set_release(&s2);
    return status;
}

static void close_tree(mos_dataset *dataset) {
    ben_tree *tree = dataset->handle;
    for (int m = 0; tree != NULL && m < MOS_BEN_MODALITIES; m++)
        mos_patch_files_release(&tree->files[m]);
    mos_free(tree);
    dataset->handle = NULL;
}

static bool recognise_tree(const char *root) {
    for (int kind = MOS_PATCHES_S1; kind <= MOS_PATCHES_S2; kind++) {
        char path[4096], archive[4096];
        if (mos_path_join(path, sizeof path, root, mos_patch_layouts[kind].stem) != MOSAIC_OK)
            continue;
        if (mos_path_is_dir(path) ||
            (mos_archive_find(path, archive, sizeof archive) == MOSAIC_OK && archive[0] != '\0'))
            return true;
    }
    return false;
}

static mosaic_status read_tree(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                               const int *bands, int64_t count, mos_raw_band *out) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *name = dataset->sources[sample * dataset->slots + storage->slot];
    void *targets[MOS_DATA_MAX_BANDS];
    MOS_TRY(mos_raster_buffers_take(state, dataset, modality, bands, count, targets, out));
    const ben_tree *tree = dataset->handle;
    mos_file_bytes *bytes = &((mos_raster_buffers *)state)->file;
    for (int64_t i = 0; i < count; i++) {
        char path[4096];
        MOS_TRY(
            mos_patch_files_read(&tree->files[modality], name, bands[i], bytes, path, sizeof path));
        MOS_TRY(mos_raster_read_bytes(path, bytes->data, bytes->size, 1, out[i].dtype, targets[i],
                                      out[i].width, out[i].height));
    }
    return MOSAIC_OK;
}

static mosaic_status describe_tree(mos_dataset *dataset, void *state, int64_t sample,
                                   int64_t modality, int band, mos_source_info *out) {
    const ben_tree *tree = dataset->handle;
    const char *name = dataset->sources[sample * dataset->slots + dataset->storage[modality].slot];
    mos_file_bytes *bytes = &((mos_raster_buffers *)state)->file;
    MOS_TRY(mos_patch_files_read(&tree->files[modality], name, band, bytes, out->path,
                                 sizeof out->path));
    return mos_source_from_bytes(bytes->data, bytes->size, out);
}

const mos_format mos_format_bigearthnet_v2 = {
    .name = "bigearthnet-v2",
    .summary = "BigEarthNet V2 as published: trees or tars of band GeoTIFFs and metadata.parquet",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19,
    .open = open_tree,
    .close = close_tree,
    .recognise = recognise_tree,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = read_tree,
    .describe = describe_tree,
};
