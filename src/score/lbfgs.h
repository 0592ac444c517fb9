/* L-BFGS for smooth convex functions (Nocedal & Wright, algorithm 7.5), backtracking on the Armijo
 * condition. */
#ifndef MOS_SCORE_LBFGS_H
#define MOS_SCORE_LBFGS_H

#include "base/error.h"

#include <stdint.h>

/* Value at x [n]; writes the gradient. */
typedef double (*mos_lbfgs_function)(void *context, const double *x, double *gradient);

/* Minimises from x in place: at most `iterations`, or until max |gradient| <= tolerance. */
mosaic_status mos_lbfgs(mos_lbfgs_function function, void *context, double *x, int64_t n,
                        int64_t iterations, double tolerance);

#endif
