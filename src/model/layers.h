/* The repeated piece of an encoder: convolution, batch norm, and where asked + skip and ReLU. */
#ifndef MOS_MODEL_LAYERS_H
#define MOS_MODEL_LAYERS_H

#include "model/parameters.h"
#include "model/placement.h"

typedef struct mos_unit {
    char name[MOS_NAME_SIZE]; /* of the convolution */
    int64_t ci, co, kernel, stride, pad;
    int stage;  /* of the encoder, from 1 */
    bool image; /* reads an image; its input gets no gradient */
    bool relu, skip;
    bool fixed;                  /* the norm's statistics stay what they are; set before planning */
    const mos_norm_peers *peers; /* with whom they are taken, NULL: alone; set before planning */
    int64_t weight;              /* offset in params and grads */
    mos_norm_offsets norm_at;

    /* planned */
    mos_conv *conv;
    mos_norm *norm;
    int64_t groups, oh, ow;
    size_t out_bytes;        /* bytes of x, and of y */
    size_t statistics_bytes; /* of mean and of rstd */
    /* Placed, each for as long as it is needed.
     * act [n, co, oh, ow]: x is the convolution's output, y the norm's. An inference plan folds the
     * norm into the convolution and has no x. */
    void *x, *y;
    /* What the backward pass reads as x and y. Without recomputing these are x and y themselves; with
     * train.recompute they are buffers of their own, filled by computing x and y a second time. */
    void *x_again, *y_again;
    void *dy, *dx;     /* gradients of y and x; dy only where no other unit provides it */
    void *mean, *rstd; /* real [groups, co], training */
    void *forward_space, *again_space, *data_space, *weights_space; /* the convolution's scratch */
} mos_unit;

/* Fills in the description and registers "<prefix>.<conv>.weight" and "<prefix>.<norm>.*". */
typedef struct mos_unit_shape {
    const char *conv, *norm;
    int64_t ci, co, kernel, stride;
    int stage;
    bool image, relu, skip;
} mos_unit_shape;
mosaic_status mos_unit_init(mos_unit *unit, mos_parameter_table *table, const char *prefix,
                            const mos_unit_shape *shape);

/* Plans for input [n, ci, h, w] in `groups` groups of the norm. */
mosaic_status mos_unit_plan(mos_unit *unit, mos_device *device, int64_t n, int64_t groups,
                            int64_t h, int64_t w, bool train);
/* Lists the buffers of a planned unit. again_x, again_y: what the backward pass reads in place of x
 * and y is worked out again, in buffers of its own. */
void mos_unit_list(mos_unit *unit, const mos_device *device, mos_placement *placement, bool again_x,
                   bool again_y);
/* The same for an inference plan, whose convolution holds the folded norm. skip: the buffer that the
 * convolution adds its result to, in place; NULL: none. */
void mos_unit_list_inference(mos_unit *unit, const mos_device *device, mos_placement *placement,
                             void **skip);
/* Frees the plans; a unit without plans is fine. */
void mos_unit_release(mos_unit *unit, mos_device *device);
/* An inference plan's weights, after those or the running statistics changed. */
void mos_unit_fold(mos_unit *unit, const mos_weights *weights);
/* Does the norm's backward pass read y? Where it does not, it derives the ReLU's mask from x. */
static inline bool mos_unit_masks_by_y(const mos_unit *unit) {
    return unit->relu && unit->skip;
}

/* y = relu?(norm(conv(in)) + skip?) with batch statistics (training plans), or with the running
 * ones: then y holds the skip beforehand. learn: the running statistics follow. */
void mos_unit_forward(mos_unit *unit, const mos_weights *weights, const void *in, const void *skip,
                      const uint8_t *present, bool learn);
void mos_unit_infer(mos_unit *unit, mos_device *device, const void *in);
/* In the backward pass: x_again = conv(in); y_again = relu?(norm(x_again)) with the statistics of
 * the forward pass, for units without skip. */
void mos_unit_convolve_again(mos_unit *unit, const mos_weights *weights, const void *in);
void mos_unit_normalise_again(mos_unit *unit, const mos_weights *weights, const uint8_t *present);
/* The gradient of y is dy + dy2 (dy2 may be NULL). dskip receives the skip's gradient and may be
 * dy; din that of the unit's input (NULL: not wanted). */
typedef struct mos_unit_flow {
    const void *dy, *dy2;
    void *dskip, *din;
} mos_unit_flow;
/* Adds to the weights' gradients. */
void mos_unit_backward(mos_unit *unit, const mos_weights *weights, const void *in,
                       const mos_unit_flow *flow, const uint8_t *present);

#endif
