/* One modality's encoder: a torchvision-shaped ResNet without fc, from host images to features, and
 * back. */
#ifndef MOS_MODEL_RESNET_H
#define MOS_MODEL_RESNET_H

#include "model/layers.h"
#include "model/placement.h"

enum { MOS_BLOCK_UNITS = 3 }; /* most convolutions on a block's main path */

/* A kind of residual block: the convolutions of its main path. */
typedef struct mos_block_kind {
    int units;
    int64_t kernel[MOS_BLOCK_UNITS];
    int64_t widen[MOS_BLOCK_UNITS]; /* output channels, in stage widths */
    int strided;                    /* the unit that carries the stride */
} mos_block_kind;

typedef struct mos_encoder_shape {
    const mos_block_kind *block;
    int depth[4];
    int64_t width; /* channels of the stem and of the first stage; every stage doubles them */
} mos_encoder_shape;
/* Indexed by mos_encoder_kind. A deeper or wider network is a row here and a name in
 * mos_encoder_names. */
extern const mos_encoder_shape mos_encoder_shapes[];
extern const int mos_encoder_shape_count;

/* The gradient of what a block reads or writes is the sum of two parts. No pass adds them up:
 * whoever reads the gradient takes both and adds as it reads. skip came down the skip path, conv
 * through the convolutions (NULL: zero). */
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

typedef struct mos_encoder {
    int64_t bands, feature_size;
    bool stem_pool;
    mos_unit stem;
    mos_block *blocks;
    int64_t block_count;
    int64_t stage_end[MOS_ENCODER_STAGES]; /* blocks of the stem (0), layer1, ... layer4 end here */
    int64_t first_counter, counters;

    /* planned */
    int64_t n, groups;
    int64_t parts;          /* of equal size; images come in so many pieces */
    int64_t height, width;  /* of the images */
    int64_t last_h, last_w; /* of the last activation */
    bool train;
    mos_recompute recompute;
    mos_freeze freeze;
    mos_pool *pool;
    size_t image_bytes, part_bytes, pool_bytes, index_bytes; /* part: of an image piece */
    /* placed */
    void *image, *image_again; /* what the stem reads, in either pass */
    void *pooled, *pool_index;
    mos_gradient dlast;         /* of the last activation */
    void *features, *dfeatures; /* real [n, feature_size] */
} mos_encoder;

mosaic_status mos_encoder_init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix,
                               mos_encoder_kind kind, int64_t bands, bool stem_pool);
/* Takes empty and half-built encoders. */
void mos_encoder_release(mos_encoder *encoder, mos_device *device);

/* How an encoder is run: `parts` pieces (view sets) of `rows` patches each, height x width, with
 * batch norm over `groups` equal groups. */
typedef struct mos_encoder_plan {
    int64_t parts, rows, groups, height, width;
    bool train;
    mos_recompute recompute;
    mos_freeze freeze;
} mos_encoder_plan;
mosaic_status mos_encoder_make(mos_encoder *encoder, mos_device *device,
                               const mos_encoder_plan *plan);
/* Lists the buffers and runs the passes once without computing, so that the placement knows when
 * which buffer is needed (encoder_memory.c); features and dfeatures are the caller's to place. */
void mos_encoder_record(mos_encoder *encoder, const mos_weights *weights, mos_placement *placement);
/* Of the plan: blocks of frozen stages, and counters of norms whose statistics stay; both come
 * first. */
int64_t mos_encoder_frozen_blocks(const mos_encoder *encoder);
int64_t mos_encoder_fixed_counters(const mos_encoder *encoder);
void mos_encoder_unplan(mos_encoder *encoder, mos_device *device);
/* The weights of an inference plan, after those or the running statistics changed. */
void mos_encoder_fold(mos_encoder *encoder, const mos_weights *weights);
/* Bytes of weights the plans hold: those of inference. */
size_t mos_encoder_packed_bytes(const mos_encoder *encoder, const mos_device *device);
void mos_encoder_layers(const mos_encoder *encoder, const mos_device *device, mos_layer_visit visit,
                        void *context);

/* What the blocks read: the stem's output behind the pool, then each block's. The address of the
 * pointer, for the list of buffers. */
static inline void **mos_block_output(mos_encoder *encoder, int64_t b) {
    mos_block *block = &encoder->blocks[b];
    return &block->unit[block->units - 1].y;
}
static inline void **mos_block_input(mos_encoder *encoder, int64_t b) {
    if (b > 0) return mos_block_output(encoder, b - 1);
    return encoder->stem_pool ? &encoder->pooled : &encoder->stem.y;
}
static inline mos_gradient *mos_block_gradient(mos_encoder *encoder, int64_t b) {
    return b + 1 < encoder->block_count ? &encoder->blocks[b + 1].din : &encoder->dlast;
}

/* Images: `parts` pieces of host float [rows, bands, height, width], `stride` floats apart. They
 * must stay until the backward pass. */
typedef struct mos_images {
    const float *first;
    int64_t stride;
} mos_images;
/* Images to features. present: [n] or NULL. learn: running statistics follow. */
void mos_encoder_forward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                         const uint8_t *present, bool learn);
/* With the running statistics; the weights are the plan's own of the last fold. */
void mos_encoder_infer(mos_encoder *encoder, mos_device *device, const mos_images *images);
/* dfeatures to the gradients of all weights but the frozen stages' (added), behind
 * mos_encoder_forward on the same images. */
void mos_encoder_backward(mos_encoder *encoder, const mos_weights *weights,
                          const mos_images *images, const uint8_t *present);

#endif
