#include "base/simd.h"

#include "base/isa.h"

#include <stdatomic.h>
#include <stdio.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static atomic_int limit = MOS_SIMD_AVX512;

mos_simd mos_simd_level(void) {
    const mos_isa isa = mos_isa_used();
    const mos_simd best = isa >= MOS_ISA_AVX512 ? MOS_SIMD_AVX512
                          : isa == MOS_ISA_AVX2 ? MOS_SIMD_AVX2
                                                : MOS_SIMD_PLAIN;
    const int most = atomic_load_explicit(&limit, memory_order_relaxed);
    return (int)best < most ? best : (mos_simd)most;
}

void mos_simd_limit(mos_simd most) {
    atomic_store_explicit(&limit, (int)most, memory_order_relaxed);
}

void mos_processor_name(char name[MOS_PROCESSOR_NAME]) {
    (void)snprintf(name, MOS_PROCESSOR_NAME, "unknown");
#if defined(__x86_64__)
    unsigned a, b, c, d, vendor[3];
    if (!__get_cpuid(0, &a, &vendor[0], &vendor[2], &vendor[1])) return;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    unsigned family = a >> 8 & 15, model = a >> 4 & 15;
    if (family == 6 || family == 15) model += (a >> 16 & 15) << 4;
    if (family == 15) family += a >> 20 & 255;
    (void)snprintf(name, MOS_PROCESSOR_NAME, "%.12s-%u-%u", (const char *)vendor, family, model);
#endif
}
