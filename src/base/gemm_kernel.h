/* One thread's products, for one instruction set. */
#ifndef MOS_BASE_GEMM_KERNEL_H
#define MOS_BASE_GEMM_KERNEL_H

#include "base/gemm.h"

/* What a thread packs: GEMM_ROWS rows of a by MOS_GEMM_DEPTH (stays in the second cache), and
 * MOS_GEMM_DEPTH by GEMM_COLUMNS columns of b (in the third). Rows are a multiple of 6, 12 and 14.
 * In bytes both are the same for float and double; behind each panel, of which there are at most 28
 * and 192, is an empty line. */
enum { MOS_GEMM_ROW_BYTES = 168 * 4, MOS_GEMM_COLUMN_BYTES = 1536 * 4, MOS_GEMM_LINE_BYTES = 64 };
enum {
    MOS_GEMM_A_BYTES = MOS_GEMM_ROW_BYTES * MOS_GEMM_DEPTH + 28 * MOS_GEMM_LINE_BYTES,
    MOS_GEMM_B_BYTES = MOS_GEMM_COLUMN_BYTES * MOS_GEMM_DEPTH + 192 * MOS_GEMM_LINE_BYTES,
    MOS_GEMM_THREAD_BYTES = MOS_GEMM_A_BYTES + MOS_GEMM_B_BYTES
};

/* Up to so many columns of c, tiles read rows of a where they lie: copying a costs more than it saves. */
enum { MOS_GEMM_DIRECT_COLUMNS = 128 };

typedef struct mos_gemm_kernels {
    const char *name;
    int64_t rows, columns_f32, columns_f64; /* of c in registers */
    /* Tail tiles make all of a narrow float product with more than tail_above columns and at most
     * tail_columns; tail_rows: theirs, 0: there are none. */
    int64_t tail_rows, tail_above, tail_columns;
    void (*f32)(const mos_product_f32 *product, float *room);
    void (*f64)(const mos_product_f64 *product, double *room);
} mos_gemm_kernels;

extern const mos_gemm_kernels mos_gemm_kernels_base;
#if defined(__x86_64__)
extern const mos_gemm_kernels mos_gemm_kernels_avx2;
extern const mos_gemm_kernels mos_gemm_kernels_avx512;
#endif

#endif
