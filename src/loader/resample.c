#include "loader/resample.h"

#include "base/memory.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

mosaic_status mos_axis_make(mos_axis *axis, int64_t count, int64_t native, int64_t fine,
                            double start, double length, bool flip) {
    size_t padded = (size_t)count + 16;
    MOS_TRY(mos_grow(&axis->first, &axis->capacity[0], padded, sizeof *axis->first, "an axis"));
    MOS_TRY(mos_grow(&axis->second, &axis->capacity[1], padded, sizeof *axis->second, "an axis"));
    MOS_TRY(mos_grow(&axis->share, &axis->capacity[2], padded, sizeof *axis->share, "an axis"));
    axis->count = count;
    axis->native = native;
    axis->exact = true;
    for (int64_t i = 0; i < count; i++) {
        double centre = ((double)i + 0.5) / (double)count;
        double place = (start + (flip ? 1 - centre : centre) * length) * (double)fine - 0.5;
        double nearest = floor(place + 0.5);
        if (fabs(place - nearest) < 1e-6) place = nearest; /* whole pixels stay exact */
        if (place < 0) place = 0;
        if (place > (double)(fine - 1)) place = (double)(fine - 1);
        int64_t low = (int64_t)place, high = low + 1 < fine ? low + 1 : low;
        axis->first[i] = (int32_t)(low * native / fine);
        axis->second[i] = (int32_t)(high * native / fine);
        axis->share[i] = axis->first[i] == axis->second[i] ? 0 : (float)(place - (double)low);
        if (axis->share[i] > 0) axis->exact = false;
    }
    for (int64_t i = count; i < count + 16; i++) { /* whole vectors may be read */
        axis->first[i] = axis->first[count - 1];
        axis->second[i] = axis->second[count - 1];
        axis->share[i] = 0;
    }
    axis->narrow = true;
    for (int64_t i = 0; i < count; i += 16) {
        int64_t last = i + 15 < count ? i + 15 : count - 1;
        int32_t low = flip ? axis->first[last] : axis->first[i];
        int32_t high = flip ? axis->second[i] : axis->second[last];
        if (high - low > 31) axis->narrow = false;
    }
    return MOSAIC_OK;
}

void mos_axis_release(mos_axis *axis) {
    mos_free(axis->first);
    mos_free(axis->second);
    mos_free(axis->share);
    *axis = (mos_axis){0};
}

MOS_SIMD_INLINE void mix_lines_body(const float *upper, const float *lower, float share, float *out,
                                    int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        out[i] = upper[i] + share * (lower[i] - upper[i]);
}
MOS_SIMD_KERNEL(mix_lines,
                (const float *upper, const float *lower, float share, float *out, int64_t count),
                (upper, lower, share, out, count))

#if defined(__x86_64__)
/* Sixteen outputs read at most 32 pixels in a row: two registers, looked up by permutation, where a
 * gather would take sixteen loads. The axis is padded to a multiple of 16 and the line by 32. */
__attribute__((target("avx512f"))) static void spread_narrow(const float *line,
                                                             const mos_axis *columns, float *out) {
    for (int64_t x = 0; x < columns->count; x += 16) {
        int32_t base =
            columns->first[x] < columns->first[x + 15] ? columns->first[x] : columns->first[x + 15];
        __m512i origin = _mm512_set1_epi32(base);
        __m512i first = _mm512_sub_epi32(_mm512_loadu_si512(columns->first + x), origin);
        __m512i second = _mm512_sub_epi32(_mm512_loadu_si512(columns->second + x), origin);
        __m512 low = _mm512_loadu_ps(line + base), high = _mm512_loadu_ps(line + base + 16);
        __m512 left = _mm512_permutex2var_ps(low, first, high);
        __m512 right = _mm512_permutex2var_ps(low, second, high);
        __m512 share = _mm512_loadu_ps(columns->share + x);
        __m512 value = _mm512_add_ps(left, _mm512_mul_ps(share, _mm512_sub_ps(right, left)));
        int64_t left_over = columns->count - x;
        __mmask16 mask = left_over >= 16 ? (__mmask16)0xffff : (__mmask16)((1U << left_over) - 1);
        _mm512_mask_storeu_ps(out + x, mask, value);
    }
}

static bool spread_fast(const float *line, const mos_axis *columns, float *out) {
    if (!columns->narrow || mos_simd_level() != MOS_SIMD_AVX512) return false;
    spread_narrow(line, columns, out);
    return true;
}
#else
static bool spread_fast(const float *line, const mos_axis *columns, float *out) {
    (void)line, (void)columns, (void)out;
    return false;
}
#endif

