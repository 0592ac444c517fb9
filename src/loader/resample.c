#include "loader/resample.h"

#include "base/memory.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Most native pixels that a group of outputs, from a multiple of `group` on, looks at. */
static int64_t reach_of(const mos_axis *axis, int64_t count, bool flip, int64_t group) {
    int64_t most = 0;
    for (int64_t i = 0; i < count; i += group) {
        int64_t last = i + group - 1 < count ? i + group - 1 : count - 1;
        int64_t low = flip ? axis->first[last] : axis->first[i];
        int64_t high = flip ? axis->second[i] : axis->second[last];
        if (high - low + 1 > most) most = high - low + 1;
    }
    return most;
}

static void group_outputs(mos_axis *axis, int64_t count, bool flip) {
    axis->reach = reach_of(axis, count, flip, 16);
    axis->half_reach = reach_of(axis, count, flip, 8);
    for (int64_t i = 0; i < count; i += 16) {
        int64_t last = i + 15 < count ? i + 15 : count - 1;
        int32_t base = axis->base[i / 16] = axis->first[flip ? last : i];
        for (int64_t k = i; k < i + 16; k++) {
            axis->near_first[k] = axis->first[k] - base;
            axis->near_second[k] = axis->second[k] - base;
        }
    }
}

mosaic_status mos_axis_make(mos_axis *axis, int64_t count, int64_t native, int64_t fine,
                            double start, double length, bool flip) {
    axis->count = 0; /* a failure below leaves an axis without values */
    size_t padded = (size_t)count + 16;
    MOS_TRY(mos_grow(&axis->memory, &axis->capacity, padded * 5 + padded / 16, sizeof(float),
                     "an axis"));
    axis->first = (int32_t *)axis->memory;
    axis->second = axis->first + padded;
    axis->near_first = axis->second + padded;
    axis->near_second = axis->near_first + padded;
    axis->share = (float *)(axis->near_second + padded);
    axis->base = (int32_t *)(axis->share + padded);
    axis->exact = true;
    axis->identity = count == native;
    for (int64_t i = 0; i < count; i++) {
        double centre = ((double)i + 0.5) / (double)count;
        double position = (start + (flip ? 1 - centre : centre) * length) * (double)fine - 0.5;
        double nearest = (double)(int64_t)(position + 1.5) - 1;  /* position is at least -1/2 */
        if (fabs(position - nearest) < 1e-6) position = nearest; /* whole pixels stay exact */
        if (position < 0) position = 0;
        if (position > (double)(fine - 1)) position = (double)(fine - 1);
        int64_t low = (int64_t)position, high = low + 1 < fine ? low + 1 : low;
        axis->first[i] = (int32_t)(native == fine ? low : low * native / fine);
        axis->second[i] = (int32_t)(native == fine ? high : high * native / fine);
        axis->share[i] = axis->first[i] == axis->second[i] ? 0 : (float)(position - (double)low);
        if (axis->share[i] > 0) axis->exact = false;
        if (axis->first[i] != i) axis->identity = false;
    }
    axis->identity = axis->identity && axis->exact;
    for (int64_t i = count; i < count + 16; i++) { /* whole vectors may be read */
        axis->first[i] = axis->first[count - 1];
        axis->second[i] = axis->second[count - 1];
        axis->share[i] = 0;
    }
    group_outputs(axis, count, flip);
    axis->native = native;
    axis->fine = fine;
    axis->start = start;
    axis->length = length;
    axis->flip = flip;
    axis->count = count;
    return MOSAIC_OK;
}

void mos_axis_release(mos_axis *axis) {
    mos_free(axis->memory);
    *axis = (mos_axis){0};
}

static bool is_same_axis(const mos_axis *axis, int64_t count, int64_t native, int64_t fine,
                         double start, double length, bool flip) {
    return axis->count == count && axis->native == native && axis->fine == fine &&
           !(axis->start < start || axis->start > start) &&
           !(axis->length < length || axis->length > length) && axis->flip == flip;
}

