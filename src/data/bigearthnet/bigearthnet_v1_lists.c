#include "data/bigearthnet/bigearthnet_v1_lists.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/names/name_list.h"
#include "data/names/patch_name_v1.h"

#include <string.h>

/* The cells of one record behind its S2 name. */
static mosaic_status read_cells(const mos_name_list *list, size_t row, const char *path,
                                const char **s1, mos_split *split) {
    for (size_t c = 1; c < list->columns; c++) {
        const char *cell = mos_name_list_cell(list, row, c);
        mos_patch_name parsed;
        if (mos_patch_name_parse_s1(cell, strlen(cell), &parsed))
            *s1 = cell;
        else if (mos_split_parse(cell, split) != MOSAIC_OK)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s:%u: '%.60s' is neither an S1 patch name nor a split", path,
                            mos_name_list_line(list, row), cell);
    }
    return MOSAIC_OK;
}

static mosaic_status add_listed(mos_dataset *dataset, mos_v1_lists *out, const char *s2,
                                mos_split split, const char *s1, const char *path, uint32_t line) {
    bool added;
    size_t size = strlen(s2);
    MOS_TRY(mos_name_set_add(&out->names, s2, size, &added));
    if (!added) {
        const mos_v1_listed *before = mos_v1_lists_find(out, s2, size);
        if (before->split != (uint8_t)split)
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: '%s' is listed as %s here, as %s before", path,
                            line, s2, mos_split_names[split], mos_split_names[before->split]);
        mos_dataset_defect(dataset, "listed twice", "%s", s2);
        return MOSAIC_OK;
    }
    MOS_TRY(mos_grow(&out->listed, &out->capacity, out->names.count, sizeof *out->listed,
                     "split lists"));
    mos_v1_listed *listed = &out->listed[out->names.count - 1];
    *listed = (mos_v1_listed){.split = (uint8_t)split};
    if (s1 == NULL) return MOSAIC_OK;
    MOS_TRY(mos_name_set_add(&out->partners, s1, strlen(s1), &added));
    if (!added)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: '%s' is the S1 patch of two S2 patches", path,
                        line, s1);
    listed->s1 = out->partners.entries[out->partners.count - 1].name;
    out->with_partner++;
    return MOSAIC_OK;
}

static mosaic_status check_s2(const char *name, const char *path, uint32_t line) {
    mos_patch_name parsed;
    if (mos_patch_name_parse_s2_v1(name, strlen(name), &parsed)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s:%u: '%.90s' is not a BigEarthNet v1.0 S2 patch name, as in "
                    "S2A_MSIL2A_20170613T101031_87_48",
                    path, line, name);
}

/* Official lists have no header line; one that somebody added does not look like a patch. */
static bool is_header(const mos_name_list *list, size_t row) {
    return row == 0 && strncmp(mos_name_list_cell(list, 0, 0), "S2", 2) != 0 && list->rows > 1;
}

static mosaic_status read_split_list(mos_dataset *dataset, const char *path, mos_v1_lists *out) {
    mos_name_list list;
    MOS_TRY(mos_name_list_read(path, &list));
    mosaic_status status = MOSAIC_OK;
    mos_split by_name = mos_name_list_split(path);
    for (size_t r = 0; r < list.rows; r++) {
        if (is_header(&list, r)) continue;
        const char *s2 = mos_name_list_cell(&list, r, 0), *s1 = NULL;
        uint32_t line = mos_name_list_line(&list, r);
        mos_split split = by_name;
        MOS_GOTO(check_s2(s2, path, line));
        MOS_GOTO(read_cells(&list, r, path, &s1, &split));
        MOS_GOTO(add_listed(dataset, out, s2, split, s1, path, line));
    }
    out->given = true;
done:
    mos_name_list_release(&list);
    return status;
}

