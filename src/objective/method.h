/* The methods are rows of one table (method.md section 3), each a list of terms: no code path per
 * method. */
#ifndef MOS_OBJECTIVE_METHOD_H
#define MOS_OBJECTIVE_METHOD_H

#include "objective/term.h"

/* Row sets of the supervised contrastive term. */
enum { MOS_MSC_CROSS = 1, MOS_MSC_VIEWS = 2, MOS_MSC_JOINT = 4 };

typedef struct mos_method {
    const char *name;
    unsigned terms; /* 1 << MOS_TERM_* of each */
    int msc;        /* row sets of the supervised contrast, MOS_MSC_* */
    const char *summary;
} mos_method;
/* NULL-terminated by name == NULL. */
extern const mos_method mos_methods[];
mosaic_status mos_method_find(const char *name, const mos_method **out);

#endif
