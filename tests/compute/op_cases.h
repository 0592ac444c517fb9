/* One table of op cases, run on any device: the outputs of one device are compared with those of
 * another, with themselves on a second run, and timed by nobody. Inputs are bfloat16 numbers, so
 * every backend starts from the same values. */
#ifndef MOS_TESTS_COMPUTE_OP_CASES_H
#define MOS_TESTS_COMPUTE_OP_CASES_H

#include "compute/device.h"
#include "modal_ops.h"

typedef enum op_kind {
    OP_CONV,
    OP_NORM,
    OP_INFER,
    OP_FOLDED,
    OP_POOL,
    OP_MEAN,
    OP_LINEAR,
    OP_UNIT,
    OP_ROWS,
    OP_MODAL,
    OP_CONTRAST,
    OP_BCE,
    OP_OPTIMIZE,
    OP_MEASURE,
    OP_MEMORY,
    OP_KINDS
} op_kind;

typedef struct op_case {
    const char *name;
    op_kind kind;
    bool slow; /* a layer at full size: left out where a run on ref is repeated */
    union {
        mos_conv_shape conv;
        struct {
            mos_norm_shape shape;
            bool second, alias, masked; /* dy2 given; dskip is dy; some rows absent */
        } norm;
        struct {
            mos_pool_shape shape;
            bool second, rectified; /* dy2 given; x has many equal zeros, as after a ReLU */
        } pool;
        struct {
            int64_t n, c, h, w;
        } rows;
        struct {
            int64_t n, i, o, extra;
            bool bias, accumulate, data; /* data: dx is wanted */
        } linear;
        struct {
            int64_t anchors, references, d, classes;
            double tau;
            mos_positives positives;
            bool one_set, weighting, masked;
            int64_t frozen; /* of the references, the last; one_set: anchors are the others */
        } contrast;
        struct {
            int64_t n, l;
            bool weighted, unknown; /* unknown: no label is known */
            bool mixed;             /* targets between 0 and 1 */
        } bce;
        modal_shape modal;
        struct {
            mos_optimizer_step step;
            int steps;
        } optimize;
    };
} op_case;

enum { OP_MAX_OUTPUTS = 10 };
typedef struct op_output {
    const char *name;
    double *values;
    int64_t count;
} op_output;
typedef struct op_outputs {
    op_output items[OP_MAX_OUTPUTS];
    int count;
} op_outputs;

extern const op_case op_cases[];
extern const int op_case_count;

/* Run a case; release the outputs. Output buffers start as NaN where they are written, and as
 * numbers where they are added to; scratch memory starts as NaN. */
void op_case_run(mos_device *device, const op_case *which, op_outputs *out);
void op_outputs_release(op_outputs *out);

/* For the files that run cases: a new output of `count` values, to be filled. */
double *op_output_add(op_outputs *out, const char *name, int64_t count);
void op_run_conv(mos_device *device, const op_case *which, op_outputs *out);
void op_run_norm(mos_device *device, const op_case *which, op_outputs *out);
void op_run_infer(mos_device *device, const op_case *which, op_outputs *out);
void op_run_folded(mos_device *device, const op_case *which, op_outputs *out);
/* The same case in two steps, convolution and norm: what folding must not change. */
void op_run_unfolded(mos_device *device, const op_case *which, op_outputs *out);
void op_run_folded(mos_device *device, const op_case *which, op_outputs *out);
void op_run_pool(mos_device *device, const op_case *which, op_outputs *out);
void op_run_mean(mos_device *device, const op_case *which, op_outputs *out);
void op_run_linear(mos_device *device, const op_case *which, op_outputs *out);
void op_run_unit(mos_device *device, const op_case *which, op_outputs *out);
void op_run_rows(mos_device *device, const op_case *which, op_outputs *out);
void op_run_modal(mos_device *device, const op_case *which, op_outputs *out);
void op_run_contrast(mos_device *device, const op_case *which, op_outputs *out);
void op_run_bce(mos_device *device, const op_case *which, op_outputs *out);
void op_run_optimize(mos_device *device, const op_case *which, op_outputs *out);
void op_run_measure(mos_device *device, const op_case *which, op_outputs *out);
void op_run_memory(mos_device *device, const op_case *which, op_outputs *out);

#endif
