#include "data/bigearthnet/bigearthnet_layout.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"
#include "data/modality_keys.h"
#include "data/names/patch_name.h"

#include <stdio.h>
#include <string.h>

static const struct {
    char name[4];
    double resolution_m;
} s2_bands[] = {{"B01", 60}, {"B02", 10}, {"B03", 10}, {"B04", 10}, {"B05", 20}, {"B06", 20},
                {"B07", 20}, {"B08", 10}, {"B8A", 20}, {"B09", 60}, {"B11", 20}, {"B12", 20}};

static const char *const s1_default[] = {"VV", "VH", NULL};
static const char *const s2_default[] = {"B02", "B03", "B04", "B05", "B06", "B07",
                                         "B08", "B8A", "B11", "B12", NULL};
const mos_default_bands mos_ben_default_bands[] = {
    {"s1", s1_default}, {"s2", s2_default}, {NULL, NULL}};

mosaic_status mos_ben_modalities(mos_dataset *dataset) {
    mos_modality *modality;
    MOS_TRY(mos_dataset_add_modality(dataset, "s1", 1, &modality));
    modality->band_count = 2;
    for (int b = 0; b < 2; b++) {
        snprintf(modality->bands[b].name, sizeof modality->bands[b].name, "%s",
                 b == 0 ? "VV" : "VH");
        modality->bands[b].resolution_m = 10;
        dataset->storage[MOS_BEN_S1].dtype[b] = MOS_F32;
    }
    MOS_TRY(mos_dataset_add_modality(dataset, "s2", 1, &modality));
    modality->band_count = sizeof s2_bands / sizeof s2_bands[0];
    for (int64_t b = 0; b < modality->band_count; b++) {
        memcpy(modality->bands[b].name, s2_bands[b].name, sizeof s2_bands[b].name);
        modality->bands[b].resolution_m = s2_bands[b].resolution_m;
        modality->bands[b].is_integer = true;
        dataset->storage[MOS_BEN_S2].dtype[b] = MOS_U16;
    }
    /* Scaled values are no whole numbers. */
    bool scaled = mos_key_of(&dataset->options.scale, "s2") != NULL;
    for (int64_t b = 0; scaled && b < modality->band_count; b++) {
        modality->bands[b].is_integer = false;
        dataset->storage[MOS_BEN_S2].dtype[b] = MOS_F32;
    }
    mos_dataset_classify(dataset);
    return MOSAIC_OK;
}

mosaic_status mos_ben_sizes(mos_dataset *dataset, int64_t side, const char *source) {
    if (side < 6 || side % 6 != 0 || side > 6 * 1024)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: 10 m bands are %lld pixels wide, wanted 120 (or a multiple of 6)",
                        source, (long long)side);
    for (int64_t m = 0; m < MOS_BEN_MODALITIES; m++) {
        for (int64_t b = 0; b < dataset->modalities[m].band_count; b++) {
            int64_t step = (int64_t)(dataset->modalities[m].bands[b].resolution_m / 10);
            dataset->storage[m].width[b] = dataset->storage[m].height[b] = side / step;
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_ben_metadata_path(const mos_dataset *dataset, const char *folder, char *out,
                                    size_t size) {
    static const char *const names[] = {"metadata.parquet", "metadata.csv", "metadata.tsv"};
    if (dataset->options.metadata != NULL)
        return mos_dataset_path(dataset, dataset->options.metadata, "", out, size);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        MOS_TRY(mos_path_join(out, size, folder, names[i]));
        if (mos_path_exists(out)) return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: no metadata.parquet, metadata.csv or metadata.tsv here; "
                    "data.metadata names it where it lies elsewhere",
                    folder);
}

mosaic_status mos_ben_snow_path(const mos_dataset *dataset, const char *main_path, char *out,
                                size_t size) {
    static const char name[] = "metadata_for_patches_with_snow_cloud_or_shadow";
    const char *given = mos_ben_options_of(&dataset->options)->snow_metadata;
    if (given != NULL) return mos_dataset_path(dataset, given, "", out, size);
    const char *slash = strrchr(main_path, '/'), *dot = strrchr(main_path, '.');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - main_path);
    if (dot == NULL || (slash != NULL && dot < slash)) dot = "";
    int written = snprintf(out, size, "%.*s%s%s", folder, main_path, name, dot);
    if (written < 0 || (size_t)written >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", main_path);
    return MOSAIC_OK;
}

typedef struct ben_join {
    mos_dataset *dataset;
    mos_name_set *stored[MOS_BEN_MODALITIES];
} ben_join;

/* Times and the agreement of the two names; a name that is none is the file's fault. */
static mosaic_status check_names(ben_join *join, const mos_metadata_row *row, const char *path,
                                 int64_t index, int64_t times[MOS_BEN_MODALITIES]) {
    mos_patch_name s1, s2;
    times[MOS_BEN_S1] = times[MOS_BEN_S2] = MOS_TIME_UNKNOWN;
    if (!mos_patch_name_parse_s2(row->id, row->id_size, &s2))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: row %lld: '%.*s' is not a BigEarthNet S2 patch name, as in "
                        "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43",
                        path, (long long)index + 1, (int)(row->id_size < 90 ? row->id_size : 90),
                        row->id);
    times[MOS_BEN_S2] = s2.time_s;
    if (row->s1 == NULL) return MOSAIC_OK;
    if (!mos_patch_name_parse_s1(row->s1, row->s1_size, &s1))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: row %lld: '%.*s' is not a BigEarthNet S1 patch name, as in "
                        "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48",
                        path, (long long)index + 1, (int)(row->s1_size < 90 ? row->s1_size : 90),
                        row->s1);
    times[MOS_BEN_S1] = s1.time_s;
    if (strcmp(s1.tile, s2.tile) != 0 || s1.column != s2.column || s1.row != s2.row)
        mos_dataset_defect(join->dataset, "s1 and s2 of different places", "%.*s with %.*s",
                           (int)row->id_size, row->id, (int)row->s1_size, row->s1);
    return MOSAIC_OK;
}

