/* Where an encoder's buffers lie: they are listed here, and the passes of encoder_pass.c, run once
 * on a device that only looks, tell how long each is needed. */
#include "model/pass_recorder.h"
#include "model/resnet.h"

/* ---- the list ---- */

static void list_inference(mos_encoder *encoder, const mos_device *device, mos_placement *p) {
    mos_unit_list_inference(&encoder->stem, device, p, NULL);
    mos_placement_buffer(p, &encoder->pooled, encoder->pool_bytes);
    mos_placement_buffer(p, &encoder->pool_index, encoder->index_bytes);
    for (int64_t b = 0; b < encoder->block_count; b++) {
        mos_block *block = &encoder->blocks[b];
        void **skip = mos_block_input(encoder, b);
        if (block->has_down) {
            mos_unit_list_inference(&block->down, device, p, NULL);
            skip = &block->down.y;
        }
        for (int u = 0; u < block->units; u++)
            mos_unit_list_inference(&block->unit[u], device, p,
                                    u == block->units - 1 ? skip : NULL);
    }
}

/* Inner outputs are worked out again when recomputing; those of whole blocks, with x of all. */
static void list_block(mos_block *block, const mos_device *device, mos_recompute recompute,
                       mos_placement *p) {
    const bool again = recompute == MOS_RECOMPUTE_BLOCK;
    for (int u = 0; u < block->units; u++)
        mos_unit_list(&block->unit[u], device, p, again,
                      u < block->units - 1 && recompute != MOS_RECOMPUTE_NONE);
    if (block->has_down) mos_unit_list(&block->down, device, p, again, false);
}

/* Without a convolution on the skip path its gradient passes through. */
static void list_gradients(mos_encoder *encoder, mos_placement *p) {
    mos_block *last = &encoder->blocks[encoder->block_count - 1];
    mos_placement_buffer(p, &encoder->dlast.skip, last->unit[last->units - 1].out_bytes);
    encoder->dlast.conv = NULL;
    for (int64_t b = encoder->block_count - 1; b >= 0; b--) {
        mos_block *block = &encoder->blocks[b];
        mos_placement_buffer(p, &block->din.conv, block->in_bytes);
        if (block->has_down)
            mos_placement_buffer(p, &block->din.skip, block->in_bytes);
        else
            mos_placement_same(p, &block->din.skip, &mos_block_gradient(encoder, b)->skip);
    }
}

static void list_training(mos_encoder *encoder, const mos_device *device, mos_placement *p) {
    mos_unit_list(&encoder->stem, device, p, false, false);
    mos_placement_buffer(p, &encoder->pooled, encoder->pool_bytes);
    mos_placement_buffer(p, &encoder->pool_index, encoder->index_bytes);
    for (int64_t b = 0; b < encoder->block_count; b++)
        list_block(&encoder->blocks[b], device, encoder->recompute, p);
    if (encoder->recompute == MOS_RECOMPUTE_NONE)
        mos_placement_same(p, &encoder->image_again, &encoder->image);
    else
        mos_placement_buffer(p, &encoder->image_again, encoder->image_bytes);
    list_gradients(encoder, p);
}

/* ---- the passes ---- */

void mos_encoder_record(mos_encoder *encoder, const mos_weights *weights,
                        mos_placement *placement) {
    static const float nothing;
    const mos_images images = {.first = &nothing};
    const mos_device *device = weights->device;
    mos_pass_recorder recorder;
    mos_pass_recorder_init(&recorder, device, placement);
    mos_placement_buffer(placement, &encoder->image, encoder->image_bytes);
    if (!encoder->train) {
        list_inference(encoder, device, placement);
        mos_encoder_infer(encoder, &recorder.device, &images);
        return;
    }
    list_training(encoder, device, placement);
    mos_weights looked_at = *weights;
    looked_at.device = &recorder.device;
    if (looked_at.grads == NULL) looked_at.grads = looked_at.params; /* there are none yet */
    mos_encoder_forward(encoder, &looked_at, &images, NULL, true);
    mos_placement_turn(placement);
    mos_encoder_backward(encoder, &looked_at, &images, NULL);
}
