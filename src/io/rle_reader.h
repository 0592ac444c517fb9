/* Parquet's RLE / bit-packing hybrid
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). */
#ifndef MOS_IO_RLE_READER_H
#define MOS_IO_RLE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mos_rle {
    const uint8_t *at, *end;
    const uint8_t *packed; /* the bit-packed run in hand; NULL in a repeated one */
    size_t packed_bytes;
    uint64_t bit;  /* next bit of the packed run */
    uint64_t left; /* values left in the run */
    uint32_t value;
    unsigned width; /* bits per value, 0..32 */
} mos_rle;

void mos_rle_init(mos_rle *rle, const void *data, size_t size, unsigned width);
/* The next `count` values; false when the bytes end before. */
bool mos_rle_read(mos_rle *rle, uint32_t *out, size_t count);
/* The same for widths up to 8. */
bool mos_rle_read_u8(mos_rle *rle, uint8_t *out, size_t count);

/* Bit `index` of PLAIN booleans. */
static inline uint8_t mos_bit_at(const uint8_t *bits, size_t index) {
    return (uint8_t)(bits[index / 8] >> (index % 8) & 1);
}

#endif
