/* What Winograd's F(2x2, 3x3) kernels share whatever type the activations are. Included once by
 * kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_WINOGRAD_COMMON_H
#define MOS_COMPUTE_CPU_KERNEL_WINOGRAD_COMMON_H

/* The four rows (or columns) of B^T applied to d0 .. d3. */
#define WINOGRAD_B(d0, d1, d2, d3, t0, t1, t2, t3)                                                 \
    ((t0) = (d0) - (d2), (t1) = (d1) + (d2), (t2) = (d2) - (d1), (t3) = (d1) - (d3))

typedef struct tile_position {
    int64_t n, ty, tx;
} tile_position;

KERNEL_INLINE tile_position find_tile(const mos_winograd_map *map, int64_t tile) {
    const int64_t row = tile / map->tw;
    return (tile_position){.n = row / map->th, .ty = row % map->th, .tx = tile % map->tw};
}

/* B^T d B of one tile from its four transformed columns: out[row * 4 + column] */
KERNEL_INLINE void combine_columns(vec (*const column[4])[4], vec out[16]) {
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
        WINOGRAD_B((*column[0])[r], (*column[1])[r], (*column[2])[r], (*column[3])[r], out[r * 4],
                   out[r * 4 + 1], out[r * 4 + 2], out[r * 4 + 3]);
}

/* A^T m A of one tile and LANES channels: out[row * 2 + column] */
KERNEL_INLINE void output_tile(const float *m, int64_t stride, vec out[4]) {
    vec s[2][4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
        const vec m0 = v_load(m + c * stride), m1 = v_load(m + (4 + c) * stride);
        const vec m2 = v_load(m + (8 + c) * stride), m3 = v_load(m + (12 + c) * stride);
        s[0][c] = m0 + m1 + m2;
        s[1][c] = m1 - m2 - m3;
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; r++) {
        out[r * 2] = s[r][0] + s[r][1] + s[r][2];
        out[r * 2 + 1] = s[r][1] - s[r][2] - s[r][3];
    }
}

/* G g G^T: u[16] from g[9] */
KERNEL_INLINE void transform_weights(const vec g[9], vec u[16]) {
    vec s[4][3];
#pragma GCC unroll 3
    for (int c = 0; c < 3; c++) {
        const vec outer = (g[c] + g[6 + c]) * 0.5f, inner = g[3 + c] * 0.5f;
        s[0][c] = g[c], s[1][c] = outer + inner, s[2][c] = outer - inner, s[3][c] = g[6 + c];
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
        const vec outer = (s[r][0] + s[r][2]) * 0.5f, inner = s[r][1] * 0.5f;
        u[r * 4] = s[r][0], u[r * 4 + 1] = outer + inner, u[r * 4 + 2] = outer - inner,
              u[r * 4 + 3] = s[r][2];
    }
}

/* A walk over tiles in order. */
KERNEL_INLINE void next_tile(const mos_winograd_map *map, tile_position *at) {
    if (++at->tx < map->tw) return;
    at->tx = 0;
    if (++at->ty < map->th) return;
    at->ty = 0;
    at->n++;
}

/* G^T du G for LANES inputs and outputs: block [9, LANES i, LANES o] from one half of du [16, LANES
 * i, GROUP o] */
static void winograd_weight_block(const float *du, float *block) {
    const int64_t plane = LANES * GROUP;
    for (int64_t i = 0; i < LANES; i++) {
        vec s[3][4];
#pragma GCC unroll 4
        for (int64_t c = 0; c < 4; c++) {
            const vec d0 = v_load(du + c * plane + i * GROUP),
                      d1 = v_load(du + (4 + c) * plane + i * GROUP);
            const vec d2 = v_load(du + (8 + c) * plane + i * GROUP),
                      d3 = v_load(du + (12 + c) * plane + i * GROUP);
            s[0][c] = d0 + (d1 + d2) * 0.5f;
            s[1][c] = (d1 - d2) * 0.5f;
            s[2][c] = (d1 + d2) * 0.5f + d3;
        }
#pragma GCC unroll 3
        for (int64_t r = 0; r < 3; r++) {
            float *to = block + (r * 3 * LANES + i) * LANES;
            v_store(to, s[r][0] + (s[r][1] + s[r][2]) * 0.5f);
            v_store(to + LANES * LANES, (s[r][1] - s[r][2]) * 0.5f);
            v_store(to + 2 * LANES * LANES, (s[r][1] + s[r][2]) * 0.5f + s[r][3]);
        }
    }
}

#endif
