#include "io/rle_reader.h"

#include "io/file_map.h"

#include <string.h>

void mos_rle_init(mos_rle *rle, const void *data, size_t size, unsigned width) {
    *rle = (mos_rle){
        .at = data, .end = size > 0 ? (const uint8_t *)data + size : data, .width = width};
}

static bool read_varint(mos_rle *rle, uint64_t *out) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (rle->at == rle->end) return false;
        uint8_t byte = *rle->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool next_run(mos_rle *rle) {
    uint64_t header;
    if (!read_varint(rle, &header)) return false;
    size_t left = (size_t)(rle->end - rle->at);
    if (header & 1) {
        uint64_t groups = header >> 1, bytes = groups * rle->width;
        /* Some writers leave out the padding of the last group: what is there counts. */
        if (bytes > left) bytes = left;
        rle->packed = rle->at;
        rle->packed_bytes = (size_t)bytes;
        rle->bit = 0;
        rle->left = rle->width == 0 ? groups * 8 : bytes * 8 / rle->width;
        rle->at += bytes;
        return true;
    }
    size_t bytes = (rle->width + 7) / 8;
    if (bytes > left) return false;
    rle->packed = NULL;
    rle->value = 0;
    for (size_t i = 0; i < bytes; i++)
        rle->value |= (uint32_t)rle->at[i] << (8 * i);
    rle->left = header >> 1;
    rle->at += bytes;
    return true;
}

/* `count` values of the packed run; the caller keeps count within the run. */
static void unpack(mos_rle *rle, uint32_t *out, size_t count) {
    const uint64_t mask = ((uint64_t)1 << rle->width) - 1;
    for (size_t i = 0; i < count; i++) {
        size_t byte = (size_t)(rle->bit / 8);
        uint64_t word = 0;
        if (rle->packed_bytes - byte >= 8) {
            word = mos_load_u64(rle->packed + byte);
        } else if (rle->packed_bytes > byte) {
            memcpy(&word, rle->packed + byte, rle->packed_bytes - byte);
        }
        out[i] = (uint32_t)(word >> (rle->bit % 8) & mask);
        rle->bit += rle->width;
    }
}

bool mos_rle_read(mos_rle *rle, uint32_t *out, size_t count) {
    while (count > 0) {
        if (rle->left == 0) {
            if (!next_run(rle)) return false;
            continue;
        }
        size_t part = count < rle->left ? count : (size_t)rle->left;
        if (rle->packed != NULL) {
            unpack(rle, out, part);
        } else {
            for (size_t i = 0; i < part; i++)
                out[i] = rle->value;
        }
        rle->left -= part;
        out += part;
        count -= part;
    }
    return true;
}

bool mos_rle_read_u8(mos_rle *rle, uint8_t *out, size_t count) {
    uint32_t chunk[512];
    while (count > 0) {
        if (rle->left == 0) {
            if (!next_run(rle)) return false;
            continue;
        }
        size_t part = count < rle->left ? count : (size_t)rle->left;
        if (rle->packed != NULL) {
            if (part > sizeof chunk / sizeof *chunk) part = sizeof chunk / sizeof *chunk;
            unpack(rle, chunk, part);
            for (size_t i = 0; i < part; i++)
                out[i] = (uint8_t)chunk[i];
        } else {
            memset(out, (int)(rle->value & 0xff), part);
        }
        rle->left -= part;
        out += part;
        count -= part;
    }
    return true;
}
