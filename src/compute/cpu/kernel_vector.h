/* LANES floats as one value: gcc and clang vector extensions, lowered to whatever registers the
 * file is compiled for, with intrinsics where the generic form is poor. Included by kernel bodies
 * only. */
#ifndef MOS_COMPUTE_CPU_KERNEL_VECTOR_H
#define MOS_COMPUTE_CPU_KERNEL_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

/* LANES: channels of an activation block, one vector register of floats.
 * Register blocking of a micro-kernel: PRODUCT_ROWS rows times two vectors of sums, two vectors of
 * columns and a broadcast value have to fit the register file (32 registers with AVX-512 and NEON,
 * 16 without). UNIT_ROWS: the same for products whose rows are the channels of a block. STEM_ROWS
 * and STEM_TAPS_HELD: outputs and taps of a first convolution's products. */
#if defined(__AVX512F__)
#define LANES          16
#define PRODUCT_ROWS   8
#define UNIT_ROWS      8
#define STEM_ROWS      10
#define STEM_TAPS_HELD 8
#elif defined(__AVX__)
#define LANES          8
#define PRODUCT_ROWS   6
#define UNIT_ROWS      4
#define STEM_ROWS      6
#define STEM_TAPS_HELD 6
#elif defined(__aarch64__)
#define LANES          4
#define PRODUCT_ROWS   8
#define UNIT_ROWS      4
#define STEM_ROWS      10
#define STEM_TAPS_HELD 8
#else
#define LANES          4
#define PRODUCT_ROWS   6
#define UNIT_ROWS      4
#define STEM_ROWS      6
#define STEM_TAPS_HELD 6
#endif
#define GROUP         (2 * LANES) /* output channels of a product */
#define KERNEL_INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t veci __attribute__((vector_size(LANES * 4)));
typedef uint32_t vecu __attribute__((vector_size(LANES * 4)));
typedef float vec_loose __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

KERNEL_INLINE vec v_load(const float *p) {
    return *(const vec_loose *)p;
}
KERNEL_INLINE void v_store(float *p, vec v) {
    *(vec_loose *)p = v;
}
KERNEL_INLINE vec v_all(float x) {
    vec v;
    for (int i = 0; i < LANES; i++)
        v[i] = x;
    return v;
}
/* *p for every lane, as the operand of a multiply-add. */
KERNEL_INLINE vec v_broadcast(const float *p) {
#if defined(__AVX512F__)
    return (vec)_mm512_set1_ps(*p);
#elif defined(__AVX__)
    return (vec)_mm256_broadcast_ss(p);
#else
    return v_all(*p);
#endif
}
/* Non-temporal store, past the caches: for what is not read again soon. `p` is aligned to a vector.
 */
KERNEL_INLINE void v_stream(float *p, vec v) {
#if defined(__AVX512F__)
    _mm512_stream_ps(p, (__m512)v);
#elif defined(__AVX__)
    _mm256_stream_ps(p, (__m256)v);
#elif defined(__SSE2__)
    _mm_stream_ps(p, (__m128)v);
#else
    v_store(p, v);
#endif
}
/* Store fence after a run of v_stream: other threads see the non-temporal stores behind it. */
KERNEL_INLINE void v_stream_fence(void) {
#if defined(__SSE2__)
    _mm_sfence();
#endif
}
/* Which vectors of a map exist: all lanes or none. */
#if defined(__AVX512F__)
typedef __mmask16 vec_mask;
#define VEC_MASK(valid) ((vec_mask)((valid) ? 0xffff : 0))
#else
typedef bool vec_mask;
#define VEC_MASK(valid) (valid)
#endif
/* *p, or zeros where there is nothing: no branch, and p is not read then. */
KERNEL_INLINE vec v_load_if(vec_mask valid, const float *p) {
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_loadu_ps(valid, p);
#else
    static const float zeros[LANES];
    return v_load(valid ? p : zeros);
#endif
}
/* max(0, x), NaN stays NaN */
KERNEL_INLINE vec v_relu(vec x) {
#if defined(__AVX512F__)
    return (vec)_mm512_max_ps(_mm512_setzero_ps(), (__m512)x);
#elif defined(__AVX__)
    return (vec)_mm256_max_ps(_mm256_setzero_ps(), (__m256)x);
#else
    return (vec)((veci)x & ~(x <= 0));
#endif
}
/* x where y > 0, else 0 */
KERNEL_INLINE vec v_where_positive(vec x, vec y) {
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)y, _mm512_setzero_ps(), _CMP_GT_OQ),
                                    (__m512)x);
