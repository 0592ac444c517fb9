/* The choices of mos_data_options by name, and a deep copy. The order is that of the option table.
 */
#ifndef MOS_DATA_DATA_OPTIONS_H
#define MOS_DATA_DATA_OPTIONS_H

#include "data/dataset.h"

enum { MOS_ORDER_LEXICOGRAPHIC, MOS_ORDER_PAPER };
enum { MOS_POLICY_MASK, MOS_POLICY_FILL_MEAN, MOS_POLICY_SKIP, MOS_POLICY_REFUSE };
enum { MOS_CONSTANT_KEEP, MOS_CONSTANT_MASK, MOS_CONSTANT_SKIP, MOS_CONSTANT_REFUSE };
enum { MOS_BOA_AUTO, MOS_BOA_KEEP, MOS_BOA_REMOVE };
enum { MOS_S1_AUTO, MOS_S1_DB, MOS_S1_LINEAR, MOS_S1_AMPLITUDE };
enum { MOS_FOLD_AS_TEST, MOS_FOLD_AS_VALIDATION };
enum {
    MOS_CLASSES_DEFAULT,
    MOS_CLASSES_19,
    MOS_CLASSES_43,
    MOS_CLASSES_IGBP10,
    MOS_CLASSES_IGBP17
};
extern const char *const mos_class_choices[]; /* their names, NULL-terminated */

/* `to` need not be initialised; release it with mos_options_release, also after a failure. */
mosaic_status mos_data_options_copy(const mos_data_options *from, mos_data_options *to);

#endif
