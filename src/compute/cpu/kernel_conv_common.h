/* How values of two rows, weights of two inputs and values that may lie outside a map get in and
 * out of registers, for all our convolution kernels. Included once by kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_CONV_COMMON_H
#define MOS_COMPUTE_CPU_KERNEL_CONV_COMMON_H

#if defined(__AVX512F__)
/* Sixteen 3x3 kernels side by side to nine vectors, one per tap: lane l of tap t is value 9 l + t,
 * found in vector (9 l + t) / 16. Gathers of the same take three times as long. */
KERNEL_INLINE void split_taps(const float *kernels, vec g[9], const bool flip) {
    const __m512i first =
        _mm512_setr_epi32(0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99, 108, 117, 126, 135);
#pragma GCC unroll 9
    for (int tap = 0; tap < 9; tap++) {
        const __m512i lane = _mm512_add_epi32(first, _mm512_set1_epi32(tap)); /* modulo 16 */
        __m512 values = _mm512_permutexvar_ps(lane, _mm512_loadu_ps(kernels));
#pragma GCC unroll 9
        for (int k = 1; k < 9; k++) {
            const int begin = (16 * k - tap + 8) / 9, end = (16 * k + 16 - tap + 8) / 9;
            const __mmask16 here = (__mmask16)((1u << (end < 16 ? end : 16)) - (1u << begin));
            values =
                _mm512_mask_permutexvar_ps(values, here, lane, _mm512_loadu_ps(kernels + 16 * k));
        }
        g[flip ? 8 - tap : tap] = (vec)values;
    }
}

/* Weights of 16 outputs and one input, a vector per tap: weight (o, tap) is w[o * stride + tap]. */
KERNEL_INLINE void load_taps(const float *w, int64_t stride, const int64_t taps, vec g[],
                             const bool flip) {
    const __m512i outputs = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i index = _mm512_mullo_epi32(outputs, _mm512_set1_epi32((int32_t)stride));
    if (taps == 9 && stride == 9) {
        split_taps(w, g, flip);
        return;
    }
    for (int64_t tap = 0; tap < taps; tap++)
        g[flip ? taps - 1 - tap : tap] =
            stride == 1 ? v_load(w + tap) : (vec)_mm512_i32gather_ps(index, w + tap, 4);
}

/* v[i][j] and v[j][i] change places, 32 bits each. */
KERNEL_INLINE void transpose_16(__m512i v[16]) {
    __m512i t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    /* quarter q of v[4 g + j] now holds column 4 q + j of rows 4 g to 4 g + 3 */
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        const __m512i even0 = _mm512_shuffle_i32x4(v[j], v[4 + j], 0x88),
                      even1 = _mm512_shuffle_i32x4(v[8 + j], v[12 + j], 0x88),
                      odd0 = _mm512_shuffle_i32x4(v[j], v[4 + j], 0xdd),
                      odd1 = _mm512_shuffle_i32x4(v[8 + j], v[12 + j], 0xdd);
        t[j] = _mm512_shuffle_i32x4(even0, even1, 0x88);
        t[4 + j] = _mm512_shuffle_i32x4(odd0, odd1, 0x88);
        t[8 + j] = _mm512_shuffle_i32x4(even0, even1, 0xdd);
        t[12 + j] = _mm512_shuffle_i32x4(odd0, odd1, 0xdd);
    }
    memcpy(v, t, sizeof t);
}

/* Weights of 16 outputs, `stride` values apart, and as many inputs side by side as fill a line of a
 * product's order: a line per ACT_STEP inputs, by non-temporal stores. */
KERNEL_INLINE void transpose_weights_f32(const float *w, int64_t stride, float *to,
                                         int64_t to_stride) {
    __m512i v[16];
#pragma GCC unroll 16
    for (int o = 0; o < 16; o++)
        v[o] = _mm512_loadu_si512(w + o * stride);
    transpose_16(v);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        _mm512_stream_si512((__m512i *)(void *)(to + i * to_stride), v[i]);
}

