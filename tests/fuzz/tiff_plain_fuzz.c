#include "fuzz/fuzz_target.h"
#include "io/tiff_extent.h"
#include "io/tiff_plain.h"

#include <stdlib.h>
#include <string.h>

/* Sizes and types that patches have, and small ones a mutation can keep. */
static const int64_t sizes[][2] = {{6, 4}, {8, 8}, {20, 20}, {1, 1}};
static const struct {
    mos_dtype type;
    size_t bytes;
} types[] = {{MOS_U8, 1}, {MOS_U16, 2}, {MOS_I16, 2}, {MOS_F32, 4}};

/* Where the bytes are taken for an image, every pixel is written, the same ones each time, and
 * nothing beyond. */
static void read_as(const uint8_t *data, size_t size, mos_dtype type, size_t bytes, int64_t width,
                    int64_t height) {
    const size_t count = (size_t)(width * height) * bytes;
    unsigned char *one = malloc(count), *two = malloc(count);
    if (one == NULL || two == NULL) abort();
    memset(one, 0x00, count);
    memset(two, 0xff, count);
    const bool first = mos_tiff_plain_read(data, size, type, one, width, height);
    const bool second = mos_tiff_plain_read(data, size, type, two, width, height);
    if (first != second || (first && memcmp(one, two, count) != 0)) abort();
    free(one);
    free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (mos_tiff_extent(data, size) > 0 && size < 16) abort();
    (void)mos_tiff_is_silent(data, size, true, 0);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t t = 0; t < sizeof types / sizeof *types; t++)
            read_as(data, size, types[t].type, types[t].bytes, sizes[s][0], sizes[s][1]);
    return 0;
}
