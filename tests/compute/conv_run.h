/* One convolution through all its directions on a device, its results in double. */
#ifndef TESTS_COMPUTE_CONV_RUN_H
#define TESTS_COMPUTE_CONV_RUN_H

#include "compute/device.h"

typedef struct conv_results {
    int64_t y_count, x_count, w_count;
    double *y, *dx, *dw; /* dx NULL: of an image */
    char names[3][64];   /* what forward, backward data and backward weights ran on */
} conv_results;

/* Inputs from a fixed seed; the gradient of the weights is added to ones. Fails the test when a
 * direction allocates. Release afterwards. */
conv_results conv_run(mos_device *device, const mos_conv_shape *shape);
void conv_results_release(conv_results *results);

/* The root of the sum of squares of got - wanted over that of wanted. */
double conv_relative_rms(const double *got, const double *wanted, int64_t count);

#endif
