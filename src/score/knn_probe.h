/* Evaluation of frozen features by their nearest labelled neighbours (Wu et al. 2018, "Unsupervised
 * feature learning via non-parametric instance discrimination"), with a vote per class:
 *   p_l = sum_i exp(cos_i / T) y_il / sum_i exp(cos_i / T)   over the k nearest i of known label l
 * A row of zeros (no modality present) and a class none of whose neighbours is known get the share
 * of positives among the labelled rows. */
#ifndef MOS_SCORE_KNN_PROBE_H
#define MOS_SCORE_KNN_PROBE_H

#include "base/error.h"

#include <stdint.h>

enum { MOS_KNN_DEFAULT_NEIGHBOURS = 20 };
#define MOS_KNN_DEFAULT_TEMPERATURE 0.07

typedef struct mos_knn_probe {
    int64_t n, features, classes; /* n: rows that are not zero */
    float *unit;                  /* [n, features] */
    int8_t *labels;               /* [n, classes] 1, 0, -1 */
    double *prior;                /* [classes] */
} mos_knn_probe;

/* features [n, f] of any length, labels [n, l]: both are copied. */
mosaic_status mos_knn_probe_fit(const float *features, const int8_t *labels, int64_t n, int64_t f,
                                int64_t l, mos_knn_probe *out);
void mos_knn_probe_release(mos_knn_probe *probe);

/* The nearest rows of each query, best first; what votes with any k up to this one need. */
typedef struct mos_knn_found {
    int64_t m, k;
    int32_t *index; /* [m, k], -1 in the first column: the query was zero */
    float *cosine;  /* [m, k] */
} mos_knn_found;
/* features [m, features]; k is lowered to the rows there are. */
mosaic_status mos_knn_probe_search(const mos_knn_probe *probe, const float *features, int64_t m,
                                   int64_t k, int threads, mos_knn_found *out);
void mos_knn_found_release(mos_knn_found *found);
/* probability [m, classes]; k: at most found->k are asked. */
void mos_knn_probe_vote(const mos_knn_probe *probe, const mos_knn_found *found, int64_t k,
                        double temperature, float *probability);

#endif
