/* The roof of this processor at this moment, of the instruction set that is used (base/isa.h):
 * fused multiply-adds per second on all threads, data in registers. Every speed is reported as a
 * share of a roof measured in the same minute. */
#ifndef MOS_BENCH_FMA_ROOF_H
#define MOS_BENCH_FMA_ROOF_H

typedef struct mos_roof {
    double fp32_gflops; /* 2 floating-point operations per multiply-add */
    double bf16_gflops; /* with vdpbf16ps; 0 where that is lacking */
} mos_roof;

/* About `milliseconds` per number format. */
mos_roof mos_roof_measure(int threads, double milliseconds);

#endif
