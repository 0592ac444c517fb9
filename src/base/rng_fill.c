#include "base/rng_fill.h"

#include "base/simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Blocks come in chunks of LANES consecutive counters: word w of block l of a chunk lies at
 * w * LANES + l. Longer fills go through a buffer that stays in the first-level cache. */
enum { LANES = 16, CHUNK = 4 * LANES, BUFFER = 16 * CHUNK };

/* Of Philox4x32; seven pass the same tests as ten (Salmon et al., table 2) with less to spare. */
enum { ROUNDS = 10, FEWER_ROUNDS = 7 };

static void words_plain(const mos_rng *stream, uint32_t first, int rounds, uint32_t *out,
                        size_t chunks) {
    for (size_t c = 0; c < chunks; c++, out += CHUNK) {
        for (uint32_t l = 0; l < LANES; l++) {
            uint32_t counter[4] = {first + (uint32_t)c * LANES + l, stream->counter[1],
                                   stream->counter[2], stream->counter[3]},
                     block[4];
            mos_philox_rounds(counter, stream->key, rounds, block);
            for (int w = 0; w < 4; w++)
                out[w * LANES + (int)l] = block[w];
        }
    }
}

#if defined(__x86_64__)
/* One block per 64-bit lane, because that is what the vector multiply takes; it and the last
 * narrowing ignore the upper halves, which may therefore hold anything. A round waits for its
 * multiply: several blocks go through side by side. */
enum { ABREAST = 4 };

__attribute__((target(MOS_SIMD_AVX512_TARGET), always_inline)) static inline void
blocks_avx512(const mos_rng *stream, __m512i key[2][ROUNDS], uint32_t block, uint32_t *out,
              const int rounds, const int abreast) {
    const __m512i m0 = _mm512_set1_epi64(0xD2511F53), m1 = _mm512_set1_epi64(0xCD9E8D57);
    const __m512i ramp = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    enum { XOR3 = 0x96 };
    __m512i c0[ABREAST], c1[ABREAST], c2[ABREAST], c3[ABREAST];
#pragma GCC unroll 4
    for (int h = 0; h < abreast; h++) {
        c0[h] = _mm512_add_epi64(_mm512_set1_epi64(block + 8 * (uint32_t)h), ramp);
        c1[h] = _mm512_set1_epi64(stream->counter[1]);
        c2[h] = _mm512_set1_epi64(stream->counter[2]);
        c3[h] = _mm512_set1_epi64(stream->counter[3]);
    }
#pragma GCC unroll 10
    for (int r = 0; r < rounds; r++) {
#pragma GCC unroll 4
        for (int h = 0; h < abreast; h++) {
            __m512i p0 = _mm512_mul_epu32(c0[h], m0), p1 = _mm512_mul_epu32(c2[h], m1);
            c0[h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c1[h], key[0][r], XOR3);
            c2[h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c3[h], key[1][r], XOR3);
            c1[h] = p1;
            c3[h] = p0;
        }
    }
#pragma GCC unroll 4
    for (int h = 0; h < abreast; h++) {
        uint32_t *to = out + h / 2 * CHUNK + h % 2 * 8;
        _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi64_epi32(c0[h]));
        _mm256_storeu_si256((__m256i *)(to + LANES), _mm512_cvtepi64_epi32(c1[h]));
        _mm256_storeu_si256((__m256i *)(to + 2 * LANES), _mm512_cvtepi64_epi32(c2[h]));
        _mm256_storeu_si256((__m256i *)(to + 3 * LANES), _mm512_cvtepi64_epi32(c3[h]));
    }
}

__attribute__((target(MOS_SIMD_AVX512_TARGET), always_inline)) static inline void
chunks_avx512(const mos_rng *stream, uint32_t first, uint32_t *out, size_t chunks,
              const int rounds) {
    __m512i key[2][ROUNDS];
    for (uint32_t r = 0; r < ROUNDS; r++) {
        key[0][r] = _mm512_set1_epi64(stream->key[0] + r * UINT32_C(0x9E3779B9));
        key[1][r] = _mm512_set1_epi64(stream->key[1] + r * UINT32_C(0xBB67AE85));
    }
    size_t c = 0;
    for (; c + 2 <= chunks; c += 2)
        blocks_avx512(stream, key, first + (uint32_t)c * LANES, out + c * CHUNK, rounds, ABREAST);
    if (c < chunks)
        blocks_avx512(stream, key, first + (uint32_t)c * LANES, out + c * CHUNK, rounds,
                      ABREAST / 2);
}

__attribute__((target(MOS_SIMD_AVX512_TARGET))) static void
words_avx512(const mos_rng *stream, uint32_t first, int rounds, uint32_t *out, size_t chunks) {
    if (rounds == ROUNDS)
        chunks_avx512(stream, first, out, chunks, ROUNDS);
    else
        chunks_avx512(stream, first, out, chunks, FEWER_ROUNDS);
}

/* Four lanes' lower halves. */
__attribute__((target("avx2"))) static inline __m128i narrow_avx2(__m256i x) {
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(x, even));
}

