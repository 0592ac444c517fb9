/* Which classes does the model confuse with which? For every ordered pair (i, j): how often j is
 * predicted where i is and j is not, set against how often it is predicted where neither is, so
 * that neither a class that is predicted everywhere nor one that really occurs with i looks
 * confusable (docs/experiments_parts.md). */
#ifndef MOS_SCORE_CONFUSABILITY_H
#define MOS_SCORE_CONFUSABILITY_H

#include "score/bootstrap.h"

enum { MOS_CONFUSION_EXAMPLES = 3 };

/* What does not exist is NaN. */
typedef struct mos_confusion_pair {
    int64_t from, to;       /* true class i, wrongly predicted class j */
    int64_t rows, confused; /* rows with i and without j; of these predicted as j */
    double rate;            /* P(pred j | i, not j) */
    double base_rate;       /* P(pred j | not i, not j) */
    double lift;            /* rate / base rate, half a row added to each count */
    double excess;          /* rate - base rate with half a row added, less one standard error: the
                               order of the list; -infinity without rows */
    double score_correlation; /* of the two scores over rows that do not have both labels */
    double prototype_cosine;  /* between the mean embeddings of rows with i and not j and of rows
                                 with j and not i, both less the mean of all rows */
    int64_t example[MOS_CONFUSION_EXAMPLES]; /* confused rows, largest score of j first; -1 */
} mos_confusion_pair;

typedef struct mos_confusability {
    mos_confusion_pair *pairs; /* [classes (classes - 1)] most confusable first; owned */
    int64_t count, classes;
    int64_t *nearest; /* [classes] the class of largest prototype cosine, -1: none; owned */
} mos_confusability;

/* embedding: [parts] tables [n, d], one a modality; a row's embedding is its unit rows side by
 * side, rows of zeros are absent. parts 0: no prototypes. */
mosaic_status mos_confusability_measure(const mos_score_input *input, const float *const *embedding,
                                        int64_t parts, int64_t d, mos_confusability *out);
void mos_confusability_release(mos_confusability *confusability);

#endif
