/* Residual networks of He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR
 * 2016, in torchvision's shapes and names. */
#include "model/resnet.h"

#include "base/memory.h"

#include <stdio.h>

static const mos_block_kind basic_block = {
    .units = 2, .kernel = {3, 3}, .widen = {1, 1}, .strided = 0};
/* The stride sits in the 3x3 convolution, as in torchvision, not in the first one of the paper. */
static const mos_block_kind bottleneck = {
    .units = 3, .kernel = {1, 3, 1}, .widen = {1, 1, 4}, .strided = 1};

const char *const mos_encoder_names[] = {"resnet18", "resnet34", "resnet50", "resnet10-narrow",
                                         NULL};

const mos_encoder_shape mos_encoder_shapes[] = {
    [MOS_ENCODER_RESNET18] = {&basic_block, {2, 2, 2, 2}, 64},
    [MOS_ENCODER_RESNET34] = {&basic_block, {3, 4, 6, 3}, 64},
    [MOS_ENCODER_RESNET50] = {&bottleneck, {3, 4, 6, 3}, 64},
    [MOS_ENCODER_RESNET10_NARROW] = {&basic_block, {1, 1, 1, 1}, 16},
};
const int mos_encoder_shape_count = (int)(sizeof mos_encoder_shapes / sizeof *mos_encoder_shapes);

enum { STAGES = 4, STEM_KERNEL = 7, POOL_KERNEL = 3, POOL_STRIDE = 2, POOL_PAD = 1 };

/* ---- description ---- */

static mosaic_status init_block(mos_block *block, mos_parameter_table *table, const char *prefix,
                                const mos_block_kind *kind, int64_t ci, int64_t width,
                                int64_t stride) {
    int last = kind->units - 1;
    int64_t in = ci, co = width * kind->widen[last];
    block->units = kind->units;
    for (int u = 0; u < kind->units; u++) {
        char conv[16], norm[16];
        (void)snprintf(conv, sizeof conv, "conv%d", u + 1);
        (void)snprintf(norm, sizeof norm, "bn%d", u + 1);
        mos_unit_shape shape = {.conv = conv,
                                .norm = norm,
                                .ci = in,
                                .co = width * kind->widen[u],
                                .kernel = kind->kernel[u],
                                .stride = u == kind->strided ? stride : 1,
                                .relu = true,
                                .skip = u == last};
        MOS_TRY(mos_unit_init(&block->unit[u], table, prefix, &shape));
        in = shape.co;
    }
    block->has_down = stride != 1 || ci != co;
    if (!block->has_down) return MOSAIC_OK;
    mos_unit_shape shape = {.conv = "downsample.0",
                            .norm = "downsample.1",
                            .ci = ci,
                            .co = co,
                            .kernel = 1,
                            .stride = stride};
    return mos_unit_init(&block->down, table, prefix, &shape);
}

mosaic_status mos_encoder_init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix,
                               mos_encoder_kind kind, int64_t bands, bool stem_pool) {
    const mos_encoder_shape *shape = &mos_encoder_shapes[kind];
    *encoder = (mos_encoder){.bands = bands, .stem_pool = stem_pool};
    encoder->first_counter = table->counter_count;
    for (int s = 0; s < STAGES; s++)
        encoder->block_count += shape->depth[s];
    MOS_TRY(mos_alloc((size_t)encoder->block_count, sizeof *encoder->blocks, "encoder blocks",
                      &encoder->blocks));
    mos_unit_shape stem = {.conv = "conv1",
                           .norm = "bn1",
                           .ci = bands,
                           .co = shape->width,
                           .kernel = STEM_KERNEL,
                           .stride = 2,
                           .image = true,
                           .relu = true};
    MOS_TRY(mos_unit_init(&encoder->stem, table, prefix, &stem));
    int64_t ci = shape->width, width = shape->width;
    mos_block *block = encoder->blocks;
    for (int s = 0; s < STAGES; s++, width *= 2) {
        for (int b = 0; b < shape->depth[s]; b++, block++) {
            char name[MOS_NAME_SIZE];
            int length = snprintf(name, sizeof name, "%s.layer%d.%d", prefix, s + 1, b);
            if (length < 0 || (size_t)length >= sizeof name)
                return mos_fail(MOSAIC_ERR_USAGE, "layer name '%s' is too long", prefix);
            MOS_TRY(
                init_block(block, table, name, shape->block, ci, width, b == 0 && s > 0 ? 2 : 1));
            ci = width * shape->block->widen[shape->block->units - 1];
        }
        encoder->stage_end[s + 1] = block - encoder->blocks;
    }
    encoder->feature_size = ci;
    encoder->counters = table->counter_count - encoder->first_counter;
    return MOSAIC_OK;
}

