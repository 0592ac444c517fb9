/* Eigenvalues and eigenvectors of a symmetric matrix: Householder tridiagonalisation, then QL
 * iterations with implicit shifts (Golub & Van Loan, Matrix Computations, 8.3). */
#ifndef MOS_SCORE_EIGEN_H
#define MOS_SCORE_EIGEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* m: [d, d], both halves, overwritten. values: [d], descending. With `vectors` row k of m is the
 * unit eigenvector of values[k] afterwards (its sign is arbitrary); otherwise m is scratch. */
mosaic_status mos_symmetric_eigen(double *m, int64_t d, double *values, bool vectors);

#endif
