/* Samples shared by ranks, in order: equal consecutive parts, the first ones longer by one where they
 * cannot be equal. Nothing is padded, so that 21 samples on 2 ranks are 11 and 10. */
#ifndef MOS_DIST_SHARE_H
#define MOS_DIST_SHARE_H

#include <stdint.h>

typedef struct mos_share {
    int64_t first, count;
} mos_share;

static inline mos_share mos_share_of(int64_t count, int64_t rank, int64_t ranks) {
    const int64_t each = count / ranks, longer = count % ranks;
    return (mos_share){.first = rank * each + (rank < longer ? rank : longer),
                       .count = each + (rank < longer)};
}

#endif
