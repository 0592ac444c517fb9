/* Arithmetic of one view: what a speed is a share of. */
#ifndef MOS_BENCH_ENCODER_WORK_H
#define MOS_BENCH_ENCODER_WORK_H

#include "model/model.h"

/* Multiply-adds of the encoder's convolutions, forward, for one patch [bands, size, size]. */
double mos_encoder_macs(mos_encoder_kind encoder, bool stem_pool, int64_t bands, int64_t size);
/* Floating-point operations of one training view: forward, weight gradient and, but for the stem,
 * data gradient. */
double mos_encoder_step_flops(mos_encoder_kind encoder, bool stem_pool, int64_t bands,
                              int64_t size);

#endif
