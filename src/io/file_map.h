/* A file mapped read-only, and the little helpers every reader of foreign bytes needs. */
#ifndef MOS_IO_FILE_MAP_H
#define MOS_IO_FILE_MAP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "every format read here is little-endian and is used in place");

typedef struct mos_file_map {
    const void *data; /* NULL for an empty file */
    size_t size;
} mos_file_map;

/* Map a regular file of at most `limit` bytes. */
mosaic_status mos_file_map_open(const char *path, uint64_t limit, mos_file_map *out);
void mos_file_map_release(mos_file_map *map);

/* Bytes of a foreign file inside an error message: one line of printable characters, cut to the
 * buffer. */
const char *mos_shown_text(const char *text, size_t size, char *buffer, size_t buffer_size);

/* Unaligned little-endian loads. */
static inline uint16_t mos_load_u16(const void *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t mos_load_u32(const void *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t mos_load_u64(const void *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

#endif
