/* Class and band lists are joined by name, never by position. */
#ifndef MOS_ARTIFACT_CLASS_JOIN_H
#define MOS_ARTIFACT_CLASS_JOIN_H

#include "base/error.h"

#include <stdint.h>

/* map[i]: where wanted[i] stands among found, or -1. Returns the number that were found. */
int64_t mos_names_join(const char *const *wanted, int64_t wanted_count, const char *const *found,
                       int64_t found_count, int64_t *map);
/* As above, and every name must be there and none left over: otherwise MOSAIC_ERR_DATA naming the
 * first few that are not, with what the lists are called. */
mosaic_status mos_names_join_exactly(const char *const *wanted, int64_t wanted_count,
                                     const char *wanted_what, const char *const *found,
                                     int64_t found_count, const char *found_what, int64_t *map);

#endif