/* `line` may be read up to 32 floats past its end. */
static void spread_line(const float *line, const mos_axis *columns, float *out) {
    if (spread_fast(line, columns, out)) return;
    if (columns->exact) {
        for (int64_t x = 0; x < columns->count; x++)
            out[x] = line[columns->first[x]];
        return;
    }
    for (int64_t x = 0; x < columns->count; x++) {
        float left = line[columns->first[x]], right = line[columns->second[x]];
        out[x] = left + columns->share[x] * (right - left);
    }
}

static bool same_row(const mos_axis *rows, int64_t a, int64_t b) {
    return rows->share[a] == 0 && rows->share[b] == 0 && rows->first[a] == rows->first[b];
}

void mos_resample(const float *source, const mos_axis *rows, const mos_axis *columns, float *line,
                  float *out) {
    for (int64_t y = 0; y < rows->count; y++) {
        const float *upper = source + rows->first[y] * columns->native;
        const float *lower = source + rows->second[y] * columns->native;
        float *row = out + y * columns->count;
        if (y > 0 && same_row(rows, y, y - 1)) { /* replicated */
            memcpy(row, row - columns->count, (size_t)columns->count * sizeof *row);
            continue;
        }
        if (rows->share[y] > 0) {
            mix_lines(upper, lower, rows->share[y], line, columns->native);
        } else {
            memcpy(line, upper, (size_t)columns->native * sizeof *line);
        }
        spread_line(line, columns, row);
    }
}

MOS_SIMD_INLINE void transpose_body(const float *source, int64_t width, int64_t height,
                                    float *out) {
    enum { BLOCK = 16 };
    for (int64_t x0 = 0; x0 < width; x0 += BLOCK) {
        int64_t x1 = x0 + BLOCK < width ? x0 + BLOCK : width;
        for (int64_t y0 = 0; y0 < height; y0 += BLOCK) {
            int64_t y1 = y0 + BLOCK < height ? y0 + BLOCK : height;
            for (int64_t x = x0; x < x1; x++) {
                for (int64_t y = y0; y < y1; y++)
                    out[x * height + y] = source[y * width + x];
            }
        }
    }
}
MOS_SIMD_KERNEL(transpose, (const float *source, int64_t width, int64_t height, float *out),
                (source, width, height, out))

void mos_transpose(const float *source, int64_t width, int64_t height, float *out) {
    transpose(source, width, height, out);
}

enum { BLUR_RADIUS = 9, PAD = 32 };

MOS_SIMD_INLINE void blur_body(float *plane, int64_t width, int64_t height, const float *weight,
                               int radius, float *scratch) {
    int64_t stride = width + 2 * PAD;
    for (int64_t y = 0; y < height; y++) { /* along x into scratch */
        const float *row = plane + y * width;
        float *line = scratch + height * stride, *out = scratch + y * stride;
        for (int k = 0; k < radius; k++) {
            line[PAD - 1 - k] = row[0];
            line[PAD + width + k] = row[width - 1];
        }
        memcpy(line + PAD, row, (size_t)width * sizeof *line);
#pragma omp simd
        for (int64_t x = 0; x < width; x++)
            out[x] = weight[0] * line[PAD + x];
        for (int k = 1; k <= radius; k++) {
            float w = weight[k];
#pragma omp simd
            for (int64_t x = 0; x < width; x++)
                out[x] += w * (line[PAD + x - k] + line[PAD + x + k]);
        }
    }
    for (int64_t y = 0; y < height; y++) { /* along y back */
        float *out = plane + y * width;
        const float *middle = scratch + y * stride;
#pragma omp simd
        for (int64_t x = 0; x < width; x++)
            out[x] = weight[0] * middle[x];
        for (int k = 1; k <= radius; k++) {
            float w = weight[k];
            const float *upper = scratch + (y - k < 0 ? 0 : y - k) * stride;
            const float *lower = scratch + (y + k >= height ? height - 1 : y + k) * stride;
#pragma omp simd
            for (int64_t x = 0; x < width; x++)
                out[x] += w * (upper[x] + lower[x]);
        }
    }
}
MOS_SIMD_KERNEL(blur,
                (float *plane, int64_t width, int64_t height, const float *weight, int radius,
                 float *scratch),
                (plane, width, height, weight, radius, scratch))

void mos_blur(float *plane, int64_t width, int64_t height, double sigma, float *scratch) {
    float weight[BLUR_RADIUS + 1];
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
