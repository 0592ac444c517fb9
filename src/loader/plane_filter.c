#include "loader/plane_filter.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { TILE = 8 };

/* Transposes tile by tile; pixels left over at the right and the bottom edge go one by one. */
MOS_SIMD_INLINE void transpose_tiles(const float *source, int64_t width, int64_t height, float *out,
                                     void (*tile)(const float *, int64_t, float *, int64_t)) {
    int64_t right = width / TILE * TILE, bottom = height / TILE * TILE;
    for (int64_t x = 0; x < right; x += TILE)
        for (int64_t y = 0; y < bottom; y += TILE)
            tile(source + y * width + x, width, out + x * height + y, height);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = y < bottom ? right : 0; x < width; x++)
            out[x * height + y] = source[y * width + x];
}

MOS_SIMD_INLINE void tile_any(const float *from, int64_t from_stride, float *to,
                              int64_t to_stride) {
    for (int64_t x = 0; x < TILE; x++)
        for (int64_t y = 0; y < TILE; y++)
            to[x * to_stride + y] = from[y * from_stride + x];
}

#if defined(__x86_64__)
/* Transposes 8 x 8 values in registers: rows are interleaved in pairs, then in fours, then the
 * halves of the registers are exchanged. */
__attribute__((target("avx2"), always_inline)) static inline void
tile_avx2(const float *from, int64_t from_stride, float *to, int64_t to_stride) {
    __m256 row[TILE], pair[TILE], quad[TILE];
#pragma GCC unroll 8
    for (int i = 0; i < TILE; i++)
        row[i] = _mm256_loadu_ps(from + i * from_stride);
#pragma GCC unroll 4
    for (int i = 0; i < TILE; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < TILE; i += 4) {
        quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
        quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE / 2; i++) {
        _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * to_stride,
                         _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31));
    }
}

__attribute__((target("avx2"))) static void transpose_avx2(const float *source, int64_t width,
                                                           int64_t height, float *out) {
    transpose_tiles(source, width, height, out, tile_avx2);
}
#endif

void mos_transpose(const float *source, int64_t width, int64_t height, float *out) {
#if defined(__x86_64__)
    if (mos_simd_level() >= MOS_SIMD_AVX2) {
        transpose_avx2(source, width, height, out);
        return;
    }
#endif
    transpose_tiles(source, width, height, out, tile_any);
}

enum { BLUR_RADIUS = 9, PAD = 32 };

/* Whole cache lines: a vector that crosses one is read twice. */
static int64_t blur_stride(int64_t width) {
    return (width + 2 * PAD + 15) / 16 * 16;
}

int64_t mos_blur_scratch(int64_t width, int64_t height) {
    return (height + 1) * blur_stride(width);
}

/* out = weight[0] before[0] + sum over k of weight[k] (before[k] + after[k]), in registers: that is
 * why the radius is a constant. */
MOS_SIMD_INLINE void blur_line(const float *const *before, const float *const *after,
                               const float *weight, const int radius, float *out, int64_t count) {
#pragma omp simd
    for (int64_t x = 0; x < count; x++) {
        float sum = weight[0] * before[0][x];
#pragma GCC unroll 9
        for (int k = 1; k <= radius; k++)
            sum = mos_simd_fma(weight[k], before[k][x] + after[k][x], sum);
        out[x] = sum;
    }
}

MOS_SIMD_INLINE void blur_plane(float *plane, int64_t width, int64_t height, const float *weight,
                                const int radius, float *scratch) {
    const float *before[BLUR_RADIUS + 1], *after[BLUR_RADIUS + 1];
    int64_t stride = blur_stride(width);
    float *line = scratch + height * stride + PAD;
    for (int k = 0; k <= radius; k++) {
        before[k] = line - k;
        after[k] = line + k;
    }
    for (int64_t y = 0; y < height; y++) { /* along x into scratch */
        const float *row = plane + y * width;
        for (int k = 0; k < radius; k++) {
            line[-1 - k] = row[0];
            line[width + k] = row[width - 1];
        }
        memcpy(line, row, (size_t)width * sizeof *line);
        blur_line(before, after, weight, radius, scratch + y * stride, width);
    }
    for (int64_t y = 0; y < height; y++) { /* along y back */
        for (int k = 0; k <= radius; k++) {
            before[k] = scratch + (y - k < 0 ? 0 : y - k) * stride;
            after[k] = scratch + (y + k >= height ? height - 1 : y + k) * stride;
        }
        blur_line(before, after, weight, radius, plane + y * width, width);
    }
}

/* Weights beyond the radius asked for are 0: they add nothing, on any processor. */
MOS_SIMD_INLINE void blur_body(float *plane, int64_t width, int64_t height, const float *weight,
                               int radius, float *scratch) {
    if (radius <= 1)
        blur_plane(plane, width, height, weight, 1, scratch);
    else if (radius == 2)
        blur_plane(plane, width, height, weight, 2, scratch);
    else if (radius == 3)
        blur_plane(plane, width, height, weight, 3, scratch);
    else if (radius == 4)
        blur_plane(plane, width, height, weight, 4, scratch);
    else
        blur_plane(plane, width, height, weight, BLUR_RADIUS, scratch);
}
MOS_SIMD_KERNEL(blur,
                (float *plane, int64_t width, int64_t height, const float *weight, int radius,
                 float *scratch),
                (plane, width, height, weight, radius, scratch))

void mos_blur(float *plane, int64_t width, int64_t height, double sigma, float *scratch) {
    float weight[BLUR_RADIUS + 1] = {0};
    int radius = (int)ceil(3 * sigma);
    if (radius < 1) radius = 1;
    if (radius > BLUR_RADIUS) radius = BLUR_RADIUS;
    double total = 0;
    for (int k = 0; k <= radius; k++)
        total += (k == 0 ? 1 : 2) * exp(-0.5 * k * k / (sigma * sigma));
    for (int k = 0; k <= radius; k++)
        weight[k] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / total);
    blur(plane, width, height, weight, radius, scratch);
}