static bool find_stored(mos_name_set *set, const char *name, uint32_t size) {
    mos_name_entry *entry = name == NULL ? NULL : mos_name_set_find(set, name, size);
    if (entry != NULL) entry->used = true;
    return entry != NULL;
}

static mosaic_status add_rows(ben_join *join, const mos_metadata *metadata, const char *path) {
    mos_dataset *dataset = join->dataset;
    bool keep = mos_ben_options_of(&dataset->options)->rows_without_files == MOS_ROWS_KEEP;
    for (int64_t r = 0; r < metadata->rows; r++) {
        const mos_metadata_row *row = &metadata->row[r];
        bool s1 = find_stored(join->stored[MOS_BEN_S1], row->s1, row->s1_size);
        bool s2 = find_stored(join->stored[MOS_BEN_S2], row->id, row->id_size);
        int64_t times[MOS_BEN_MODALITIES];
        MOS_TRY(check_names(join, row, path, r, times));
        if (!s1 && !s2) {
            mos_dataset_defect(dataset, "row without files", "%.*s", (int)row->id_size, row->id);
            if (!keep) continue;
        } else if (!s1 || !s2) {
            /* Packs of earlier versions do not keep the name of what is not stored. */
            static const char nameless[] = "one that the table does not name";
            const char *wanted = s2 ? row->s1 : row->id;
            size_t size = s2 ? row->s1_size : row->id_size;
            mos_dataset_defect(dataset, s2 ? "missing partner (no s1)" : "missing partner (no s2)",
                               "%.*s wants %.*s", (int)row->id_size, row->id,
                               (int)(wanted == NULL ? sizeof nameless - 1 : size),
                               wanted == NULL ? nameless : wanted);
        }
        const char *sources[MOS_BEN_MODALITIES] = {s1 ? row->s1 : NULL, s2 ? row->id : NULL};
        const size_t sizes[MOS_BEN_MODALITIES] = {row->s1_size, row->id_size};
        mos_sample_row sample = {.id = row->id,
                                 .id_size = row->id_size,
                                 .split = (mos_split)row->split,
                                 .country = row->country,
                                 .labels = metadata->labels + r * metadata->class_count,
                                 .times = times,
                                 .sources = sources,
                                 .source_sizes = sizes,
                                 .absent_s1 = s1 ? NULL : row->s1,
                                 .absent_s1_size = row->s1_size};
        MOS_TRY(mos_dataset_add(dataset, &sample));
    }
    return MOSAIC_OK;
}

static bool has_unused(const mos_name_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        if (!set->entries[i].used) return true;
    }
    return false;
}

static void count_orphans(mos_dataset *dataset, const mos_name_set *set, const char *kind) {
    for (size_t i = 0; i < set->count; i++) {
        if (!set->entries[i].used) mos_dataset_defect(dataset, kind, "%s", set->entries[i].name);
    }
}

/* Patches of the second file that were not asked for are left out on purpose: no orphans. */
static void count_left_out(ben_join *join, const mos_metadata *snow) {
    for (int64_t r = 0; r < snow->rows; r++) {
        const mos_metadata_row *row = &snow->row[r];
        bool s1 = find_stored(join->stored[MOS_BEN_S1], row->s1, row->s1_size);
        bool s2 = find_stored(join->stored[MOS_BEN_S2], row->id, row->id_size);
        if (s1 || s2)
            mos_dataset_defect(join->dataset, "snow, cloud or shadow: left out", "%.*s",
                               (int)row->id_size, row->id);
    }
}

mosaic_status mos_ben_join(mos_dataset *dataset, const mos_metadata *metadata, const char *path,
                           mos_name_set *stored_s1, mos_name_set *stored_s2) {
    ben_join join = {.dataset = dataset, .stored = {stored_s1, stored_s2}};
    mos_metadata snow = {0};
    char second[4096];
    const mos_ben_options *own = mos_ben_options_of(&dataset->options);
    bool wanted = own->include_snow_cloud;
    mosaic_status status;
    MOS_GOTO(mos_ben_snow_path(dataset, path, second, sizeof second));
    bool given = wanted || own->snow_metadata != NULL;
    if (wanted) MOS_GOTO(mos_metadata_read(dataset, second, &snow));
    MOS_GOTO(mos_dataset_reserve(dataset, metadata->rows + snow.rows));
    dataset->metadata_rows = metadata->rows + snow.rows;
    MOS_GOTO(add_rows(&join, metadata, path));
    if (wanted) {
        MOS_GOTO(add_rows(&join, &snow, second));
    } else if ((has_unused(stored_s1) || has_unused(stored_s2)) &&
               (given || mos_path_exists(second))) {
        MOS_GOTO(mos_metadata_read(dataset, second, &snow));
        count_left_out(&join, &snow);
    }
    count_orphans(dataset, stored_s2, "orphan s2 patch");
    count_orphans(dataset, stored_s1, "orphan s1 patch");
done:
    mos_metadata_release(&snow);
    return status;
}
