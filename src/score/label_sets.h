/* The distinct label sets of a multi-label table, the most frequent first. */
#ifndef MOS_SCORE_LABEL_SETS_H
#define MOS_SCORE_LABEL_SETS_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_label_sets {
    int32_t *of;    /* [n] set of a row, -1: none of those kept */
    int64_t *size;  /* [count] rows */
    int64_t *first; /* [count] the first row that has it */
    int64_t count;
} mos_label_sets;
/* labels: [n, l]. Keeps the `most` sets with the most rows, equal ones by their labels, and of
 * these those with at least `least` rows. Rows without any label form a set too; rows with an
 * unknown label belong to none. */
mosaic_status mos_label_sets_find(const int8_t *labels, int64_t n, int64_t l, int64_t most,
                                  int64_t least, mos_label_sets *out);
void mos_label_sets_release(mos_label_sets *sets);

#endif
