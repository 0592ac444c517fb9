/* Calibration of probabilities: reliability bins and expected calibration error. */
#ifndef MOS_SCORE_CALIBRATION_H
#define MOS_SCORE_CALIBRATION_H

#include <stdint.h>

enum { MOS_CALIBRATION_BINS = 15 };

typedef struct mos_calibration_bin {
    double confidence, frequency; /* mean probability, share of positives; NaN when empty */
    int64_t count;
} mos_calibration_bin;
typedef struct mos_calibration {
    mos_calibration_bin bin[MOS_CALIBRATION_BINS]; /* equal widths; an edge belongs to the lower */
    int64_t known;
    double ece;           /* sum count / known |frequency - confidence| (Guo et al. 2017) */
    double largest_error; /* of a bin */
    double brier;         /* mean (probability - label)^2 */
} mos_calibration;

/* n values `stride` apart; labels -1 are skipped. Errors are NaN without a known label. */
void mos_calibration_measure(const float *probability, const int8_t *labels, int64_t n,
                             int64_t stride, mos_calibration *out);

#endif
