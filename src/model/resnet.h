/* One modality's encoder: a torchvision-shaped ResNet without fc, from host images to features, and
 * back. */
#ifndef MOS_MODEL_RESNET_H
#define MOS_MODEL_RESNET_H

#include "model/layers.h"

enum { MOS_BLOCK_UNITS = 3 }; /* most convolutions on a block's main path */

/* A kind of residual block: the convolutions of its main path. */
typedef struct mos_block_kind {
    int units;
    int64_t kernel[MOS_BLOCK_UNITS];
    int64_t widen[MOS_BLOCK_UNITS]; /* output channels, in stage widths */
    int strided;                    /* the unit that carries the stride */
} mos_block_kind;

typedef struct mos_encoder_shape {
    const char *name;
    const mos_block_kind *block;
    int depth[4];
} mos_encoder_shape;
/* Indexed by mos_encoder_kind. A deeper network is a row here. */
extern const mos_encoder_shape mos_encoder_shapes[];
extern const int mos_encoder_shape_count;

typedef struct mos_block {
    int units;
    mos_unit unit[MOS_BLOCK_UNITS];
    bool has_down;
    mos_unit down; /* 1x1 convolution and norm on the skip path */
    size_t in_bytes, out_bytes;
} mos_block;

typedef struct mos_encoder {
    int64_t bands, feature_size;
    bool stem_pool;
    mos_unit stem;
    mos_block *blocks;
    int64_t block_count;
    int64_t first_counter, counters;

    /* planned */
    int64_t n, groups;
    int64_t height, width;  /* of the images */
    int64_t last_h, last_w; /* of the last activation */
    bool train;
    mos_pool *pool;
    size_t image_bytes, pool_bytes, index_bytes;
    void *image;  /* what the stem reads */
    void *pooled; /* act, training */
    void *pool_index;
    void *features, *dfeatures; /* real [n, feature_size] */
} mos_encoder;

mosaic_status mos_encoder_init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix,
                               mos_encoder_kind kind, int64_t bands, bool stem_pool);
/* Takes empty and half-built encoders. */
void mos_encoder_release(mos_encoder *encoder, mos_device *device);

/* Plans n = groups * batch patches of height x width; then, measuring and taking alike, the arena's
 * pieces (the slots are placed by then). */
mosaic_status mos_encoder_plan(mos_encoder *encoder, mos_device *device, mos_slots *slots,
                               int64_t batch, int64_t groups, int64_t height, int64_t width,
                               bool train);
void mos_encoder_place(mos_encoder *encoder, const mos_device *device, const mos_slots *slots,
                       mos_arena *arena);
void mos_encoder_unplan(mos_encoder *encoder, mos_device *device);
void mos_encoder_pack(mos_encoder *encoder, const mos_weights *weights, const mos_slots *slots);
/* Bytes of weight copies the plans hold. */
size_t mos_encoder_packed_bytes(const mos_encoder *encoder, const mos_device *device);
void mos_encoder_layers(const mos_encoder *encoder, const mos_device *device, mos_layer_visit visit,
                        void *context);

/* images: host float [n, bands, height, width] to features. present: host [n] or NULL. */
void mos_encoder_forward(mos_encoder *encoder, const mos_weights *weights, const mos_slots *slots,
                         const float *images, const uint8_t *present);
/* With the running statistics; the weights are the plan's own copies of the last pack. */
void mos_encoder_infer(mos_encoder *encoder, mos_device *device, const mos_slots *slots,
                       const float *images);
/* dfeatures to the gradients of all weights (added). */
void mos_encoder_backward(mos_encoder *encoder, const mos_weights *weights, const mos_slots *slots,
                          const uint8_t *present);

#endif
