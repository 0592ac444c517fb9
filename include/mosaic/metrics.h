/* mosaic/metrics.h: multi-label metrics, defined as scikit-learn defines them (0/0 counts as 0).
 *
 * Unknown labels (-1) are left out one by one. Scores are NaN without any known label. */
#ifndef MOSAIC_METRICS_H
#define MOSAIC_METRICS_H

#include "mosaic/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Scores of one class, or an average of them. It has no size of its own, as it comes in arrays: it never
 * changes. */
typedef struct mosaic_average {
    double precision, recall, f1, f2;
    double average_precision, roc_auc; /* NaN where they do not exist */
} mosaic_average;

/* The caller sets struct_size to sizeof(mosaic_metrics). */
typedef struct mosaic_metrics {
    size_t struct_size;
    mosaic_average micro;  /* over all known labels together */
    mosaic_average macro;  /* mean over the `averaged` classes; NaN without any */
    mosaic_average sample; /* mean over the rows whose labels are all known; no average precision */
    double hamming_loss;   /* share of the known labels that are predicted wrongly */
    double subset_accuracy;   /* share of right rows, of those whose labels are all known */
    int64_t known;            /* labels of 0 or 1 */
    int64_t zero_divisions;   /* precisions and recalls that were 0/0 */
    mosaic_average macro_all; /* mean over all classes; the AP of a class without positives is 0 */
    int64_t averaged;         /* classes that have known positives and known negatives */
} mosaic_metrics;

/* Score probabilities against labels. probability [n, classes]; labels [n, classes]: 1, 0 or -1
 * (unknown: left out); threshold [classes] or NULL (0.5): a class is predicted when probability >=
 * threshold. Writes *out and, unless NULL, per_class [classes]. Errors: MOSAIC_ERR_USAGE for n < 0,
 * classes < 1, a label that is none or struct_size; MOSAIC_ERR_NUMERIC for a probability or a threshold
 * that is not finite; MOSAIC_ERR_MEMORY. The message names the row and the class. Safe from any thread. */
MOSAIC_API mosaic_status mosaic_metrics_compute(const float *probability, const int8_t *labels,
                                                int64_t n, int64_t classes, const double *threshold,
                                                mosaic_metrics *out,
                                                mosaic_average *per_class) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
