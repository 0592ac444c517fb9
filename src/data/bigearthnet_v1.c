/* BigEarthNet v1.0 as unpacked: two roots, one level of patch folders, in each a GeoTIFF per band
 * and <patch>_labels_metadata.json with the names of CORINE classes:
 *
 *   BigEarthNet-v1.0/<patch>/<patch>_<BAND>.tif          12 bands, as V2 (no B10)
 *   BigEarthNet-S1-v1.0/<patch>/<patch>_{VH,VV}.tif
 *
 * data.s2 and data.s1 name the roots where they lie elsewhere. */
#include "data/bigearthnet_v1_join.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/data_options.h"
#include "data/patch_name_v1.h"
#include "data/raster_buffers.h"
#include "data/source_info.h"
#include "io/archive_parts.h"
#include "io/raster.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const roots[MOS_BEN_MODALITIES] = {
    [MOS_BEN_S1] = "BigEarthNet-S1-v1.0", [MOS_BEN_S2] = "BigEarthNet-v1.0"};

typedef struct v1_tree {
    char folders[MOS_BEN_MODALITIES][4096];
} v1_tree;

typedef bool (*name_parser)(const char *name, size_t size, mos_patch_name *out);

/* A root that does not exist holds nothing. */
static mosaic_status list_patches(mos_dataset *dataset, const char *folder, name_parser parse,
                                  mos_name_set *out) {
    DIR *stream = opendir(folder);
    if (stream == NULL) return errno == ENOENT ? MOSAIC_OK : mos_fail_errno("list", folder);
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        const char *name = entry->d_name;
        mos_patch_name parsed;
        if (name[0] == '.') continue;
        if (parse(name, strlen(name), &parsed))
            MOS_GOTO(mos_name_set_add(out, name, strlen(name), NULL));
        else
            mos_dataset_defect(dataset, "folder that is no patch", "%s/%s", folder, name);
    }
done:
    closedir(stream);
    return status;
}

static mosaic_status band_path(const mos_dataset *dataset, const char *name, int64_t modality,
                               int64_t band, char *out, size_t size) {
    const v1_tree *tree = dataset->handle;
    int written = snprintf(out, size, "%s/%s/%s_%s.tif", tree->folders[modality], name, name,
                           dataset->modalities[modality].bands[band].name);
    if (written < 0 || (size_t)written >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%.80s...: path is too long", tree->folders[modality]);
    return MOSAIC_OK;
}

/* The side of the 10 m bands: of the first patch whose file can be read; 120 where there is none.
 */
static mosaic_status find_side(mos_dataset *dataset) {
    enum { TRIES = 16 };
    int tried = 0;
    for (int64_t i = 0; i < dataset->count && tried < TRIES; i++) {
        for (int64_t m = 0; m < MOS_BEN_MODALITIES; m++) {
            const char *name = dataset->sources[i * dataset->slots + m];
            if (name == NULL) continue;
            int64_t band =
                mos_modality_band(&dataset->modalities[m], m == MOS_BEN_S1 ? "VV" : "B02");
            char path[4096];
            mos_raster_info info;
            MOS_TRY(band_path(dataset, name, m, band, path, sizeof path));
            tried++;
            if (mos_raster_info_read(path, &info) == MOSAIC_OK)
                return mos_ben_sizes(dataset, info.width, path);
        }
    }
    return mos_ben_sizes(dataset, 120, dataset->root);
}

/* As downloaded: "" where there is none. */
static mosaic_status find_archive(const char *root, int modality, char *out, size_t size) {
    static const char *const stems[MOS_BEN_MODALITIES] = {
        [MOS_BEN_S1] = "BigEarthNet-S1-v1.0", [MOS_BEN_S2] = "BigEarthNet-S2-v1.0"};
    char stem[4096];
    MOS_TRY(mos_path_join(stem, sizeof stem, root, stems[modality]));
    return mos_archive_find(stem, out, size);
}

/* Their labels lie in a file of each patch, and S1's partner too: that needs the tree. */
static mosaic_status fail_empty(const mos_dataset *dataset, const char *const *folders) {
    char archive[4096];
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        MOS_TRY(find_archive(dataset->root, m, archive, sizeof archive));
        if (archive[0] != '\0')
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: archives of BigEarthNet v1.0 have to be unpacked, those of V2 "
                            "need not: tar -C '%s' -xf '%s'",
                            archive, dataset->root, archive);
    }
    return mos_fail(MOSAIC_ERR_DATA, "no BigEarthNet v1.0 patch in %s or %s", folders[0],
                    folders[1]);
}

