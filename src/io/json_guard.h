/* Looks at JSON text before a tree is built from it: parsers call themselves for each level, and
 * spend far more memory on a value than it has bytes. */
#ifndef MOS_IO_JSON_GUARD_H
#define MOS_IO_JSON_GUARD_H

#include "base/error.h"

#include <stddef.h>

/* Refuses text that nests deeper than `depth` or has more than `values` values (0: any number).
 * `what` names the file and `part` the text in messages, as in "safetensors header". */
mosaic_status mos_json_guard(const char *json, size_t size, size_t depth, size_t values,
                             const char *what, const char *part);

#endif
