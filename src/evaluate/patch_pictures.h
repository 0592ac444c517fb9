/* Patches worth looking at, as pictures beside an evaluation's numbers: the best, the worst and the
 * most uncertain ones, and those in which one class is taken for another. */
#ifndef MOS_EVALUATE_PATCH_PICTURES_H
#define MOS_EVALUATE_PATCH_PICTURES_H

#include "evaluate/results.h"

enum { MOS_PICTURED_PAIRS = 12, MOS_PICTURED_EXAMPLES = 2, MOS_PICTURED_MOST = 24 };

/* patches.csv: id, best, worst, uncertain (the patch's rank among those, empty: not among them),
 * error (mean cross entropy of the known labels, nats), entropy (mean of the scores, bits), labels,
 * predicted, missed, wrong (class names, ';' between), then for every modality of the data set the
 * picture's file below patches/, empty where there is none, and what it shows.
 *
 * `each` patches of a kind, at most MOS_PICTURED_MOST; then the first examples of the first pairs
 * of the folder's confusability.csv, where that is. Best: least error among patches with a known
 * positive label. Ties go to the first row. A patch that cannot be read has no picture, which is no
 * error; 0: nothing is written, and what an earlier evaluation left is removed. */
mosaic_status mos_patch_pictures_write(const mos_result_set *set, mos_dataset *dataset,
                                       const char *folder, int64_t each);

#endif
