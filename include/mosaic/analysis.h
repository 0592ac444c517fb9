/* mosaic/analysis.h: statistics of results and of embeddings, on the caller's arrays.
 *
 * Threads: every function may be called from any thread; those that take `threads` use so many inside
 * (0: as many as the process may use), without effect on the result. Arrays are the caller's, row by
 * row, and only read where they are const. Not collective. */
#ifndef MOSAIC_ANALYSIS_H
#define MOSAIC_ANALYSIS_H

#include "mosaic/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Thresholds that give the best F1: per_class [classes] for each class that has ten known positives and
 * negatives, *global for all classes together, which the other classes take. probability and labels
 * [n, classes] as in mosaic/metrics.h. Errors: MOSAIC_ERR_USAGE for n < 0 or classes < 1,
 * MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_thresholds_tune(const float *probability, const int8_t *labels,
                                                int64_t n, int64_t classes, double *per_class,
                                                double *global) MOSAIC_CHECKED;

typedef struct mosaic_interval {
    double value;     /* of all rows */
    double low, high; /* NaN where the score does not exist */
    double p;         /* of a difference: two-sided probability of none; else NaN */
} mosaic_interval;

/* The caller sets struct_size to sizeof(mosaic_bootstrap). */
typedef struct mosaic_bootstrap {
    size_t struct_size;
    mosaic_interval macro_f1, micro_f1, macro_ap, micro_ap, hamming_loss;
} mosaic_bootstrap;

/* Confidence intervals of scores by drawing whole rows with replacement (BCa), at `level` (0.95) from
 * `resamples` (500) draws. probability, labels [n, classes]; threshold [classes] or NULL (0.5).
 * Errors: MOSAIC_ERR_USAGE for n < 1, classes < 1, level outside (0, 1), too few resamples or
 * struct_size; MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_bootstrap_scores(const float *probability, const int8_t *labels,
                                                 int64_t n, int64_t classes,
                                                 const double *threshold, int64_t resamples,
                                                 double level, uint64_t seed, int threads,
                                                 mosaic_bootstrap *out) MOSAIC_CHECKED;
/* The same for the difference of two sets of probabilities a - b of the same rows and labels
 * (percentiles), with p. Errors: as there. */
MOSAIC_API mosaic_status mosaic_bootstrap_paired(const float *a, const float *b,
                                                 const int8_t *labels, int64_t n, int64_t classes,
                                                 const double *threshold, int64_t resamples,
                                                 double level, uint64_t seed, int threads,
                                                 mosaic_bootstrap *out) MOSAIC_CHECKED;

/* What cannot be measured is NaN. The caller sets struct_size to sizeof(mosaic_clusters). */
typedef struct mosaic_clusters {
    size_t struct_size;
    int64_t rows, labelled_rows;       /* not zero; of these with all labels known */
    int64_t sets, set_rows;            /* label sets taken as clusters, and their rows */
    double silhouette;                 /* cosine, over the rows of those sets */
    double davies_bouldin;             /* Euclidean, on rows of length 1 */
    double neighbour_jaccard;          /* of a row's labels and its neighbours' */
    double intra_cosine, inter_cosine; /* within a class; between classes */
    double spread, mean_cosine, rankme, uniformity, alignment; /* health; alignment needs pair */
    int32_t collapsed;                                         /* 1: one of them is out of bounds */
} mosaic_clusters;

/* Cluster coherence of embeddings x [n, d] with labels [n, classes] (1, 0, -1); pair [n, d]: the same
 * rows as another modality sees them, or NULL. Rows are scaled to length 1. top_sets (10): so many of
 * the most frequent label sets are clusters; neighbours (10): of the label agreement. Errors:
 * MOSAIC_ERR_USAGE for sizes below 1 or struct_size, MOSAIC_ERR_NUMERIC for a row that is not finite,
 * MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_clusters_measure(const float *x, const float *pair,
                                                 const int8_t *labels, int64_t n, int64_t d,
                                                 int64_t classes, int64_t top_sets,
                                                 int64_t neighbours, int threads,
                                                 mosaic_clusters *out) MOSAIC_CHECKED;

/* The caller sets struct_size to sizeof(mosaic_tsne_report). */
typedef struct mosaic_tsne_report {
    size_t struct_size;
    double kl_divergence, trustworthiness; /* of 5 neighbours */
    double explained;                      /* share of variance in the components used */
    double perplexity;                     /* used */
    int64_t iterations;                    /* done */
    int32_t degenerate; /* 1: the rows are nearly one point, the map shows no structure */
} mosaic_tsne_report;

/* Barnes-Hut t-SNE of x [n, d], 12 <= n <= 5,000, into points [n, 2]: the same rows give the same map.
 * perplexity 0: 30; iterations 0: 1,000. Errors: MOSAIC_ERR_USAGE for n, d < 1, negative numbers or
 * struct_size, MOSAIC_ERR_NUMERIC for a row that is not finite, MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_tsne(const float *x, int64_t n, int64_t d, double perplexity,
                                     int64_t iterations, int threads, double *points,
                                     mosaic_tsne_report *out) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
