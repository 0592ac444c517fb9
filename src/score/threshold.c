/* Decision thresholds that maximise F1 on the set they are tuned on. */
#include "score/metrics.h"

#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>

typedef struct candidate {
    float score;
    int8_t label;
} candidate;

static int compare_descending(const void *a, const void *b) {
    float x = ((const candidate *)a)->score, y = ((const candidate *)b)->score;
    return (x < y) - (x > y);
}

/* Best F1 = 2 tp / (predicted + positives) over all cuts between distinct scores. The threshold
 * lies midway to the next lower score, so that it does not sit on a rounding edge. */
static double best_threshold(candidate *rows, int64_t n) {
    int64_t positives = 0, tp = 0;
    for (int64_t i = 0; i < n; i++)
        positives += rows[i].label == 1;
    if (positives == 0) return 0.5;
    qsort(rows, (size_t)n, sizeof *rows, compare_descending);
    double best = -1, threshold = 0.5;
    for (int64_t i = 0; i < n; i++) {
        tp += rows[i].label == 1;
        if (i + 1 < n && rows[i + 1].score == rows[i].score) continue;
        double f1 = 2.0 * (double)tp / (double)(i + 1 + positives);
        if (f1 <= best) continue;
        best = f1;
        double next = i + 1 < n ? (double)rows[i + 1].score : 0.0;
        threshold = 0.5 * ((double)rows[i].score + next);
    }
    return threshold;
}

mosaic_status mos_threshold_tune(const float *probability, const int8_t *labels, int64_t n,
                                 int64_t l, double *per_class, double *global) {
    candidate *rows = NULL;
    MOS_TRY(mos_probability_check(probability, n, l));
    MOS_TRY(mos_alloc((size_t)(n * l), sizeof *rows, "threshold candidates", &rows));
    int64_t all = 0, few = 0;
    for (int64_t i = 0; i < n * l; i++)
        if (labels[i] >= 0) rows[all++] = (candidate){probability[i], labels[i]};
    *global = best_threshold(rows, all);
    for (int64_t j = 0; j < l; j++) {
        int64_t known = 0, positives = 0;
        for (int64_t i = 0; i < n; i++) {
            if (labels[i * l + j] < 0) continue;
            rows[known++] = (candidate){probability[i * l + j], labels[i * l + j]};
            positives += labels[i * l + j] == 1;
        }
        bool enough = positives >= MOS_THRESHOLD_LEAST && known - positives >= MOS_THRESHOLD_LEAST;
        per_class[j] = enough ? best_threshold(rows, known) : *global;
        few += !enough;
    }
    mos_free(rows);
    if (few > 0 && all > 0)
        mos_log(MOS_LOG_NOTICE,
                "%lld of %lld classes have fewer than %d known positives or negatives to tune a "
                "threshold on: they use the one tuned for all classes, %.3g",
                (long long)few, (long long)l, (int)MOS_THRESHOLD_LEAST, *global);
    return MOSAIC_OK;
}
