/* Instruction sets: what this processor has, the cap a user puts on it, and what is used. A cap
 * makes every path testable on every machine. */
#ifndef MOS_BASE_ISA_H
#define MOS_BASE_ISA_H

#include "base/error.h"

#include <stdbool.h>

/* Each contains those before it. BASE is what the compiler takes without being told. */
typedef enum mos_isa {
    MOS_ISA_BASE,
    MOS_ISA_AVX2,        /* with FMA */
    MOS_ISA_AVX512,      /* F, BW, DQ, VL */
    MOS_ISA_AVX512_BF16, /* multiplies pairs of bf16 */
    MOS_ISA_COUNT
} mos_isa;

/* "base", "avx2", "avx512", "avx512_bf16". */
const char *mos_isa_name(mos_isa isa);

/* The best this processor has, cap or not. */
mos_isa mos_isa_of_processor(void);
/* The best that is used: the processor's, not above the cap. */
mos_isa mos_isa_used(void);
bool mos_isa_is_capped(void);
/* The processor multiplies bf16 matrix tiles (AMX) and no cap is set: the tiles are above every
 * set that can be named. */
bool mos_isa_tiles(void);

/* Cap what is used by name; NULL: by the environment's MOSAIC_ISA, if that is set. Process-wide,
 * before the first device opens. A name that is none, or one of a set that the processor lacks, is
 * MOSAIC_ERR_USAGE. */
mosaic_status mos_isa_cap(const char *name);

#endif
