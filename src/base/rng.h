/* Randomness as a function: a Philox4x32-10 counter generator (Salmon et al. 2011) keyed by where a
 * number is needed, so results do not depend on thread, rank or order. */
#ifndef MOS_BASE_RNG_H
#define MOS_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for; part of the key, so purposes never share numbers. Append only. */
typedef enum mos_rng_purpose {
    MOS_RNG_INIT = 1,
    MOS_RNG_SHUFFLE,
    MOS_RNG_AUGMENT,
    MOS_RNG_NOISE,
    MOS_RNG_SPLIT,
    MOS_RNG_SYNTH,
    MOS_RNG_PROBE,
    MOS_RNG_TEST,
    MOS_RNG_BOOTSTRAP,
    MOS_RNG_DROPOUT,
    MOS_RNG_MIX
} mos_rng_purpose;

typedef struct mos_rng {
    uint32_t key[2], counter[4], block[4];
    uint32_t left; /* numbers left in block */
} mos_rng;

/* Stream for (seed, purpose, a, b, c): e.g. a = epoch, b = sample, c = view << 8 | modality. */
mos_rng mos_rng_at(uint64_t seed, mos_rng_purpose purpose, uint32_t a, uint64_t b, uint32_t c);
uint32_t mos_rng_u32(mos_rng *rng);
uint64_t mos_rng_u64(mos_rng *rng);
/* Uniform in [0, 1) with 24 (float) or 53 (double) random bits. */
float mos_rng_uniform(mos_rng *rng);
double mos_rng_uniform64(mos_rng *rng);
/* Uniform integer in [0, bound), unbiased; bound >= 1. */
uint64_t mos_rng_below(mos_rng *rng, uint64_t bound);
/* Standard normal (Box-Muller). */
double mos_rng_normal(mos_rng *rng);
/* Fisher-Yates shuffle of indices. */
void mos_rng_shuffle(mos_rng *rng, uint32_t *index, size_t count);

/* The raw block function, for vectorised users: out[4] = philox(counter, key). */
void mos_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* With another number of rounds than ten. */
void mos_philox_rounds(const uint32_t counter[4], const uint32_t key[2], int rounds,
                       uint32_t out[4]);

#endif
