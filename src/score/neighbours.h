/* Exact nearest rows by cosine, block by block: nothing of size n x n is ever kept. */
#ifndef MOS_SCORE_NEIGHBOURS_H
#define MOS_SCORE_NEIGHBOURS_H

#include "base/error.h"

#include <stdint.h>

/* unit: [n, d] unit rows. index: [n, k] the k other rows of largest cosine, best first, equal ones
 * by their number; cosine: [n, k] or NULL. k < n. The same for any number of threads. */
mosaic_status mos_cosine_neighbours(const float *unit, int64_t n, int64_t d, int64_t k, int threads,
                                    int32_t *index, float *cosine);
/* The nearest rows of other queries: query [m, d] unit rows, index [m, k]: rows of unit [n, d]; k
 * <= n. */
mosaic_status mos_cosine_search(const float *query, int64_t m, const float *unit, int64_t n,
                                int64_t d, int64_t k, int threads, int32_t *index, float *cosine);

#endif
