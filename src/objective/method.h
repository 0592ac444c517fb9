/* The methods are rows of one table (method.md section 3), and the objective is computed from the
 * row: no code path per method. */
#ifndef MOS_OBJECTIVE_METHOD_H
#define MOS_OBJECTIVE_METHOD_H

#include "base/error.h"

#include <stdbool.h>

/* Row sets of the supervised contrastive term. */
enum { MOS_MSC_CROSS = 1, MOS_MSC_VIEWS = 2, MOS_MSC_JOINT = 4 };

typedef struct mos_method {
    const char *name;
    bool intra; /* NT-Xent between the two strong views of each modality */
    bool inter; /* NT-Xent between the anchors of each pair of modalities */
    int msc;    /* bit set of row sets; 0: no supervised contrast */
    bool bce;
    const char *summary;
} mos_method;
/* NULL-terminated by name == NULL. */
extern const mos_method mos_methods[];
mosaic_status mos_method_find(const char *name, const mos_method **out);
/* Does the method compare latents? */
bool mos_method_needs_latents(const mos_method *method);

#endif
