/* Scores of weighted rows: what depends on probabilities and thresholds alone (outcomes, rankings)
 * is worked out once. Internal to the bootstrap. */
#ifndef MOS_SCORE_SCORE_TABLE_H
#define MOS_SCORE_SCORE_TABLE_H

#include "score/bootstrap.h"

enum {
    MOS_STAT_MACRO_F1,
    MOS_STAT_MICRO_F1,
    MOS_STAT_MACRO_AP,
    MOS_STAT_MICRO_AP,
    MOS_STAT_HAMMING,
    MOS_STAT_CLASSES /* then F1 of every class, then AP of every class */
};

typedef struct mos_score_table {
    int64_t n, l;
    uint8_t *averaged; /* [l] is the class one of the macro mean (score/metrics.h)? The set is the
                          rows', whatever a resample draws. */
    uint8_t *outcome;  /* [n, l] unknown, tp, fp, fn, tn */
    uint32_t *ranking; /* [l] lists of rows and one of all cells, best first, see score_table.c */
    int64_t *begin, *end; /* [l + 1] lists in `ranking`; the last one is of all cells */
} mos_score_table;
mosaic_status mos_score_table_make(const mos_score_input *input, mos_score_table *out);
void mos_score_table_release(mos_score_table *table);

static inline int64_t mos_score_table_statistics(const mos_score_table *table) {
    return MOS_STAT_CLASSES + 2 * table->l;
}
/* weight: [n]; counts: [5 l] scratch; out: the statistics, NaN where one does not exist. */
void mos_score_table_measure(const mos_score_table *table, const int32_t *weight, int64_t *counts,
                             double *out);

#endif