mosaic_status mos_axis_find(mos_axis_cache *cache, int64_t count, int64_t native, int64_t fine,
                            double start, double length, bool flip, const mos_axis **out) {
    mos_axis *oldest = &cache->axis[0];
    for (int i = 0; i < MOS_AXIS_CACHE; i++) {
        mos_axis *axis = &cache->axis[i];
        if (is_same_axis(axis, count, native, fine, start, length, flip)) {
            axis->found_at = ++cache->finds;
            *out = axis;
            return MOSAIC_OK;
        }
        if (axis->found_at < oldest->found_at) oldest = axis;
    }
    oldest->found_at = ++cache->finds;
    *out = oldest;
    return mos_axis_make(oldest, count, native, fine, start, length, flip);
}

void mos_axis_cache_release(mos_axis_cache *cache) {
    for (int i = 0; i < MOS_AXIS_CACHE; i++)
        mos_axis_release(&cache->axis[i]);
    cache->finds = 0;
}

MOS_SIMD_INLINE void spread_any(const float *line, const mos_axis *columns, float *out) {
    for (int64_t x = 0; x < columns->count; x++) {
        float left = line[columns->first[x]], right = line[columns->second[x]];
        out[x] = mos_simd_fma(columns->share[x], right - left, left);
    }
}

#if defined(__x86_64__)
#define AVX512_PART __attribute__((target(MOS_SIMD_AVX512_TARGET), always_inline)) static inline
#define AVX2_PART   __attribute__((target("avx2,fma"), always_inline)) static inline

/* Sixteen outputs read at most 32 pixels in a row: two registers, looked up by permutation, where a
 * gather would take sixteen loads. */
AVX512_PART __m512 spread_group(const float *line, const mos_axis *columns, int64_t x) {
    const float *from = line + columns->base[x / 16];
    __m512 low = _mm512_loadu_ps(from), high = _mm512_loadu_ps(from + 16);
    __m512 left = _mm512_permutex2var_ps(low, _mm512_loadu_si512(columns->near_first + x), high);
    __m512 right = _mm512_permutex2var_ps(low, _mm512_loadu_si512(columns->near_second + x), high);
    __m512 share = _mm512_loadu_ps(columns->share + x);
    return _mm512_fmadd_ps(share, _mm512_sub_ps(right, left), left);
}

AVX512_PART void spread_avx512(const float *line, const mos_axis *columns, float *out) {
    int64_t x = 0;
    for (; x + 16 <= columns->count; x += 16)
        _mm512_storeu_ps(out + x, spread_group(line, columns, x));
    if (x == columns->count) return;
    __mmask16 mask = (__mmask16)((1U << (columns->count - x)) - 1);
    _mm512_mask_storeu_ps(out + x, mask, spread_group(line, columns, x));
}

/* Element index[i] of sixteen, index 0 to 15. */
AVX2_PART __m256 look_up_avx2(__m256 low, __m256 high, __m256i index) {
    __m256 from_low = _mm256_permutevar8x32_ps(low, index);
    __m256 from_high = _mm256_permutevar8x32_ps(high, index);
    __m256i is_high = _mm256_slli_epi32(index, 28); /* bit 3 to the sign */
    return _mm256_blendv_ps(from_low, from_high, _mm256_castsi256_ps(is_high));
}

/* The same, eight outputs from at most 16 pixels; wider groups go one by one. */
AVX2_PART void spread_avx2(const float *line, const mos_axis *columns, float *out) {
    int64_t x = 0;
    for (; x + 8 <= columns->count; x += 8) {
        const int32_t *from = columns->first + x, *to = columns->second + x;
        int32_t base = from[0] < from[7] ? from[0] : from[7];
        __m256i origin = _mm256_set1_epi32(base);
        __m256i first = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)from), origin);
        __m256i second = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)to), origin);
        __m256 low = _mm256_loadu_ps(line + base), high = _mm256_loadu_ps(line + base + 8);
        __m256 left = look_up_avx2(low, high, first), right = look_up_avx2(low, high, second);
        __m256 share = _mm256_loadu_ps(columns->share + x);
        __m256 value = _mm256_fmadd_ps(share, _mm256_sub_ps(right, left), left);
        _mm256_storeu_ps(out + x, value);
    }
    for (; x < columns->count; x++) {
        float left = line[columns->first[x]], right = line[columns->second[x]];
        out[x] = mos_simd_fma(columns->share[x], right - left, left);
    }
}
#endif

