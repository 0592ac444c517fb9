/* Points of the ROC and the precision-recall curve of one score, one per distinct threshold. */
#ifndef MOS_SCORE_ROC_PR_H
#define MOS_SCORE_ROC_PR_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_curve_point {
    double threshold;                              /* predicted when score >= threshold */
    double recall, false_positive_rate, precision; /* NaN: no positives, no negatives */
} mos_curve_point;
typedef struct mos_score_curve {
    mos_curve_point *points; /* [count] thresholds descending; the first: infinity, where recall and
                                false positive rate are 0 and precision is 1; owned */
    int64_t count, positives, negatives;
} mos_score_curve;

/* n scores `stride` apart; labels -1 are skipped. most: at least 2, or 0 for every point; a longer
 * curve keeps its ends and points spaced evenly along its path in ROC and precision-recall. */
mosaic_status mos_score_curve_make(const float *score, const int8_t *labels, int64_t n,
                                   int64_t stride, int64_t most, mos_score_curve *out);
void mos_score_curve_release(mos_score_curve *curve);

#endif
