/* Logistic regression of one class on rows of floats: value and gradient. Internal to the room. */
#ifndef MOS_SCORE_LOGISTIC_LOSS_H
#define MOS_SCORE_LOGISTIC_LOSS_H

#include <stdint.h>

enum { MOS_LOGISTIC_LANES = 8 };

typedef struct mos_logistic_rows {
    const float *features; /* [n, stride], zeros from f on; stride a multiple of the lanes */
    const int8_t *labels;  /* of row i: labels[i * label_stride], -1: left out */
    int64_t n, f, stride, label_stride;
} mos_logistic_rows;

/* With x = (w [stride], b) and m known rows of those listed (index [count], NULL: the first
 * `count`):
 *   value = sum log(1 + exp(-y (w.row + b))) / m + 0.5 l2 |w|^2
 * Writes the gradient [stride + 1]; 0 for no known row, penalty apart. */
double mos_logistic_loss(const mos_logistic_rows *rows, const uint32_t *index, int64_t count,
                         double l2, const double *x, double *gradient);

#endif
