#include "io/file_bytes.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static mosaic_status read_open(int descriptor, const char *path, mos_file_bytes *io) {
    struct stat info;
    if (fstat(descriptor, &info) != 0) return mos_fail_errno("read", path);
    if (!S_ISREG(info.st_mode)) return mos_fail(MOSAIC_ERR_IO, "%s: not a regular file", path);
    if (info.st_size > MOS_FILE_BYTES_LIMIT)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %lld bytes, at most %d are read", path,
                        (long long)info.st_size, MOS_FILE_BYTES_LIMIT);
    return mos_file_bytes_read_at(descriptor, 0, (uint64_t)info.st_size, path, io);
}

mosaic_status mos_file_bytes_read(const char *path, mos_file_bytes *io) {
    io->size = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        mosaic_status status = mos_fail_errno("open", path);
        return missing ? MOSAIC_ERR_DATA : status;
    }
    mosaic_status status = read_open(descriptor, path, io);
    close(descriptor);
    return status;
}

mosaic_status mos_file_bytes_read_at(int descriptor, uint64_t offset, uint64_t size,
                                     const char *what, mos_file_bytes *io) {
    io->size = 0;
    MOS_TRY(mos_grow(&io->data, &io->capacity, (size_t)size + 1, 1, "bytes of a file"));
    while (io->size < size) {
        ssize_t got = pread(descriptor, io->data + io->size, (size_t)size - io->size,
                            (off_t)(offset + io->size));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return mos_fail_errno("read", what);
        if (got == 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s: ends after %zu of %llu bytes", what, io->size,
                            (unsigned long long)size);
        io->size += (size_t)got;
    }
    return MOSAIC_OK;
}

void mos_file_bytes_release(mos_file_bytes *bytes) {
    mos_free(bytes->data);
    *bytes = (mos_file_bytes){0};
}
