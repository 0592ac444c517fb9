/* The methods are rows of one table (docs/math.md), each a list of terms: no code path per
 * method. */
#ifndef MOS_OBJECTIVE_METHOD_H
#define MOS_OBJECTIVE_METHOD_H

#include "base/text.h"
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
/* Names, "mosaic-1, mosaic-2", of those that need nothing of `without`: MOS_NEEDS_*; 0: all. */
void mos_method_list(unsigned without, mos_text *out);

#endif
