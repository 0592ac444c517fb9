/* mosaic/analysis.h: statistics of results and of embeddings, on the caller's arrays.
 *
 * Threads: every function may be called from any thread. A function that takes `threads` uses so many
 * inside (0: as many as the process may use); the result does not depend on their number. Arrays are
 * the caller's, in row-major order. Not collective. */
#ifndef MOSAIC_ANALYSIS_H
#define MOSAIC_ANALYSIS_H

#include "mosaic/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Thresholds that give the best F1. *global is the one of all classes together (best micro F1); 0.5
 * without a known positive. per_class [classes]: a class with at least ten known positives and ten
 * known negatives gets a threshold of its own, the others take *global. probability and labels
 * [n, classes] as in mosaic/metrics.h. Errors: MOSAIC_ERR_USAGE for n < 0, classes < 1 or a label that
 * is none; MOSAIC_ERR_NUMERIC for a probability that is not finite; MOSAIC_ERR_MEMORY. The message names
 * the row and the class. */
MOSAIC_API mosaic_status mosaic_thresholds_tune(const float *probability, const int8_t *labels,
                                                int64_t n, int64_t classes, double *per_class,
                                                double *global) MOSAIC_CHECKED;

typedef struct mosaic_interval {
    double value;     /* the score of all rows, or the difference of two */
    double low, high; /* bounds; NaN where the score does not exist, or of a single row */
    double p;         /* paired: two-sided probability of no difference; else NaN */
} mosaic_interval;

/* The caller sets struct_size to sizeof(mosaic_bootstrap). */
typedef struct mosaic_bootstrap {
    size_t struct_size;
    mosaic_interval macro_f1, micro_f1, macro_ap, micro_ap, hamming_loss;
} mosaic_bootstrap;

/* Bootstrap confidence intervals (BCa) of the scores: whole rows are drawn with replacement. `level`
 * is usually 0.95, `resamples` usually 500; the same seed gives the same intervals. probability and
 * labels [n, classes] as in mosaic/metrics.h; threshold [classes] or NULL (0.5). Errors:
 * MOSAIC_ERR_USAGE for n < 1, classes < 1, level outside (0, 1), resamples < 1, a label that is none or
 * struct_size; MOSAIC_ERR_NUMERIC for a probability or a threshold that is not finite, named with its
 * row and class; MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_bootstrap_scores(const float *probability, const int8_t *labels,
                                                 int64_t n, int64_t classes,
                                                 const double *threshold, int64_t resamples,
                                                 double level, uint64_t seed, int threads,
                                                 mosaic_bootstrap *out) MOSAIC_CHECKED;
/* Paired bootstrap: intervals of the score of `a` minus the score of `b`, two sets of probabilities
 * [n, classes] of the same rows. The bounds are percentiles, and p is given. Errors: as those of
 * mosaic_bootstrap_scores. */
MOSAIC_API mosaic_status mosaic_bootstrap_paired(const float *a, const float *b,
                                                 const int8_t *labels, int64_t n, int64_t classes,
                                                 const double *threshold, int64_t resamples,
                                                 double level, uint64_t seed, int threads,
                                                 mosaic_bootstrap *out) MOSAIC_CHECKED;

/* What cannot be measured is NaN. The caller sets struct_size to sizeof(mosaic_clusters). */
typedef struct mosaic_clusters {
    size_t struct_size;
    int64_t rows,
        labelled_rows;        /* rows that are not all zeros; those of them with all labels known */
    int64_t sets, set_rows;   /* label sets taken as clusters; rows in these */
    double silhouette;        /* cosine, mean over set_rows */
    double davies_bouldin;    /* Euclidean, on rows of length 1 */
    double neighbour_jaccard; /* mean |A and B| / |A or B| of a row's labels and a neighbour's */
    double intra_cosine, inter_cosine; /* mean cosine of two rows within a class; between classes */
    double spread;                     /* mean sd of a dimension times sqrt(d); 0: one point */
    double mean_cosine;                /* of distinct rows */
    double rankme;                     /* RankMe, an effective rank from 1 to d */
    double uniformity;                 /* log mean exp(-2 |a - b|^2) over distinct rows */
    double alignment;                  /* mean |row - its pair|^2; NaN without pair */
    int32_t collapsed;                 /* 1: spread, mean_cosine or rankme is out of bounds */
} mosaic_clusters;

/* Cluster coherence of embeddings x [n, d] with labels [n, classes] (1, 0, -1); pair [n, d]: the same
 * rows as another modality sees them, or NULL. Rows are scaled to length 1. The top_sets most frequent
 * label sets (usually 10) are the clusters of silhouette and Davies-Bouldin; neighbour_jaccard looks
 * at so many `neighbours` of a row (usually 10). Errors: MOSAIC_ERR_USAGE for sizes below 1, a label
 * that is none or struct_size; MOSAIC_ERR_NUMERIC for a row that is not finite, which the message names;
 * MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_clusters_measure(const float *x, const float *pair,
                                                 const int8_t *labels, int64_t n, int64_t d,
                                                 int64_t classes, int64_t top_sets,
                                                 int64_t neighbours, int threads,
                                                 mosaic_clusters *out) MOSAIC_CHECKED;

/* The caller sets struct_size to sizeof(mosaic_tsne_report). */
typedef struct mosaic_tsne_report {
    size_t struct_size;
    double kl_divergence;   /* of the map, an estimate */
    double trustworthiness; /* of 5 neighbours */
    double explained;       /* share of the variance in the principal components used */
    double perplexity;      /* used: lowered to (n - 1) / 3 for few rows */
    int64_t iterations;     /* done */
    int32_t degenerate;     /* 1: the rows are nearly one point, or most of them coincide; the map
                               shows no structure */
} mosaic_tsne_report;

/* Barnes-Hut t-SNE of x [n, d] into points [n, 2]. The same rows give the same map. perplexity 0: 30;
 * iterations 0: 1,000. Errors: MOSAIC_ERR_USAGE for n outside 12 to 5,000, d < 1, negative numbers or
 * struct_size; MOSAIC_ERR_NUMERIC for a row that is not finite, which the message names, and for a map
 * that diverges;
 * MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_tsne(const float *x, int64_t n, int64_t d, double perplexity,
                                     int64_t iterations, int threads, double *points,
                                     mosaic_tsne_report *out) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
