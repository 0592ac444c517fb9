/* Many small strings that live as long as their owner: blocks, never moved. */
#ifndef MOS_DATA_TEXT_POOL_H
#define MOS_DATA_TEXT_POOL_H

#include "base/error.h"

#include <stddef.h>

typedef struct mos_text_pool {
    struct mos_text_block *blocks; /* newest first */
} mos_text_pool;
/* A NUL-terminated copy of `size` bytes. */
mosaic_status mos_text_pool_add(mos_text_pool *pool, const char *text, size_t size,
                                const char **out);
void mos_text_pool_release(mos_text_pool *pool);

#endif
