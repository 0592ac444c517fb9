#include "io/tile_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct mos_tile_file {
    char path[4200];
    int descriptor;
    atomic_uint_fast64_t end;
    mos_tile_places places;
};

mosaic_status mos_tile_file_create(const char *path, uint64_t tiles, mos_tile_file **out) {
    mos_tile_file *file;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *file, "a file of tiles", &file));
    (void)snprintf(file->path, sizeof file->path, "%s", path);
    file->places.count = tiles;
    file->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->descriptor < 0) MOS_GOTO(mos_fail_errno("create", path));
    MOS_GOTO(mos_alloc((size_t)tiles, sizeof(uint64_t), "places of tiles", &file->places.offset));
    MOS_GOTO(mos_alloc((size_t)tiles, sizeof(uint64_t), "places of tiles", &file->places.bytes));
    *out = file;
    file = NULL;
done:
    mos_tile_file_close(&file);
    return status;
}

mosaic_status mos_tile_file_put(mos_tile_file *file, uint64_t tile, const void *data, size_t size) {
    const uint64_t at = atomic_fetch_add(&file->end, size);
    const unsigned char *from = data;
    for (size_t done = 0; done < size;) {
        const ssize_t some = pwrite(file->descriptor, from + done, size - done, (off_t)(at + done));
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return mos_fail_errno("write", file->path);
        done += (size_t)some;
    }
    file->places.offset[tile] = at;
    file->places.bytes[tile] = size;
    return MOSAIC_OK;
}

const mos_tile_places *mos_tile_file_places(const mos_tile_file *file) {
    return &file->places;
}

void mos_tile_file_close(mos_tile_file **slot) {
    mos_tile_file *file = *slot;
    if (file == NULL) return;
    if (file->descriptor >= 0) (void)close(file->descriptor);
    mos_free(file->places.offset);
    mos_free(file->places.bytes);
    mos_free(file);
    *slot = NULL;
}
