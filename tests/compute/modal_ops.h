/* The fusions of the op table, told apart by a number, for the tests that run them all alike. */
#ifndef MOS_TESTS_COMPUTE_MODAL_OPS_H
#define MOS_TESTS_COMPUTE_MODAL_OPS_H

#include "compute/device.h"

typedef enum modal_op { MODAL_GATE, MODAL_PRODUCT, MODAL_ATTEND, MODAL_BLEND } modal_op;

typedef struct modal_shape {
    modal_op op;
    int64_t modalities, n, d, extra; /* extra: rank of a product, heads of an attention */
    bool masked;
} modal_shape;

/* How many arrays [modalities, n, width] the op takes, and their width. */
int modal_inputs(const modal_shape *shape);
int64_t modal_width(const modal_shape *shape);
/* in: the inputs one after the other; y [n, d]; with dy [n, d] also their gradients, as they lie in
 * `in`. Absent rows hold NaN on the device where `poison`; memory that is written starts as NaN. */
void modal_run(mos_device *device, const modal_shape *shape, const double *in, bool poison,
               double *y, const double *dy, double *din);

#endif
