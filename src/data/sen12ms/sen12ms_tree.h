/* What a SEN12MS tree holds: one row per patch, whichever of s1, s2 and lc there is. */
#ifndef MOS_DATA_SEN12MS_SEN12MS_TREE_H
#define MOS_DATA_SEN12MS_SEN12MS_TREE_H

#include "data/sample_table.h"
#include "data/sen12ms/sen12ms_name.h"

typedef struct mos_sen12ms_patch {
    mos_sen12ms_key key;
    uint8_t stored; /* bit k: kind k */
    uint8_t split;
    bool listed;
} mos_sen12ms_patch;

typedef struct mos_sen12ms_tree {
    char folders[MOS_SEN12MS_KINDS][4096]; /* root, or data.s1, data.s2, data.reference_maps */
    mos_sen12ms_patch *patches;            /* sorted by key */
    size_t count, capacity;
} mos_sen12ms_tree;

/* Lists the folders; names that are none become defects, the damaged patch is left out. */
mosaic_status mos_sen12ms_tree_list(mos_dataset *dataset, mos_sen12ms_tree *tree);
void mos_sen12ms_tree_release(mos_sen12ms_tree *tree);
/* NULL: not stored. */
mos_sen12ms_patch *mos_sen12ms_tree_find(const mos_sen12ms_tree *tree, mos_sen12ms_key key);
mosaic_status mos_sen12ms_tree_path(const mos_sen12ms_tree *tree, mos_sen12ms_key key, int kind,
                                    char *out, size_t size);

#endif
