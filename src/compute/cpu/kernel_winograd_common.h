/* What Winograd's F(2x2, 3x3) kernels share whatever type the activations are. Included once by
 * kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_WINOGRAD_COMMON_H
#define MOS_COMPUTE_CPU_KERNEL_WINOGRAD_COMMON_H

/* The four rows (or columns) of B^T applied to d0 .. d3. */
#define WINOGRAD_B(d0, d1, d2, d3, t0, t1, t2, t3)                                                 \
    ((t0) = (d0) - (d2), (t1) = (d1) + (d2), (t2) = (d2) - (d1), (t3) = (d1) - (d3))

typedef struct tile_place {
    int64_t n, ty, tx;
} tile_place;

KERNEL_INLINE tile_place place_tile(const mos_winograd_map *map, int64_t tile) {
    const int64_t row = tile / map->tw;
    return (tile_place){.n = row / map->th, .ty = row % map->th, .tx = tile % map->tw};
}

/* B^T d B of one tile from its four transformed columns: out[row * 4 + column] */
KERNEL_INLINE void combine_columns(vec (*const column[4])[4], vec out[16]) {
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
        WINOGRAD_B((*column[0])[r], (*column[1])[r], (*column[2])[r], (*column[3])[r], out[r * 4],
                   out[r * 4 + 1], out[r * 4 + 2], out[r * 4 + 3]);
}

/* A^T m A of one tile and 16 channels: out[row * 2 + column] */
KERNEL_INLINE void output_tile(const float *m, int64_t stride, vec out[4]) {
    vec s[2][4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
        const vec m0 = v_load(m + c * stride), m1 = v_load(m + (4 + c) * stride);
        const vec m2 = v_load(m + (8 + c) * stride), m3 = v_load(m + (12 + c) * stride);
        s[0][c] = m0 + m1 + m2;
        s[1][c] = m1 - m2 - m3;
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; r++) {
        out[r * 2] = s[r][0] + s[r][1] + s[r][2];
        out[r * 2 + 1] = s[r][1] - s[r][2] - s[r][3];
    }
}

/* G g G^T: u[16] from g[9] */
KERNEL_INLINE void transform_weights(const vec g[9], vec u[16]) {
    vec s[4][3];
#pragma GCC unroll 3
    for (int c = 0; c < 3; c++) {
        const vec outer = (g[c] + g[6 + c]) * 0.5f, inner = g[3 + c] * 0.5f;
        s[0][c] = g[c], s[1][c] = outer + inner, s[2][c] = outer - inner, s[3][c] = g[6 + c];
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
        const vec outer = (s[r][0] + s[r][2]) * 0.5f, inner = s[r][1] * 0.5f;
        u[r * 4] = s[r][0], u[r * 4 + 1] = outer + inner, u[r * 4 + 2] = outer - inner,
              u[r * 4 + 3] = s[r][2];
    }
}

/* A walk over tiles in order. */
KERNEL_INLINE void next_tile(const mos_winograd_map *map, tile_place *at) {
    if (++at->tx < map->tw) return;
    at->tx = 0;
    if (++at->ty < map->th) return;
    at->ty = 0;
    at->n++;
}

/* G^T du G for 16 inputs and 16 outputs: block [9, 16 i, 16 o] from one half of du [16, 16 i, 32 o]
 */
static void winograd_weight_block(const float *du, float *block) {
    const int64_t plane = LANES * 32;
    for (int64_t i = 0; i < LANES; i++) {
        vec s[3][4];
#pragma GCC unroll 4
        for (int64_t c = 0; c < 4; c++) {
            const vec d0 = v_load(du + c * plane + i * 32),
                      d1 = v_load(du + (4 + c) * plane + i * 32);
            const vec d2 = v_load(du + (8 + c) * plane + i * 32),
                      d3 = v_load(du + (12 + c) * plane + i * 32);
            s[0][c] = d0 + (d1 + d2) * 0.5f;
            s[1][c] = (d1 - d2) * 0.5f;
            s[2][c] = (d1 + d2) * 0.5f + d3;
        }
#pragma GCC unroll 3
        for (int64_t r = 0; r < 3; r++) {
            float *to = block + (r * 3 * LANES + i) * LANES;
            v_store(to, s[r][0] + (s[r][1] + s[r][2]) * 0.5f);
            v_store(to + LANES * LANES, (s[r][1] - s[r][2]) * 0.5f);
            v_store(to + 2 * LANES * LANES, (s[r][1] + s[r][2]) * 0.5f + s[r][3]);
        }
    }
}

