/* The two passes through an encoder. Its description and plans are in resnet.c. */
#include "model/resnet.h"

/* The last piece of an encoder's output: the act its global average pool reads. */
static void *stem_output(const mos_encoder *encoder) {
    return encoder->stem_pool ? encoder->pooled : encoder->stem.y;
}
static void *block_output(const mos_block *block) {
    return block->unit[block->units - 1].y;
}
static void *block_input(const mos_encoder *encoder, int64_t b) {
    return b == 0 ? stem_output(encoder) : block_output(&encoder->blocks[b - 1]);
}

static void load_images(mos_encoder *encoder, mos_device *device, const float *images) {
    device->ops->image_load(device, encoder->image, images, encoder->n, encoder->bands,
                            encoder->height, encoder->width);
}

static void pool_stem(mos_encoder *encoder, mos_device *device) {
    if (!encoder->stem_pool) return;
    device->ops->pool_forward(device, encoder->pool, encoder->stem.y, encoder->pooled,
                              encoder->pool_index);
}

static void pool_features(mos_encoder *encoder, mos_device *device) {
    device->ops->mean_forward(device, encoder->n, encoder->feature_size, encoder->last_h,
                              encoder->last_w, block_input(encoder, encoder->block_count),
                              encoder->features);
}

/* y = relu(norm(conv(... relu(norm(conv(x))))) + skip),  skip = x or norm(conv1x1(x)) */
static void block_forward(mos_block *block, const mos_weights *weights, const mos_slots *slots,
                          const void *in, const uint8_t *present) {
    const void *skip = in, *x = in;
    if (block->has_down) {
        mos_unit_forward(&block->down, weights, slots, in, NULL, present);
        skip = block->down.y;
    }
    for (int u = 0; u < block->units; u++) {
        const bool last = u == block->units - 1;
        mos_unit_forward(&block->unit[u], weights, slots, x, last ? skip : NULL, present);
        x = block->unit[u].y;
    }
}

void mos_encoder_forward(mos_encoder *encoder, const mos_weights *weights, const mos_slots *slots,
                         const float *images, const uint8_t *present) {
    mos_device *device = weights->device;
    load_images(encoder, device, images);
    mos_unit_forward(&encoder->stem, weights, slots, encoder->image, NULL, present);
    pool_stem(encoder, device);
    for (int64_t b = 0; b < encoder->block_count; b++)
        block_forward(&encoder->blocks[b], weights, slots, block_input(encoder, b), present);
    pool_features(encoder, device);
}

/* The last convolution's y is where the skip's value stands: the input, or what came of it. */
static void block_infer(mos_block *block, mos_device *device, const mos_slots *slots,
                        const void *in) {
    const void *x = in;
    if (block->has_down) mos_unit_infer(&block->down, device, slots, in);
    for (int u = 0; u < block->units; u++) {
        mos_unit_infer(&block->unit[u], device, slots, x);
        x = block->unit[u].y;
    }
}

void mos_encoder_infer(mos_encoder *encoder, mos_device *device, const mos_slots *slots,
                       const float *images) {
    load_images(encoder, device, images);
    mos_unit_infer(&encoder->stem, device, slots, encoder->image);
    pool_stem(encoder, device);
    for (int64_t b = 0; b < encoder->block_count; b++)
        block_infer(&encoder->blocks[b], device, slots, block_input(encoder, b));
    pool_features(encoder, device);
}

/* The gradient of the block's output is A + dy2 (dy2 is B, or NULL for zero); that of its input is
 * A + B afterwards: A came down the skip, B through the convolutions. Nothing adds them up: every
 * reader takes both. */
static void block_backward(mos_block *block, const mos_weights *weights, const mos_slots *slots,
                           const void *in, const void *dy2, const uint8_t *present) {
    void *a = slots->at[MOS_SLOT_A], *b = slots->at[MOS_SLOT_B], *t = slots->at[MOS_SLOT_T];
    for (int u = block->units - 1; u >= 0; u--) {
        const void *x = u == 0 ? in : block->unit[u - 1].y;
        mos_unit_flow flow = {.dy = b, .dx = t, .din = b};
        if (u == block->units - 1)
            flow = (mos_unit_flow){.dy = a, .dy2 = dy2, .dskip = a, .dx = t, .din = b};
        mos_unit_backward(&block->unit[u], weights, slots, x, &flow, present);
    }
    if (!block->has_down) return;
    mos_unit_flow flow = {.dy = a, .dx = t, .din = a};
    mos_unit_backward(&block->down, weights, slots, in, &flow, present);
}

void mos_encoder_backward(mos_encoder *encoder, const mos_weights *weights, const mos_slots *slots,
                          const uint8_t *present) {
    mos_device *device = weights->device;
    void *a = slots->at[MOS_SLOT_A], *b = slots->at[MOS_SLOT_B], *t = slots->at[MOS_SLOT_T];
    device->ops->mean_backward(device, encoder->n, encoder->feature_size, encoder->last_h,
                               encoder->last_w, encoder->dfeatures, a);
    const void *dy2 = NULL;
    for (int64_t i = encoder->block_count - 1; i >= 0; i--) {
        block_backward(&encoder->blocks[i], weights, slots, block_input(encoder, i), dy2, present);
        dy2 = b;
    }
    mos_unit_flow flow = {.dy = a, .dy2 = b, .dx = t};
    if (encoder->stem_pool) {
        device->ops->pool_backward(device, encoder->pool, a, b, encoder->pool_index, t);
        flow = (mos_unit_flow){.dy = t, .dx = b};
    }
    mos_unit_backward(&encoder->stem, weights, slots, encoder->image, &flow, present);
}
