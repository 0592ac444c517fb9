/* Bytes as text (RFC 4648, with padding). */
#ifndef MOS_BASE_BASE64_H
#define MOS_BASE_BASE64_H

#include "base/text.h"

void mos_text_add_base64(mos_text *text, const void *bytes, size_t size);
/* How many characters that adds. */
size_t mos_base64_size(size_t size);

#endif
