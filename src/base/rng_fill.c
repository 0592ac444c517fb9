#include "base/rng_fill.h"

#include "base/simd.h"

enum { LANES = 16, CHUNK = 4 * LANES };

/* Philox4x32-10 of LANES consecutive counters; word w of block l goes to out[w * LANES + l]. 64-bit
 * lanes with 32 bits used, because that is what the vector multiply takes. */
MOS_SIMD_INLINE void philox_chunk(const uint32_t counter[4], const uint32_t key[2], uint32_t first,
                                  uint32_t *restrict out) {
    const uint64_t low = UINT64_C(0xffffffff);
#pragma omp simd
    for (uint32_t l = 0; l < LANES; l++) {
        uint64_t c0 = (uint32_t)(first + l), c1 = counter[1], c2 = counter[2], c3 = counter[3];
        uint64_t k0 = key[0], k1 = key[1];
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = UINT64_C(0xD2511F53) * (c0 & low);
            uint64_t p1 = UINT64_C(0xCD9E8D57) * (c2 & low);
            c0 = (p1 >> 32) ^ c1 ^ k0;
            c2 = (p0 >> 32) ^ c3 ^ k1;
            c1 = p1 & low;
            c3 = p0 & low;
            k0 = (k0 + UINT64_C(0x9E3779B9)) & low;
            k1 = (k1 + UINT64_C(0xBB67AE85)) & low;
        }
        out[l] = (uint32_t)c0;
        out[LANES + l] = (uint32_t)c1;
        out[2 * LANES + l] = (uint32_t)c2;
        out[3 * LANES + l] = (uint32_t)c3;
    }
}

MOS_SIMD_INLINE void fill_words_body(const mos_rng *stream, uint32_t *out, size_t count) {
    uint32_t block = stream->counter[0];
    size_t i = 0;
    for (; i + CHUNK <= count; i += CHUNK, block += LANES)
        philox_chunk(stream->counter, stream->key, block, out + i);
    if (i < count) {
        uint32_t rest[CHUNK];
        philox_chunk(stream->counter, stream->key, block, rest);
        memcpy(out + i, rest, (count - i) * sizeof *out);
    }
}
MOS_SIMD_KERNEL(fill_words, (const mos_rng *stream, uint32_t *out, size_t count),
                (stream, out, count))

void mos_rng_fill_u32(const mos_rng *stream, uint32_t *out, size_t count) {
    fill_words(stream, out, count);
}

MOS_SIMD_INLINE void fill_uniform_body(const mos_rng *stream, float *out, size_t count) {
    uint32_t block = stream->counter[0], words[CHUNK];
    for (size_t i = 0; i < count; i += CHUNK, block += LANES) {
        float values[CHUNK];
        philox_chunk(stream->counter, stream->key, block, words);
#pragma omp simd
        for (int k = 0; k < CHUNK; k++)
            values[k] = ((float)(int32_t)(words[k] >> 9) + 0.5F) * 0x1p-23F;
        size_t left = count - i;
        memcpy(out + i, values, (left < CHUNK ? left : CHUNK) * sizeof *out);
    }
}
MOS_SIMD_KERNEL(fill_uniform, (const mos_rng *stream, float *out, size_t count),
                (stream, out, count))

void mos_rng_fill_uniform(const mos_rng *stream, float *out, size_t count) {
    fill_uniform(stream, out, count);
}

/* Box and Muller 1958: radius sqrt(-2 ln u), angle 2 pi v; one word holds u (high) and v (low). */
MOS_SIMD_INLINE void normal_chunk(const uint32_t *restrict words, float *restrict out) {
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

MOS_SIMD_INLINE void fill_normal_body(const mos_rng *stream, float *out, size_t count) {
    uint32_t block = stream->counter[0], words[CHUNK];
    size_t i = 0;
    for (; i + 2 * CHUNK <= count; i += 2 * CHUNK, block += LANES) {
        philox_chunk(stream->counter, stream->key, block, words);
        normal_chunk(words, out + i);
    }
    if (i < count) {
        float rest[2 * CHUNK];
        philox_chunk(stream->counter, stream->key, block, words);
        normal_chunk(words, rest);
        memcpy(out + i, rest, (count - i) * sizeof *out);
    }
}
MOS_SIMD_KERNEL(fill_normal, (const mos_rng *stream, float *out, size_t count),
                (stream, out, count))

void mos_rng_fill_normal(const mos_rng *stream, float *out, size_t count) {
    fill_normal(stream, out, count);
}
