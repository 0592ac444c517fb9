/* Sixteen floats as one value: gcc and clang vector extensions, lowered to whatever registers the
 * file is compiled for, with intrinsics where the generic form is poor. Included by kernel bodies
 * only. */
#ifndef MOS_COMPUTE_CPU_KERNEL_VECTOR_H
#define MOS_COMPUTE_CPU_KERNEL_VECTOR_H

#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#define LANES         16
#define KERNEL_INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef uint32_t v16u __attribute__((vector_size(64)));
typedef float v16_loose __attribute__((vector_size(64), aligned(4), may_alias));

KERNEL_INLINE v16 v_load(const float *p) {
    return *(const v16_loose *)p;
}
KERNEL_INLINE void v_store(float *p, v16 v) {
    *(v16_loose *)p = v;
}
KERNEL_INLINE v16 v_all(float x) {
    return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}
/* max(0, x), NaN stays NaN */
KERNEL_INLINE v16 v_relu(v16 x) {
#if defined(__AVX512F__)
    return (v16)_mm512_max_ps(_mm512_setzero_ps(), (__m512)x);
#else
    return (v16)((v16i)x & ~(x <= 0));
#endif
}
/* x where y > 0, else 0 */
KERNEL_INLINE v16 v_where_positive(v16 x, v16 y) {
#if defined(__AVX512F__)
    return (v16)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)y, _mm512_setzero_ps(), _CMP_GT_OQ),
                                    (__m512)x);
#else
    return (v16)((v16i)x & (y > 0));
#endif
}
KERNEL_INLINE v16 v_max(v16 x, v16 y) {
#if defined(__AVX512F__)
    return (v16)_mm512_max_ps((__m512)x, (__m512)y);
#else
    const v16i greater = x > y;
    return (v16)(((v16i)x & greater) | ((v16i)y & ~greater));
#endif
}
KERNEL_INLINE float v_sum(v16 v) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)v);
#else
    float half[8], s = 0;
    for (int i = 0; i < 8; i++)
        half[i] = v[i] + v[i + 8];
    for (int i = 0; i < 4; i++)
        half[i] += half[i + 4];
    s = (half[0] + half[2]) + (half[1] + half[3]);
    return s;
#endif
}
KERNEL_INLINE void v_add_to_double(double *to, v16 v) {
    for (int i = 0; i < LANES; i++)
        to[i] += (double)v[i];
}

/* exp(x), relative error below 2e-7; 0 below -87.3, x is at most 88 */
KERNEL_INLINE v16 v_exp(v16 x) {
    const v16i tiny = x < -87.3f;
    v16 clamped = v_max(x, v_all(-87.3f));
    /* nearest integer to x / ln 2 by the 1.5 * 2^23 trick; ln 2 in two parts */
    v16 shifted = clamped * 1.44269504088896341f + 12582912.0f;
    v16 whole = shifted - 12582912.0f;
    v16 r = clamped - whole * 0.693359375f;
    r = r + whole * 2.12194440e-4f;
    v16 p = v_all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    v16i scaled = (v16i)p + ((v16i)shifted << 23);
    return (v16)(scaled & ~tiny);
}

/* where v > *best or v is NaN: *best = v, *winner = index */
KERNEL_INLINE void v_keep_greater(v16 v, int32_t index, v16 *best, v16i *winner) {
#if defined(__AVX512F__)
    const __mmask16 greater = (__mmask16)(_mm512_cmp_ps_mask((__m512)v, (__m512)*best, _CMP_GT_OQ) |
                                          _mm512_cmp_ps_mask((__m512)v, (__m512)v, _CMP_UNORD_Q));
    *best = (v16)_mm512_mask_mov_ps((__m512)*best, greater, (__m512)v);
    *winner = (v16i)_mm512_mask_mov_epi32((__m512i)*winner, greater, _mm512_set1_epi32(index));
#else
    const v16i greater = (v > *best) | (v != v);
    *best = (v16)(((v16i)v & greater) | ((v16i)*best & ~greater));
    *winner = (index & greater) | (*winner & ~greater);
#endif
}
KERNEL_INLINE void v_store_bytes(uint8_t *to, v16i v) {
#if defined(__AVX512F__)
    _mm_storeu_si128((__m128i_u *)to, _mm512_cvtepi32_epi8((__m512i)v));
#else
    for (int i = 0; i < LANES; i++)
        to[i] = (uint8_t)v[i];
#endif
}
/* x where bytes[lane] == index, else 0 */
KERNEL_INLINE v16 v_where_index(v16 x, const uint8_t *bytes, int32_t index) {
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__)
    const __m128i b = _mm_loadu_si128((const __m128i_u *)bytes);
    return (v16)_mm512_maskz_mov_ps(_mm_cmpeq_epi8_mask(b, _mm_set1_epi8((char)index)), (__m512)x);
#else
    v16i wanted;
    for (int i = 0; i < LANES; i++)
        wanted[i] = bytes[i];
    return (v16)((v16i)x & (wanted == index));
#endif
}

#if defined(__AVX512BF16__)
typedef uint16_t h16 __attribute__((vector_size(32)));
typedef uint16_t h16_loose __attribute__((vector_size(32), aligned(2), may_alias));
KERNEL_INLINE v16 v_load_bf16(const uint16_t *p) {
    const h16 half = *(const h16_loose *)p;
    return (v16)(__builtin_convertvector(half, v16u) << 16);
}
KERNEL_INLINE void v_store_bf16(uint16_t *p, v16 v) {
    *(h16_loose *)p = (h16)_mm512_cvtneps_pbh((__m512)v);
}
#endif

#endif
