/* The family of residual networks, torchvision-shaped, without fc: described and planned in
 * resnet.c, listed in resnet_memory.c, run in resnet_pass.c. */
#ifndef MOS_MODEL_RESNET_H
#define MOS_MODEL_RESNET_H

#include "model/encoder.h"

enum { MOS_BLOCK_UNITS = 3 }; /* most convolutions on a block's main path */

/* A kind of residual block: the convolutions of its main path. */
typedef struct mos_block_kind {
    int units;
    int64_t kernel[MOS_BLOCK_UNITS];
    int64_t widen[MOS_BLOCK_UNITS]; /* output channels, in stage widths */
    int strided;                    /* the unit that carries the stride */
} mos_block_kind;

typedef struct mos_resnet_shape {
    const mos_block_kind *block;
    int depth[4];
    int64_t width; /* channels of the stem and of the first stage; every stage doubles them */
} mos_resnet_shape;
/* NULL: that encoder is no residual network. */
const mos_resnet_shape *mos_resnet_shape_of(mos_encoder_kind encoder);

/* The gradient of a block's input is the sum of two gradients: one comes back through the skip path,
 * one through the convolutions (NULL: zero). They are kept apart, and the op that reads the gradient
 * adds them: a pass over memory that only adds is saved. */
typedef struct mos_gradient {
    void *skip, *conv;
} mos_gradient;

typedef struct mos_block {
    int units;
    mos_unit unit[MOS_BLOCK_UNITS];
    bool has_down;
    mos_unit down; /* 1x1 convolution and norm on the skip path */
    size_t in_bytes;
    mos_gradient din; /* placed */
} mos_block;

/* An encoder's own. */
typedef struct mos_resnet {
    mos_unit stem;
    mos_block *blocks;
    int64_t block_count;
    int64_t stage_end[MOS_ENCODER_STAGES]; /* blocks of the stem (0), layer1, ... layer4 end here */

    /* planned */
    int64_t last_h, last_w; /* of the last activation */
    mos_pool *pool;
    size_t pool_bytes, index_bytes;
    /* placed */
    void *pooled, *pool_index;
    mos_gradient dlast; /* of the last activation */
} mos_resnet;

static inline mos_resnet *mos_resnet_of(const mos_encoder *encoder) {
    return encoder->own;
}
/* The first block that is trained. */
static inline int64_t mos_resnet_first_trained(const mos_encoder *encoder) {
    const mos_resnet *resnet = mos_resnet_of(encoder);
    return encoder->freeze.stages > 0 ? resnet->stage_end[encoder->freeze.stages - 1] : 0;
}
/* What the blocks read: the stem's output behind the pool, then each block's. The address of the
 * pointer, for the list of buffers. */
static inline void **mos_block_output(mos_resnet *resnet, int64_t b) {
    mos_block *block = &resnet->blocks[b];
    return &block->unit[block->units - 1].y;
}
static inline void **mos_block_input(mos_resnet *resnet, int64_t b) {
    if (b > 0) return mos_block_output(resnet, b - 1);
    return resnet->pool != NULL ? &resnet->pooled : &resnet->stem.y;
}
static inline mos_gradient *mos_block_gradient(mos_resnet *resnet, int64_t b) {
    return b + 1 < resnet->block_count ? &resnet->blocks[b + 1].din : &resnet->dlast;
}

void mos_resnet_list(mos_encoder *encoder, const mos_device *device, mos_placement *placement);
void mos_resnet_forward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                        const uint8_t *present, bool learn);
void mos_resnet_infer(mos_encoder *encoder, mos_device *device, const mos_images *images);
void mos_resnet_backward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                         const uint8_t *present);

#endif
