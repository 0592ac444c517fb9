/* The products of float and of double for the instruction set this is compiled for. The including
 * file defines KERNELS, the table's name, and KERNEL_NAME; gemm_flags.cmake has the flags. */
#include "base/gemm_kernel.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* A tile of c is ROWS by two vectors; with the two of b and one of a it fits the registers: 16 of
 * them, 32 with AVX-512 and on aarch64. */
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define ROWS         14
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#define ROWS         6
#elif defined(__aarch64__)
#define VECTOR_BYTES 16
#define ROWS         12
#else
#define VECTOR_BYTES 16
#define ROWS         6
#endif

/* A value that no operation is fused with. */
#if defined(__x86_64__)
#define AS_IT_IS(value) __asm__("" : "+v"(value))
#elif defined(__aarch64__)
#define AS_IT_IS(value) __asm__("" : "+w"(value))
#else
#define AS_IT_IS(value) (void)(value)
#endif

/* sum += x y, in place: gcc 12 would move sums between registers, and those of double to memory. */
#if defined(__FMA__)
#define MULTIPLY_ADD(sum, x, y) __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y))
#else
#define MULTIPLY_ADD(sum, x, y) ((sum) += (x) * (y))
#endif
#define EIGHTS (VECTOR_BYTES >= 32) /* vectors of eight */
/* A tail tile: the last columns of c, TAIL_VECTORS vectors and up to four columns more, as 19 classes
 * have. QUADS rows share the vector of these four. With AVX-512 nothing would be won: its
 * multiply-adds and the shuffles that mix rows wait for the same port. */
#if defined(__AVX512F__)
#define TAIL_ROWS 0
#elif defined(__aarch64__)
#define TAIL_ROWS 8
#else
#define TAIL_ROWS 4
#endif
#define TAIL_VECTORS 2
#define QUADS        (VECTOR_BYTES / 16)
#define REAL         float
#define PRODUCT      mos_product_f32
#define NAME(name)   name##_f32
/* what TAIL_ROWS and TAIL_COLUMNS were, for the table below */
enum {
    TILE_TAIL_ROWS = TAIL_ROWS,
    TILE_TAIL_ABOVE = TAIL_VECTORS * VECTOR_BYTES / (int)sizeof(float),
    TILE_TAIL_COLUMNS = TILE_TAIL_ABOVE + 4
};
#include "base/gemm_kernel_body.h"
#undef REAL
#undef PRODUCT
#undef NAME

#if defined(__FMA__)
#define MULTIPLY_ADD(sum, x, y) __asm__("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y))
#else
#define MULTIPLY_ADD(sum, x, y) ((sum) += (x) * (y))
#endif
#define EIGHTS     0
#define TAIL_ROWS  0
#define QUADS      1
#define REAL       double
#define PRODUCT    mos_product_f64
#define NAME(name) name##_f64
#include "base/gemm_kernel_body.h"

const mos_gemm_kernels KERNELS = {
    .name = KERNEL_NAME,
    .rows = ROWS,
    .columns_f32 = 2 * VECTOR_BYTES / (int64_t)sizeof(float),
    .columns_f64 = 2 * VECTOR_BYTES / (int64_t)sizeof(double),
    .tail_rows = TILE_TAIL_ROWS,
    .tail_above = TILE_TAIL_ABOVE,
    .tail_columns = TILE_TAIL_COLUMNS,
    .f32 = product_f32,
    .f64 = product_f64,
};
