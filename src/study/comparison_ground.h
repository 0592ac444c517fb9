/* Are the scores of two runs comparable? Compares bands, their units and product levels, classes,
 * data, how the data were read, and what computed the scores. Where they differ, the page and the
 * terminal say so: such scores do not compare methods. */
#ifndef MOS_STUDY_COMPARISON_GROUND_H
#define MOS_STUDY_COMPARISON_GROUND_H

#include "study/comparison.h"

/* One sentence for each thing that run `r` and the reference do not share; added to `out`. */
mosaic_status mos_comparison_ground(const mos_comparison *comparison, int64_t r,
                                    mos_text_list *out);

#endif
