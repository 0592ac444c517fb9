#include "bench/encoder_work.h"

static int64_t out_size(int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
    return (size + 2 * pad - kernel) / stride + 1;
}

static double conv_macs(int64_t size, int64_t ci, int64_t co, int64_t kernel) {
    return (double)(size * size * ci * co * kernel * kernel);
}

static double stem_macs(int64_t bands, int64_t size) {
    return conv_macs(out_size(size, 7, 2, 3), bands, 64, 7);
}

/* The four stages of basic blocks: a strided block changes width, with a 1x1 convolution on its
 * skip path. */
static double body_macs(mos_encoder_kind encoder, bool stem_pool, int64_t size) {
    static const int64_t depths[2][4] = {{2, 2, 2, 2}, {3, 4, 6, 3}};
    const int64_t *depth = depths[encoder == MOS_ENCODER_RESNET34];
    int64_t side = out_size(size, 7, 2, 3), inputs = 64;
    double macs = 0;
    if (stem_pool) side = out_size(side, 3, 2, 1);
    for (int stage = 0; stage < 4; stage++) {
        int64_t width = (int64_t)64 << stage;
        if (stage > 0) side = out_size(side, 3, 2, 1);
        for (int64_t k = 0; k < depth[stage]; k++) {
            macs += conv_macs(side, inputs, width, 3) + conv_macs(side, width, width, 3);
            if (inputs != width) macs += conv_macs(side, inputs, width, 1);
            inputs = width;
        }
    }
    return macs;
}

double mos_encoder_macs(mos_encoder_kind encoder, bool stem_pool, int64_t bands, int64_t size) {
    return stem_macs(bands, size) + body_macs(encoder, stem_pool, size);
}

double mos_encoder_step_flops(mos_encoder_kind encoder, bool stem_pool, int64_t bands,
                              int64_t size) {
    return 2 * (2 * stem_macs(bands, size) + 3 * body_macs(encoder, stem_pool, size));
}
