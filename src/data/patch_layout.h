/* What BigEarthNet V2 keeps of a place, and how its files are named, in a folder as in an archive:
 * [...]/<tile or scene>/<patch>/<patch>_<file>.tif */
#ifndef MOS_DATA_PATCH_LAYOUT_H
#define MOS_DATA_PATCH_LAYOUT_H

#include "data/patch_name.h"

enum { MOS_PATCHES_S1, MOS_PATCHES_S2, MOS_PATCHES_MAPS, MOS_PATCHES_KINDS };
enum { MOS_PATCH_FILES = 12 };

typedef struct mos_patch_layout {
    const char *stem; /* "BigEarthNet-S1": of the folder and of the archive */
    bool (*parse)(const char *name, size_t size, mos_patch_name *out);
    int count;                         /* files of a patch */
    const char *file[MOS_PATCH_FILES]; /* "VV": in the order of the modality's bands */
} mos_patch_layout;

extern const mos_patch_layout mos_patch_layouts[MOS_PATCHES_KINDS];

/* How many 10 m pixels one of a file's is wide: 1, 2 or 6. */
int mos_patch_step(int kind, int file);
/* Which patch and which of its files is meant by a member's path; false: neither. `patch` points
 * into `path`. */
bool mos_patch_layout_split(const mos_patch_layout *layout, const char *path, const char **patch,
                            size_t *patch_size, int *file);

#endif
