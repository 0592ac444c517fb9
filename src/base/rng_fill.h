/* Whole arrays of random numbers from one stream, vectorised. The same stream fills the same values
 * on every processor. A fill has its own layout of the stream: it does not continue single draws,
 * so give each fill a stream of its own (mos_rng_at with another place). */
#ifndef MOS_BASE_RNG_FILL_H
#define MOS_BASE_RNG_FILL_H

#include "base/rng.h"

#include <stddef.h>
#include <stdint.h>

/* Uniform 32-bit words; a longer fill begins with the words of a shorter one when both counts are
 * multiples of 64. */
void mos_rng_fill_u32(const mos_rng *stream, uint32_t *out, size_t count);
/* Uniform in (0, 1), 2^-23 apart. */
void mos_rng_fill_uniform(const mos_rng *stream, float *out, size_t count);
/* Standard normal, Box-Muller from 16-bit uniforms: |z| at most 4.85, first four moments right to
 * 1e-3. For noise on pixels, not for statistics of tails. */
void mos_rng_fill_normal(const mos_rng *stream, float *out, size_t count);
/* Standard normal for pixels, twice as fast: the radius and the angle are right to 1e-5, |z| at
 * most 4.86. Other values than mos_rng_fill_normal, whose values the procedural data set is made
 * of. */
void mos_rng_fill_noise(const mos_rng *stream, float *out, size_t count);
/* out = in * gain + offset + noise * z in one pass, z as above but for rounding. */
typedef struct mos_noisy_line {
    float gain, offset, noise;
} mos_noisy_line;
void mos_rng_add_noise(const mos_rng *stream, const float *in, const mos_noisy_line *line,
                       float *out, size_t count);
/* Move on so that the next fill gives what follows the first `count` (a multiple of
 * MOS_NOISE_CHUNK) of a longer one. */
enum { MOS_NOISE_CHUNK = 128 };
void mos_rng_skip_noise(mos_rng *stream, size_t count);

#endif
