/* Patches of a streamed archive some of whose files have come. */
#ifndef MOS_PREPARE_PACK_PACK_WAITING_H
#define MOS_PREPARE_PACK_PACK_WAITING_H

#include "data/bigearthnet/patch_files.h"

typedef struct mos_waiting_patch {
    size_t entry; /* in the names of its kind */
    mos_file_bytes bytes[MOS_PATCH_FILES];
    bool has[MOS_PATCH_FILES];
    int count;  /* of its files that have come */
    void *blob; /* the record, once it is made */
    size_t blob_size;
    mosaic_status made;
    char error[512];
} mos_waiting_patch;

/* Patches keep their buffers for the next ones. */
typedef struct mos_waiting {
    mos_waiting_patch **patches; /* [count] all ever made */
    size_t count, room;
    uint32_t *idle; /* [idle_count] those that no name has */
    size_t idle_count, idle_room;
    uint64_t bytes; /* of the files that wait */
} mos_waiting;

/* An empty patch for a name; `number` is its index in `patches`. */
mosaic_status mos_waiting_begin(mos_waiting *waiting, size_t entry, uint32_t *number);
/* Copies a file of the patch. */
mosaic_status mos_waiting_keep(mos_waiting *waiting, uint32_t number, int file, const void *data,
                               size_t size);
/* The patch is done with: its files and its record go. */
mosaic_status mos_waiting_end(mos_waiting *waiting, uint32_t number);
void mos_waiting_release(mos_waiting *waiting);

#endif
