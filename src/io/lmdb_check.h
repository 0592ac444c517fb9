/* Validation of an LMDB data file before liblmdb gets to see it: liblmdb follows page numbers and
 * offsets in the file without asking, and a damaged one takes the process down. The layout is that
 * of LMDB 0.9 on little-endian 64-bit machines. */
#ifndef MOS_IO_LMDB_CHECK_H
#define MOS_IO_LMDB_CHECK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mos_lmdb_shape {
    uint32_t page_bytes;
    uint64_t pages; /* in use, meta pages included */
    uint64_t entries;
    uint64_t transaction;
    uint64_t first_key; /* byte in the file where the first key of the main tree lies; 0: the tree
                           is empty */
} mos_lmdb_shape;

/* Check both meta pages, the file size, and every branch and leaf page of the main tree: numbers,
 * flags, offsets, key order, and that every value lies in the file. Values are not touched, so the
 * cost is in the branch and leaf pages alone: about one page in 2,000 of a packed data set.
 * `writable` adds what liblmdb relies on when it writes: the free list, that no page serves twice,
 * and how nodes are packed. */
mosaic_status mos_lmdb_check(const void *data, size_t size, bool writable, mos_lmdb_shape *out);

/* Is the value of `size` bytes at `value`, as liblmdb answered it, inside the file, and where it
 * has pages of its own, does their header say so too? A value that liblmdb replaced by a smaller
 * one keeps its pages; `exact` wants the very number it needs. */
bool mos_lmdb_value_is_sound(const void *data, const mos_lmdb_shape *shape, const void *value,
                             size_t size, bool exact);

#endif
