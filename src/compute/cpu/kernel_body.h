/* The whole set of loops for one instruction set: the including file defines KERNEL_TABLE (the
 * table's name) and KERNEL_ISA (its text) and is compiled with that instruction set's flags
 * (kernel_flags.cmake). */
#include "compute/cpu/kernel_table.h"
#include "compute/cpu/kernel_vector.h"

#include "compute/cpu/kernel_conv_common.h"
#include "compute/cpu/kernel_real_body.h"
#include "compute/cpu/kernel_winograd_common.h"

#define act_t           float
#define act_row         vec
#define ACT(name)       name##_f32
#define ACT_LOAD(p)     v_load(p)
#define ACT_STORE(p, v) v_store(p, v)
#define ACT_STEP        1
#define ACT_CHAIN       64
#include "compute/cpu/kernel_product_body.h"

#include "compute/cpu/kernel_gather_body.h"
#include "compute/cpu/kernel_stem_body.h"
#include "compute/cpu/kernel_winograd_body.h"
/* after the body whose products it shares */
#include "compute/cpu/kernel_winograd_3x3.h"
#include "compute/cpu/kernel_winograd_4x4.h"
#include "compute/cpu/kernel_winograd_map.h"
#define ACT_WINOGRAD_3X3 &f3_table
#define ACT_WINOGRAD_4X4 &f4_table
#define ACT_WINOGRAD_MAP &map2_table
#include "compute/cpu/kernel_act_body.h"
#undef act_t
#undef act_row
#undef ACT
#undef ACT_LOAD
#undef ACT_STORE
#undef ACT_STEP
#undef ACT_CHAIN
#undef ACT_WINOGRAD_3X3
#undef ACT_WINOGRAD_4X4
#undef ACT_WINOGRAD_MAP

#if defined(__AVX512BF16__)
#define act_t           uint16_t
#define act_row         __m512bh
#define ACT(name)       name##_bf16
#define ACT_LOAD(p)     v_load_bf16(p)
#define ACT_STORE(p, v) v_store_bf16(p, v)
#define ACT_STEP        2
#define ACT_CHAIN       INT64_MAX /* rounding to bf16 hides it */
#include "compute/cpu/kernel_product_body.h"

#include "compute/cpu/kernel_gather_body.h"
#include "compute/cpu/kernel_stem_body.h"
#include "compute/cpu/kernel_winograd_body.h"
#define ACT_WINOGRAD_3X3 NULL
#define ACT_WINOGRAD_4X4 NULL
#define ACT_WINOGRAD_MAP NULL
#include "compute/cpu/kernel_act_body.h"
#endif

const mos_kernels KERNEL_TABLE = {
    .isa = KERNEL_ISA,
    .lanes = LANES,
    .rows = PRODUCT_ROWS,
    .f32 = &table_f32,
#if defined(__AVX512BF16__)
    .bf16 = &table_bf16,
#endif
    .exp_row = exp_row,
    .optimize = optimize,
    .sum_squares = sum_squares,
    .add = add,
    .add_weight_block = add_weight_block,
};
