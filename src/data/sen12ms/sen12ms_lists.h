/* Splits of SEN12MS: train_list.txt, val_list.txt, test_list.txt (names of s2 files), else
 * SEN12MS_holdOutScenes.txt (folders of the test scenes; the other scenes are train). */
#ifndef MOS_DATA_SEN12MS_SEN12MS_LISTS_H
#define MOS_DATA_SEN12MS_SEN12MS_LISTS_H

#include "data/sen12ms/sen12ms_tree.h"

/* Looks at data.metadata (a folder, or one .txt list), beside it where it is a table of fractions,
 * and in root; sets the splits of the stored patches. With a test list and no train list the rest
 * is train, as the two together are the whole set; otherwise what is in no list has no split. */
mosaic_status mos_sen12ms_lists_read(mos_dataset *dataset, mos_sen12ms_tree *tree);

#endif
