#include "io/file_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

mosaic_status mos_file_map_open(const char *path, uint64_t limit, mos_file_map *out) {
    out->data = NULL;
    out->size = 0;
    /* Non-blocking, so that a FIFO is refused below and never waited for. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return mos_fail_errno("open", path);
    mosaic_status status = MOSAIC_OK;
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        status = mos_fail_errno("read", path);
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        status = mos_fail(MOSAIC_ERR_IO, "%s: not a regular file", path);
        goto done;
    }
    uint64_t size = (uint64_t)info.st_size;
    if (size > limit) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: %llu bytes, at most %llu are accepted", path,
                          (unsigned long long)size, (unsigned long long)limit);
        goto done;
    }
    if (size == 0) goto done;
    void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) {
        status = mos_fail_errno("map", path);
        goto done;
    }
    out->data = data;
    out->size = (size_t)size;
done:
    close(descriptor);
    return status;
}

void mos_file_map_release(mos_file_map *map) {
    if (map->data != NULL) {
        void *data;
        memcpy(&data, &map->data, sizeof data); /* munmap wants it without const */
        munmap(data, map->size);
    }
    map->data = NULL;
    map->size = 0;
}

const char *mos_shown_text(const char *text, size_t size, char *buffer, size_t buffer_size) {
    size_t used = 0;
    for (size_t i = 0; i < size && used + 4 < buffer_size; i++) {
        unsigned char c = (unsigned char)text[i];
        buffer[used++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    if (used < size) {
        memcpy(buffer + used, "...", 3);
        used += 3;
    }
    buffer[used] = '\0';
    return buffer;
}
