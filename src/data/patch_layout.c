#include "data/patch_layout.h"

#include <string.h>

const mos_patch_layout mos_patch_layouts[MOS_PATCHES_KINDS] = {
    [MOS_PATCHES_S1] = {"BigEarthNet-S1", mos_patch_name_parse_s1, 2, {"VV", "VH"}},
    [MOS_PATCHES_S2] = {"BigEarthNet-S2",
                        mos_patch_name_parse_s2,
                        12,
                        {"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09",
                         "B11", "B12"}},
    [MOS_PATCHES_MAPS] = {"Reference_Maps", mos_patch_name_parse_s2, 1, {"reference_map"}},
};

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
    static const char ending[] = ".tif";
    const char *name, *group;
    size_t name_size, group_size;
    mos_patch_name parsed;
    if (!part_before(path, path + strlen(path), &name, &name_size) || name == path ||
        !part_before(path, name - 1, patch, patch_size) || *patch == path ||
        !part_before(path, *patch - 1, &group, &group_size))
        return false;
    if (!layout->parse(*patch, *patch_size, &parsed) || parsed.folder_size != group_size ||
        memcmp(group, *patch, group_size) != 0)
        return false;
    if (name_size <= *patch_size + sizeof ending || memcmp(name, *patch, *patch_size) != 0 ||
        name[*patch_size] != '_' || strcmp(name + name_size - 4, ending) != 0)
        return false;
    const char *suffix = name + *patch_size + 1;
    size_t suffix_size = name_size - *patch_size - 1 - (sizeof ending - 1);
    for (*file = 0; *file < layout->count; ++*file) {
        const char *wanted = layout->file[*file];
        if (strlen(wanted) == suffix_size && memcmp(wanted, suffix, suffix_size) == 0) return true;
    }
    return false;
}
