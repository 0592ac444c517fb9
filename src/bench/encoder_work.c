#include "bench/encoder_work.h"

#include "model/resnet.h"

#include <math.h>

/* Multiply-adds of convolutions, and what they write. */
typedef struct work {
    double macs, values;
} work;

static int64_t out_size(int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
    return (size + 2 * pad - kernel) / stride + 1;
}

/* size: of the output */
static void add_conv(work *sum, int64_t size, int64_t ci, int64_t co, int64_t kernel) {
    sum->macs += (double)(size * size * ci * co * kernel * kernel);
    sum->values += (double)(size * size * co);
}

static work stem_work(mos_encoder_kind encoder, int64_t bands, int64_t size) {
    work sum = {0};
    add_conv(&sum, out_size(size, 7, 2, 3), bands, mos_resnet_shape_of(encoder)->width, 7);
    return sum;
}

/* One residual block; updates what the next one reads. */
static void add_block(work *sum, const mos_block_kind *kind, int64_t width, int64_t stride,
                      int64_t *side, int64_t *inputs) {
    const int64_t first = *inputs, outputs = width * kind->widen[kind->units - 1];
    for (int u = 0; u < kind->units; u++) {
        const int64_t co = width * kind->widen[u];
        if (u == kind->strided) *side = out_size(*side, 3, stride, 1);
        add_conv(sum, *side, *inputs, co, kind->kernel[u]);
        *inputs = co;
    }
    if (stride != 1 || first != outputs) add_conv(sum, *side, first, outputs, 1);
}

static work body_work(mos_encoder_kind encoder, bool stem_pool, int64_t size) {
    const mos_resnet_shape *shape = mos_resnet_shape_of(encoder);
    int64_t side = out_size(size, 7, 2, 3), inputs = shape->width;
    work sum = {0};
    if (stem_pool) side = out_size(side, 3, 2, 1);
    for (int stage = 0; stage < 4; stage++)
        for (int k = 0; k < shape->depth[stage]; k++)
            add_block(&sum, shape->block, shape->width << stage, stage > 0 && k == 0 ? 2 : 1, &side,
                      &inputs);
    return sum;
}

double mos_encoder_macs(mos_encoder_kind encoder, bool stem_pool, int64_t bands, int64_t size) {
    if (mos_resnet_shape_of(encoder) == NULL) return NAN;
    return stem_work(encoder, bands, size).macs + body_work(encoder, stem_pool, size).macs;
}

double mos_encoder_step_flops(mos_encoder_kind encoder, bool stem_pool, int64_t bands,
                              int64_t size) {
    if (mos_resnet_shape_of(encoder) == NULL) return NAN;
    return 2 * (2 * stem_work(encoder, bands, size).macs +
                3 * body_work(encoder, stem_pool, size).macs);
}

double mos_encoder_saved_values(mos_encoder_kind encoder, bool stem_pool, int64_t size) {
    if (mos_resnet_shape_of(encoder) == NULL) return NAN;
    const int64_t stem = out_size(size, 7, 2, 3), pooled = out_size(stem, 3, 2, 1);
    const double pool =
        stem_pool ? (double)(pooled * pooled * mos_resnet_shape_of(encoder)->width) : 0;
    return 2 * (stem_work(encoder, 1, size).values + body_work(encoder, stem_pool, size).values) +
           pool;
}
