#include "io/tiff_extent.h"

#include "io/file_map.h"

#include <stdbool.h>

/* A chain of directories may be a circle. */
enum { MOST_DIRECTORIES = 1000 };

typedef struct tiff_bytes {
    const unsigned char *data;
    size_t size;
    bool big_endian, big; /* big: BigTIFF */
    uint64_t extent;
} tiff_bytes;

/* An array of whole numbers that a tag holds or points to. */
typedef struct tag_array {
    uint64_t offset, count;
    int bytes; /* of a number; 0: none */
} tag_array;

static bool holds(const tiff_bytes *file, uint64_t at, uint64_t bytes) {
    return at <= file->size && bytes <= file->size - at;
}

static uint64_t load(const tiff_bytes *file, uint64_t at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | file->data[at + (uint64_t)(file->big_endian ? i : bytes - 1 - i)];
    return value;
}

/* Bytes at a place; what overflows ends at the largest number. */
static void reach(tiff_bytes *file, uint64_t at, uint64_t bytes) {
    const uint64_t end = bytes > UINT64_MAX - at ? UINT64_MAX : at + bytes;
    if (end > file->extent) file->extent = end;
}

/* Bytes of a value, by type: https://www.awaresystems.be/imaging/tiff/tifftags.html */
static int bytes_of(uint64_t type) {
    static const int bytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < sizeof bytes / sizeof *bytes ? bytes[type] : 0;
}

/* What a reader needs: baseline tags, those of GeoTIFF, GDAL's. Of others nobody knows what they hold. */
static bool is_known(uint64_t tag) {
    return (tag >= 254 && tag <= 347) || tag == 33550 || tag == 33922 || tag == 34264 ||
           (tag >= 34735 && tag <= 34737) || tag == 42112 || tag == 42113;
}

static void reach_pieces(tiff_bytes *file, const tag_array *offsets, const tag_array *counts) {
    if (offsets->bytes == 0 || counts->bytes == 0 || offsets->count != counts->count) return;
    if (!holds(file, offsets->offset, offsets->count * (uint64_t)offsets->bytes) ||
        !holds(file, counts->offset, counts->count * (uint64_t)counts->bytes))
        return;
    for (uint64_t i = 0; i < offsets->count; i++) {
        const uint64_t bytes =
            load(file, counts->offset + i * (uint64_t)counts->bytes, counts->bytes);
        if (bytes > 0) /* else a hole */
            reach(file, load(file, offsets->offset + i * (uint64_t)offsets->bytes, offsets->bytes),
                  bytes);
    }
}

/* One directory at a place, of which it fills in where the next one is; 0: none. */
static uint64_t read_directory(tiff_bytes *file, uint64_t at) {
    const int count_bytes = file->big ? 8 : 2, word = file->big ? 8 : 4;
    const uint64_t entry = file->big ? 20 : 12;
    tag_array offsets = {0}, counts = {0};
    reach(file, at, (uint64_t)count_bytes);
    if (!holds(file, at, (uint64_t)count_bytes)) return 0;
    const uint64_t entries = load(file, at, count_bytes);
    if (entries > UINT16_MAX) return 0;
    at += (uint64_t)count_bytes;
    reach(file, at, entries * entry + (uint64_t)word);
    for (uint64_t i = 0; i < entries && holds(file, at, entry); i++, at += entry) {
        const uint64_t tag = load(file, at, 2), type = load(file, at + 2, 2),
                       count = load(file, at + 4, word);
        const int bytes = bytes_of(type);
        uint64_t place = at + 4 + (uint64_t)word;
        if (!is_known(tag) || bytes == 0 || count > UINT64_MAX / 8) continue;
        if (count * (uint64_t)bytes > (uint64_t)word) {
            place = load(file, place, word);
            reach(file, place, count * (uint64_t)bytes);
        }
        const tag_array array = {place, count, type == 3 || type == 4 || type == 16 ? bytes : 0};
        if (tag == 273 || tag == 324) offsets = array;
        if (tag == 279 || tag == 325) counts = array;
    }
    reach_pieces(file, &offsets, &counts);
    return holds(file, at, (uint64_t)word) ? load(file, at, word) : 0;
}

uint64_t mos_tiff_extent(const void *data, size_t size) {
    tiff_bytes file = {.data = data, .size = size};
    if (size < 16 || (memcmp(data, "II", 2) != 0 && memcmp(data, "MM", 2) != 0)) return 0;
    file.big_endian = file.data[0] == 'M';
    const uint64_t version = load(&file, 2, 2);
    if (version != 42 && version != 43) return 0;
    file.big = version == 43;
    uint64_t at = file.big ? load(&file, 8, 8) : load(&file, 4, 4);
    for (int i = 0; i < MOST_DIRECTORIES && at != 0; i++)
        at = read_directory(&file, at);
    return file.extent;
}

mosaic_status mos_tiff_whole(const char *path) {
    mos_file_map map;
    mosaic_status status = MOSAIC_OK;
    if (mos_file_map_open(path, UINT64_MAX, &map) != MOSAIC_OK) return MOSAIC_OK;
    const uint64_t extent = mos_tiff_extent(map.data, map.size);
    if (extent > map.size)
        status =
            mos_fail(MOSAIC_ERR_DATA,
                     "%s: cut off: the file has %llu bytes, and its directory names some up to "
                     "%llu; copy it again",
                     path, (unsigned long long)map.size, (unsigned long long)extent);
    mos_file_map_release(&map);
    return status;
}
