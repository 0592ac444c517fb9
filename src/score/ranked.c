#include "score/ranked.h"

#include "base/memory.h"

#include <stdlib.h>

static int compare_descending(const void *a, const void *b) {
    float x = ((const mos_ranked *)a)->score, y = ((const mos_ranked *)b)->score;
    return (x < y) - (x > y);
}

mosaic_status mos_rank(const float *score, const int8_t *label, int64_t n, int64_t stride,
                       mos_ranked **rows, int64_t *known, int64_t *positives) {
    *known = *positives = 0;
    MOS_TRY(mos_alloc((size_t)n, sizeof **rows, "ranking", rows));
    for (int64_t i = 0; i < n; i++) {
        if (label[i * stride] < 0) continue;
        (*rows)[(*known)++] = (mos_ranked){score[i * stride], label[i * stride]};
        *positives += label[i * stride] == 1;
    }
    qsort(*rows, (size_t)*known, sizeof **rows, compare_descending);
    return MOSAIC_OK;
}
