/* Affinities for t-SNE: Gaussian neighbour probabilities of a given perplexity, made symmetric (van
 * der Maaten & Hinton 2008; sparse as in van der Maaten 2014). */
#ifndef MOS_SCORE_AFFINITY_H
#define MOS_SCORE_AFFINITY_H

#include "base/error.h"

#include <stdint.h>

/* Rows stored as columns, so that the distances of one row to all are vector operations. */
typedef struct mos_columns {
    int64_t n, d;
    double *values; /* [d, n] */
} mos_columns;
/* rows: [n, d] */
mosaic_status mos_columns_make(const double *rows, int64_t n, int64_t d, mos_columns *out);
/* Squared Euclidean distances of row i to every row; out: [n]. */
void mos_columns_distances(const mos_columns *columns, int64_t i, double *out);
void mos_columns_release(mos_columns *columns);

/* Sparse symmetric matrix: row i's entries are [begin[i], begin[i + 1]), columns ascending. */
typedef struct mos_affinity {
    int64_t n;
    int64_t *begin;     /* [n + 1] */
    int32_t *column;    /* [begin[n]] */
    double *value;      /* p_ij, their sum is 1 */
    int64_t duplicates; /* rows whose 5 nearest lie exactly on them */
} mos_affinity;
/* 3 perplexity + 1 nearest neighbours a row, at most n - 1. */
mosaic_status mos_affinity_make(const mos_columns *rows, double perplexity, int threads,
                                mos_affinity *out);
void mos_affinity_release(mos_affinity *affinity);

/* Venna & Kaski's trustworthiness of a map: 1 - 2 / (n k (2n - 3k - 1)) sum over rows and their k
 * nearest on the map of (rank in the original space - k), where that is positive. points: [n, 2].
 */
mosaic_status mos_trustworthiness(const mos_columns *rows, const double *points, int64_t k,
                                  int threads, double *out);

#endif
