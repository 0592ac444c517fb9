/* Winograd's minimal filtering F(3x3, 3x3) in fp32: twenty-five products for nine outputs. On maps
 * of 3, 5, 6 and 9 positions a side its tiles are fuller than those of F(4x4). Polynomials through
 * the points 0, P, -P, Q and infinity. Included once by kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_WINOGRAD_3X3_H
#define MOS_COMPUTE_CPU_KERNEL_WINOGRAD_3X3_H

/* The points of least rounding error among those tried (docs/adr/0018-tiles-by-map.md). */
#define F3_P  0.75f
#define F3_Q  1.5f
#define F3_PP (F3_P * F3_P)
#define F3_QQ (F3_Q * F3_Q)
/* Product of a point's distances to the other finite ones: of 0, P, -P and Q. */
#define F3_N_0    (F3_PP * F3_Q)
#define F3_N_P    (2 * F3_PP * (F3_P - F3_Q))
#define F3_N_LESS (-2 * F3_PP * (F3_P + F3_Q))
#define F3_N_Q    (F3_Q * (F3_QQ - F3_PP))

/* B^T d */
KERNEL_INLINE void f3_input_line(const vec d[5], vec t[5]) {
    const vec even = d[3] - d[2] * F3_Q, odd = d[2] - d[1] * F3_Q;
    t[0] = even - (d[1] - d[0] * F3_Q) * F3_PP;
    t[1] = even + odd * F3_P;
    t[2] = even - odd * F3_P;
    t[3] = d[3] - d[1] * F3_PP;
    t[4] = d[4] - d[3] * F3_Q - odd * F3_PP;
}

/* A^T m */
KERNEL_INLINE void f3_output_line(const vec m[5], vec y[3]) {
    const vec even = m[1] + m[2], odd = m[1] - m[2];
    y[0] = m[0] + even + m[3];
    y[1] = odd * F3_P + m[3] * F3_Q;
    y[2] = even * F3_PP + m[3] * F3_QQ + m[4];
}

/* A y */
KERNEL_INLINE void f3_gradient_line(const vec y[3], vec t[5]) {
    const vec even = y[0] + y[2] * F3_PP, odd = y[1] * F3_P;
    t[0] = y[0];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = y[0] + y[1] * F3_Q + y[2] * F3_QQ;
    t[4] = y[2];
}

/* G g */
KERNEL_INLINE void f3_weight_line(const vec g[3], vec u[5]) {
    const vec even = g[0] + g[2] * F3_PP, odd = g[1] * F3_P;
    u[0] = g[0] * (1 / F3_N_0);
    u[1] = (even + odd) * (1 / F3_N_P);
    u[2] = (even - odd) * (1 / F3_N_LESS);
    u[3] = (g[0] + g[1] * F3_Q + g[2] * F3_QQ) * (1 / F3_N_Q);
    u[4] = g[2];
}

/* G^T u */
KERNEL_INLINE void f3_weight_gradient_line(const vec u[5], vec g[3]) {
    const vec p = u[1] * (1 / F3_N_P), less = u[2] * (1 / F3_N_LESS), q = u[3] * (1 / F3_N_Q);
    g[0] = u[0] * (1 / F3_N_0) + p + less + q;
    g[1] = (p - less) * F3_P + q * F3_Q;
    g[2] = (p + less) * F3_PP + q * F3_QQ + u[4];
}

#define TILE(name) f3_##name
#define TILE_NAME  "winograd_3x3"
#define TILE_OUT   3
#define TILE_IN    5
#define TILE_PAD   1
#define TILE_SIDE  5
#include "compute/cpu/kernel_winograd_tile.h"

#endif
