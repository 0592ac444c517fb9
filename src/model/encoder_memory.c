/* When an encoder's buffers are needed: the passes of encoder_pass.c once more, in the same order,
 * on lifetimes instead of numbers. */
#include "model/resnet.h"

/* ---- forward ---- */

static void walk_convolution(mos_placement *p, const mos_device *device, mos_unit *unit, void **in,
                             void **x, void **space) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    mos_placement_tick(p);
    mos_placement_used(p, in);
    mos_placement_born(p, x, unit->out_bytes);
    mos_placement_born(p, space, info.forward_bytes);
}

static void walk_unit(mos_placement *p, const mos_device *device, mos_unit *unit, void **in,
                      void **skip) {
    walk_convolution(p, device, unit, in, &unit->x, &unit->forward_space);
    mos_placement_tick(p);
    mos_placement_used(p, &unit->x);
    if (skip != NULL) mos_placement_used(p, skip);
    mos_placement_born(p, &unit->y, unit->out_bytes);
    mos_placement_born(p, &unit->mean, unit->statistics_bytes);
    mos_placement_born(p, &unit->rstd, unit->statistics_bytes);
}

/* Inference: the norm is part of the convolution, which adds to the skip's value in place. */
static void walk_unit_infer(mos_placement *p, const mos_device *device, mos_unit *unit, void **in,
                            void **skip) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    mos_placement_tick(p);
    mos_placement_used(p, in);
    if (skip != NULL)
        mos_placement_same(p, &unit->y, skip);
    else
        mos_placement_born(p, &unit->y, unit->out_bytes);
    mos_placement_born(p, &unit->forward_space, info.forward_bytes);
}

static void walk_forward(mos_encoder *encoder, mos_placement *p, const mos_device *device) {
    void (*const walk)(mos_placement *, const mos_device *, mos_unit *, void **, void **) =
        encoder->train ? walk_unit : walk_unit_infer;
    mos_placement_tick(p);
    mos_placement_born(p, &encoder->image, encoder->image_bytes);
    walk(p, device, &encoder->stem, &encoder->image, NULL);
    if (encoder->stem_pool) {
        mos_placement_tick(p);
        mos_placement_used(p, &encoder->stem.y);
        mos_placement_born(p, &encoder->pooled, encoder->pool_bytes);
        mos_placement_born(p, &encoder->pool_index, encoder->index_bytes);
    }
    for (int64_t b = 0; b < encoder->block_count; b++) {
        mos_block *block = &encoder->blocks[b];
        void **in = mos_block_input(encoder, b), **x = in, **skip = in;
        if (block->has_down) {
            walk(p, device, &block->down, in, NULL);
            skip = &block->down.y;
        }
        for (int u = 0; u < block->units; u++) {
            mos_unit *unit = &block->unit[u];
            walk(p, device, unit, x, u == block->units - 1 ? skip : NULL);
            x = &unit->y;
        }
    }
    mos_placement_tick(p);
    mos_placement_used(p, mos_block_output(encoder, encoder->block_count - 1));
}

/* ---- backward ---- */

static void walk_normalise_again(mos_placement *p, mos_unit *unit) {
    mos_placement_tick(p);
    mos_placement_used(p, &unit->x_again);
    mos_placement_used(p, &unit->mean);
    mos_placement_used(p, &unit->rstd);
    mos_placement_born(p, &unit->y_again, unit->out_bytes);
}

/* What the backward pass of a block reads of its forward pass. */
static void walk_block_again(mos_encoder *encoder, mos_placement *p, const mos_device *device,
                             int64_t b) {
    mos_block *block = &encoder->blocks[b];
    void **in = mos_block_input(encoder, b);
    bool again = encoder->recompute == MOS_RECOMPUTE_BLOCK;
    for (int u = 0; u < block->units; u++) {
        mos_unit *unit = &block->unit[u];
        bool last = u == block->units - 1;
        if (again)
            walk_convolution(p, device, unit, in, &unit->x_again, &unit->again_space);
        else
            mos_placement_same(p, &unit->x_again, &unit->x);
        if (last || encoder->recompute == MOS_RECOMPUTE_NONE)
            mos_placement_same(p, &unit->y_again, &unit->y);
        else if (again)
            walk_normalise_again(p, unit);
        in = &unit->y_again;
    }
    if (!block->has_down) return;
    if (again)
        walk_convolution(p, device, &block->down, mos_block_input(encoder, b), &block->down.x_again,
                         &block->down.again_space);
    else
        mos_placement_same(p, &block->down.x_again, &block->down.x);
}

