/* PNG by its specification (ISO/IEC 15948): signature, IHDR, IDAT, IEND. Every row takes the filter
 * whose residuals have the least sum of magnitudes, the rule the specification recommends. */
#include "io/png.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FILTERS = 5, PIXEL = 3 };

static void put_u32(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

/* size < 2^31; the checksum is over type and data. */
static void add_chunk(mos_text *out, const char *type, const uint8_t *data, size_t size) {
    uint8_t word[4];
    uLong crc = crc32(0, (const Bytef *)type, 4);
    if (size > 0) crc = crc32(crc, data, (uInt)size);
    put_u32(word, (uint32_t)size);
    mos_text_add_bytes(out, word, 4);
    mos_text_add_bytes(out, type, 4);
    if (size > 0) mos_text_add_bytes(out, data, size);
    put_u32(word, (uint32_t)crc);
    mos_text_add_bytes(out, word, 4);
}

static int paeth(int a, int b, int c) {
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* One row filtered into out[0..size], out[0] the filter's number; above: zeros for the first. */
static int64_t filter_row(int filter, const uint8_t *row, const uint8_t *above, int64_t size,
                          uint8_t *out) {
    int64_t cost = 0;
    out[0] = (uint8_t)filter;
    for (int64_t i = 0; i < size; i++) {
        int a = i >= PIXEL ? row[i - PIXEL] : 0, b = above[i];
        int c = i >= PIXEL ? above[i - PIXEL] : 0;
        int guess = filter == 0   ? 0
                    : filter == 1 ? a
                    : filter == 2 ? b
                    : filter == 3 ? (a + b) / 2
                                  : paeth(a, b, c);
        out[i + 1] = (uint8_t)(row[i] - guess);
        cost += out[i + 1] < 128 ? out[i + 1] : 256 - out[i + 1];
    }
    return cost;
}

/* scratch: [row + 1 bytes to try in][zeros for the row above the first]. */
static void filter_all(const uint8_t *rgb, int64_t row, int64_t height, uint8_t *scratch,
                       uint8_t *out) {
    const uint8_t *zeros = scratch + row + 1;
    for (int64_t y = 0; y < height; y++) {
        const uint8_t *above = y > 0 ? rgb + (y - 1) * row : zeros;
        int64_t least = INT64_MAX;
        for (int filter = 0; filter < FILTERS; filter++) {
            int64_t cost = filter_row(filter, rgb + y * row, above, row, scratch);
            if (cost >= least) continue;
            least = cost;
            memcpy(out + y * (row + 1), scratch, (size_t)row + 1);
        }
    }
}

mosaic_status mos_png_write(const uint8_t *rgb, int64_t width, int64_t height, mos_text *out) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t header[13] = {[8] = 8, [9] = 2}; /* 8 bits, RGB */
    uint8_t *filtered = NULL, *scratch = NULL, *packed = NULL;
    mosaic_status status = MOSAIC_OK;
    if (width < 1 || height < 1 || width > MOS_PNG_MAX_SIDE || height > MOS_PNG_MAX_SIDE)
        return mos_fail(MOSAIC_ERR_USAGE, "a picture of %lld x %lld pixels cannot be written",
                        (long long)width, (long long)height);
    int64_t row = width * PIXEL;
    size_t size = (size_t)(height * (row + 1));
    uLongf packed_size = compressBound((uLong)size);
    MOS_GOTO(mos_alloc(size, 1, "picture rows", &filtered));
    MOS_GOTO(mos_alloc((size_t)(2 * row + 1), 1, "picture row", &scratch));
    MOS_GOTO(mos_alloc(packed_size, 1, "picture bytes", &packed));
    filter_all(rgb, row, height, scratch, filtered);
    if (compress2(packed, &packed_size, filtered, (uLong)size, 9) != Z_OK) {
        status = mos_fail(MOSAIC_ERR_RUNTIME, "a picture cannot be compressed");
        goto done;
    }
    put_u32(header, (uint32_t)width);
    put_u32(header + 4, (uint32_t)height);
    mos_text_add_bytes(out, signature, sizeof signature);
    add_chunk(out, "IHDR", header, sizeof header);
    add_chunk(out, "IDAT", packed, packed_size);
    add_chunk(out, "IEND", NULL, 0);
done:
    mos_free(filtered);
    mos_free(scratch);
    mos_free(packed);
    return status;
}
