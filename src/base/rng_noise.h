/* Normal numbers for pixels, made and added in one pass, vectorised. The same stream gives the same
 * values on every processor. As with fills (rng_fill.h), give each use a stream of its own. */
#ifndef MOS_BASE_RNG_NOISE_H
#define MOS_BASE_RNG_NOISE_H

#include "base/rng.h"

#include <stddef.h>

/* Standard normal by the inverse distribution function at the middles of 2^16 equal shares: |z| at
 * most 4.33, each value right to 6e-4, first four moments to 1e-3. For noise on pixels, not for
 * statistics of tails. */
void mos_rng_fill_noise(const mos_rng *stream, float *out, size_t count);

/* out = in * gain + offset + noise * z in one pass, z as above but for rounding. in may be out.
 * `out` may be written by non-temporal stores, past the caches, since it is read later. */
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
