#include "base/isa.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { NOT_ASKED = -1 };
static atomic_int used = NOT_ASKED;
static atomic_bool capped;

static const char *const names[MOS_ISA_COUNT] = {"base", "avx2", "avx512", "avx512_bf16"};

const char *mos_isa_name(mos_isa isa) {
    return names[isa];
}

mos_isa mos_isa_of_processor(void) {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return MOS_ISA_BASE;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return MOS_ISA_AVX2;
    return __builtin_cpu_supports("avx512bf16") ? MOS_ISA_AVX512_BF16 : MOS_ISA_AVX512;
#else
    return MOS_ISA_BASE;
#endif
}

#if defined(__x86_64__)
/* The register states that the system saves: tiles are of use only where it saves theirs. */
static unsigned saved_states(void) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool processor_has_tiles(void) {
    enum { TILE_STATES = 3 << 17, OSXSAVE = 1 << 27, AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE)) return false;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & AMX_BF16) || !(d & AMX_TILE))
        return false;
    return (saved_states() & TILE_STATES) == TILE_STATES;
}
#endif

bool mos_isa_tiles(void) {
#if defined(__x86_64__)
    return !mos_isa_is_capped() && processor_has_tiles();
#else
    return false;
#endif
}

/* Where the environment is wrong this is the processor's own: whoever can report it calls
 * mos_isa_cap. */
mos_isa mos_isa_used(void) {
    int isa = atomic_load_explicit(&used, memory_order_relaxed);
    if (isa != NOT_ASKED) return (mos_isa)isa;
    if (mos_isa_cap(NULL) != MOSAIC_OK) return mos_isa_of_processor();
    return (mos_isa)atomic_load_explicit(&used, memory_order_relaxed);
}

bool mos_isa_is_capped(void) {
    (void)mos_isa_used();
    return atomic_load_explicit(&capped, memory_order_relaxed);
}

/* "base, avx2": what a cap may be here. */
static void list_possible(char *out, size_t size) {
    size_t length = 0;
    for (int i = 0; i <= (int)mos_isa_of_processor() && length < size; i++) {
        int added = snprintf(out + length, size - length, "%s%s", i ? ", " : "", names[i]);
        length += added > 0 ? (size_t)added : 0;
    }
}

mosaic_status mos_isa_cap(const char *name) {
    const char *const where = name ? "--isa" : "MOSAIC_ISA";
    char possible[64] = "";
    int isa = 0;
    if (!name) {
        name = getenv("MOSAIC_ISA");
        if (!name || !*name) {
            if (atomic_load(&used) == NOT_ASKED) atomic_store(&used, (int)mos_isa_of_processor());
            return MOSAIC_OK;
        }
        if (atomic_load(&used) != NOT_ASKED) return MOSAIC_OK; /* what was asked for by name */
    }
    while (isa < MOS_ISA_COUNT && strcmp(names[isa], name) != 0)
        isa++;
    if (isa > (int)mos_isa_of_processor()) {
        list_possible(possible, sizeof possible);
        return mos_fail(MOSAIC_ERR_USAGE,
                        isa == MOS_ISA_COUNT
                            ? "%s: no instruction set '%s'; this processor has: %s"
                            : "%s: this processor lacks the instruction set '%s', it has: %s",
                        where, name, possible);
    }
    atomic_store(&used, isa);
    atomic_store(&capped, true);
    return MOSAIC_OK;
}
