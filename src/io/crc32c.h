/* CRC-32C (Castagnoli), and the masked form of TFRecord files. */
#ifndef MOS_IO_CRC32C_H
#define MOS_IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t mos_crc32c(const void *data, size_t size);
/* ((crc >> 15) | (crc << 17)) + 0xa282ead8, so that sums of data that hold sums stay good. */
uint32_t mos_crc32c_masked(const void *data, size_t size);

#endif
