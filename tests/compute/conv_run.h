/* One convolution through all its directions on a device, its results in double. */
#ifndef TESTS_COMPUTE_CONV_RUN_H
#define TESTS_COMPUTE_CONV_RUN_H

#include "compute/device.h"

#include <stdbool.h>

typedef struct conv_results {
    int64_t y_count, x_count, w_count;
    double *y, *dx, *dw; /* dx NULL: of an image */
    char names[3][64];   /* what forward, backward data and backward weights ran on */
} conv_results;

/* Inputs from a fixed seed; the gradient of the weights is added to ones. Fails the test when a
 * direction allocates. Release afterwards. */
conv_results conv_run(mos_device *device, const mos_conv_shape *shape);
void conv_results_release(conv_results *results);

/* Multiply-adds of one direction, the padding's counted. */
double conv_products(const mos_conv_shape *shape);

/* Of an emulator, which does some 50 million multiply-adds a second: whether the shape would take it
 * minutes, which is printed, and whether it should be run once where others run twice. What large shapes
 * add to small ones is how work is cut up, the same on every processor. */
bool conv_is_left_out(const mos_conv_shape *shape, const char *name);
bool conv_runs_once(const mos_conv_shape *shape);

/* The root of the sum of squares of got - wanted over that of wanted. */
double conv_relative_rms(const double *got, const double *wanted, int64_t count);

#endif