KERNEL_INLINE void split_line_f32(int64_t count, const float *line, float *even, float *odd) {
    const __m512i first =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(1));
    for (int64_t i = 0; i < count; i += LANES) {
        const __m512 low = _mm512_loadu_ps(line + i * 2), high = _mm512_loadu_ps(line + i * 2 + 16);
        _mm512_storeu_ps(even + i, _mm512_permutex2var_ps(low, first, high));
        _mm512_storeu_ps(odd + i, _mm512_permutex2var_ps(low, second, high));
    }
}
#else
/* v[i][j] and v[j][i] change places. */
KERNEL_INLINE void transpose_lanes(vec v[LANES]) {
    vec t[LANES];
#if LANES == 8
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        t[i] = (vec)_mm256_unpacklo_ps((__m256)v[i], (__m256)v[i + 1]);
        t[i + 1] = (vec)_mm256_unpackhi_ps((__m256)v[i], (__m256)v[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        v[i] = (vec)_mm256_shuffle_ps((__m256)t[i], (__m256)t[i + 2], 0x44);
        v[i + 1] = (vec)_mm256_shuffle_ps((__m256)t[i], (__m256)t[i + 2], 0xee);
        v[i + 2] = (vec)_mm256_shuffle_ps((__m256)t[i + 1], (__m256)t[i + 3], 0x44);
        v[i + 3] = (vec)_mm256_shuffle_ps((__m256)t[i + 1], (__m256)t[i + 3], 0xee);
    }
    /* half h of v[4 g + j] now holds column 4 h + j of rows 4 g to 4 g + 3 */
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        t[j] = (vec)_mm256_permute2f128_ps((__m256)v[j], (__m256)v[4 + j], 0x20);
        t[4 + j] = (vec)_mm256_permute2f128_ps((__m256)v[j], (__m256)v[4 + j], 0x31);
    }
#else
    const vec even[2] = {__builtin_shufflevector(v[0], v[1], 0, 4, 1, 5),
                         __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5)};
    const vec odd[2] = {__builtin_shufflevector(v[0], v[1], 2, 6, 3, 7),
                        __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7)};
    t[0] = __builtin_shufflevector(even[0], even[1], 0, 1, 4, 5);
    t[1] = __builtin_shufflevector(even[0], even[1], 2, 3, 6, 7);
    t[2] = __builtin_shufflevector(odd[0], odd[1], 0, 1, 4, 5);
    t[3] = __builtin_shufflevector(odd[0], odd[1], 2, 3, 6, 7);
#endif
    memcpy(v, t, sizeof t);
}

/* Weights of LANES outputs and one input, a vector per tap: weight (o, tap) is w[o * stride + tap].
 * As many taps as a vector holds are read at a time and transposed. */
KERNEL_INLINE void load_taps(const float *w, int64_t stride, const int64_t taps, vec g[],
                             const bool flip) {
    int64_t tap = 0;
    for (; tap + LANES <= taps; tap += LANES) {
        vec v[LANES];
        for (int l = 0; l < LANES; l++)
            v[l] = v_load(w + l * stride + tap);
        transpose_lanes(v);
        for (int l = 0; l < LANES; l++)
            g[flip ? taps - 1 - tap - l : tap + l] = v[l];
    }
    for (; tap < taps; tap++) {
        vec one = v_all(0);
        if (stride == 1)
            one = v_load(w + tap);
        else
            for (int l = 0; l < LANES; l++)
                one[l] = w[l * stride + tap];
        g[flip ? taps - 1 - tap : tap] = one;
    }
}

/* Weights of LANES outputs, `stride` values apart, and LANES inputs side by side: a line per input,
 * by non-temporal stores. */
KERNEL_INLINE void transpose_weights_f32(const float *w, int64_t stride, float *to,
                                         int64_t to_stride) {
    vec v[LANES];
    for (int o = 0; o < LANES; o++)
        v[o] = v_load(w + o * stride);
    transpose_lanes(v);
    for (int i = 0; i < LANES; i++)
        v_stream(to + i * to_stride, v[i]);
}

KERNEL_INLINE void split_line_f32(int64_t count, const float *line, float *even, float *odd) {
    for (int64_t i = 0; i < count; i += LANES) {
        const vec low = v_load(line + i * 2), high = v_load(line + i * 2 + LANES);
#if LANES == 8
        v_store(even + i, __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14));
        v_store(odd + i, __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15));
#else
        v_store(even + i, __builtin_shufflevector(low, high, 0, 2, 4, 6));
        v_store(odd + i, __builtin_shufflevector(low, high, 1, 3, 5, 7));
#endif
    }
}
#endif

/* Two rows' values of 16 channels, side by side in the order a product along the rows wants. */
KERNEL_INLINE void store_two_f32(float *to, vec even, vec odd) {
    v_store(to, even);
    v_store(to + LANES, odd);
}

/* Non-temporal stores: weights of two inputs and 16 outputs, past the caches: streams a power of
 * two apart, not read again in this pass. */
KERNEL_INLINE void stream_two_f32(float *to, vec even, vec odd) {
    v_stream(to, even);
    v_stream(to + GROUP, odd);
}

