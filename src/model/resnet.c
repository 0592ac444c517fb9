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

enum { STAGES = 4, STEM_KERNEL = 7, POOL_KERNEL = 3, POOL_STRIDE = 2, POOL_PAD = 1 };

/* ---- description ---- */

static mosaic_status init_block(mos_encoder *encoder, mos_block *block, mos_parameter_table *table,
                                const char *prefix, int stage, int64_t ci, int64_t width,
                                int64_t stride) {
    const mos_block_kind *kind = ((const mos_resnet_shape *)encoder->shape)->block;
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
                                .stage = stage,
                                .relu = true,
                                .skip = u == last};
        MOS_TRY(mos_encoder_add_unit(encoder, table, prefix, &shape, &block->unit[u]));
        in = shape.co;
    }
    block->has_down = stride != 1 || ci != co;
    if (!block->has_down) return MOSAIC_OK;
    mos_unit_shape shape = {.conv = "downsample.0",
                            .norm = "downsample.1",
                            .ci = ci,
                            .co = co,
                            .kernel = 1,
                            .stride = stride,
                            .stage = stage};
    return mos_encoder_add_unit(encoder, table, prefix, &shape, &block->down);
}

static mosaic_status init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix) {
    const mos_resnet_shape *shape = encoder->shape;
    mos_resnet *resnet;
    MOS_TRY(mos_alloc(1, sizeof *resnet, "an encoder", &resnet));
    encoder->own = resnet;
    for (int s = 0; s < STAGES; s++)
        resnet->block_count += shape->depth[s];
    MOS_TRY(mos_alloc((size_t)resnet->block_count, sizeof *resnet->blocks, "encoder blocks",
                      &resnet->blocks));
    mos_unit_shape stem = {.conv = "conv1",
                           .norm = "bn1",
                           .ci = encoder->bands,
                           .co = shape->width,
                           .kernel = STEM_KERNEL,
                           .stride = 2,
                           .stage = 1,
                           .image = true,
                           .relu = true};
    MOS_TRY(mos_encoder_add_unit(encoder, table, prefix, &stem, &resnet->stem));
    int64_t ci = shape->width, width = shape->width;
    mos_block *block = resnet->blocks;
    for (int s = 0; s < STAGES; s++, width *= 2) {
        for (int b = 0; b < shape->depth[s]; b++, block++) {
            char name[MOS_NAME_SIZE];
            int length = snprintf(name, sizeof name, "%s.layer%d.%d", prefix, s + 1, b);
            if (length < 0 || (size_t)length >= sizeof name)
                return mos_fail(MOSAIC_ERR_USAGE, "layer name '%s' is too long", prefix);
            MOS_TRY(
                init_block(encoder, block, table, name, s + 2, ci, width, b == 0 && s > 0 ? 2 : 1));
            ci = width * shape->block->widen[shape->block->units - 1];
        }
        resnet->stage_end[s + 1] = block - resnet->blocks;
    }
    encoder->feature_size = ci;
    return MOSAIC_OK;
}

static void release(mos_encoder *encoder) {
    mos_resnet *resnet = mos_resnet_of(encoder);
    if (resnet != NULL) mos_free(resnet->blocks);
    mos_free(resnet);
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
    mos_resnet *resnet = mos_resnet_of(encoder);
    mos_unit *stem = &resnet->stem;
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
    MOS_TRY(device->ops->pool_create(device, &pool, &resnet->pool, &resnet->index_bytes));
    *h = (*h + 2 * POOL_PAD - POOL_KERNEL) / POOL_STRIDE + 1;
    *w = (*w + 2 * POOL_PAD - POOL_KERNEL) / POOL_STRIDE + 1;
    resnet->pool_bytes = device->ops->act_bytes(device, encoder->n, stem->co, *h, *w);
    return MOSAIC_OK;
}

static mosaic_status plan(mos_encoder *encoder, mos_device *device) {
    mos_resnet *resnet = mos_resnet_of(encoder);
    int64_t h = encoder->height, w = encoder->width;
    MOS_TRY(plan_stem(encoder, device, &h, &w));
    for (int64_t b = 0; b < resnet->block_count; b++)
        MOS_TRY(plan_block(encoder, &resnet->blocks[b], device, &h, &w));
    resnet->last_h = h;
    resnet->last_w = w;
    return MOSAIC_OK;
}

static void unplan(mos_encoder *encoder, mos_device *device) {
    mos_resnet *resnet = mos_resnet_of(encoder);
    if (resnet->pool != NULL) device->ops->pool_destroy(device, &resnet->pool);
}

/* ---- rows ---- */

static const mos_encoder_family family = {.init = init,
                                          .release = release,
                                          .plan = plan,
                                          .unplan = unplan,
                                          .list = mos_resnet_list,
                                          .forward = mos_resnet_forward,
                                          .infer = mos_resnet_infer,
                                          .backward = mos_resnet_backward};

/* A deeper or wider network is a row here and one in MOS_ENCODER_LIST. */
#define ROW(name, block, width, ...)                                                               \
    static const mos_resnet_shape name##_shape = {&(block), __VA_ARGS__, width};                   \
    extern const mos_encoder_row mos_encoder_##name;                                               \
    const mos_encoder_row mos_encoder_##name = {&family, &name##_shape};
#define DEPTH(a, b, c, d)                                                                          \
    { a, b, c, d }
ROW(resnet18, basic_block, 64, DEPTH(2, 2, 2, 2))
ROW(resnet34, basic_block, 64, DEPTH(3, 4, 6, 3))
ROW(resnet50, bottleneck, 64, DEPTH(3, 4, 6, 3))
ROW(resnet10_narrow, basic_block, 16, DEPTH(1, 1, 1, 1))

const mos_resnet_shape *mos_resnet_shape_of(mos_encoder_kind encoder) {
    const mos_encoder_row *row = mos_encoders[encoder];
    return row->family == &family ? row->shape : NULL;
}
