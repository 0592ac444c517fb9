#include "prepare/pack/pack_waiting.h"

#include "base/memory.h"

#include <string.h>

mosaic_status mos_waiting_begin(mos_waiting *waiting, size_t entry, uint32_t *number) {
    if (waiting->idle_count > 0) {
        *number = waiting->idle[--waiting->idle_count];
    } else {
        MOS_TRY(mos_grow(&waiting->patches, &waiting->room, waiting->count + 1,
                         sizeof *waiting->patches, "patches"));
        MOS_TRY(
            mos_alloc(1, sizeof(mos_waiting_patch), "a patch", &waiting->patches[waiting->count]));
        *number = (uint32_t)waiting->count++;
    }
    waiting->patches[*number]->entry = entry;
    return MOSAIC_OK;
}

mosaic_status mos_waiting_keep(mos_waiting *waiting, uint32_t number, int file, const void *data,
                               size_t size) {
    mos_waiting_patch *patch = waiting->patches[number];
    mos_file_bytes *bytes = &patch->bytes[file];
    MOS_TRY(mos_grow(&bytes->data, &bytes->capacity, size + 1, 1, "a member"));
    memcpy(bytes->data, data, size);
    bytes->size = size;
    waiting->bytes += size;
    patch->has[file] = true;
    patch->count++;
    return MOSAIC_OK;
}

mosaic_status mos_waiting_end(mos_waiting *waiting, uint32_t number) {
    mos_waiting_patch *patch = waiting->patches[number];
    for (int f = 0; f < MOS_PATCH_FILES; f++)
        if (patch->has[f]) waiting->bytes -= patch->bytes[f].size;
    memset(patch->has, 0, sizeof patch->has);
    mos_free(patch->blob);
    patch->blob = NULL;
    patch->count = 0;
    MOS_TRY(mos_grow(&waiting->idle, &waiting->idle_room, waiting->idle_count + 1,
                     sizeof *waiting->idle, "patches"));
    waiting->idle[waiting->idle_count++] = number;
    return MOSAIC_OK;
}

void mos_waiting_release(mos_waiting *waiting) {
    for (size_t p = 0; p < waiting->count; p++) {
        for (int f = 0; f < MOS_PATCH_FILES; f++)
            mos_file_bytes_release(&waiting->patches[p]->bytes[f]);
        mos_free(waiting->patches[p]->blob);
        mos_free(waiting->patches[p]);
    }
    mos_free(waiting->patches);
    mos_free(waiting->idle);
    *waiting = (mos_waiting){0};
}
