#include "io/raster_pyramid.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

/* One row of means from two; `below` is `above` where the strip ends. Whole numbers. The short way is
 * for rows without no-data. */
#define MEAN_ROW(name, type)                                                                       \
    MOS_SIMD_INLINE void name##_full_body(const type *above, const type *below, int64_t pairs,     \
                                          type *out) {                                             \
        _Pragma("omp simd") for (int64_t x = 0; x < pairs; x++) out[x] =                           \
            (type)(((uint32_t)above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1] +  \
                    2) /                                                                           \
                   4);                                                                             \
    }                                                                                              \
    MOS_SIMD_KERNEL(name##_full,                                                                   \
                    (const type *above, const type *below, int64_t pairs, type *restrict out),     \
                    (above, below, pairs, out))                                                    \
    MOS_SIMD_INLINE void name##_lacks_body(const type *row, int64_t count, type nodata,            \
                                           bool *out) {                                            \
        type found = 0;                                                                            \
        _Pragma("omp simd reduction(| : found)") for (int64_t x = 0; x < count; x++) found |=      \
            (type)(row[x] == nodata);                                                              \
        *out = found != 0;                                                                         \
    }                                                                                              \
    MOS_SIMD_KERNEL(name##_lacks, (const type *row, int64_t count, type nodata, bool *out),        \
                    (row, count, nodata, out))                                                     \
    static void name##_some(const type *above, const type *below, int64_t pairs, uint32_t nodata,  \
                            type *out) {                                                           \
        for (int64_t x = 0; x < pairs; x++) {                                                      \
            const uint32_t value[4] = {above[2 * x], above[2 * x + 1], below[2 * x],               \
                                       below[2 * x + 1]};                                          \
            uint32_t sum = 0, count = 0;                                                           \
            for (int i = 0; i < 4; i++) {                                                          \
                sum += value[i] == nodata ? 0 : value[i];                                          \
                count += value[i] != nodata;                                                       \
            }                                                                                      \
            out[x] = (type)(count == 0 ? nodata : (sum + count / 2) / count);                      \
        }                                                                                          \
    }                                                                                              \
    static void name(const type *above, const type *below, int64_t width, uint32_t nodata,         \
                     type *out) {                                                                  \
        bool lacks[2];                                                                             \
        name##_lacks(above, width, (type)nodata, &lacks[0]);                                       \
        name##_lacks(below, width, (type)nodata, &lacks[1]);                                       \
        if (lacks[0] || lacks[1])                                                                  \
            name##_some(above, below, width / 2, nodata, out);                                     \
        else                                                                                       \
            name##_full(above, below, width / 2, out);                                             \
        if (width % 2 == 0) return;                                                                \
        const uint32_t a = above[width - 1], b = below[width - 1];                                 \
        out[width / 2] = (type)(a == nodata ? b : b == nodata ? a : (a + b + 1) / 2);              \
    }
MEAN_ROW(mean_row_u8, uint8_t)
MEAN_ROW(mean_row_u16, uint16_t)

static void mean_row_f32(const float *above, const float *below, int64_t width, float *out) {
    for (int64_t x = 0; x < (width + 1) / 2; x++) {
        const int64_t next = 2 * x + 1 < width ? 2 * x + 1 : 2 * x;
        const float value[4] = {above[2 * x], above[next], below[2 * x], below[next]};
        double sum = 0, count = 0;
        for (int i = 0; i < 4; i++) {
            if (isnan(value[i])) continue;
            sum += (double)value[i];
            count++;
        }
        out[x] = count > 0 ? (float)(sum / count) : NAN;
    }
}

void mos_pyramid_mean(mos_dtype dtype, const void *from, int64_t width, int64_t rows, double nodata,
                      void *out) {
    const int64_t across = (width + 1) / 2;
    for (int64_t y = 0; y < rows; y += 2) {
        const int64_t above = y * width, below = (y + 1 < rows ? y + 1 : y) * width,
                      to = y / 2 * across;
        if (dtype == MOS_F32)
            mean_row_f32((const float *)from + above, (const float *)from + below, width,
                         (float *)out + to);
        else if (dtype == MOS_U16)
            mean_row_u16((const uint16_t *)from + above, (const uint16_t *)from + below, width,
                         (uint32_t)nodata, (uint16_t *)out + to);
        else
            mean_row_u8((const uint8_t *)from + above, (const uint8_t *)from + below, width,
                        (uint32_t)nodata, (uint8_t *)out + to);
    }
}

/* [y, bottom) x [x, right); `count` is zero before and after. */
static uint8_t commonest(const uint8_t *from, int64_t width, int64_t x, int64_t right, int64_t y,
                         int64_t bottom, uint8_t nodata, uint32_t count[256]) {
    uint8_t best = nodata;
    for (int64_t r = y; r < bottom; r++) {
        for (int64_t c = x; c < right; c++) {
            const uint8_t code = from[r * width + c];
            if (code == nodata) continue;
            count[code]++;
            if (best == nodata || count[code] > count[best] ||
                (count[code] == count[best] && code < best))
                best = code;
        }
    }
    for (int64_t r = y; r < bottom; r++)
        for (int64_t c = x; c < right; c++)
            count[from[r * width + c]] = 0;
    return best;
}

void mos_pyramid_mode(const uint8_t *from, int64_t width, int64_t rows, int level, uint8_t nodata,
                      uint8_t *out) {
    const int64_t side = (int64_t)1 << level, across = (width + side - 1) / side;
    uint32_t count[256] = {0};
    for (int64_t y = 0; y < rows; y += side) {
        const int64_t bottom = y + side < rows ? y + side : rows;
        for (int64_t x = 0; x < width; x += side) {
            const int64_t right = x + side < width ? x + side : width;
            out[y / side * across + x / side] =
                commonest(from, width, x, right, y, bottom, nodata, count);
        }
    }
}