void mos_encoder_release(mos_encoder *encoder, mos_device *device) {
    mos_encoder_unplan(encoder, device);
    mos_free(encoder->blocks);
    *encoder = (mos_encoder){0};
}

/* ---- planning ---- */

static mosaic_status plan_block(mos_encoder *encoder, mos_block *block, mos_device *device,
                                int64_t *h, int64_t *w) {
    int64_t n = encoder->n, groups = encoder->groups;
    bool train = encoder->train;
    block->in_bytes = device->ops->act_bytes(device, n, block->unit[0].ci, *h, *w);
    if (block->has_down) MOS_TRY(mos_unit_plan(&block->down, device, n, groups, *h, *w, train));
    for (int u = 0; u < block->units; u++) {
        MOS_TRY(mos_unit_plan(&block->unit[u], device, n, groups, *h, *w, train));
        *h = block->unit[u].oh;
        *w = block->unit[u].ow;
    }
    return MOSAIC_OK;
}

static mosaic_status plan_stem(mos_encoder *encoder, mos_device *device, int64_t *h, int64_t *w) {
    mos_unit *stem = &encoder->stem;
    MOS_TRY(mos_unit_plan(stem, device, encoder->n, encoder->groups, *h, *w, encoder->train));
    *h = stem->oh;
    *w = stem->ow;
    if (!encoder->stem_pool) return MOSAIC_OK;
    mos_pool_shape pool = {.n = encoder->n,
                           .c = stem->co,
                           .h = *h,
                           .w = *w,
                           .kernel = POOL_KERNEL,
                           .stride = POOL_STRIDE,
                           .pad = POOL_PAD,
                           .train = encoder->train};
    MOS_TRY(device->ops->pool_create(device, &pool, &encoder->pool, &encoder->index_bytes));
    *h = (*h + 2 * POOL_PAD - POOL_KERNEL) / POOL_STRIDE + 1;
    *w = (*w + 2 * POOL_PAD - POOL_KERNEL) / POOL_STRIDE + 1;
    encoder->pool_bytes = device->ops->act_bytes(device, encoder->n, stem->co, *h, *w);
    return MOSAIC_OK;
}

int64_t mos_encoder_frozen_blocks(const mos_encoder *encoder) {
    return encoder->freeze.stages > 0 ? encoder->stage_end[encoder->freeze.stages - 1] : 0;
}

int64_t mos_encoder_fixed_counters(const mos_encoder *encoder) {
    int64_t count = encoder->freeze.stages > 0, blocks = mos_encoder_frozen_blocks(encoder);
    if (encoder->freeze.norms) return encoder->counters;
    for (int64_t b = 0; b < blocks; b++)
        count += encoder->blocks[b].units + encoder->blocks[b].has_down;
    return count;
}

/* Which norms keep their statistics: those of frozen stages, or all. */
static void fix_norms(mos_encoder *encoder) {
    int64_t frozen = mos_encoder_frozen_blocks(encoder);
    bool all = encoder->freeze.norms;
    encoder->stem.fixed = all || encoder->freeze.stages > 0;
    for (int64_t b = 0; b < encoder->block_count; b++) {
        mos_block *block = &encoder->blocks[b];
        block->down.fixed = all || b < frozen;
        for (int u = 0; u < block->units; u++)
            block->unit[u].fixed = all || b < frozen;
    }
}

