/* What BigEarthNet keeps of a place, and how its files are named, in a folder as in an archive:
 *
 *   V2    [...]/<tile or scene>/<patch>/<patch>_<file>.tif
 *   V1    [...]/<patch>/<patch>_<file>.tif, and <patch>_labels_metadata.json beside them */
#ifndef MOS_DATA_BIGEARTHNET_PATCH_LAYOUT_H
#define MOS_DATA_BIGEARTHNET_PATCH_LAYOUT_H

#include "data/names/patch_name.h"

enum { MOS_PATCHES_S1, MOS_PATCHES_S2, MOS_PATCHES_MAPS, MOS_PATCHES_KINDS };
enum { MOS_PATCH_FILES = 12 };

typedef struct mos_patch_layout {
    int kind;            /* MOS_PATCHES_S1, ... */
    const char *folder;  /* "BigEarthNet-S1": as unpacked */
    const char *archive; /* as published, without the ending */
    bool (*parse)(const char *name, size_t size, mos_patch_name *out);
    bool grouped;                      /* patches lie in folders of tiles or scenes */
    bool labels;                       /* V1: file number `count` is the JSON */
    int count;                         /* GeoTIFFs of a patch */
    const char *file[MOS_PATCH_FILES]; /* "VV": in the order of the modality's bands */
} mos_patch_layout;

extern const mos_patch_layout mos_patch_layouts[MOS_PATCHES_KINDS];
extern const mos_patch_layout mos_patch_layouts_v1[MOS_PATCHES_MAPS]; /* S1 and S2 */

/* The GeoTIFFs and the JSON. */
int mos_patch_layout_files(const mos_patch_layout *layout);
/* File number `file` is <patch>_<stem><ending>. */
const char *mos_patch_layout_stem(const mos_patch_layout *layout, int file);
const char *mos_patch_layout_ending(const mos_patch_layout *layout, int file);
/* How many 10 m pixels one of a file's is wide: 1, 2 or 6. */
int mos_patch_step(int kind, int file);
/* Which patch and which of its files is meant by a member's path; false: neither. `patch` points
 * into `path`. */
bool mos_patch_layout_split(const mos_patch_layout *layout, const char *path, const char **patch,
                            size_t *patch_size, int *file);

#endif
