#include "base/rng.h"

#include <math.h>

/* Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011, section 3.3 and table 2. */
void mos_philox_rounds(const uint32_t counter[4], const uint32_t key[2], int rounds,
                       uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < rounds; round++) {
        uint64_t p0 = UINT64_C(0xD2511F53) * c0;
        uint64_t p1 = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void mos_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    mos_philox_rounds(counter, key, 10, out);
}

/* Seed, purpose, place and position are 256 bits and the generator takes 192. The place (a, b, c)
 * goes through one block keyed by the seed, which is one-to-one, so that for one seed two places
 * never share a key and upper counter; the purpose stays in the counter as it is, so two purposes
 * never do either. */
mos_rng mos_rng_at(uint64_t seed, mos_rng_purpose purpose, uint32_t a, uint64_t b, uint32_t c) {
    uint32_t seed_key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t place[4] = {a, (uint32_t)b, (uint32_t)(b >> 32), c}, mixed[4];
    mos_philox(place, seed_key, mixed);
    mos_rng rng = {.key = {mixed[0], mixed[1]},
                   .counter = {0, (uint32_t)purpose, mixed[2], mixed[3]},
                   .left = 0};
    return rng;
}

uint32_t mos_rng_u32(mos_rng *rng) {
    if (rng->left == 0) {
        mos_philox(rng->counter, rng->key, rng->block);
        rng->counter[0]++; /* 2^34 numbers in a stream before it repeats */
        rng->left = 4;
    }
    return rng->block[4 - rng->left--];
}

uint64_t mos_rng_u64(mos_rng *rng) {
    uint64_t low = mos_rng_u32(rng);
    return low | (uint64_t)mos_rng_u32(rng) << 32;
}

float mos_rng_uniform(mos_rng *rng) {
    return (float)(mos_rng_u32(rng) >> 8) * 0x1p-24f;
}

double mos_rng_uniform64(mos_rng *rng) {
    return (double)(mos_rng_u64(rng) >> 11) * 0x1p-53;
}

uint64_t mos_rng_below(mos_rng *rng, uint64_t bound) {
    if (bound <= 1) return 0;
    /* 2^64 mod bound numbers at the bottom would make small results likelier: drawn again. */
    uint64_t threshold = (0 - bound) % bound;
    uint64_t value;
    do {
        value = mos_rng_u64(rng);
    } while (value < threshold);
    return value % bound;
}

/* Box and Muller 1958: sqrt(-2 ln u1) cos(2 pi u2), u1 in (0, 1]. The sine half is left unused, so
 * a stream's position depends on the number of calls alone. */
double mos_rng_normal(mos_rng *rng) {
    double u1 = 1.0 - mos_rng_uniform64(rng);
    double u2 = mos_rng_uniform64(rng);
    return sqrt(-2.0 * log(u1)) * cos(6.283185307179586476925 * u2);
}

void mos_rng_shuffle(mos_rng *rng, uint32_t *index, size_t count) {
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)mos_rng_below(rng, i);
        uint32_t kept = index[i - 1];
        index[i - 1] = index[j];
        index[j] = kept;
    }
}
