/* Multi-label metrics over a whole set, defined as scikit-learn defines them: 0/0 counts as 0 and
 * is reported; without any known label scores are NaN. Unknown labels (-1) are left out cell by
 * cell; subset accuracy and sample averages use rows whose labels are all known. */
#ifndef MOS_SCORE_METRICS_H
#define MOS_SCORE_METRICS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* One class, or one average. Values that do not exist (AP of a class without positives) are NaN;
 * precision, recall and F of 0/0 are 0. */
typedef struct mos_scores {
    double precision, recall, f1, f2, average_precision, roc_auc;
} mos_scores;
typedef struct mos_class_metrics {
    mos_scores scores;
    int64_t positives, negatives, predicted, true_positives;
    double threshold;
} mos_class_metrics;
/* The one set of classes of every macro mean: those that the labels can tell anything about. A
 * class that never occurs has no recall and no AP, and one that always occurs has an AP of 1
 * whatever is predicted. */
static inline bool mos_class_is_averaged(const mos_class_metrics *c) {
    return c->positives > 0 && c->negatives > 0;
}
typedef struct mos_metrics {
    int64_t samples, classes, known, zero_divisions;
    int64_t averaged; /* classes of the macro mean: with known positives and known negatives */
    int64_t absent;   /* classes without a known positive */
    mos_scores micro, sample; /* sample has no average precision: NaN */
    mos_scores macro;         /* over `averaged` classes; all NaN without any */
    mos_scores macro_all;     /* over all classes, as scikit-learn: what does not exist counts as 0
                                 (ROC-AUC: NaN) */
    double hamming_loss, subset_accuracy;
    mos_class_metrics *per_class; /* [classes], owned */
} mos_metrics;

/* probability: [n, l]; labels [n, l] 1, 0, -1; threshold [l]: predicted when probability >=
 * threshold. */
mosaic_status mos_metrics_compute(const float *probability, const int8_t *labels, int64_t n,
                                  int64_t l, const double *threshold, mos_metrics *out);
void mos_metrics_release(mos_metrics *metrics);
/* MOSAIC_ERR_NUMERIC, naming row and class, for the first of probability [n, l] that is not finite. */
mosaic_status mos_probability_check(const float *probability, int64_t n, int64_t l);

/* A class gets a threshold of its own with at least this many known positives and as many known
 * negatives. With fewer it takes the threshold of all classes: the F1 of a handful of rows is nearly
 * always best at an extreme threshold. */
enum { MOS_THRESHOLD_LEAST = 10 };
/* Thresholds that maximise F1: one for all classes (micro F1), and per class where there are
 * MOS_THRESHOLD_LEAST positives and negatives. Ties: the higher threshold. Without a known positive
 * at all 0.5. A notice says how many classes took the threshold of all classes. */
mosaic_status mos_threshold_tune(const float *probability, const int8_t *labels, int64_t n,
                                 int64_t l, double *per_class, double *global);

/* AP = sum (R_n - R_{n-1}) P_n, ties together, no interpolation; NaN without positives. AUC by
 * ranks; NaN with one class only. Entries with label -1 are skipped. stride: elements between
 * consecutive rows. */
mosaic_status mos_average_precision(const float *score, const int8_t *label, int64_t n,
                                    int64_t stride, double *ap, double *auc);

#endif