/* dy2, din NULL: there is none. */
static void walk_unit_back(mos_placement *p, const mos_device *device, mos_unit *unit, void **in,
                           void **dy, void **dy2, void **din, size_t din_bytes) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    mos_placement_tick(p);
    mos_placement_used(p, dy);
    if (dy2 != NULL) mos_placement_used(p, dy2);
    mos_placement_used(p, &unit->x_again);
    mos_placement_used(p, &unit->mean);
    mos_placement_used(p, &unit->rstd);
    if (mos_unit_masks_by_y(unit)) mos_placement_used(p, &unit->y_again);
    mos_placement_born(p, &unit->dx, unit->out_bytes);
    mos_placement_tick(p);
    mos_placement_used(p, in);
    mos_placement_used(p, &unit->dx);
    mos_placement_born(p, &unit->weights_space, info.weights_bytes);
    if (din == NULL) return;
    mos_placement_tick(p);
    mos_placement_used(p, &unit->dx);
    mos_placement_born(p, &unit->data_space, info.data_bytes);
    mos_placement_born(p, din, din_bytes);
}

static void walk_block_back(mos_encoder *encoder, mos_placement *p, const mos_device *device,
                            int64_t b) {
    mos_block *block = &encoder->blocks[b];
    mos_gradient *dout = mos_block_gradient(encoder, b);
    void **in = mos_block_input(encoder, b);
    walk_block_again(encoder, p, device, b);
    for (int u = block->units - 1; u >= 0; u--) {
        mos_unit *unit = &block->unit[u], *before = u > 0 ? unit - 1 : NULL;
        bool last = u == block->units - 1;
        void **dy = last ? &dout->skip : &unit->dy;
        void **dy2 = last && dout != &encoder->dlast ? &dout->conv : NULL;
        if (u > 0 && encoder->recompute == MOS_RECOMPUTE_NORM) walk_normalise_again(p, before);
        walk_unit_back(p, device, unit, u == 0 ? in : &before->y_again, dy, dy2,
                       u == 0 ? &block->din.conv : &before->dy,
                       u == 0 ? block->in_bytes : before->out_bytes);
        if (last) mos_placement_used(p, &dout->skip); /* what the norm left there */
    }
    if (block->has_down)
        walk_unit_back(p, device, &block->down, in, &dout->skip, NULL, &block->din.skip,
                       block->in_bytes);
    else
        mos_placement_same(p, &block->din.skip, &dout->skip);
}

static void walk_stem_back(mos_encoder *encoder, mos_placement *p, const mos_device *device) {
    mos_unit *stem = &encoder->stem;
    mos_gradient *dout = &encoder->blocks[0].din;
    void **dy = &dout->skip, **dy2 = &dout->conv;
    if (encoder->stem_pool) {
        mos_placement_tick(p);
        mos_placement_used(p, dy);
        mos_placement_used(p, dy2);
        mos_placement_used(p, &encoder->pool_index);
        mos_placement_born(p, &stem->dy, stem->out_bytes);
        dy = &stem->dy;
        dy2 = NULL;
    }
    mos_placement_same(p, &stem->x_again, &stem->x);
    if (encoder->recompute == MOS_RECOMPUTE_NONE) {
        mos_placement_same(p, &encoder->image_again, &encoder->image);
    } else {
        mos_placement_tick(p);
        mos_placement_born(p, &encoder->image_again, encoder->image_bytes);
    }
    walk_unit_back(p, device, stem, &encoder->image_again, dy, dy2, NULL, 0);
}

void mos_encoder_walk(mos_encoder *encoder, const mos_device *device, mos_placement *placement) {
    walk_forward(encoder, placement, device);
    if (!encoder->train) return;
    mos_placement_turn(placement);
    mos_unit *last = &encoder->blocks[encoder->block_count - 1].unit[0];
    last += encoder->blocks[encoder->block_count - 1].units - 1;
    encoder->dlast.conv = NULL;
    mos_placement_born(placement, &encoder->dlast.skip, last->out_bytes);
    for (int64_t b = encoder->block_count - 1; b >= 0; b--)
        walk_block_back(encoder, placement, device, b);
    walk_stem_back(encoder, placement, device);
}
