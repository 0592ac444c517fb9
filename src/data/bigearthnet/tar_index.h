/* Where each file of each patch lies in an uncompressed tar: one pass over the members' headers,
 * then any patch can be read straight from the archive. The index of a large archive is kept beside
 * it (<archive>.index, a safetensors file) and used again while the archive has the same size and
 * time. */
#ifndef MOS_DATA_BIGEARTHNET_TAR_INDEX_H
#define MOS_DATA_BIGEARTHNET_TAR_INDEX_H

#include "data/bigearthnet/patch_layout.h"
#include "data/name_set.h"

typedef struct mos_tar_index {
    mos_name_set names; /* the patches, in the order of the archive */
    size_t files;       /* per patch */
    uint64_t *offsets;  /* [names, files], 0: no such file */
    uint32_t *sizes;    /* [names, files] */
    size_t offset_room, size_room;
    int64_t strangers, twice; /* members that are no file of a patch, and that come again */
    char stranger[160], again[160];
} mos_tar_index;

/* Archives below this many bytes are indexed anew each time. */
#define MOS_TAR_INDEX_KEEP_BYTES ((uint64_t)256 << 20)

/* `keep_bytes`: MOS_TAR_INDEX_KEEP_BYTES, except in tests. */
mosaic_status mos_tar_index_open(const char *path, const mos_patch_layout *layout,
                                 uint64_t keep_bytes, mos_tar_index *out);
void mos_tar_index_release(mos_tar_index *index);
/* Row of a patch; -1: not in the archive. */
int64_t mos_tar_index_find(const mos_tar_index *index, const char *patch, size_t size);

#endif
