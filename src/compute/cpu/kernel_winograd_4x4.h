/* Winograd's minimal filtering F(4x4, 3x3) in fp32: thirty-six products for sixteen outputs, a
 * quarter of the direct ones. Polynomials through the points 0, P, -P, Q, -Q and infinity. Included
 * once by kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_WINOGRAD_4X4_H
#define MOS_COMPUTE_CPU_KERNEL_WINOGRAD_4X4_H

/* The points of least rounding error among those tried (docs/adr/0004-own-convolution-kernels.md).
 */
#define F4_P  0.625f
#define F4_Q  1.5f
#define F4_PP (F4_P * F4_P)
#define F4_QQ (F4_Q * F4_Q)
/* Product of a point's distances to the other finite ones. */
#define F4_N_0 (F4_PP * F4_QQ)
#define F4_N_P (2 * F4_PP * (F4_PP - F4_QQ))
#define F4_N_Q (2 * F4_QQ * (F4_QQ - F4_PP))

/* B^T d */
KERNEL_INLINE void f4_input_line(const vec d[6], vec t[6]) {
    const vec even_p = d[4] - d[2] * F4_QQ, odd_p = d[3] - d[1] * F4_QQ;
    const vec even_q = d[4] - d[2] * F4_PP, odd_q = d[3] - d[1] * F4_PP;
    t[0] = d[4] - d[2] * (F4_PP + F4_QQ) + d[0] * (F4_PP * F4_QQ);
    t[1] = even_p + odd_p * F4_P;
    t[2] = even_p - odd_p * F4_P;
    t[3] = even_q + odd_q * F4_Q;
    t[4] = even_q - odd_q * F4_Q;
    t[5] = d[5] - d[3] * (F4_PP + F4_QQ) + d[1] * (F4_PP * F4_QQ);
}

/* A^T m */
KERNEL_INLINE void f4_output_line(const vec m[6], vec y[4]) {
    const vec even_p = m[1] + m[2], odd_p = m[1] - m[2];
    const vec even_q = m[3] + m[4], odd_q = m[3] - m[4];
    y[0] = m[0] + even_p + even_q;
    y[1] = odd_p * F4_P + odd_q * F4_Q;
    y[2] = even_p * F4_PP + even_q * F4_QQ;
    y[3] = odd_p * (F4_PP * F4_P) + odd_q * (F4_QQ * F4_Q) + m[5];
}

/* A y */
KERNEL_INLINE void f4_gradient_line(const vec y[4], vec t[6]) {
    const vec even_p = y[0] + y[2] * F4_PP, odd_p = y[1] * F4_P + y[3] * (F4_PP * F4_P);
    const vec even_q = y[0] + y[2] * F4_QQ, odd_q = y[1] * F4_Q + y[3] * (F4_QQ * F4_Q);
    t[0] = y[0];
    t[1] = even_p + odd_p;
    t[2] = even_p - odd_p;
    t[3] = even_q + odd_q;
    t[4] = even_q - odd_q;
    t[5] = y[3];
}

/* G g */
KERNEL_INLINE void f4_weight_line(const vec g[3], vec u[6]) {
    const vec even_p = g[0] * (1 / F4_N_P) + g[2] * (F4_PP / F4_N_P),
              odd_p = g[1] * (F4_P / F4_N_P);
    const vec even_q = g[0] * (1 / F4_N_Q) + g[2] * (F4_QQ / F4_N_Q),
              odd_q = g[1] * (F4_Q / F4_N_Q);
    u[0] = g[0] * (1 / F4_N_0);
    u[1] = even_p + odd_p;
    u[2] = even_p - odd_p;
    u[3] = even_q + odd_q;
    u[4] = even_q - odd_q;
    u[5] = g[2];
}

/* G^T u */
KERNEL_INLINE void f4_weight_gradient_line(const vec u[6], vec g[3]) {
    const vec even_p = (u[1] + u[2]) * (1 / F4_N_P), odd_p = (u[1] - u[2]) * (F4_P / F4_N_P);
    const vec even_q = (u[3] + u[4]) * (1 / F4_N_Q), odd_q = (u[3] - u[4]) * (F4_Q / F4_N_Q);
    g[0] = u[0] * (1 / F4_N_0) + even_p + even_q;
    g[1] = odd_p + odd_q;
    g[2] = even_p * F4_PP + even_q * F4_QQ + u[5];
}

#define TILE(name) f4_##name
#define TILE_NAME  "winograd_4x4"
#define TILE_OUT   4
#define TILE_IN    6
#define TILE_PAD   1
#define TILE_SIDE  6
#include "compute/cpu/kernel_winograd_tile.h"

#endif
