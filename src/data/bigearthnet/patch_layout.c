#include "data/bigearthnet/patch_layout.h"

#include "data/names/patch_name_v1.h"

#include <string.h>

#define S1_FILES                                                                                   \
    { "VV", "VH" }
#define S2_FILES                                                                                   \
    { "B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12" }

const mos_patch_layout mos_patch_layouts[MOS_PATCHES_KINDS] = {
    [MOS_PATCHES_S1] = {.kind = MOS_PATCHES_S1,
                        .folder = "BigEarthNet-S1",
                        .archive = "BigEarthNet-S1",
                        .parse = mos_patch_name_parse_s1,
                        .grouped = true,
                        .count = 2,
                        .file = S1_FILES},
    [MOS_PATCHES_S2] = {.kind = MOS_PATCHES_S2,
                        .folder = "BigEarthNet-S2",
                        .archive = "BigEarthNet-S2",
                        .parse = mos_patch_name_parse_s2,
                        .grouped = true,
                        .count = 12,
                        .file = S2_FILES},
    [MOS_PATCHES_MAPS] = {.kind = MOS_PATCHES_MAPS,
                          .folder = "Reference_Maps",
                          .archive = "Reference_Maps",
                          .parse = mos_patch_name_parse_s2,
                          .grouped = true,
                          .count = 1,
                          .file = {"reference_map"}},
};

const mos_patch_layout mos_patch_layouts_v1[MOS_PATCHES_MAPS] = {
    [MOS_PATCHES_S1] = {.kind = MOS_PATCHES_S1,
                        .folder = "BigEarthNet-S1-v1.0",
                        .archive = "BigEarthNet-S1-v1.0",
                        .parse = mos_patch_name_parse_s1,
                        .labels = true,
                        .count = 2,
                        .file = S1_FILES},
    [MOS_PATCHES_S2] = {.kind = MOS_PATCHES_S2,
                        .folder = "BigEarthNet-v1.0",
                        .archive = "BigEarthNet-S2-v1.0",
                        .parse = mos_patch_name_parse_s2_v1,
                        .labels = true,
                        .count = 12,
                        .file = S2_FILES},
};

int mos_patch_layout_files(const mos_patch_layout *layout) {
    return layout->count + (layout->labels ? 1 : 0);
}

const char *mos_patch_layout_stem(const mos_patch_layout *layout, int file) {
    return file < layout->count ? layout->file[file] : "labels_metadata";
}

const char *mos_patch_layout_ending(const mos_patch_layout *layout, int file) {
    return file < layout->count ? ".tif" : ".json";
}

int mos_patch_step(int kind, int file) {
    static const int steps[MOS_PATCH_FILES] = {6, 1, 1, 1, 2, 2, 2, 1, 2, 6, 2, 2};
    return kind == MOS_PATCHES_S2 ? steps[file] : 1;
}

/* The part of `path` before `end`; false where there is none. */
static bool part_before(const char *path, const char *end, const char **part, size_t *size) {
    const char *at = end;
    while (at > path && at[-1] != '/')
        at--;
    *part = at;
    *size = (size_t)(end - at);
    return *size > 0;
}

bool mos_patch_layout_split(const mos_patch_layout *layout, const char *path, const char **patch,
                            size_t *patch_size, int *file) {
    const char *name, *group;
    size_t name_size, group_size;
    mos_patch_name parsed;
    if (!part_before(path, path + strlen(path), &name, &name_size) || name == path ||
        !part_before(path, name - 1, patch, patch_size) ||
        !layout->parse(*patch, *patch_size, &parsed))
        return false;
    if (layout->grouped &&
        (*patch == path || !part_before(path, *patch - 1, &group, &group_size) ||
         parsed.folder_size != group_size || memcmp(group, *patch, group_size) != 0))
        return false;
    if (name_size <= *patch_size || memcmp(name, *patch, *patch_size) != 0 ||
        name[*patch_size] != '_')
        return false;
    const char *suffix = name + *patch_size + 1; /* ends with the path */
    for (*file = 0; *file < mos_patch_layout_files(layout); ++*file) {
        const char *stem = mos_patch_layout_stem(layout, *file);
        size_t size = strlen(stem);
        if (strncmp(suffix, stem, size) == 0 &&
            strcmp(suffix + size, mos_patch_layout_ending(layout, *file)) == 0)
            return true;
    }
    return false;
}
