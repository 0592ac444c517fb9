/* Average precision and ROC-AUC of one class by one sort. */
#include "score/metrics.h"

#include "base/memory.h"
#include "score/ranked.h"

#include <math.h>

/* Over groups of equal scores, from the highest: AP = sum (R_n - R_{n-1}) P_n; AUC = P(score+ >
 * score-) + P(equal)/2. */
static void sweep_ranking(const mos_ranked *rows, int64_t n, int64_t positives, double *ap,
                          double *auc) {
    int64_t negatives = n - positives, seen_positive = 0;
    double precision_sum = 0, pair_sum = 0;
    for (int64_t i = 0; i < n;) {
        int64_t group_positive = 0, j = i;
        for (; j < n && rows[j].score == rows[i].score; j++)
            group_positive += rows[j].label == 1;
        int64_t group_negative = j - i - group_positive;
        seen_positive += group_positive;
        precision_sum += (double)group_positive * (double)seen_positive / (double)j;
        pair_sum += (double)group_negative *
                    ((double)(seen_positive - group_positive) + 0.5 * (double)group_positive);
        i = j;
    }
    *ap = positives > 0 ? precision_sum / (double)positives : NAN;
    *auc =
        positives > 0 && negatives > 0 ? pair_sum / ((double)positives * (double)negatives) : NAN;
}

mosaic_status mos_average_precision(const float *score, const int8_t *label, int64_t n,
                                    int64_t stride, double *ap, double *auc) {
    mos_ranked *rows;
    int64_t known, positives;
    MOS_TRY(mos_rank(score, label, n, stride, &rows, &known, &positives));
    sweep_ranking(rows, known, positives, ap, auc);
    mos_free(rows);
    return MOSAIC_OK;
}
