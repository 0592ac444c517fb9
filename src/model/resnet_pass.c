/* The passes through a residual network. */
#include "model/resnet.h"

static void pool_stem(mos_resnet *resnet, mos_device *device) {
    if (resnet->pool == NULL) return;
    device->ops->pool_forward(device, resnet->pool, resnet->stem.y, resnet->pooled,
                              resnet->pool_index);
}

static void pool_features(mos_encoder *encoder, mos_device *device) {
    mos_resnet *resnet = mos_resnet_of(encoder);
    device->ops->mean_forward(device, encoder->n, encoder->feature_size, resnet->last_h,
                              resnet->last_w, *mos_block_output(resnet, resnet->block_count - 1),
                              encoder->features);
}

/* y = relu(norm(conv(... relu(norm(conv(x))))) + skip),  skip = x or norm(conv1x1(x)) */
static void block_forward(mos_block *block, const mos_weights *weights, const void *in,
                          const uint8_t *present, bool learn) {
    const void *skip = in, *x = in;
    if (block->has_down) {
        mos_unit_forward(&block->down, weights, in, NULL, present, learn);
        skip = block->down.y;
    }
    for (int u = 0; u < block->units; u++) {
        const bool last = u == block->units - 1;
        mos_unit_forward(&block->unit[u], weights, x, last ? skip : NULL, present, learn);
        x = block->unit[u].y;
    }
}

void mos_resnet_forward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                        const uint8_t *present, bool learn) {
    mos_device *device = weights->device;
    mos_resnet *resnet = mos_resnet_of(encoder);
    mos_encoder_load(encoder, device, images, encoder->image);
    mos_unit_forward(&resnet->stem, weights, encoder->image, NULL, present, learn);
    pool_stem(resnet, device);
    for (int64_t b = 0; b < resnet->block_count; b++)
        block_forward(&resnet->blocks[b], weights, *mos_block_input(resnet, b), present, learn);
    pool_features(encoder, device);
}

/* The last unit adds in place: its y is the buffer that already holds the skip's value, which is
 * the block's input or the output of `down`. */
static void block_infer(mos_block *block, mos_device *device, const void *in) {
    const void *x = in;
    if (block->has_down) mos_unit_infer(&block->down, device, in);
    for (int u = 0; u < block->units; u++) {
        mos_unit_infer(&block->unit[u], device, x);
        x = block->unit[u].y;
    }
}

void mos_resnet_infer(mos_encoder *encoder, mos_device *device, const mos_images *images) {
    mos_resnet *resnet = mos_resnet_of(encoder);
    mos_encoder_load(encoder, device, images, encoder->image);
    mos_unit_infer(&resnet->stem, device, encoder->image);
    pool_stem(resnet, device);
    for (int64_t b = 0; b < resnet->block_count; b++)
        block_infer(&resnet->blocks[b], device, *mos_block_input(resnet, b));
    pool_features(encoder, device);
}

/* Computes again what the backward pass of a block reads: x of every unit, and y of all but the last,
 * whose statistics and output were kept from the forward pass. */
static void block_again(mos_block *block, const mos_weights *weights, const void *in,
                        const uint8_t *present) {
    const void *x = in;
    for (int u = 0; u < block->units; u++) {
        mos_unit_convolve_again(&block->unit[u], weights, x);
        if (u < block->units - 1) mos_unit_normalise_again(&block->unit[u], weights, present);
        x = block->unit[u].y_again;
    }
    if (block->has_down) mos_unit_convolve_again(&block->down, weights, in);
}

static void block_backward(mos_block *block, const mos_weights *weights, mos_recompute recompute,
                           const void *in, const mos_gradient *dout, const uint8_t *present) {
    if (recompute == MOS_RECOMPUTE_BLOCK) block_again(block, weights, in, present);
    for (int u = block->units - 1; u >= 0; u--) {
        mos_unit *unit = &block->unit[u], *before = u > 0 ? unit - 1 : NULL;
        mos_unit_flow flow = {.dy = unit->dy, .din = u == 0 ? block->din.conv : before->dy};
        if (u == block->units - 1) {
            flow.dy = flow.dskip = dout->skip;
            flow.dy2 = dout->conv;
        }
        if (u > 0 && recompute == MOS_RECOMPUTE_NORM)
            mos_unit_normalise_again(before, weights, present);
        mos_unit_backward(unit, weights, u == 0 ? in : before->y_again, &flow, present);
    }
    if (!block->has_down) return;
    mos_unit_flow flow = {.dy = dout->skip, .din = block->din.skip};
    mos_unit_backward(&block->down, weights, in, &flow, present);
}

void mos_resnet_backward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                         const uint8_t *present) {
    mos_device *device = weights->device;
    mos_resnet *resnet = mos_resnet_of(encoder);
    mos_unit *stem = &resnet->stem;
    const int64_t frozen = mos_resnet_first_trained(encoder);
    if (encoder->freeze.stages == MOS_ENCODER_STAGES) return;
    device->ops->mean_backward(device, encoder->n, encoder->feature_size, resnet->last_h,
                               resnet->last_w, encoder->dfeatures, resnet->dlast.skip);
    for (int64_t b = resnet->block_count - 1; b >= frozen; b--)
        block_backward(&resnet->blocks[b], weights, encoder->recompute, *mos_block_input(resnet, b),
                       mos_block_gradient(resnet, b), present);
    if (encoder->freeze.stages > 0) return;
    const mos_gradient *dout = &resnet->blocks[0].din;
    mos_unit_flow flow = {.dy = dout->skip, .dy2 = dout->conv};
    if (resnet->pool != NULL) {
        device->ops->pool_backward(device, resnet->pool, dout->skip, dout->conv, resnet->pool_index,
                                   stem->dy);
        flow = (mos_unit_flow){.dy = stem->dy};
    }
    if (encoder->recompute != MOS_RECOMPUTE_NONE)
        mos_encoder_load(encoder, device, images, encoder->image_again);
    mos_unit_backward(stem, weights, encoder->image_again, &flow, present);
}
