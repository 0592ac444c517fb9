/* Every backward of the op table as cases for the gradient check. */
#ifndef MOS_TESTS_COMPUTE_GRADIENT_CASES_H
#define MOS_TESTS_COMPUTE_GRADIENT_CASES_H

#include "compute/device.h"
#include "grad_check.h"
#include "modal_ops.h"

typedef struct gradient_case {
    const char *name;
    grad_report (*run)(mos_device *device, const struct gradient_case *which);
    union {
        mos_conv_shape conv;
        struct {
            mos_norm_shape shape;
            bool second, masked; /* the gradient arrives in two parts; some rows are absent */
        } norm;
        struct {
            mos_pool_shape shape;
            bool second;
        } pool;
        struct {
            int64_t n, c, h, w;
        } rows;
        struct {
            int64_t n, i, o, extra; /* extra: columns of x and y beyond the block used */
            bool bias, accumulate;
        } linear;
        struct {
            mos_positives positives;
            bool one_set, weighting,
                masked; /* one_set: anchors are the references, self excluded */
            double tau;
            int64_t frozen; /* references, the last, that are constants */
        } contrast;
        struct {
            int64_t n, l;
            bool weighted, mixed; /* mixed: targets between 0 and 1 */
        } bce;
        modal_shape modal;
    };
} gradient_case;

/* Relative error allowed in every case. */
extern const double gradient_tolerance;
extern const gradient_case gradient_cases[];
extern const int gradient_case_count;

#endif
