/* Scores with their labels, best first: what AP, AUC and curves walk along. Internal to the room. */
#ifndef MOS_SCORE_RANKED_H
#define MOS_SCORE_RANKED_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_ranked {
    float score;
    int8_t label;
} mos_ranked;

/* The rows whose label is known, of n scores and labels `stride` apart, by descending score:
 * mos_free(*rows). */
mosaic_status mos_rank(const float *score, const int8_t *label, int64_t n, int64_t stride,
                       mos_ranked **rows, int64_t *known, int64_t *positives);

#endif