__attribute__((target("avx2"))) static void words_avx2(const mos_rng *stream, uint32_t first,
                                                       int rounds, uint32_t *out, size_t chunks) {
    const __m256i m0 = _mm256_set1_epi64x(0xD2511F53), m1 = _mm256_set1_epi64x(0xCD9E8D57);
    const __m256i ramp = _mm256_setr_epi64x(0, 1, 2, 3);
    for (size_t quarter = 0; quarter < 4 * chunks; quarter++) {
        uint32_t *to = out + quarter / 4 * CHUNK + quarter % 4 * 4;
        __m256i c0 = _mm256_add_epi64(_mm256_set1_epi64x(first + 4 * (uint32_t)quarter), ramp);
        __m256i c1 = _mm256_set1_epi64x(stream->counter[1]);
        __m256i c2 = _mm256_set1_epi64x(stream->counter[2]);
        __m256i c3 = _mm256_set1_epi64x(stream->counter[3]);
        for (uint32_t r = 0; r < (uint32_t)rounds; r++) {
            __m256i p0 = _mm256_mul_epu32(c0, m0), p1 = _mm256_mul_epu32(c2, m1);
            __m256i k0 = _mm256_set1_epi64x(stream->key[0] + r * UINT32_C(0x9E3779B9));
            __m256i k1 = _mm256_set1_epi64x(stream->key[1] + r * UINT32_C(0xBB67AE85));
            c0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1), k0);
            c2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3), k1);
            c1 = p1;
            c3 = p0;
        }
        _mm_storeu_si128((__m128i *)to, narrow_avx2(c0));
        _mm_storeu_si128((__m128i *)(to + LANES), narrow_avx2(c1));
        _mm_storeu_si128((__m128i *)(to + 2 * LANES), narrow_avx2(c2));
        _mm_storeu_si128((__m128i *)(to + 3 * LANES), narrow_avx2(c3));
    }
}
#endif

/* Words of `chunks` chunks from block `first` of the stream on. */
static void words(const mos_rng *stream, uint32_t first, int rounds, uint32_t *out, size_t chunks) {
#if defined(__x86_64__)
    mos_simd level = mos_simd_level();
    if (level == MOS_SIMD_AVX512) {
        words_avx512(stream, first, rounds, out, chunks);
        return;
    }
    if (level == MOS_SIMD_AVX2) {
        words_avx2(stream, first, rounds, out, chunks);
        return;
    }
#endif
    words_plain(stream, first, rounds, out, chunks);
}

static void fill_words(const mos_rng *stream, int rounds, uint32_t *out, size_t count) {
    size_t whole = count / CHUNK * CHUNK;
    uint32_t rest[CHUNK];
    words(stream, stream->counter[0], rounds, out, count / CHUNK);
    if (whole == count) return;
    words(stream, stream->counter[0] + (uint32_t)(whole / 4), rounds, rest, 1);
    memcpy(out + whole, rest, (count - whole) * sizeof *out);
}

void mos_rng_fill_u32(const mos_rng *stream, uint32_t *out, size_t count) {
    fill_words(stream, ROUNDS, out, count);
}

void mos_rng_fill_quick_u32(const mos_rng *stream, uint32_t *out, size_t count) {
    fill_words(stream, FEWER_ROUNDS, out, count);
}

/* words [chunks * CHUNK] to out [chunks * CHUNK * (numbers per word)] */
typedef void (*conversion)(const uint32_t *words, float *out, size_t chunks);

static void fill(const mos_rng *stream, float *out, size_t count, size_t per_word,
                 conversion convert) {
    const size_t per_chunk = CHUNK * per_word;
    uint32_t block = stream->counter[0], buffer[BUFFER];
    while (count >= per_chunk) {
        size_t chunks = count / per_chunk;
        if (chunks > BUFFER / CHUNK) chunks = BUFFER / CHUNK;
        words(stream, block, ROUNDS, buffer, chunks);
        convert(buffer, out, chunks);
        block += (uint32_t)(chunks * LANES);
        out += chunks * per_chunk;
        count -= chunks * per_chunk;
    }
    if (count == 0) return;
    float rest[2 * CHUNK];
    words(stream, block, ROUNDS, buffer, 1);
    convert(buffer, rest, 1);
    memcpy(out, rest, count * sizeof *out);
}

MOS_SIMD_INLINE void to_uniform_body(const uint32_t *words, float *out, size_t chunks) {
#pragma omp simd
    for (size_t k = 0; k < chunks * CHUNK; k++)
        out[k] = ((float)(int32_t)(words[k] >> 9) + 0.5F) * 0x1p-23F;
}
MOS_SIMD_KERNEL(to_uniform, (const uint32_t *words, float *out, size_t chunks),
                (words, out, chunks))

void mos_rng_fill_uniform(const mos_rng *stream, float *out, size_t count) {
    fill(stream, out, count, 1, to_uniform);
}

/* Box and Muller 1958: radius sqrt(-2 ln u), angle 2 pi v; one word holds u (high) and v (low). */
MOS_SIMD_INLINE void to_normal_body(const uint32_t *restrict words, float *restrict out,
                                    size_t chunks) {
    for (size_t c = 0; c < chunks; c++, words += CHUNK, out += 2 * CHUNK) {
#pragma omp simd
        for (int k = 0; k < CHUNK; k++) {
            float u = ((float)(int32_t)(words[k] >> 16) + 0.5F) * 0x1p-16F;
            float v = (float)(int32_t)(words[k] & 0xffff) * 0x1p-16F;
            float radius = sqrtf(-2.0F * mos_simd_log(u)), sine, cosine;
            mos_simd_sincos_turn(v, &sine, &cosine);
            out[k] = radius * cosine;
            out[CHUNK + k] = radius * sine;
        }
    }
}
MOS_SIMD_KERNEL(to_normal, (const uint32_t *words, float *out, size_t chunks), (words, out, chunks))

void mos_rng_fill_normal(const mos_rng *stream, float *out, size_t count) {
    fill(stream, out, count, 2, to_normal);
}
