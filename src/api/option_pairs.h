/* Options as the interface takes them: key, value pairs ended by NULL. */
#ifndef MOS_API_OPTION_PAIRS_H
#define MOS_API_OPTION_PAIRS_H

#include "base/options.h"

/* A key of `own` goes into `values`. Any other key goes into `set` as "key=value"; whether it exists
 * the configuration decides later. `where` stands before every message. */
mosaic_status mos_pairs_take(const char *const *pairs, const mos_option_table *own, void *values,
                             mos_text_list *set, const char *where);

#endif
