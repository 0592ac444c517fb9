/* SEN12MS as unpacked:
 * ROIs<seed>_<season>/{s1,s2,lc}_<scene>/ROIs..._{s1,s2,lc}_<scene>_p<patch>.tif.
 *
 * s1: VV, VH in dB, float. s2: the 13 bands of an L1C product, all resampled to 10 m by the
 * authors, under BigEarthNet's spellings (B1 is B01, B8A stays), so that models join by name. lc
 * only gives labels: classes by IGBP code with at least data.label_threshold of the patch. A
 * sample's id is the name of its s2 file without ".tif"; there are no dates. data.s1, data.s2 and
 * data.reference_maps name other roots for s1, s2 and lc. */
#include "data/data_options.h"
#include "data/file_layout.h"
#include "data/names/band_names.h"
#include "data/names/class_lookup.h"
#include "data/raster_buffers.h"
#include "data/sen12ms/sen12ms_labels.h"
#include "data/sen12ms/sen12ms_lists.h"
#include "data/source_info.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/raster.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { MODALITIES = 2, NATIVE_SIDE = 256, S2_BANDS = 13 };
_Static_assert(MOS_SEN12MS_S1 == 0 && MOS_SEN12MS_S2 == 1, "kinds of files are modalities too");

/* All of it was taken in 2016 and 2017, before baseline 04.00 added 1000; without this the pixels
 * would be asked, and top-of-atmosphere deserts look as if they had it. Nobody knows the products.
 */
static const char product[] =
    "unknown, before baseline 04.00, as S2A_MSIL1C_20170101T000000_N0204_";

static const char *const band_names[MODALITIES][S2_BANDS] = {
    {"VV", "VH"},
    {"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"}};
static const int64_t band_counts[MODALITIES] = {2, S2_BANDS};

/* Its folders are read from; the patches are released once the data set is open. */
typedef struct sen12ms_source {
    mos_sen12ms_tree tree;
    mos_file_layouts layouts;
} sen12ms_source;

/* Size and type by the first file that can be read, or as published; the rest are joined when read.
 */
static mosaic_status find_layout(mos_dataset *dataset, const mos_sen12ms_tree *tree, int kind) {
    enum { TRIES = 16 };
    int tried = 0;
    mos_modality_storage *storage = &dataset->storage[kind];
    for (int64_t b = 0; b < band_counts[kind]; b++) {
        storage->width[b] = storage->height[b] = NATIVE_SIDE;
        storage->dtype[b] = kind == MOS_SEN12MS_S1 ? MOS_F32 : MOS_U16;
    }
    for (size_t i = 0; i < tree->count && tried < TRIES; i++) {
        char path[4096];
        if (!(tree->patches[i].stored >> kind & 1)) continue;
        MOS_TRY(mos_sen12ms_tree_path(tree, tree->patches[i].key, kind, path, sizeof path));
        tried++;
        mos_raster_info info;
        if (mos_raster_info_read(path, &info) != MOSAIC_OK) continue;
        if (info.bands - (info.alpha > 0) != band_counts[kind])
            return mos_fail(MOSAIC_ERR_DATA, "%s: %d bands, wanted %lld (%s)", path, info.bands,
                            (long long)band_counts[kind],
                            kind == MOS_SEN12MS_S1 ? "VV, VH" : "B1 to B12 with B8A and B10");
        return mos_file_layout_types(dataset, kind, &info, path);
    }
    return MOSAIC_OK;
}

static mosaic_status add_modalities(mos_dataset *dataset, const mos_sen12ms_tree *tree) {
    for (int m = 0; m < MODALITIES; m++) {
        mos_modality *modality;
        MOS_TRY(mos_dataset_add_modality(dataset, mos_sen12ms_kinds[m], 1, &modality));
        modality->band_count = band_counts[m];
        for (int64_t b = 0; b < modality->band_count; b++)
            snprintf(modality->bands[b].name, sizeof modality->bands[b].name, "%s",
                     band_names[m][b]);
        mos_band_names_told(modality, dataset->storage[m].identity, MOS_SAID_BY_FORMAT);
        MOS_TRY(find_layout(dataset, tree, m));
        for (int64_t b = 0; b < modality->band_count; b++) {
            mos_dtype dtype = dataset->storage[m].dtype[b];
            modality->bands[b].is_integer = dtype != MOS_F32 && dtype != MOS_F64;
            modality->bands[b].resolution_m = 10;
        }
    }
    mos_dataset_classify(dataset);
    return MOSAIC_OK;
}