/* The same where the two inputs of fp32 lie `apart` values from each other. */
KERNEL_INLINE void store_apart_f32(float *to, int64_t apart, vec even, vec odd) {
    v_store(to, even);
    v_store(to + apart, odd);
}

/* The same from memory, without rounding; NULL: zeros. */
KERNEL_INLINE void join_two_f32(float *to, const float *even, const float *odd) {
    v_store(to, even ? v_load(even) : v_all(0));
    v_store(to + LANES, odd ? v_load(odd) : v_all(0));
}

/* Lines of a map in a product's order: two side by side, NULL for zeros; one taken apart into its
 * even and its odd values, whole vectors at a time. */
KERNEL_INLINE void join_lines_f32(int64_t count, const float *even, const float *odd, float *to) {
    (void)odd; /* a product takes one value at a time */
    memcpy(to, even, (size_t)count * sizeof *to);
}

KERNEL_INLINE vec load_if_f32(bool valid, const float *p) {
    return v_load_if(VEC_MASK(valid), p);
}

#if defined(__AVX512BF16__)
/* The 16-bit values of the lower and the upper half side by side: (0, 16, 1, 17, ...) */
KERNEL_INLINE __m512i interleave_halves(__m512i both) {
    static const uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                       21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                       11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), both);
}

/* bf16 of even lanes' and odd lanes' values side by side: (even[0], odd[0], even[1], ...) */
KERNEL_INLINE __m512i interleave(vec even, vec odd) {
    return interleave_halves((__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even));
}

KERNEL_INLINE void join_two_bf16(uint16_t *to, const uint16_t *even, const uint16_t *odd) {
    const __m256i zero = _mm256_setzero_si256();
    if (even && odd == even + LANES) { /* one line of memory */
        _mm512_storeu_si512(to, interleave_halves(_mm512_loadu_si512(even)));
        return;
    }
    const __m256i low = even ? _mm256_loadu_si256((const void *)even) : zero;
    const __m256i high = odd ? _mm256_loadu_si256((const void *)odd) : zero;
    const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    _mm512_storeu_si512(to, interleave_halves(both));
}

KERNEL_INLINE void store_two_bf16(uint16_t *to, vec even, vec odd) {
    _mm512_storeu_si512(to, interleave(even, odd));
}

KERNEL_INLINE void stream_two_bf16(uint16_t *to, vec even, vec odd) {
    _mm512_stream_si512((__m512i *)(void *)to, interleave(even, odd));
}

KERNEL_INLINE void transpose_weights_bf16(const float *w, int64_t stride, uint16_t *to,
                                          int64_t to_stride) {
    __m512i v[16];
#pragma GCC unroll 16
    for (int o = 0; o < 16; o++)
        v[o] = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(w + o * stride + 16),
                                            _mm512_loadu_ps(w + o * stride));
    transpose_16(v);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        _mm512_stream_si512((__m512i *)(void *)(to + i * to_stride), v[i]);
}

KERNEL_INLINE vec load_if_bf16(bool valid, const uint16_t *p) {
    const __m256i half = _mm256_maskz_loadu_epi16(valid ? (__mmask16)0xffff : (__mmask16)0, p);
    return (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16);
}

KERNEL_INLINE void join_lines_bf16(int64_t count, const uint16_t *even, const uint16_t *odd,
                                   uint16_t *to) {
    for (int64_t i = 0; i < count; i += LANES) {
        const int64_t left = count - i;
        const __mmask16 here = left < LANES ? (__mmask16)((1u << left) - 1) : (__mmask16)0xffff;
        __m512i both = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(here, even + i));
        if (odd) {
            const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(here, odd + i));
            both = _mm512_or_si512(both, _mm512_slli_epi32(high, 16));
        }
        _mm512_mask_storeu_epi32(to + i * 2, here, both);
    }
}

KERNEL_INLINE void split_line_bf16(int64_t count, const uint16_t *line, uint16_t *even,
                                   uint16_t *odd) {
    for (int64_t i = 0; i < count; i += LANES) {
        const __m512i both = _mm512_loadu_si512(line + i * 2);
        _mm256_storeu_si256((void *)(even + i), _mm512_cvtepi32_epi16(both));
        _mm256_storeu_si256((void *)(odd + i), _mm512_cvtepi32_epi16(_mm512_srli_epi32(both, 16)));
    }
}

KERNEL_INLINE void store_apart_bf16(uint16_t *to, int64_t apart, vec even, vec odd) {
    (void)apart;
    store_two_bf16(to, even, odd);
}
#endif

#endif
