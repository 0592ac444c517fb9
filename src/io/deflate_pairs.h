/* DEFLATE (RFC 1951) in zlib's frame (RFC 1950), for rows of 16-bit values: repeats begin at whole
 * values, and are looked for one value and one row before and where four such values were last. Twice
 * as fast as a compressor of any bytes at its fastest, of maps' differences, and as small: neighbouring
 * rows of a blended map repeat each other. The bytes depend on the values alone. */
#ifndef MOS_IO_DEFLATE_PAIRS_H
#define MOS_IO_DEFLATE_PAIRS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mos_pair_deflater mos_pair_deflater;

/* For as many values at once, in rows of `row`, 16384 at most. */
mosaic_status mos_pair_deflater_create(int64_t values, int64_t row, mos_pair_deflater **out);
void mos_pair_deflater_destroy(mos_pair_deflater **deflater); /* takes an empty one */
/* Bytes that `out` has room for. */
size_t mos_pair_deflater_most(int64_t values);
/* values: 1 or more; returns the bytes of the stream. */
size_t mos_pair_deflate(mos_pair_deflater *deflater, const uint16_t *data, int64_t values,
                        unsigned char *out);

#endif
