#include "io/tile_encode.h"

#include "base/memory.h"
#include "base/simd.h"

#include <string.h>
#if defined(MOSAIC_HAS_LIBDEFLATE)
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

enum { LEVEL = 1 /* 2 takes twice the time for a tenth less: docs/performance.md */ };

struct mos_tile_encoder {
    mos_dtype dtype;
    bool differences;
    int64_t side;
    unsigned char *tile, *row, *out; /* a tile, two rows, a stream */
    size_t most;                     /* bytes of `out` */
#if defined(MOSAIC_HAS_LIBDEFLATE)
    struct libdeflate_compressor *compressor;
#endif
};

mosaic_status mos_tile_encoder_create(mos_dtype dtype, bool differences, int64_t side,
                                      mos_tile_encoder **out) {
    mos_tile_encoder *encoder;
    const size_t row = (size_t)side * mos_dtype_bytes(dtype), bytes = (size_t)side * row;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *encoder, "an encoder of tiles", &encoder));
    encoder->dtype = dtype;
    encoder->differences = differences;
    encoder->side = side;
#if defined(MOSAIC_HAS_LIBDEFLATE)
    encoder->compressor = libdeflate_alloc_compressor(LEVEL);
    if (encoder->compressor == NULL) MOS_GOTO(mos_fail_memory(bytes, "an encoder of tiles"));
    encoder->most = libdeflate_zlib_compress_bound(encoder->compressor, bytes);
#else
    encoder->most = compressBound((uLong)bytes);
#endif
    MOS_GOTO(mos_alloc(bytes, 1, "a tile", &encoder->tile));
    MOS_GOTO(mos_alloc(2 * row, 1, "rows of a tile", &encoder->row));
    MOS_GOTO(mos_alloc(encoder->most, 1, "a compressed tile", &encoder->out));
    *out = encoder;
    encoder = NULL;
done:
    mos_tile_encoder_destroy(&encoder);
    return status;
}

void mos_tile_encoder_destroy(mos_tile_encoder **slot) {
    mos_tile_encoder *encoder = *slot;
    if (encoder == NULL) return;
#if defined(MOSAIC_HAS_LIBDEFLATE)
    libdeflate_free_compressor(encoder->compressor);
#endif
    mos_free(encoder->tile);
    mos_free(encoder->row);
    mos_free(encoder->out);
    mos_free(encoder);
    *slot = NULL;
}

/* ---- differences ---- */

#define DIFFERENCES(name, type)                                                                    \
    MOS_SIMD_INLINE void name##_body(const type *from, int64_t count, type *out) {                 \
        out[0] = from[0];                                                                          \
        _Pragma("omp simd") for (int64_t i = 1; i < count; i++) {                                  \
            out[i] = (type)(from[i] - from[i - 1]);                                                \
        }                                                                                          \
    }                                                                                              \
    MOS_SIMD_KERNEL(name, (const type *restrict from, int64_t count, type *restrict out),          \
                    (from, count, out))
DIFFERENCES(differences_u8, uint8_t)
DIFFERENCES(differences_u16, uint16_t)

/* The bytes of a row of floats, the most significant ones of all pixels first. */
MOS_SIMD_INLINE void split_floats_body(const uint32_t *from, int64_t count, uint8_t *out) {
    for (int plane = 0; plane < 4; plane++)
        for (int64_t i = 0; i < count; i++)
            out[plane * count + i] = (uint8_t)(from[i] >> (24 - 8 * plane));
}
MOS_SIMD_KERNEL(split_floats, (const uint32_t *restrict from, int64_t count, uint8_t *restrict out),
                (from, count, out))

/* `row`: whole, of `side` pixels; `room`: as large. */
static void put_row(const mos_tile_encoder *encoder, const unsigned char *row, unsigned char *room,
                    unsigned char *out) {
    const int64_t side = encoder->side;
    if (!encoder->differences) {
        memcpy(out, row, (size_t)side * mos_dtype_bytes(encoder->dtype));
    } else if (encoder->dtype == MOS_F32) {
        split_floats((const uint32_t *)(const void *)row, side, room);
        differences_u8(room, 4 * side, out);
    } else if (encoder->dtype == MOS_U16) {
        differences_u16((const uint16_t *)(const void *)row, side, (uint16_t *)(void *)out);
    } else {
        differences_u8(row, side, out);
    }
}

static void put_rows(mos_tile_encoder *encoder, const unsigned char *pixels, int64_t stride,
                     int64_t columns, int64_t rows, int64_t height) {
    const size_t pixel = mos_dtype_bytes(encoder->dtype), row = (size_t)encoder->side * pixel;
    unsigned char *whole = encoder->row;
    for (int64_t y = 0; y < height; y++) {
        unsigned char *out = encoder->tile + (size_t)y * row;
        if (y >= rows) {
            memcpy(out, out - row, row);
            continue;
        }
        const unsigned char *from = pixels + (size_t)(y * stride) * pixel;
        if (columns < encoder->side) {
            memcpy(whole, from, (size_t)columns * pixel);
            for (int64_t x = columns; x < encoder->side; x++)
                memcpy(whole + (size_t)x * pixel, whole + (size_t)(columns - 1) * pixel, pixel);
            from = whole;
        }
        put_row(encoder, from, whole + row, out);
    }
}

mosaic_status mos_tile_encode(mos_tile_encoder *encoder, const void *pixels, int64_t stride,
                              int64_t columns, int64_t rows, int64_t height,
                              const unsigned char **out, size_t *size) {
    const size_t bytes = (size_t)(encoder->side * height) * mos_dtype_bytes(encoder->dtype);
    put_rows(encoder, pixels, stride, columns, rows, height);
#if defined(MOSAIC_HAS_LIBDEFLATE)
    *size = libdeflate_zlib_compress(encoder->compressor, encoder->tile, bytes, encoder->out,
                                     encoder->most);
    const bool good = *size > 0;
#else
    uLongf used = (uLongf)encoder->most;
    const bool good = compress2(encoder->out, &used, encoder->tile, (uLong)bytes, LEVEL) == Z_OK;
    *size = used;
#endif
    *out = encoder->out;
    return good ? MOSAIC_OK : mos_fail(MOSAIC_ERR_RUNTIME, "a tile cannot be compressed");
}
