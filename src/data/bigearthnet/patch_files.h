/* The patches of one kind (S1, S2, reference maps) as BigEarthNet's users have them: a folder
 * tree, an uncompressed tar, or an archive that can only be streamed. */
#ifndef MOS_DATA_BIGEARTHNET_PATCH_FILES_H
#define MOS_DATA_BIGEARTHNET_PATCH_FILES_H

#include "data/bigearthnet/tar_index.h"
#include "data/sample_table.h"
#include "io/file_bytes.h"

typedef enum mos_patch_store {
    MOS_STORE_NONE,
    MOS_STORE_TREE,
    MOS_STORE_TAR,
    MOS_STORE_STREAM /* compressed, or in parts */
} mos_patch_store;

typedef struct mos_patch_files {
    const mos_patch_layout *layout;
    mos_patch_store store;
    char path[4096]; /* of the folder or the archive, as given */
    int descriptor;  /* of the tar, -1: none */
    mos_tar_index index;
} mos_patch_files;

/* Where the patches of a kind are: `given` by the user, or below root the folder or the archive
 * named as the layout says. Nothing is opened yet. Release in every case. */
mosaic_status mos_patch_files_find(const mos_dataset *dataset, const char *given,
                                   const mos_patch_layout *layout, mos_patch_files *out);
/* Opens a tar and its index; odd members become defects. Refuses what can only be streamed, naming
 * the command that does. */
mosaic_status mos_patch_files_open(mos_dataset *dataset, mos_patch_files *files);
void mos_patch_files_release(mos_patch_files *files);

bool mos_patch_files_has(const mos_patch_files *files, const char *patch, int file);
/* The bytes of one file of a patch, and its name for messages. Threads may share `files`. Of what
 * can only be streamed there is nothing. */
mosaic_status mos_patch_files_read(const mos_patch_files *files, const char *patch, int file,
                                   mos_file_bytes *bytes, char *name, size_t name_size);

#endif
