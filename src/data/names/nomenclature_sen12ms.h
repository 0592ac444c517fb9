/* Land cover classes of SEN12MS: IGBP 1..17 as MODIS MCD12Q1 has them, and the ten that the data
 * set's authors simplify them to. */
#ifndef MOS_DATA_NAMES_NOMENCLATURE_SEN12MS_H
#define MOS_DATA_NAMES_NOMENCLATURE_SEN12MS_H

enum { MOS_IGBP_CLASSES = 17, MOS_IGBP_SIMPLE_CLASSES = 10 };

extern const char *const mos_igbp_classes[MOS_IGBP_CLASSES]; /* [k]: code k + 1 */
extern const char *const mos_igbp_simple_classes[MOS_IGBP_SIMPLE_CLASSES];
/* mos_igbp_simple_of[k]: index among the ten of code k + 1. */
extern const int mos_igbp_simple_of[MOS_IGBP_CLASSES];

#endif
