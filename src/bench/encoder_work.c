#include "bench/encoder_work.h"

#include "model/resnet.h"

static int64_t out_size(int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
    return (size + 2 * pad - kernel) / stride + 1;
}

/* size: of the output */
static double conv_macs(int64_t size, int64_t ci, int64_t co, int64_t kernel) {
    return (double)(size * size * ci * co * kernel * kernel);
}

static double stem_macs(int64_t bands, int64_t size) {
    return conv_macs(out_size(size, 7, 2, 3), bands, 64, 7);
}

/* One residual block; updates what the next one reads. */
static double block_macs(const mos_block_kind *kind, int64_t width, int64_t stride, int64_t *side,
                         int64_t *inputs) {
    const int64_t first = *inputs, outputs = width * kind->widen[kind->units - 1];
    double macs = 0;
    for (int u = 0; u < kind->units; u++) {
        const int64_t co = width * kind->widen[u];
        if (u == kind->strided) *side = out_size(*side, 3, stride, 1);
        macs += conv_macs(*side, *inputs, co, kind->kernel[u]);
        *inputs = co;
    }
    if (stride != 1 || first != outputs) macs += conv_macs(*side, first, outputs, 1);
    return macs;
}

static double body_macs(mos_encoder_kind encoder, bool stem_pool, int64_t size) {
    const mos_encoder_shape *shape = &mos_encoder_shapes[encoder];
    int64_t side = out_size(size, 7, 2, 3), inputs = 64;
    double macs = 0;
    if (stem_pool) side = out_size(side, 3, 2, 1);
    for (int stage = 0; stage < 4; stage++)
        for (int k = 0; k < shape->depth[stage]; k++)
            macs += block_macs(shape->block, (int64_t)64 << stage, stage > 0 && k == 0 ? 2 : 1,
                               &side, &inputs);
    return macs;
}

double mos_encoder_macs(mos_encoder_kind encoder, bool stem_pool, int64_t bands, int64_t size) {
    return stem_macs(bands, size) + body_macs(encoder, stem_pool, size);
}

double mos_encoder_step_flops(mos_encoder_kind encoder, bool stem_pool, int64_t bands,
                              int64_t size) {
    return 2 * (2 * stem_macs(bands, size) + 3 * body_macs(encoder, stem_pool, size));
}
