/* Multi-label metrics over a whole set (method.md section 6), defined as scikit-learn defines them:
 * 0/0 counts as 0 and is reported. Unknown labels
 * (-1) are left out cell by cell; subset accuracy and sample averages use rows whose labels are all
 * known. */
#ifndef MOS_SCORE_METRICS_H
#define MOS_SCORE_METRICS_H

#include "base/error.h"

#include <stdint.h>

/* One class, or one average. Values that do not exist (AP of a class without positives) are NaN and
 * left out of macro averages of AP and AUC; precision, recall and F of 0/0 are 0 and count in the
 * averages, as in scikit-learn. */
typedef struct mos_scores {
    double precision, recall, f1, f2, average_precision, roc_auc;
} mos_scores;
typedef struct mos_class_metrics {
    mos_scores scores;
    int64_t positives, negatives, predicted, true_positives;
    double threshold;
} mos_class_metrics;
typedef struct mos_metrics {
    int64_t samples, classes, known, zero_divisions;
    mos_scores micro, macro, sample; /* sample: average_precision is LRAP-free: NaN */
    double hamming_loss, subset_accuracy;
    mos_class_metrics *per_class; /* [classes], owned */
} mos_metrics;

/* probability: [n, l]; labels [n, l] 1, 0, -1; threshold [l]: predicted when probability >=
 * threshold. */
mosaic_status mos_metrics_compute(const float *probability, const int8_t *labels, int64_t n,
                                  int64_t l, const double *threshold, mos_metrics *out);
void mos_metrics_release(mos_metrics *metrics);

/* Thresholds that maximise F1: per class, and one for all classes (micro F1). Ties: the higher
 * threshold. Classes without a known positive keep 0.5. */
mosaic_status mos_threshold_tune(const float *probability, const int8_t *labels, int64_t n,
                                 int64_t l, double *per_class, double *global);

/* AP = sum (R_n - R_{n-1}) P_n, ties together, no interpolation; NaN without positives. AUC by
 * ranks; NaN with one class only. Entries with label -1 are skipped. stride: elements between
 * consecutive rows. */
mosaic_status mos_average_precision(const float *score, const int8_t *label, int64_t n,
                                    int64_t stride, double *ap, double *auc);

#endif
