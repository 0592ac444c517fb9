/* One column of words or numbers over the samples of an evaluation, as the numbers of groups. */
#ifndef MOS_EVALUATE_GROUP_COLUMN_H
#define MOS_EVALUATE_GROUP_COLUMN_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_group_column {
    int64_t *group;    /* [n] which of the names, owned */
    char (*name)[128]; /* [count], owned: in order of the words or numbers, "unknown" last */
    int64_t count;
} mos_group_column;

/* text: [n] the samples' words, NULL or "" where unknown. `what` names the column in an error. */
mosaic_status mos_group_column_make(const char *const *text, int64_t n, const char *what,
                                    mos_group_column *out);
void mos_group_column_release(mos_group_column *column);

#endif