static mosaic_status read_split_lists(mos_dataset *dataset, mos_v1_lists *out) {
    static const char *const names[] = {"train.csv", "val.csv", "validation.csv", "test.csv"};
    const char *given = dataset->options.metadata;
    char folder[4096], path[4096];
    MOS_TRY(mos_dataset_path(dataset, given != NULL ? given : dataset->root, "", folder,
                             sizeof folder));
    if (given != NULL && !mos_path_is_dir(folder)) return read_split_list(dataset, folder, out);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        MOS_TRY(mos_path_join(path, sizeof path, folder, names[i]));
        if (mos_path_exists(path)) MOS_TRY(read_split_list(dataset, path, out));
    }
    if (given != NULL && !out->given)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: no train.csv, val.csv (or validation.csv) or test.csv in it", folder);
    return MOSAIC_OK;
}

static mosaic_status read_snow_list(const char *path, mos_v1_lists *out) {
    mos_name_list list;
    MOS_TRY(mos_name_list_read(path, &list));
    mosaic_status status = MOSAIC_OK;
    for (size_t r = 0; r < list.rows; r++) {
        if (is_header(&list, r)) continue;
        const char *s2 = mos_name_list_cell(&list, r, 0);
        MOS_GOTO(check_s2(s2, path, mos_name_list_line(&list, r)));
        MOS_GOTO(mos_name_set_add(&out->snowy, s2, strlen(s2), NULL));
    }
done:
    mos_name_list_release(&list);
    return status;
}

/* Under the names they are published with: data.snow_metadata, else beside the split lists. */
static mosaic_status read_snow_lists(mos_dataset *dataset, mos_v1_lists *out) {
    static const char *const names[] = {"patches_with_seasonal_snow.csv",
                                        "patches_with_cloud_and_shadow.csv"};
    const mos_data_options *options = &dataset->options;
    char folder[4096], path[4096];
    const char *given = mos_ben_options_of(options)->snow_metadata;
    if (given != NULL && !mos_path_is_dir(given)) return read_snow_list(given, out);
    MOS_TRY(mos_name_list_folder(given != NULL               ? given
                                 : options->metadata != NULL ? options->metadata
                                                             : dataset->root,
                                 folder, sizeof folder));
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        MOS_TRY(mos_path_join(path, sizeof path, folder, names[i]));
        if (!mos_path_exists(path)) continue;
        MOS_TRY(read_snow_list(path, out));
        found = true;
    }
    if (given != NULL && !found)
        return mos_fail(MOSAIC_ERR_DATA, "%s: neither %s nor %s in it", folder, names[0], names[1]);
    return MOSAIC_OK;
}

mosaic_status mos_v1_lists_read(mos_dataset *dataset, mos_v1_lists *out) {
    *out = (mos_v1_lists){0};
    mosaic_status status;
    MOS_GOTO(read_split_lists(dataset, out));
    MOS_GOTO(read_snow_lists(dataset, out));
done:
    if (status != MOSAIC_OK) mos_v1_lists_release(out);
    return status;
}

void mos_v1_lists_release(mos_v1_lists *lists) {
    mos_name_set_release(&lists->names);
    mos_name_set_release(&lists->partners);
    mos_name_set_release(&lists->snowy);
    mos_free(lists->listed);
    *lists = (mos_v1_lists){0};
}

const mos_v1_listed *mos_v1_lists_find(const mos_v1_lists *lists, const char *s2, size_t size) {
    const mos_name_entry *entry = mos_name_set_find(&lists->names, s2, size);
    return entry == NULL ? NULL : &lists->listed[entry - lists->names.entries];
}

bool mos_v1_lists_choose(const mos_v1_lists *lists, bool snow_too, const char *s2, size_t size) {
    if (!snow_too && mos_name_set_find(&lists->snowy, s2, size) != NULL) return false;
    return !lists->given || mos_v1_lists_find(lists, s2, size) != NULL;
}

bool mos_v1_lists_pair_all(const mos_v1_lists *lists) {
    return lists->given && lists->with_partner == lists->names.count;
}