static mosaic_status add_classes(mos_dataset *dataset, bool *full) {
    *full = dataset->options.classes == MOS_CLASSES_IGBP17;
    const char *const *names = *full ? mos_igbp_classes : mos_igbp_simple_classes;
    int count = *full ? MOS_IGBP_CLASSES : MOS_IGBP_SIMPLE_CLASSES;
    for (int c = 0; c < count; c++)
        MOS_TRY(mos_dataset_add_class(dataset, names[c], strlen(names[c])));
    return MOSAIC_OK;
}

static void set_labels(mos_dataset *dataset, const mos_sen12ms_patch *patch, const char *id,
                       const mos_sen12ms_shares *shares, bool full, int8_t *labels) {
    double threshold = dataset->options.label_threshold;
    mos_sen12ms_labels(shares, full, threshold > 0 ? threshold : 0.1, labels);
    if (!shares->known) {
        bool stored = patch->stored >> MOS_SEN12MS_LC & 1;
        mos_dataset_defect(dataset,
                           stored ? "labels unknown (lc is of no use)" : "labels unknown (no lc)",
                           "%s", id);
        return;
    }
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (labels[c] == 1) return;
    }
    mos_dataset_defect(dataset, "no class reaches data.label_threshold", "%s", id);
}

static mosaic_status add_sample(mos_dataset *dataset, const mos_sen12ms_patch *patch,
                                const mos_sen12ms_shares *shares, bool full) {
    char id[MOS_SEN12MS_NAME_SIZE], radar[MOS_SEN12MS_NAME_SIZE];
    int8_t labels[MOS_DATA_MAX_CLASSES];
    const int64_t times[MODALITIES] = {MOS_TIME_UNKNOWN, MOS_TIME_UNKNOWN};
    bool s1 = patch->stored >> MOS_SEN12MS_S1 & 1, s2 = patch->stored >> MOS_SEN12MS_S2 & 1;
    mos_sen12ms_name(patch->key, s1 || s2 ? MOS_SEN12MS_S2 : MOS_SEN12MS_LC, id);
    if (!s1 && !s2) {
        mos_dataset_defect(dataset, "orphan lc patch", "%s", id);
        return MOSAIC_OK;
    }
    if (!s1 || !s2)
        mos_dataset_defect(dataset, s2 ? "missing partner (no s1)" : "missing partner (no s2)",
                           "%s", id);
    set_labels(dataset, patch, id, shares, full, labels);
    mos_sen12ms_name(patch->key, MOS_SEN12MS_S1, radar);
    const char *const sources[MODALITIES] = {s1 ? radar : NULL, s2 ? id : NULL};
    mos_sample_row row = {.id = id,
                          .id_size = strlen(id),
                          .split = (mos_split)patch->split,
                          .labels = labels,
                          .times = times,
                          .sources = sources,
                          .product = s2 ? product : NULL};
    return mos_dataset_add(dataset, &row);
}

static mosaic_status add_samples(mos_dataset *dataset, const mos_sen12ms_tree *tree) {
    mos_sen12ms_shares *shares = NULL;
    bool full;
    mosaic_status status;
    const mos_modality_storage *storage = dataset->storage;
    int reference = MOS_SEN12MS_S2; /* whose size lc shares: that of s1 where there is no s2 */
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->patches[i].stored >> MOS_SEN12MS_S2 & 1) break;
        if (i + 1 == tree->count) reference = MOS_SEN12MS_S1;
    }
    MOS_GOTO(add_classes(dataset, &full));
    MOS_GOTO(mos_alloc(tree->count, sizeof *shares, "label shares", &shares));
    MOS_GOTO(mos_sen12ms_shares_read(dataset, tree, storage[reference].width[0],
                                     storage[reference].height[0], shares));
    MOS_GOTO(mos_dataset_reserve(dataset, (int64_t)tree->count));
    for (size_t i = 0; i < tree->count; i++)
        MOS_GOTO(add_sample(dataset, &tree->patches[i], &shares[i], full));
done:
    mos_free(shares);
    return status;
}

