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
/* As above, from seven rounds of Philox instead of ten: other words, a third sooner. */
void mos_rng_fill_quick_u32(const mos_rng *stream, uint32_t *out, size_t count);
/* Uniform in (0, 1), 2^-23 apart. */
void mos_rng_fill_uniform(const mos_rng *stream, float *out, size_t count);
/* Standard normal, Box-Muller from 16-bit uniforms: |z| at most 4.85, first four moments right to
 * 1e-3. For noise on pixels, not for statistics of tails. */
void mos_rng_fill_normal(const mos_rng *stream, float *out, size_t count);

#endif