/* Reads up to 32 floats past the end of `line`. */
typedef void (*line_spread)(const float *line, const mos_axis *columns, float *out);

/* The two source rows spread over the columns last, which neighbouring outputs share. */
typedef struct spread_rows {
    const float *source; /* [native rows, native columns] */
    const mos_axis *rows, *columns;
    float *padded;    /* [native columns + 32], for rows whose end is the end of the source */
    float *buffer[2]; /* [columns] each */
    const float *row[2];
    int64_t index[2]; /* source rows, -1: none */
} spread_rows;

MOS_SIMD_INLINE void spread_row(const spread_rows *state, int64_t index, float *out,
                                line_spread spread) {
    int64_t width = state->columns->native;
    const float *line = state->source + index * width;
    if ((index + 1) * width + 32 > state->rows->native * width) {
        memcpy(state->padded, line, (size_t)width * sizeof *line);
        line = state->padded;
    }
    spread(line, state->columns, out);
}

/* Source row `index` spread; row `other` stays if it is there. */
MOS_SIMD_INLINE const float *find_row(spread_rows *state, int64_t index, int64_t other,
                                      line_spread spread) {
    if (state->index[0] == index) return state->row[0];
    if (state->index[1] == index) return state->row[1];
    int slot = state->index[0] == other ? 1 : 0;
    spread_row(state, index, state->buffer[slot], spread);
    state->index[slot] = index;
    state->row[slot] = state->buffer[slot];
    return state->row[slot];
}

MOS_SIMD_INLINE void resample_rows(const float *source, const mos_axis *rows,
                                   const mos_axis *columns, float *scratch, float *out,
                                   line_spread spread) {
    int64_t width = columns->count;
    spread_rows state = {.source = source,
                         .rows = rows,
                         .columns = columns,
                         .padded = scratch + 2 * width,
                         .buffer = {scratch, scratch + width},
                         .index = {-1, -1}};
    for (int64_t y = 0; y < rows->count; y++, out += width) {
        int64_t above = rows->first[y], below = rows->second[y];
        float share = rows->share[y];
        const float *upper = find_row(&state, above, below, spread);
        if (!(share > 0)) {
            memcpy(out, upper, (size_t)width * sizeof *out);
            continue;
        }
        const float *lower = find_row(&state, below, above, spread);
#pragma omp simd
        for (int64_t x = 0; x < width; x++)
            out[x] = mos_simd_fma(share, lower[x] - upper[x], upper[x]);
    }
}

#if defined(__x86_64__)
__attribute__((target(MOS_SIMD_AVX512_TARGET))) static void
resample_avx512(const float *source, const mos_axis *rows, const mos_axis *columns, float *scratch,
                float *out) {
    resample_rows(source, rows, columns, scratch, out, spread_avx512);
}

__attribute__((target("avx2,fma"))) static void resample_avx2(const float *source,
                                                              const mos_axis *rows,
                                                              const mos_axis *columns,
                                                              float *scratch, float *out) {
    resample_rows(source, rows, columns, scratch, out, spread_avx2);
}
#endif

void mos_resample(const float *source, const mos_axis *rows, const mos_axis *columns,
                  float *scratch, float *out) {
#if defined(__x86_64__)
    mos_simd level = mos_simd_level();
    if (columns->reach <= 32 && level == MOS_SIMD_AVX512) {
        resample_avx512(source, rows, columns, scratch, out);
        return;
    }
    if (columns->half_reach <= 16 && level >= MOS_SIMD_AVX2) {
        resample_avx2(source, rows, columns, scratch, out);
        return;
    }
#endif
    resample_rows(source, rows, columns, scratch, out, spread_any);
}