static mosaic_status open_sen12ms(mos_dataset *dataset) {
    sen12ms_source *source;
    MOS_TRY(mos_alloc(1, sizeof *source, "data set", &source));
    mos_sen12ms_tree *tree = &source->tree;
    dataset->handle = source;
    mosaic_status status;
    MOS_GOTO(mos_sen12ms_tree_list(dataset, tree));
    if (tree->count == 0) {
        status = mos_fail(MOSAIC_ERR_DATA,
                          "%s: no SEN12MS patch, as in "
                          "ROIs1158_spring/s2_124/ROIs1158_spring_s2_124_p100.tif",
                          dataset->root);
        goto done;
    }
    MOS_GOTO(mos_sen12ms_lists_read(dataset, tree));
    MOS_GOTO(add_modalities(dataset, tree));
    MOS_GOTO(mos_file_layouts_init(dataset, (int64_t)tree->count, &source->layouts));
    MOS_GOTO(add_samples(dataset, tree));
done:
    mos_sen12ms_tree_release(tree);
    return status;
}

static void close_sen12ms(mos_dataset *dataset) {
    sen12ms_source *source = dataset->handle;
    if (source != NULL && source->layouts.of != NULL) mos_file_layouts_release(&source->layouts);
    mos_free(source);
    dataset->handle = NULL;
}

static bool recognise_sen12ms(const char *root) {
    enum { LOOKED_AT = 4096 };
    DIR *stream = opendir(root);
    if (stream == NULL) return false;
    bool found = false;
    for (int i = 0; i < LOOKED_AT && !found; i++) {
        const struct dirent *entry = readdir(stream);
        mos_sen12ms_key key;
        char path[4096];
        if (entry == NULL) break;
        found = mos_sen12ms_season_parse(entry->d_name, strlen(entry->d_name), &key) &&
                mos_path_join(path, sizeof path, root, entry->d_name) == MOSAIC_OK &&
                mos_path_is_dir(path);
    }
    closedir(stream);
    return found;
}

static mosaic_status path_of(const mos_dataset *dataset, int64_t sample, int64_t modality,
                             char *out, size_t size) {
    const sen12ms_source *source = dataset->handle;
    mos_sen12ms_key key;
    int kind;
    if (!mos_sen12ms_patch_parse(dataset->ids[sample], &kind, &key))
        return mos_fail(MOSAIC_ERR_DATA, "'%s' is not a patch name", dataset->ids[sample]);
    return mos_sen12ms_tree_path(&source->tree, key, (int)modality, out, size);
}

static mosaic_status read_sen12ms(mos_dataset *dataset, void *state, int64_t sample,
                                  int64_t modality, const int *bands, int64_t count,
                                  mos_raw_band *out) {
    sen12ms_source *source = dataset->handle;
    const mos_file_layout *layout;
    char path[4096];
    MOS_TRY(path_of(dataset, sample, modality, path, sizeof path));
    MOS_TRY(mos_file_layout_find(&source->layouts, dataset, sample, modality,
                                 dataset->storage[modality].slot, -1, path, &layout));
    return mos_file_layout_read(dataset, state, layout, modality, path, bands, count, out);
}

static int sen12ms_offset_tag(mos_dataset *dataset, int64_t sample, int64_t modality) {
    sen12ms_source *source = dataset->handle;
    const mos_file_layout *layout;
    char path[4096];
    mosaic_status status = path_of(dataset, sample, modality, path, sizeof path);
    if (status == MOSAIC_OK)
        status = mos_file_layout_find(&source->layouts, dataset, sample, modality,
                                      dataset->storage[modality].slot, -1, path, &layout);
    return status == MOSAIC_OK ? layout->offset_tag : 0; /* who reads the file gets the error */
}

static mosaic_status describe_sen12ms(mos_dataset *dataset, void *state, int64_t sample,
                                      int64_t modality, int band, mos_source_info *out) {
    (void)state;
    (void)band;
    MOS_TRY(path_of(dataset, sample, modality, out->path, sizeof out->path));
    return mos_source_from_raster(out);
}

const mos_format mos_format_sen12ms = {
    .name = "sen12ms",
    .summary = "SEN12MS as unpacked: s1, s2 and land cover rasters by season and scene",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_IGBP10 | 1u << MOS_CLASSES_IGBP17,
    .open = open_sen12ms,
    .close = close_sen12ms,
    .recognise = recognise_sen12ms,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = read_sen12ms,
    .offset_tag = sen12ms_offset_tag,
    .describe = describe_sen12ms,
};