#else
    return (vec)((veci)x & (y > 0));
#endif
}
KERNEL_INLINE vec v_max(vec x, vec y) {
#if defined(__AVX512F__)
    return (vec)_mm512_max_ps((__m512)x, (__m512)y);
#else
    const veci greater = x > y;
    return (vec)(((veci)x & greater) | ((veci)y & ~greater));
#endif
}
KERNEL_INLINE float v_sum(vec v) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)v);
#else
    float half[LANES / 2], s = 0;
    for (int i = 0; i < LANES / 2; i++)
        half[i] = v[i] + v[i + LANES / 2];
    for (int i = 0; i < LANES / 2; i++)
        s += half[i];
    return s;
#endif
}
KERNEL_INLINE void v_add_to_double(double *to, vec v) {
    for (int i = 0; i < LANES; i++)
        to[i] += (double)v[i];
}

/* exp(x), relative error below 2e-7; 0 below -87.3, x is at most 88 */
KERNEL_INLINE vec v_exp(vec x) {
    const veci tiny = x < -87.3f;
    vec clamped = v_max(x, v_all(-87.3f));
    /* nearest integer to x / ln 2 by the 1.5 * 2^23 trick; ln 2 in two parts */
    vec shifted = clamped * 1.44269504088896341f + 12582912.0f;
    vec whole = shifted - 12582912.0f;
    vec r = clamped - whole * 0.693359375f;
    r = r + whole * 2.12194440e-4f;
    vec p = v_all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    veci scaled = (veci)p + ((veci)shifted << 23);
    return (vec)(scaled & ~tiny);
}

/* where v > *best or v is NaN: *best = v, *winner = index */
KERNEL_INLINE void v_keep_greater(vec v, int32_t index, vec *best, veci *winner) {
#if defined(__AVX512F__)
    const __mmask16 greater = (__mmask16)(_mm512_cmp_ps_mask((__m512)v, (__m512)*best, _CMP_GT_OQ) |
                                          _mm512_cmp_ps_mask((__m512)v, (__m512)v, _CMP_UNORD_Q));
    *best = (vec)_mm512_mask_mov_ps((__m512)*best, greater, (__m512)v);
    *winner = (veci)_mm512_mask_mov_epi32((__m512i)*winner, greater, _mm512_set1_epi32(index));
#else
    const veci greater = (v > *best) | (v != v);
    *best = (vec)(((veci)v & greater) | ((veci)*best & ~greater));
    *winner = (index & greater) | (*winner & ~greater);
#endif
}
KERNEL_INLINE void v_store_bytes(uint8_t *to, veci v) {
#if defined(__AVX512F__)
    _mm_storeu_si128((__m128i_u *)to, _mm512_cvtepi32_epi8((__m512i)v));
#else
    for (int i = 0; i < LANES; i++)
        to[i] = (uint8_t)v[i];
#endif
}
/* x where bytes[lane] == index, else 0 */
KERNEL_INLINE vec v_where_index(vec x, const uint8_t *bytes, int32_t index) {
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__)
    const __m128i b = _mm_loadu_si128((const __m128i_u *)bytes);
    return (vec)_mm512_maskz_mov_ps(_mm_cmpeq_epi8_mask(b, _mm_set1_epi8((char)index)), (__m512)x);
#else
    veci wanted;
    for (int i = 0; i < LANES; i++)
        wanted[i] = bytes[i];
    return (vec)((veci)x & (wanted == index));
#endif
}

#if defined(__AVX512BF16__)
typedef uint16_t h16 __attribute__((vector_size(LANES * 2)));
typedef uint16_t h16_loose __attribute__((vector_size(LANES * 2), aligned(2), may_alias));
KERNEL_INLINE vec v_load_bf16(const uint16_t *p) {
    const h16 half = *(const h16_loose *)p;
    return (vec)(__builtin_convertvector(half, vecu) << 16);
}
KERNEL_INLINE void v_store_bf16(uint16_t *p, vec v) {
    *(h16_loose *)p = (h16)_mm512_cvtneps_pbh((__m512)v);
}
#endif

#endif
