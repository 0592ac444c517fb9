#include "base/base64.h"

size_t mos_base64_size(size_t size) {
    return size / 3 * 4 + (size % 3 > 0 ? 4 : 0);
}

void mos_text_add_base64(mos_text *text, const void *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned word = (unsigned)from[i] << 16;
        if (left > 1) word |= (unsigned)from[i + 1] << 8;
        if (left > 2) word |= from[i + 2];
        const char out[4] = {digits[word >> 18], digits[word >> 12 & 63],
                             left > 1 ? digits[word >> 6 & 63] : '=',
                             left > 2 ? digits[word & 63] : '='};
        mos_text_add_bytes(text, out, 4);
    }
}
