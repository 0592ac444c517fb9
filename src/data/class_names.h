/* Class names that tell of a slip in the table: two that look alike, one that is no name, several
 * written into one. */
#ifndef MOS_DATA_CLASS_NAMES_H
#define MOS_DATA_CLASS_NAMES_H

#include "data/dataset.h"

/* Each becomes a defect of the data set, and is used as it stands. */
void mos_class_names_judge(mos_dataset *dataset);

#endif
