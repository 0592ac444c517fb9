#include "data/text_pool.h"

#include "base/memory.h"

#include <string.h>

enum { BLOCK_BYTES = 1 << 20 };

struct mos_text_block {
    struct mos_text_block *next;
    size_t used, size;
    char bytes[];
};

mosaic_status mos_text_pool_add(mos_text_pool *pool, const char *text, size_t size,
                                const char **out) {
    struct mos_text_block *block = pool->blocks;
    if (block == NULL || block->size - block->used <= size) {
        size_t bytes = size + 1 > BLOCK_BYTES ? size + 1 : BLOCK_BYTES;
        MOS_TRY(mos_alloc(1, sizeof *block + bytes, "names of a data set", &block));
        block->size = bytes;
        block->next = pool->blocks;
        pool->blocks = block;
    }
    char *copy = block->bytes + block->used;
    memcpy(copy, text, size);
    copy[size] = '\0';
    block->used += size + 1;
    *out = copy;
    return MOSAIC_OK;
}

void mos_text_pool_release(mos_text_pool *pool) {
    struct mos_text_block *block = pool->blocks;
    while (block != NULL) {
        struct mos_text_block *next = block->next;
        mos_free(block);
        block = next;
    }
    pool->blocks = NULL;
}
