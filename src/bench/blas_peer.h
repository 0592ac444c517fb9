/* OpenBLAS as a peer, opened while running: nothing of ours links or needs it. */
#ifndef MOS_BENCH_BLAS_PEER_H
#define MOS_BENCH_BLAS_PEER_H

#include "base/gemm.h"

typedef struct mos_blas_peer {
    void *library;         /* NULL: not here */
    char description[160]; /* its version and the kernels it chose, or why it is not here */
    void (*set_threads)(int threads);
    void (*sgemm)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                  const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
    void (*dgemm)(int order, int trans_a, int trans_b, int m, int n, int k, double alpha,
                  const double *a, int lda, const double *b, int ldb, double beta, double *c,
                  int ldc);
} mos_blas_peer;

/* Sets OPENBLAS_CORETYPE to what our cap on the instruction set allows; without a cap, removes it from
 * the environment. */
void mos_blas_peer_open(mos_blas_peer *out);
void mos_blas_peer_close(mos_blas_peer *peer);

/* The same product on so many threads. One stride of a and of b must be 1. */
void mos_blas_peer_f32(const mos_blas_peer *peer, const mos_product_f32 *product, int threads);
void mos_blas_peer_f64(const mos_blas_peer *peer, const mos_product_f64 *product, int threads);

#endif
