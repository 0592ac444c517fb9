/* Cross-modal alignment: do two modalities map the same place, and the same class, to the same
 * point? The alignment of co- registered rows, whether one modality's row finds its partner, and,
 * for every two classes, whether the other modality tells them apart (docs/experiments_parts.md). */
#ifndef MOS_SCORE_MODALITY_ALIGNMENT_H
#define MOS_SCORE_MODALITY_ALIGNMENT_H

#include "base/error.h"

#include <stdint.h>

enum { MOS_RETRIEVAL_MOST_ROWS = 5000, MOS_RETRIEVAL_DEPTH = 10 };

/* Rows with i and without j against rows with j and without i; what does not exist is NaN. A cosine
 * is always between a row of one modality and a row of the other. */
typedef struct mos_class_alignment {
    int64_t i, j;           /* classes, i < j */
    int64_t rows_i, rows_j; /* with one and not the other */
    double pair;            /* mean cosine of a patch's own two rows */
    double within;          /* of rows of different patches of one class, mean of both classes */
    double across;          /* of a row of one class and a row of the other */
    double told_apart[2]; /* [a's rows by b's class means, b's rows by a's]: share of rows nearer to
                             the mean of their own class, their own patch left out of it; mean of
                             both classes, so that chance is 0.5 */
} mos_class_alignment;

typedef struct mos_modality_alignment {
    int64_t rows;                 /* where both are there and neither row is zero */
    double alignment, centre_gap; /* mean squared distance, distance of the centres, of unit rows */
    double pair, other;           /* mean cosine of one patch's two rows, of two patches' rows */
    int64_t retrieval_rows;       /* evenly spaced, at most MOS_RETRIEVAL_MOST_ROWS */
    double first[2], among[2]; /* [a finds b, b finds a]: share of rows whose partner is the nearest
                                  row, is among the MOS_RETRIEVAL_DEPTH nearest */
    mos_class_alignment *pairs; /* [classes (classes - 1) / 2] smallest within - across first, pairs
                                   without rows last; owned */
    int64_t count;
} mos_modality_alignment;

typedef struct mos_alignment_input {
    const float *a, *b;               /* [n, d] rows of the modalities, of any length */
    const uint8_t *a_there, *b_there; /* [n] */
    const int8_t *labels;             /* [n, l] 1, 0, -1 unknown: in no class */
    int64_t n, d, l;
    int threads; /* without effect on the result */
} mos_alignment_input;

mosaic_status mos_modality_alignment_measure(const mos_alignment_input *input,
                                             mos_modality_alignment *out);
void mos_modality_alignment_release(mos_modality_alignment *alignment);

#endif
