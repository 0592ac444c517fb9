/* What the scores of two runs stand on: bands, their unit and level, classes, data, how they were
 * read, who scored. Where it is not the same, the page and the terminal say so: such scores are no
 * contest of methods. */
#ifndef MOS_STUDY_COMPARISON_GROUND_H
#define MOS_STUDY_COMPARISON_GROUND_H

#include "study/comparison.h"

/* One sentence for each thing that run `r` and the reference do not share; added to `out`. */
mosaic_status mos_comparison_ground(const mos_comparison *comparison, int64_t r,
                                    mos_text_list *out);

#endif
