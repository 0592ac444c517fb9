/* Average precision and ROC-AUC of one class by one sort. */
#include "score/metrics.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    float score;
    int8_t label;
} ranked;

static int compare_descending(const void *a, const void *b) {
    float x = ((const ranked *)a)->score, y = ((const ranked *)b)->score;
    return (x < y) - (x > y);
}

/* Over groups of equal scores, from the highest: AP = sum (R_n - R_{n-1}) P_n; AUC = P(score+ >
 * score-) + P(equal)/2. */
static void sweep_ranking(const ranked *rows, int64_t n, int64_t positives, double *ap,
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
    ranked *rows = NULL;
    MOS_TRY(mos_alloc((size_t)n, sizeof *rows, "ranking", &rows));
    int64_t known = 0, positives = 0;
    for (int64_t i = 0; i < n; i++) {
        if (label[i * stride] < 0) continue;
        rows[known++] = (ranked){score[i * stride], label[i * stride]};
        positives += label[i * stride] == 1;
    }
    qsort(rows, (size_t)known, sizeof *rows, compare_descending);
    sweep_ranking(rows, known, positives, ap, auc);
    mos_free(rows);
    return MOSAIC_OK;
}
