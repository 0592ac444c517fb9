/* SHA-256, FIPS 180-4 sections 4.1.2, 5 and 6.2. */
#include "base/file.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int bits) {
    return x >> bits | x << (32 - bits);
}

/* One round: d and h change, and all letters move on by one in the next call. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                           \
    do {                                                                                           \
        uint32_t t1 = (h) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +                       \
                      ((g) ^ ((e) & ((f) ^ (g)))) + round_constant[t] + w[t];                      \
        (d) += t1;                                                                                 \
        (h) = t1 + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +                                \
              (((a) & (b)) | ((c) & ((a) | (b))));                                                 \
    } while (0)

static void take_block_plain(mos_sha256_state *state, const unsigned char *block) {
    uint32_t w[64], *hash = state->hash;
    for (int t = 0; t < 16; t++) {
        const unsigned char *p = block + 4 * t;
        w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4], f = hash[5],
             g = hash[6], h = hash[7];
    for (int t = 0; t < 64; t += 8) {
        ROUND(a, b, c, d, e, f, g, h, t);
        ROUND(h, a, b, c, d, e, f, g, t + 1);
        ROUND(g, h, a, b, c, d, e, f, t + 2);
        ROUND(f, g, h, a, b, c, d, e, t + 3);
        ROUND(e, f, g, h, a, b, c, d, t + 4);
        ROUND(d, e, f, g, h, a, b, c, t + 5);
        ROUND(c, d, e, f, g, h, a, b, t + 6);
        ROUND(b, c, d, e, f, g, h, a, t + 7);
    }
    const uint32_t sum[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        hash[i] += sum[i];
}

#if defined(__x86_64__)
static bool has_instructions(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 9 & 1) || !(c >> 19 & 1)) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

/* By the processor's instructions, which take the letters as a b e f and c d g h. */
__attribute__((target("sha,ssse3,sse4.1"))) static void take_block_sha(mos_sha256_state *state,
                                                                       const unsigned char *block) {
    const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    const uint32_t *h = state->hash;
    __m128i abef = _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]),
            cdgh = _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]), w[4];
    const __m128i abef_before = abef, cdgh_before = cdgh;
    for (int t = 0; t < 4; t++)
        w[t] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * t)),
                                order);
    for (int t = 0; t < 16; t++) { /* four rounds each */
        const __m128i key =
            _mm_loadu_si128((const __m128i *)(const void *)(round_constant + 4 * t));
        __m128i sum = _mm_add_epi32(w[t & 3], key);
        if (t < 12) {
            __m128i next = _mm_sha256msg1_epu32(w[t & 3], w[(t + 1) & 3]);
            next = _mm_add_epi32(next, _mm_alignr_epi8(w[(t + 3) & 3], w[(t + 2) & 3], 4));
            w[t & 3] = _mm_sha256msg2_epu32(next, w[(t + 3) & 3]);
        }
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    uint32_t first[4], second[4];
    _mm_storeu_si128((__m128i *)(void *)first, _mm_add_epi32(abef, abef_before));
    _mm_storeu_si128((__m128i *)(void *)second, _mm_add_epi32(cdgh, cdgh_before));
    const uint32_t after[8] = {first[3], first[2], second[3], second[2],
                               first[1], first[0], second[1], second[0]};
    memcpy(state->hash, after, sizeof after);
}
#endif

static void take_blocks(mos_sha256_state *state, const unsigned char *data, size_t blocks) {
#if defined(__x86_64__)
    if (blocks > 0 && has_instructions()) {
        for (size_t i = 0; i < blocks; i++)
            take_block_sha(state, data + 64 * i);
        return;
    }
#endif
    for (size_t i = 0; i < blocks; i++)
        take_block_plain(state, data + 64 * i);
}

void mos_sha256_start(mos_sha256_state *state) {
    *state = (mos_sha256_state){.hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                         0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void mos_sha256_take(mos_sha256_state *state, const void *bytes, size_t size) {
    const unsigned char *data = bytes;
    state->bytes += size;
    while (size > 0) {
        if (state->used == 0 && size >= 64) {
            take_blocks(state, data, size / 64);
            data += size / 64 * 64;
            size %= 64;
            continue;
        }
        size_t part = 64 - state->used < size ? 64 - state->used : size;
        memcpy(state->block + state->used, data, part);
        state->used += part;
        data += part;
        size -= part;
        if (state->used == 64) {
            take_blocks(state, state->block, 1);
            state->used = 0;
        }
    }
}

void mos_sha256_end(mos_sha256_state *state, char hex[65]) {
    static const char digit[] = "0123456789abcdef";
    uint64_t bits = state->bytes * 8;
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    mos_sha256_take(state, (const unsigned char[]){0x80}, 1);
    while (state->used != 56)
        mos_sha256_take(state, (const unsigned char[]){0}, 1);
    mos_sha256_take(state, length, sizeof length);
    for (int i = 0; i < 64; i++)
        hex[i] = digit[state->hash[i / 8] >> (28 - 4 * (i % 8)) & 15];
    hex[64] = '\0';
}

void mos_sha256(const void *data, size_t size, char hex[65]) {
    mos_sha256_state state;
    mos_sha256_start(&state);
    mos_sha256_take(&state, data, size);
    mos_sha256_end(&state, hex);
}

mosaic_status mos_sha256_file(const char *path, char hex[65]) {
    hex[0] = '\0';
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return mos_fail_errno("open", path);
    mos_sha256_state state;
    mos_sha256_start(&state);
    unsigned char buffer[16384];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        mos_sha256_take(&state, buffer, got);
    mosaic_status status = ferror(file) ? mos_fail_errno("read", path) : MOSAIC_OK;
    (void)fclose(file);
    if (status == MOSAIC_OK) mos_sha256_end(&state, hex);
    return status;
}
