/* Barnes-Hut t-SNE (van der Maaten, JMLR 15, 2014) from a PCA start, without randomness: the same
 * rows give the same map on any number of threads. */
#ifndef MOS_SCORE_TSNE_H
#define MOS_SCORE_TSNE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { MOS_TSNE_MOST_POINTS = 5000, MOS_TSNE_LEAST_POINTS = 12, MOS_TSNE_COMPONENTS = 50 };

typedef struct mos_tsne_options {
    double perplexity; /* lowered to (n - 1) / 3 for few rows */
    double early_exaggeration;
    double learning_rate; /* 0: max(n / early_exaggeration / 4, 50) */
    double angle;         /* of Barnes-Hut, below 0.7 */
    int64_t iterations, exaggerated_iterations;
    int threads;
} mos_tsne_options;
mos_tsne_options mos_tsne_defaults(int threads); /* 30, 12, 0, 0.5, 1000, 250 */

typedef struct mos_tsne_result {
    double kl_divergence;   /* of the map, Barnes-Hut's estimate of the normaliser */
    double trustworthiness; /* of 5 neighbours, against the rows the map was made from */
    double explained;       /* share of the variance in the principal components used */
    double duplicates;      /* share of the rows that coincide with their 5 nearest */
    double perplexity;      /* used */
    int64_t iterations;     /* done */
    bool degenerate;        /* the rows are nearly one point, or most coincide: the map shows the
                               optimiser's noise, not structure. Collapse is score/health.h's to judge. */
} mos_tsne_result;

/* x: [n, d], LEAST_POINTS <= n <= MOST_POINTS; more than 50 dimensions are first reduced to the 50
 * principal components. points: [n, 2]. */
mosaic_status mos_tsne_run(const float *x, int64_t n, int64_t d, const mos_tsne_options *options,
                           double *points, mos_tsne_result *out);

#endif