/* ---- products: eight rows of a against 32 columns of b -------------------------------------- */

/* `steps` steps along the sum: row t has its value (bf16: pair of values) at a[t * row + p * step];
 * b is two streams of 16 columns, step_b apart. */
KERNEL_INLINE void product_f32(int64_t steps, const float *a, int64_t row, int64_t step,
                               const float *b0, const float *b1, int64_t step_b, vec sum[8][2]) {
#pragma GCC unroll 8
    for (int t = 0; t < 8; t++)
        sum[t][0] = sum[t][1] = v_all(0);
    for (int64_t p = 0; p < steps; p++) {
        const vec v0 = v_load(b0 + p * step_b), v1 = v_load(b1 + p * step_b);
#pragma GCC unroll 8
        for (int t = 0; t < 8; t++) {
            const float value = a[t * row + p * step];
            sum[t][0] += value * v0;
            sum[t][1] += value * v1;
        }
    }
}

/* Two tiles' values of 16 channels, side by side in the order the weight gradient's product wants.
 */
KERNEL_INLINE void store_two_f32(float *to, vec even, vec odd) {
    v_store(to, even);
    v_store(to + LANES, odd);
}

/* Transformed weights of two inputs and 16 outputs, past the caches: sixteen streams a power of two
 * apart, not read again in this pass. */
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

KERNEL_INLINE void stream_two_f32(float *to, vec even, vec odd) {
    _mm512_stream_ps(to, (__m512)even);
    _mm512_stream_ps(to + 2 * LANES, (__m512)odd);
}

KERNEL_INLINE vec load_if_f32(bool valid, const float *p) {
    return (vec)_mm512_maskz_loadu_ps(valid ? (__mmask16)0xffff : (__mmask16)0, p);
}

#if defined(__AVX512BF16__)
/* bf16 of even lanes' and odd lanes' values side by side: (even[0], odd[0], even[1], ...) */
KERNEL_INLINE __m512i interleave(vec even, vec odd) {
    static const uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                       21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                       11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), both);
}

KERNEL_INLINE void product_bf16(int64_t steps, const uint16_t *a, int64_t row, int64_t step,
                                const uint16_t *b0, const uint16_t *b1, int64_t step_b,
                                vec sum[8][2]) {
#pragma GCC unroll 8
    for (int t = 0; t < 8; t++)
        sum[t][0] = sum[t][1] = v_all(0);
    for (int64_t p = 0; p < steps; p++) {
        const __m512bh v0 = (__m512bh)_mm512_loadu_si512(b0 + p * step_b);
        const __m512bh v1 = (__m512bh)_mm512_loadu_si512(b1 + p * step_b);
#pragma GCC unroll 8
        for (int t = 0; t < 8; t++) {
            int32_t two;
            memcpy(&two, a + t * row + p * step, sizeof two);
            const __m512bh value = (__m512bh)_mm512_set1_epi32(two);
            sum[t][0] = (vec)_mm512_dpbf16_ps((__m512)sum[t][0], value, v0);
            sum[t][1] = (vec)_mm512_dpbf16_ps((__m512)sum[t][1], value, v1);
        }
    }
}

KERNEL_INLINE void store_two_bf16(uint16_t *to, vec even, vec odd) {
    _mm512_storeu_si512(to, interleave(even, odd));
}

KERNEL_INLINE void stream_two_bf16(uint16_t *to, vec even, vec odd) {
    _mm512_stream_si512((__m512i *)(void *)to, interleave(even, odd));
}

KERNEL_INLINE vec load_if_bf16(bool valid, const uint16_t *p) {
    const __m256i half = _mm256_maskz_loadu_epi16(valid ? (__mmask16)0xffff : (__mmask16)0, p);
    return (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16);
}
#endif

#endif
