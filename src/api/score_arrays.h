/* Labels, probabilities and thresholds as callers hand them over. */
#ifndef MOS_API_SCORE_ARRAYS_H
#define MOS_API_SCORE_ARRAYS_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_score_arrays {
    const float *probability; /* [n, classes] */
    const int8_t *labels;     /* [n, classes] */
    const double *threshold;  /* [classes], or NULL */
    int64_t n, classes;
} mos_score_arrays;

/* MOSAIC_ERR_USAGE for n < least, classes < 1, an array that is NULL and a label other than 1, 0 and
 * -1; MOSAIC_ERR_NUMERIC for a threshold that is not finite. The message names the row and the class.
 * Whether the probabilities are finite the scores look at. `function` stands before every message. */
mosaic_status mos_check_score_arrays(const char *function, int64_t least,
                                     const mos_score_arrays *arrays);
/* The same of labels [n, classes] alone. */
mosaic_status mos_check_labels(const char *function, int64_t least, const int8_t *labels, int64_t n,
                               int64_t classes);
/* MOSAIC_ERR_USAGE for fewer than `least` rows, fewer than one column, and more cells than memory has
 * addresses. `what` stands before the message. */
mosaic_status mos_check_shape(const char *what, int64_t least, int64_t n, int64_t columns);

#endif
