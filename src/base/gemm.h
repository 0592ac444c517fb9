/* Matrix products, c (+)= alpha a b, on every instruction set. Rows, columns and their transposes
 * are strides: element (i, p) of a is a[i * a_row + p * a_column], element (p, j) of b is b[p *
 * b_row + j * b_column]; c is [m, ldc] by rows and overlaps neither.
 *
 * A value of c is one chain of multiply-adds along k, MOS_GEMM_DEPTH at a time, and the sums of
 * these in their order. It depends on its row of a, its column of b, k and alpha alone: not on
 * threads, on m and n, nor on its place. With fused multiply-adds (AVX2, AVX-512, NEON) the bits
 * are the same too. */
#ifndef MOS_BASE_GEMM_H
#define MOS_BASE_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOS_GEMM_DEPTH = 256 };

typedef struct mos_product_f32 {
    int64_t m, n, k;
    float alpha;
    const float *a, *b;
    int64_t a_row, a_column, b_row, b_column;
    float *c;
    int64_t ldc;
    bool accumulate; /* add to c; what c holds is not read otherwise */
} mos_product_f32;

typedef struct mos_product_f64 {
    int64_t m, n, k;
    double alpha;
    const double *a, *b;
    int64_t a_row, a_column, b_row, b_column;
    double *c;
    int64_t ldc;
    bool accumulate;
} mos_product_f64;

/* room: mos_gemm_room(threads) bytes, which no other call uses meanwhile; any alignment of 64. */
size_t mos_gemm_room(int threads);
void mos_gemm_f32(const mos_product_f32 *product, int threads, void *room);
void mos_gemm_f64(const mos_product_f64 *product, int threads, void *room);

/* "avx2 6x16": the instruction set and the float values of c in registers. Where a processor halves
 * vectors of 512 bits, products with few columns take the tiles of avx2 though this says avx512. */
const char *mos_gemm_kernel_name(void);

#endif
