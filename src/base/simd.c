#include "base/simd.h"

#include <stdatomic.h>

static atomic_int limit = MOS_SIMD_AVX512;

static mos_simd supported(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return MOS_SIMD_AVX512;
    if (__builtin_cpu_supports("avx2")) return MOS_SIMD_AVX2;
#endif
    return MOS_SIMD_PLAIN;
}

mos_simd mos_simd_level(void) {
    mos_simd best = supported();
    int most = atomic_load_explicit(&limit, memory_order_relaxed);
    return (int)best < most ? best : (mos_simd)most;
}

void mos_simd_limit(mos_simd most) {
    atomic_store_explicit(&limit, (int)most, memory_order_relaxed);
}
