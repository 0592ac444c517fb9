/* Arithmetic and memory of one view: what a speed is a share of, and a peak. NaN: the encoder is no
 * residual network, and its layers are not counted here. */
#ifndef MOS_BENCH_ENCODER_WORK_H
#define MOS_BENCH_ENCODER_WORK_H

#include "model/model.h"

/* Multiply-adds of the encoder's convolutions, forward, for one patch [bands, size, size]. */
double mos_encoder_macs(mos_encoder_kind encoder, bool stem_pool, int64_t bands, int64_t size);
/* Floating-point operations of one training view: forward, weight gradient and, but for the stem,
 * data gradient. */
double mos_encoder_step_flops(mos_encoder_kind encoder, bool stem_pool, int64_t bands,
                              int64_t size);
/* Activation values that a training view has to keep from forward to backward: what every
 * convolution writes, what the norm behind it makes of that, and what the pool lets through. */
double mos_encoder_saved_values(mos_encoder_kind encoder, bool stem_pool, int64_t size);

#endif
