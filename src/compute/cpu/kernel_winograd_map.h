/* A map of 2x2 positions whose kernel is 3x3, in fp32: what lies around the map is zero, so that along a side the
 * outputs are a Toeplitz matrix of 2x2 times two inputs, which takes three products instead of the
 * four of its taps:
 *   y0 = g1 x0 + g2 x1 = g1 (x0 + x1) + (g2 - g1) x1
 *   y1 = g0 x0 + g1 x1 = g1 (x0 + x1) + (g0 - g1) x0
 * Nine products for the map; F(2x2) and the taps inside take sixteen. Included once by
 * kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_WINOGRAD_MAP_H
#define MOS_COMPUTE_CPU_KERNEL_WINOGRAD_MAP_H

/* The inputs' side */
KERNEL_INLINE void map2_input_line(const vec d[2], vec t[3]) {
    t[0] = d[0] + d[1];
    t[1] = d[1];
    t[2] = d[0];
}

/* Outputs from products */
KERNEL_INLINE void map2_output_line(const vec m[3], vec y[2]) {
    y[0] = m[0] + m[1];
    y[1] = m[0] + m[2];
}

/* The transposed of that */
KERNEL_INLINE void map2_gradient_line(const vec y[2], vec t[3]) {
    t[0] = y[0] + y[1];
    t[1] = y[0];
    t[2] = y[1];
}

/* The kernel's side */
KERNEL_INLINE void map2_weight_line(const vec g[3], vec u[3]) {
    u[0] = g[1];
    u[1] = g[2] - g[1];
    u[2] = g[0] - g[1];
}

/* The transposed of that */
KERNEL_INLINE void map2_weight_gradient_line(const vec u[3], vec g[3]) {
    g[0] = u[2];
    g[1] = u[0] - u[1] - u[2];
    g[2] = u[1];
}

#define TILE(name) map2_##name
#define TILE_NAME  "map_2x2"
#define TILE_OUT   2
#define TILE_IN    2
#define TILE_PAD   0
#define TILE_SIDE  3
#include "compute/cpu/kernel_winograd_tile.h"

#endif