mosaic_status mos_encoder_make(mos_encoder *encoder, mos_device *device,
                               const mos_encoder_plan *plan) {
    int64_t h = plan->height, w = plan->width;
    encoder->n = plan->parts * plan->rows;
    encoder->groups = plan->groups;
    encoder->parts = plan->parts;
    encoder->height = plan->height;
    encoder->width = plan->width;
    encoder->train = plan->train;
    encoder->recompute = plan->recompute;
    encoder->freeze = plan->freeze;
    fix_norms(encoder);
    encoder->image_bytes = device->ops->image_bytes(device, encoder->n, encoder->bands, h, w);
    encoder->part_bytes = device->ops->image_bytes(device, plan->rows, encoder->bands, h, w);
    MOS_TRY(plan_stem(encoder, device, &h, &w));
    for (int64_t b = 0; b < encoder->block_count; b++)
        MOS_TRY(plan_block(encoder, &encoder->blocks[b], device, &h, &w));
    encoder->last_h = h;
    encoder->last_w = w;
    return MOSAIC_OK;
}

void mos_encoder_unplan(mos_encoder *encoder, mos_device *device) {
    mos_unit_release(&encoder->stem, device);
    for (int64_t b = 0; encoder->blocks != NULL && b < encoder->block_count; b++) {
        mos_block *block = &encoder->blocks[b];
        for (int u = 0; u < block->units; u++)
            mos_unit_release(&block->unit[u], device);
        mos_unit_release(&block->down, device);
    }
    if (encoder->pool != NULL) device->ops->pool_destroy(device, &encoder->pool);
    encoder->n = 0;
    encoder->features = encoder->dfeatures = NULL;
}

void mos_encoder_fold(mos_encoder *encoder, const mos_weights *weights) {
    if (encoder->n == 0 || encoder->train) return;
    mos_unit_fold(&encoder->stem, weights);
    for (int64_t b = 0; b < encoder->block_count; b++) {
        mos_block *block = &encoder->blocks[b];
        for (int u = 0; u < block->units; u++)
            mos_unit_fold(&block->unit[u], weights);
        if (block->has_down) mos_unit_fold(&block->down, weights);
    }
}

static size_t packed_bytes(const mos_unit *unit, const mos_device *device) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    return info.packed_bytes;
}

size_t mos_encoder_packed_bytes(const mos_encoder *encoder, const mos_device *device) {
    size_t bytes = packed_bytes(&encoder->stem, device);
    for (int64_t b = 0; b < encoder->block_count; b++) {
        const mos_block *block = &encoder->blocks[b];
        for (int u = 0; u < block->units; u++)
            bytes += packed_bytes(&block->unit[u], device);
        if (block->has_down) bytes += packed_bytes(&block->down, device);
    }
    return bytes;
}

static void visit_unit(const mos_unit *unit, const mos_device *device, mos_layer_visit visit,
                       void *context) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    visit(context, unit->name, "forward", info.forward);
    if (info.backward_data[0] != 0) visit(context, unit->name, "backward_data", info.backward_data);
    if (info.backward_weights[0] != 0)
        visit(context, unit->name, "backward_weights", info.backward_weights);
}

void mos_encoder_layers(const mos_encoder *encoder, const mos_device *device, mos_layer_visit visit,
                        void *context) {
    if (encoder->n == 0) return;
    visit_unit(&encoder->stem, device, visit, context);
    for (int64_t b = 0; b < encoder->block_count; b++) {
        const mos_block *block = &encoder->blocks[b];
        for (int u = 0; u < block->units; u++)
            visit_unit(&block->unit[u], device, visit, context);
        if (block->has_down) visit_unit(&block->down, device, visit, context);
    }
}
