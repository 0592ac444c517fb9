#include "data/bigearthnet/bigearthnet_files.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/data_options.h"
#include "data/file_layout.h"
#include "data/raster_buffers.h"
#include "data/source_info.h"
#include "io/archive_parts.h"
#include "io/raster.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* Folders are listed, files are not asked for one by one: a full set has 7.7 million of them. */
static mosaic_status list_patches(mos_dataset *dataset, const char *folder, const char *group,
                                  const mos_patch_layout *layout, mos_name_set *out) {
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
        if (name[0] == '.') continue;
        mos_patch_name parsed;
        size_t size = strlen(name);
        bool patch = layout->parse(name, size, &parsed);
        if (!layout->grouped && !patch) {
            mos_dataset_defect(dataset, "folder that is no patch", "%s/%s", folder, name);
        } else if (layout->grouped && (!patch || parsed.folder_size != group_size ||
                                       memcmp(name, group, group_size) != 0)) {
            mos_dataset_defect(dataset, "folder that is no patch of its parent", "%s/%s", group,
                               name);
        } else {
            MOS_GOTO(mos_name_set_add(out, name, size, NULL));
        }
    }
done:
    closedir(stream);
    return status;
}

/* A modality's folder that does not exist holds nothing. */
static mosaic_status list_folder(mos_dataset *dataset, const mos_patch_files *files,
                                 mos_name_set *out) {
    DIR *stream = opendir(files->path);
    if (stream == NULL) {
        if (errno == ENOENT) return MOSAIC_OK;
        return mos_fail_errno("list", files->path);
    }
    mosaic_status status = MOSAIC_OK;
    if (!files->layout->grouped)
        MOS_GOTO(list_patches(dataset, files->path, "", files->layout, out));
    for (const struct dirent *entry; files->layout->grouped && (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        MOS_GOTO(list_patches(dataset, files->path, entry->d_name, files->layout, out));
    }
done:
    closedir(stream);
    return status;
}

static mosaic_status list_files(mos_dataset *dataset, const mos_patch_files *files,
                                mos_name_set *out) {
    if (files->store == MOS_STORE_TREE) return list_folder(dataset, files, out);
    const mos_name_set *names = &files->index.names;
    for (size_t i = 0; i < names->count; i++)
        MOS_TRY(mos_name_set_add(out, names->entries[i].name, names->entries[i].size, NULL));
    return MOSAIC_OK;
}

mosaic_status mos_ben_files_open(mos_dataset *dataset, const mos_patch_layout *layouts,
                                 mos_name_set *const *sets) {
    const mos_data_options *options = &dataset->options;
    const char *const given[MOS_BEN_MODALITIES] = {
        [MOS_BEN_S1] = options->s1, [MOS_BEN_S2] = options->s2};
    mos_ben_files *tree;
    MOS_TRY(mos_alloc(1, sizeof *tree, "data set", &tree));
    dataset->handle = tree;
    for (int m = 0; m < MOS_BEN_MODALITIES; m++)
        MOS_TRY(mos_patch_files_find(dataset, given[m], &layouts[m], &tree->files[m]));
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        MOS_TRY(mos_patch_files_open(dataset, &tree->files[m]));
        MOS_TRY(list_files(dataset, &tree->files[m], sets[m]));
    }
    return MOSAIC_OK;
}

void mos_ben_files_close(mos_dataset *dataset) {
    mos_ben_files *tree = dataset->handle;
    for (int m = 0; tree != NULL && m < MOS_BEN_MODALITIES; m++)
        mos_patch_files_release(&tree->files[m]);
    mos_free(tree);
    dataset->handle = NULL;
}

bool mos_ben_files_recognise(const char *root, const mos_patch_layout *layouts) {
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        char path[4096], archive[4096];
        if (mos_path_join(path, sizeof path, root, layouts[m].folder) == MOSAIC_OK &&
            mos_path_is_dir(path))
            return true;
        if (mos_path_join(path, sizeof path, root, layouts[m].archive) == MOSAIC_OK &&
            mos_archive_find(path, archive, sizeof archive) == MOSAIC_OK && archive[0] != '\0')
            return true;
    }
    return false;
}

static mosaic_status find_side(mos_dataset *dataset, mos_file_bytes *bytes) {
    const mos_ben_files *tree = dataset->handle;
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

mosaic_status mos_ben_files_measure(mos_dataset *dataset) {
    mos_file_bytes bytes = {0};
    mosaic_status status = find_side(dataset, &bytes);
    mos_file_bytes_release(&bytes);
    return status;
}

mosaic_status mos_ben_files_read(mos_dataset *dataset, void *state, int64_t sample,
                                 int64_t modality, const int *bands, int64_t count,
                                 mos_raw_band *out) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *name = dataset->sources[sample * dataset->slots + storage->slot];
    void *targets[MOS_DATA_MAX_BANDS];
    MOS_TRY(mos_raster_buffers_take(state, dataset, modality, bands, count, targets, out));
    const mos_ben_files *tree = dataset->handle;
    mos_file_bytes *bytes = &((mos_raster_buffers *)state)->file;
    for (int64_t i = 0; i < count; i++) {
        char path[4096];
        MOS_TRY(
            mos_patch_files_read(&tree->files[modality], name, bands[i], bytes, path, sizeof path));
        MOS_TRY(mos_file_layout_read_bytes(dataset, modality, bands[i], path, bytes->data,
                                           bytes->size, out[i].dtype, out[i].width, out[i].height,
                                           targets[i]));
    }
    return MOSAIC_OK;
}

mosaic_status mos_ben_files_describe(mos_dataset *dataset, void *state, int64_t sample,
                                     int64_t modality, int band, mos_source_info *out) {
    const mos_ben_files *tree = dataset->handle;
    const char *name = dataset->sources[sample * dataset->slots + dataset->storage[modality].slot];
    mos_file_bytes *bytes = &((mos_raster_buffers *)state)->file;
    MOS_TRY(mos_patch_files_read(&tree->files[modality], name, band, bytes, out->path,
                                 sizeof out->path));
    return mos_source_from_bytes(bytes->data, bytes->size, out);
}
