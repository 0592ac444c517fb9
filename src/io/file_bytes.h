/* Whole small files into one buffer that grows and is used again: no allocation after the largest.
 */
#ifndef MOS_IO_FILE_BYTES_H
#define MOS_IO_FILE_BYTES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mos_file_bytes {
    unsigned char *data;
    size_t size, capacity;
} mos_file_bytes;

enum { MOS_FILE_BYTES_LIMIT = 64 << 20 };

/* A file of at most MOS_FILE_BYTES_LIMIT bytes. One that is not there is MOSAIC_ERR_DATA. */
mosaic_status mos_file_bytes_read(const char *path, mos_file_bytes *io);
/* `size` bytes at `offset` of an open file; fewer is MOSAIC_ERR_DATA. Threads may share the
 * descriptor; `what` names the place in messages. */
mosaic_status mos_file_bytes_read_at(int descriptor, uint64_t offset, uint64_t size,
                                     const char *what, mos_file_bytes *io);
void mos_file_bytes_release(mos_file_bytes *bytes);

#endif
