#include "io/crc32c.h"

/* Bit by bit: an event is 50 bytes. Reflected polynomial 0x1EDC6F41 (RFC 3720, appendix B.4). */
uint32_t mos_crc32c(const void *data, size_t size) {
    const unsigned char *bytes = data;
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

uint32_t mos_crc32c_masked(const void *data, size_t size) {
    uint32_t crc = mos_crc32c(data, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}
