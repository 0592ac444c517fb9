/* Do embeddings that mean the same lie together? Cluster coherence of rows with multi-labels. Every
 * measure looks at directions: rows are scaled to length 1; rows of zeros (an absent modality) and,
 * where labels matter, rows with unknown labels are left out. */
#ifndef MOS_SCORE_CLUSTERS_H
#define MOS_SCORE_CLUSTERS_H

#include "score/health.h"

typedef struct mos_cluster_input {
    const float *x;       /* [n, d] */
    const float *pair;    /* [n, d] the same rows as another modality sees them, or NULL */
    const int8_t *labels; /* [n, l] 1, 0, -1 */
    int64_t n, d, l;
    int64_t top_sets;   /* silhouette and Davies-Bouldin: so many of the most frequent label sets */
    int64_t neighbours; /* label agreement: so many nearest rows */
    int threads;
} mos_cluster_input;

/* What cannot be measured (one cluster only, too few rows) is NaN. */
typedef struct mos_cluster_scores {
    int64_t rows, labelled_rows; /* not zero; of these with all labels known */
    int64_t sets, set_rows;      /* label sets taken as clusters, and their rows */
    double silhouette;           /* cosine, mean over the rows of those sets */
    double davies_bouldin;       /* Euclidean, on unit rows */
    double neighbour_jaccard;    /* mean |A and B| / |A or B| of a row's labels and its neighbours';
                                    two rows without any label agree fully */
    double intra_cosine; /* mean over classes of the mean cosine of two rows of that class */
    double inter_cosine; /* mean over pairs of classes of that of a row of one and a row of the
                            other */
    mos_health health;
} mos_cluster_scores;

mosaic_status mos_clusters_measure(const mos_cluster_input *input, mos_cluster_scores *out);

/* Rows scaled to length 1 in place; a row of zeros stays. Returns how many are not zero. */
int64_t mos_unit_rows(float *x, int64_t n, int64_t d);

#endif
