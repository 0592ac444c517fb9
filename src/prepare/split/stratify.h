/* Iterative stratification of multi-label samples (Sechidis, Tsoumakas, Vlahavas 2011), over single
 * samples or whole groups of them. */
#ifndef MOS_PREPARE_SPLIT_STRATIFY_H
#define MOS_PREPARE_SPLIT_STRATIFY_H

#include "base/error.h"

#include <stdint.h>

enum { MOS_STRATIFY_MAX_PARTS = 1024 };

typedef struct mos_stratify_problem {
    int64_t units, labels;
    const int32_t *counts; /* [units, labels] samples of the unit that have the label */
    const int32_t *sizes;  /* [units] samples of the unit, at least 1 */
    int64_t parts;
    const double *shares; /* [parts] at least 0, sum above 0; scaled to 1 */
    uint64_t seed;
} mos_stratify_problem;

/* part: [units] in [0, parts). The rarest label that has samples left is dealt out first: each of
 * its units goes to the part that wants most of that label, among equals to the one that wants most
 * samples, among equals by chance. Units without any label fill what is wanted at the end. A part
 * with share 0 stays empty. The same problem gives the same answer anywhere. */
mosaic_status mos_stratify(const mos_stratify_problem *problem, int16_t *part);

#endif
