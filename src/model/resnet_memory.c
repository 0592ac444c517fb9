/* The buffers of a residual network. How long each is needed follows from the passes. */
#include "model/resnet.h"

static void list_inference(mos_resnet *resnet, const mos_device *device, mos_placement *p) {
    mos_unit_list_inference(&resnet->stem, device, p, NULL);
    mos_placement_buffer(p, &resnet->pooled, resnet->pool_bytes);
    mos_placement_buffer(p, &resnet->pool_index, resnet->index_bytes);
    for (int64_t b = 0; b < resnet->block_count; b++) {
        mos_block *block = &resnet->blocks[b];
        void **skip = mos_block_input(resnet, b);
        if (block->has_down) {
            mos_unit_list_inference(&block->down, device, p, NULL);
            skip = &block->down.y;
        }
        for (int u = 0; u < block->units; u++)
            mos_unit_list_inference(&block->unit[u], device, p,
                                    u == block->units - 1 ? skip : NULL);
    }
}

/* MOS_RECOMPUTE_NORM makes the y of every unit but the last a second time in the backward pass;
 * MOS_RECOMPUTE_BLOCK also the x (the convolution's output) of every unit. */
static void list_block(mos_block *block, const mos_device *device, mos_recompute recompute,
                       mos_placement *p) {
    const bool again = recompute == MOS_RECOMPUTE_BLOCK;
    for (int u = 0; u < block->units; u++)
        mos_unit_list(&block->unit[u], device, p, again,
                      u < block->units - 1 && recompute != MOS_RECOMPUTE_NONE);
    if (block->has_down) mos_unit_list(&block->down, device, p, again, false);
}

/* A skip path without a convolution hands its gradient on unchanged, so it needs no buffer of its
 * own. */
static void list_gradients(mos_resnet *resnet, mos_placement *p) {
    mos_block *last = &resnet->blocks[resnet->block_count - 1];
    mos_placement_buffer(p, &resnet->dlast.skip, last->unit[last->units - 1].out_bytes);
    resnet->dlast.conv = NULL;
    for (int64_t b = resnet->block_count - 1; b >= 0; b--) {
        mos_block *block = &resnet->blocks[b];
        mos_placement_buffer(p, &block->din.conv, block->in_bytes);
        if (block->has_down)
            mos_placement_buffer(p, &block->din.skip, block->in_bytes);
        else
            mos_placement_same(p, &block->din.skip, &mos_block_gradient(resnet, b)->skip);
    }
}

static void list_training(mos_resnet *resnet, const mos_device *device, mos_recompute recompute,
                          mos_placement *p) {
    mos_unit_list(&resnet->stem, device, p, false, false);
    mos_placement_buffer(p, &resnet->pooled, resnet->pool_bytes);
    mos_placement_buffer(p, &resnet->pool_index, resnet->index_bytes);
    for (int64_t b = 0; b < resnet->block_count; b++)
        list_block(&resnet->blocks[b], device, recompute, p);
    list_gradients(resnet, p);
}

void mos_resnet_list(mos_encoder *encoder, const mos_device *device, mos_placement *placement) {
    if (encoder->train)
        list_training(mos_resnet_of(encoder), device, encoder->recompute, placement);
    else
        list_inference(mos_resnet_of(encoder), device, placement);
}
