/* Small pictures as PNG in memory: 8-bit RGB, one deflate stream, nothing that varies from run to
 * run. */
#ifndef MOS_IO_PNG_H
#define MOS_IO_PNG_H

#include "base/text.h"

enum { MOS_PNG_MAX_SIDE = 4096 };

/* rgb: [height, width, 3]. The file's bytes are appended to `out` (check out->failed). */
mosaic_status mos_png_write(const uint8_t *rgb, int64_t width, int64_t height, mos_text *out);

#endif
