/* The repeated piece of an encoder: convolution, batch norm, and where asked + skip and ReLU. And
 * the buffers such pieces share. */
#ifndef MOS_MODEL_LAYERS_H
#define MOS_MODEL_LAYERS_H

#include "base/memory.h"
#include "model/parameters.h"

/* Scratch that no two passes need at once, so all encoders and both directions share it: four
 * activation slots whose sizes are the largest anyone needs, and the operators' workspace.
 * Training: slots A, B hold the two pieces of the gradient on its way down, T what a norm hands to
 * its convolution. Inference: all activations rotate through the slots. */
enum { MOS_SLOT_A, MOS_SLOT_B, MOS_SLOT_T, MOS_SLOT_LAST, MOS_SLOTS };
typedef struct mos_slots {
    size_t bytes[MOS_SLOTS], workspace_bytes;
    void *at[MOS_SLOTS], *workspace;
} mos_slots;
static inline void mos_slot_need(mos_slots *slots, int slot, size_t bytes) {
    if (slots->bytes[slot] < bytes) slots->bytes[slot] = bytes;
}

typedef struct mos_unit {
    char name[MOS_NAME_SIZE]; /* of the convolution */
    int64_t ci, co, kernel, stride, pad;
    bool image; /* reads an image; its input gets no gradient */
    bool relu, skip;
    int64_t weight; /* offset in params and grads */
    mos_norm_offsets norm_at;

    /* planned */
    mos_conv *conv;
    mos_norm *norm;
    int64_t groups, oh, ow;
    size_t out_bytes; /* of x and of y */
    /* act [n, co, oh, ow]: the convolution's output and the norm's. Training keeps them for the
     * backward pass; the y of a downsampling unit is a slot. An inference plan has no norm, that is
     * folded into the convolution, and no x; y is a slot. */
    void *x, *y;
    void *mean, *rstd; /* real [groups, co], training */
} mos_unit;

/* Fills in the description and registers "<prefix>.<conv>.weight" and "<prefix>.<norm>.*". */
typedef struct mos_unit_shape {
    const char *conv, *norm;
    int64_t ci, co, kernel, stride;
    bool image, relu, skip;
} mos_unit_shape;
mosaic_status mos_unit_init(mos_unit *unit, mos_parameter_table *table, const char *prefix,
                            const mos_unit_shape *shape);

/* Plans for input [n, ci, h, w] in `groups` view sets. */
mosaic_status mos_unit_plan(mos_unit *unit, mos_device *device, mos_slots *slots, int64_t n,
                            int64_t groups, int64_t h, int64_t w, bool train);
/* Takes what training keeps: x, the statistics and, unless y is given, y. */
void mos_unit_keep(mos_unit *unit, const mos_device *device, mos_arena *arena, void *y);
/* Frees the plans; a unit without plans is fine. */
void mos_unit_release(mos_unit *unit, mos_device *device);
/* After weights or running statistics changed. */
void mos_unit_pack(mos_unit *unit, const mos_weights *weights, const mos_slots *slots);

/* y = relu?(norm(conv(in)) + skip?) with batch statistics (training plans), or with the running
 * ones: then y holds the skip beforehand. */
void mos_unit_forward(mos_unit *unit, const mos_weights *weights, const mos_slots *slots,
                      const void *in, const void *skip, const uint8_t *present);
void mos_unit_infer(mos_unit *unit, mos_device *device, const mos_slots *slots, const void *in);
/* The buffers of one backward step. The gradient of y is dy + dy2 (dy2 may be NULL). dskip receives
 * the skip's gradient and may be dy; dx that of the norm's input, and differs from the others; din
 * that of the unit's input (NULL: not wanted), and may be dy2, or dy where that is not dskip. */
typedef struct mos_unit_flow {
    const void *dy, *dy2;
    void *dskip, *dx, *din;
} mos_unit_flow;
/* Adds to the weights' gradients. */
void mos_unit_backward(mos_unit *unit, const mos_weights *weights, const mos_slots *slots,
                       const void *in, const mos_unit_flow *flow, const uint8_t *present);

#endif