static mosaic_status open_v1(mos_dataset *dataset) {
    static const name_parser parsers[MOS_BEN_MODALITIES] = {
        [MOS_BEN_S1] = mos_patch_name_parse_s1, [MOS_BEN_S2] = mos_patch_name_parse_s2_v1};
    const mos_data_options *options = &dataset->options;
    const char *const given[MOS_BEN_MODALITIES] = {
        [MOS_BEN_S1] = options->s1, [MOS_BEN_S2] = options->s2};
    v1_tree *tree;
    MOS_TRY(mos_alloc(1, sizeof *tree, "data set", &tree));
    dataset->handle = tree;
    mosaic_status status;
    mos_name_set sets[MOS_BEN_MODALITIES] = {0};
    mos_name_set *const stored[] = {&sets[0], &sets[1]};
    const char *const folders[] = {tree->folders[0], tree->folders[1]};
    MOS_GOTO(mos_ben_modalities(dataset));
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        MOS_GOTO(mos_dataset_path(dataset, given[m], roots[m], tree->folders[m],
                                  sizeof tree->folders[m]));
        MOS_GOTO(list_patches(dataset, tree->folders[m], parsers[m], stored[m]));
    }
    if (sets[0].count + sets[1].count == 0) {
        status = fail_empty(dataset, folders);
        goto done;
    }
    MOS_GOTO(mos_v1_join(dataset, folders, stored));
    MOS_GOTO(find_side(dataset));
done:
    mos_name_set_release(&sets[0]);
    mos_name_set_release(&sets[1]);
    return status;
}

static void close_v1(mos_dataset *dataset) {
    mos_free(dataset->handle);
    dataset->handle = NULL;
}

static bool recognise_v1(const char *root) {
    char path[4096];
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        if (mos_path_join(path, sizeof path, root, roots[m]) == MOSAIC_OK && mos_path_is_dir(path))
            return true;
        if (find_archive(root, m, path, sizeof path) == MOSAIC_OK && path[0] != '\0') return true;
    }
    return false;
}

static mosaic_status read_v1(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                             const int *bands, int64_t count, mos_raw_band *out) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *name = dataset->sources[sample * dataset->slots + storage->slot];
    void *targets[MOS_DATA_MAX_BANDS];
    MOS_TRY(mos_raster_buffers_take(state, dataset, modality, bands, count, targets, out));
    for (int64_t i = 0; i < count; i++) {
        char path[4096];
        MOS_TRY(band_path(dataset, name, modality, bands[i], path, sizeof path));
        MOS_TRY(mos_raster_buffers_read(state, path, &out[i], targets[i]));
    }
    return MOSAIC_OK;
}

static mosaic_status describe_v1(mos_dataset *dataset, void *state, int64_t sample,
                                 int64_t modality, int band, mos_source_info *out) {
    (void)state;
    const char *name = dataset->sources[sample * dataset->slots + dataset->storage[modality].slot];
    MOS_TRY(band_path(dataset, name, modality, band, out->path, sizeof out->path));
    return mos_source_from_raster(out);
}

const mos_format mos_format_bigearthnet_v1 = {
    .name = "bigearthnet-v1",
    .summary = "BigEarthNet v1.0 as unpacked: two folders of patches with JSON labels",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19 | 1u << MOS_CLASSES_43,
    .open = open_v1,
    .close = close_v1,
    .recognise = recognise_v1,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = read_v1,
    .describe = describe_v1,
};
