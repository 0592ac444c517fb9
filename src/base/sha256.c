/* SHA-256, FIPS 180-4 sections 4.1.2, 5 and 6.2. */
#include "base/file.h"

#include <string.h>

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

typedef struct digest {
    uint32_t hash[8];
    unsigned char block[64];
    size_t used; /* bytes waiting in block */
    uint64_t bytes;
} digest;

static uint32_t rotate(uint32_t x, int bits) {
    return x >> bits | x << (32 - bits);
}

static void take_block(digest *state, const unsigned char *block) {
    uint32_t w[64], h[8];
    for (int t = 0; t < 16; t++) {
        const unsigned char *p = block + 4 * t;
        w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    memcpy(h, state->hash, sizeof h);
    for (int t = 0; t < 64; t++) {
        uint32_t sum1 = rotate(h[4], 6) ^ rotate(h[4], 11) ^ rotate(h[4], 25);
        uint32_t choice = (h[4] & h[5]) ^ (~h[4] & h[6]);
        uint32_t t1 = h[7] + sum1 + choice + round_constant[t] + w[t];
        uint32_t sum0 = rotate(h[0], 2) ^ rotate(h[0], 13) ^ rotate(h[0], 22);
        uint32_t majority = (h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]);
        memmove(h + 1, h, 7 * sizeof h[0]);
        h[4] += t1;
        h[0] = t1 + sum0 + majority;
    }
    for (int i = 0; i < 8; i++)
        state->hash[i] += h[i];
}

static void start(digest *state) {
    *state = (digest){.hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                               0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

static void take(digest *state, const unsigned char *data, size_t size) {
    state->bytes += size;
    while (size > 0) {
        if (state->used == 0 && size >= 64) {
            take_block(state, data);
            data += 64;
            size -= 64;
            continue;
        }
        size_t part = 64 - state->used < size ? 64 - state->used : size;
        memcpy(state->block + state->used, data, part);
        state->used += part;
        data += part;
        size -= part;
        if (state->used == 64) {
            take_block(state, state->block);
            state->used = 0;
        }
    }
}

static void finish(digest *state, char hex[65]) {
    static const char digit[] = "0123456789abcdef";
    uint64_t bits = state->bytes * 8;
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    take(state, (const unsigned char[]){0x80}, 1);
    while (state->used != 56)
        take(state, (const unsigned char[]){0}, 1);
    take(state, length, sizeof length);
    for (int i = 0; i < 64; i++)
        hex[i] = digit[state->hash[i / 8] >> (28 - 4 * (i % 8)) & 15];
    hex[64] = '\0';
}

void mos_sha256(const void *data, size_t size, char hex[65]) {
    digest state;
    start(&state);
    take(&state, data, size);
    finish(&state, hex);
}

mosaic_status mos_sha256_file(const char *path, char hex[65]) {
    hex[0] = '\0';
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return mos_fail_errno("open", path);
    digest state;
    start(&state);
    unsigned char buffer[16384];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        take(&state, buffer, got);
    mosaic_status status = ferror(file) ? mos_fail_errno("read", path) : MOSAIC_OK;
    (void)fclose(file);
    if (status == MOSAIC_OK) finish(&state, hex);
    return status;
}
