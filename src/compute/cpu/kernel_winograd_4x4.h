/* Winograd's minimal filtering F(4x4, 3x3) in fp32: thirty-six products for sixteen outputs, a
 * quarter of the direct ones. Everything is as in kernel_winograd_body.h, whose products and sums
 * it shares, but for the transforms: polynomials through the points 0, P, -P, Q, -Q and infinity,
 * in one dimension and then in the other. Included once by kernel_body.h. */
#ifndef MOS_COMPUTE_CPU_KERNEL_WINOGRAD_4X4_H
#define MOS_COMPUTE_CPU_KERNEL_WINOGRAD_4X4_H

#define F4_PLANES 36
/* Blocks of channels that are transformed together where a vector is half a cache line, so that
 * whole lines are written. */
#define F4_TOGETHER (LANES == 16 ? 1 : 2)
#define F4_AHEAD    8 /* columns ahead that a walk along a row of tiles prefetches */
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

/* Six columns of a tile, each transformed downwards, to out[row * 6 + column]. */
KERNEL_INLINE void f4_combine_columns(const vec columns[6][6], vec out[F4_PLANES]) {
#pragma GCC unroll 6
    for (int r = 0; r < 6; r++) {
        const vec row[6] = {columns[0][r], columns[1][r], columns[2][r],
                            columns[3][r], columns[4][r], columns[5][r]};
        f4_input_line(row, out + r * 6);
    }
}

/* Which of the `count` rows from y0 lie inside the map. */
KERNEL_INLINE void f4_rows_inside(int64_t h, int64_t y0, const int count, vec_mask *rows) {
    for (int r = 0; r < count; r++)
        rows[r] = VEC_MASK(y0 + r >= 0 && y0 + r < h);
}

/* A vector, zeros where the mask is; `whole`: where it is known to hold everywhere. */
KERNEL_INLINE vec f4_load(const float *from, const bool whole, vec_mask mask) {
    return whole ? v_load(from) : v_load_if(mask, from);
}

/* A column of six input rows, `line` values apart, transformed downwards. */
KERNEL_INLINE void f4_load_column(const float *from, int64_t line, const bool whole,
                                  const vec_mask rows[6], bool inside, vec t[6]) {
    vec d[6];
#pragma GCC unroll 6
    for (int64_t r = 0; r < 6; r++)
        d[r] = f4_load(from + r * line, whole, inside ? rows[r] : 0);
    f4_input_line(d, t);
}

/* A walk along a row of input tiles: what one tile hands to the next. */
typedef struct f4_walk {
    const float *from; /* row 0, column 0 of the tile at hand */
    int64_t line;      /* values from one row of the map to the next */
    int64_t right;     /* columns of the map from the tile's first on */
    bool inner;        /* all six rows are inside */
    vec_mask rows[6];
    vec columns[6][6]; /* transformed downwards; the first two are the last tile's last two */
} f4_walk;

/* To the tile at `at`, in a plane of the map. */
KERNEL_INLINE void f4_begin_walk(const mos_winograd_map *map, const float *plane,
                                 const tile_place *at, f4_walk *walk) {
    const int64_t y0 = at->ty * 4 - 1, x0 = at->tx * 4 - 1;
    walk->line = map->w * LANES;
    walk->from = plane + y0 * walk->line + x0 * LANES;
    walk->right = map->w - x0;
    walk->inner = y0 >= 0 && y0 + 6 <= map->h;
    f4_rows_inside(map->h, y0, 6, walk->rows);
#pragma GCC unroll 2
    for (int c = 0; c < 2; c++)
        f4_load_column(walk->from + c * LANES, walk->line, false, walk->rows,
                       x0 + c >= 0 && c < walk->right, walk->columns[c]);
}

/* B^T d B of the tile at hand; on to the next. */
KERNEL_INLINE void f4_walk_tile(f4_walk *walk, vec out[F4_PLANES]) {
    const float *from = walk->from;
    const int64_t line = walk->line;
    if (F4_TOGETHER > 1 && walk->right >= F4_AHEAD + 2) {
#pragma GCC unroll 6
        for (int r = 0; r < 6; r++) {
            __builtin_prefetch(from + r * line + F4_AHEAD * LANES, 0, 3);
            __builtin_prefetch(from + r * line + (F4_AHEAD + 2) * LANES, 0, 3);
        }
    }
    if (walk->inner && walk->right >= 6) {
#pragma GCC unroll 4
        for (int c = 2; c < 6; c++)
            f4_load_column(from + c * LANES, line, true, walk->rows, true, walk->columns[c]);
    } else {
#pragma GCC unroll 4
        for (int c = 2; c < 6; c++)
            f4_load_column(from + c * LANES, line, false, walk->rows, c < walk->right,
                           walk->columns[c]);
    }
    f4_combine_columns((const vec(*)[6])walk->columns, out);
#pragma GCC unroll 6
    for (int r = 0; r < 6; r++)
        walk->columns[0][r] = walk->columns[4][r], walk->columns[1][r] = walk->columns[5][r];
    walk->from += 4 * LANES;
    walk->right -= 4;
}

/* Thirty-six values a tile, each to a plane of its own. */
KERNEL_INLINE void f4_store(const vec values[F4_PLANES], int64_t between, float *to) {
#pragma GCC unroll 36
    for (int k = 0; k < F4_PLANES; k++)
        v_store(to + k * between, values[k]);
}

/* `run` tiles along a row of tiles from `at` in `together` planes of the map, `apart` values from
 * each other, to `to` and every `step` values from there */
KERNEL_INLINE void f4_input_run(const mos_winograd_map *map, const int together, const float *plane,
                                int64_t apart, const tile_place *at, int64_t run, int64_t between,
                                int64_t step, float *to) {
    f4_walk walk[F4_TOGETHER];
    for (int h = 0; h < together; h++)
        f4_begin_walk(map, plane + h * apart, at, &walk[h]);
    for (int64_t i = 0; i < run; i++)
        for (int h = 0; h < together; h++) {
            vec out[F4_PLANES];
            f4_walk_tile(&walk[h], out);
            f4_store(out, between, to + i * step + h * LANES);
        }
}

/* v [36, rows, c]: tiles first .. first + count of x; the rest of the rows are zero */
static void f4_input(const mos_winograd_map *map, const void *x, int64_t first, int64_t count,
                     int64_t rows, void *v_values) {
    float *v = v_values;
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    const int64_t between = WINOGRAD_V_PLANE(rows, map->c);
    for (int64_t t = 0; t < count;) {
        const tile_place start = place_tile(map, first + t);
        const int64_t run = map->tw - start.tx < count - t ? map->tw - start.tx : count - t;
        for (int64_t b = 0; b < blocks; b += F4_TOGETHER)
            f4_input_run(map, F4_TOGETHER, (const float *)x + (start.n * blocks + b) * plane, plane,
                         &start, run, between, map->c, v + t * map->c + b * LANES);
        t += run;
    }
    for (int k = 0; k < F4_PLANES && count < rows; k++)
        memset(v + k * between + count * map->c, 0, (size_t)((rows - count) * map->c) * sizeof *v);
}

/* A^T m A of one tile and LANES channels: out[row * 4 + column] */
KERNEL_INLINE void f4_output_tile(const float *m, int64_t stride, vec out[16]) {
    vec s[6][4];
#pragma GCC unroll 6
    for (int c = 0; c < 6; c++) {
        vec column[6];
#pragma GCC unroll 6
        for (int r = 0; r < 6; r++)
            column[r] = v_load(m + (r * 6 + c) * stride);
        f4_output_line(column, s[c]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
        const vec row[6] = {s[0][r], s[1][r], s[2][r], s[3][r], s[4][r], s[5][r]};
        f4_output_line(row, out + r * 4);
    }
}

/* As much of a tile as lies inside the map. */
KERNEL_INLINE void f4_store_tile(const mos_winograd_map *map, const tile_place *at,
                                 const vec out[16], const bool folded, vec bias, const bool sum,
                                 const bool relu, float *to) {
    const int64_t line = map->w * LANES, down = map->h - at->ty * 4, right = map->w - at->tx * 4;
    if (down >= 4 && right >= 4) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            store_ended_f32(to + i / 4 * line + i % 4 * LANES, out[i], folded, bias, sum, relu);
        return;
    }
    for (int r = 0; r < 4 && r < down; r++)
        for (int c = 0; c < 4 && c < right; c++)
            store_ended_f32(to + r * line + c * LANES, out[r * 4 + c], folded, bias, sum, relu);
}

KERNEL_INLINE void f4_output_as(const mos_winograd_map *map, const float *m, int64_t first,
                                int64_t count, int64_t rows, int64_t channel, const bool folded,
                                const float *bias, const bool sum, const bool relu, float *y) {
    const int64_t blocks = map->c / LANES, line = map->w * LANES, plane = map->h * line;
    vec b[2] = {v_all(0), v_all(0)};
    if (folded) b[0] = v_load(bias + channel), b[1] = v_load(bias + channel + LANES);
    for (int64_t first_half = 0; first_half < 2; first_half += F4_TOGETHER) {
        tile_place at = place_tile(map, first);
        for (int64_t t = 0; t < count; t++, next_tile(map, &at))
            for (int64_t half = first_half; half < first_half + F4_TOGETHER; half++) {
                vec out[16];
                f4_output_tile(m + t * GROUP + half * LANES, WINOGRAD_M_PLANE(rows, GROUP), out);
                float *to = y + (at.n * blocks + channel / LANES + half) * plane +
                            at.ty * 4 * line + at.tx * 4 * LANES;
                f4_store_tile(map, &at, out, folded, b[half], sum, relu, to);
            }
    }
}

/* y: tiles first .. first + count of the GROUP channels from `channel`, from m [36, rows, GROUP] */
static void f4_output(const mos_winograd_map *map, const float *m, int64_t first, int64_t count,
                      int64_t rows, int64_t channel, void *y) {
    f4_output_as(map, m, first, count, rows, channel, false, NULL, false, false, y);
}

static void f4_output_folded(const mos_winograd_map *map, const float *m, int64_t first,
                             int64_t count, int64_t rows, int64_t channel, const float *bias,
                             bool sum, bool relu, void *y) {
    if (sum && relu)
        f4_output_as(map, m, first, count, rows, channel, true, bias, true, true, y);
    else if (sum)
        f4_output_as(map, m, first, count, rows, channel, true, bias, true, false, y);
    else if (relu)
        f4_output_as(map, m, first, count, rows, channel, true, bias, false, true, y);
    else
        f4_output_as(map, m, first, count, rows, channel, true, bias, false, false, y);
}

/* G g G^T: u[36] from g[9] */
KERNEL_INLINE void f4_transform_weights(const vec g[9], vec u[F4_PLANES]) {
    vec s[3][6];
#pragma GCC unroll 3
    for (int c = 0; c < 3; c++) {
        const vec column[3] = {g[c], g[3 + c], g[6 + c]};
        f4_weight_line(column, s[c]);
    }
#pragma GCC unroll 6
    for (int r = 0; r < 6; r++) {
        const vec row[3] = {s[0][r], s[1][r], s[2][r]};
        f4_weight_line(row, u + r * 6);
    }
}

/* Inputs [begin, end) of u [36, inputs, GROUP], GROUP output channels; weights as winograd_weights
 * reads them */
static void f4_weights(const float *w, int64_t out_stride, int64_t in_stride, int64_t inputs,
                       int64_t begin, int64_t end, bool flip, void *u_values) {
    float *u = u_values;
    for (int64_t i = begin; i < end; i++)
        for (int64_t half = 0; half < 2; half += F4_TOGETHER) {
            vec transformed[F4_TOGETHER][F4_PLANES];
            for (int64_t h = 0; h < F4_TOGETHER; h++) {
                vec g[9];
                load_taps(w + (half + h) * LANES * out_stride + i * in_stride, out_stride, 9, g,
                          flip);
                f4_transform_weights(g, transformed[h]);
            }
#pragma GCC unroll 36
            for (int64_t k = 0; k < F4_PLANES; k++)
                for (int64_t h = 0; h < F4_TOGETHER; h++)
                    v_stream(u + (k * inputs + i) * GROUP + (half + h) * LANES, transformed[h][k]);
        }
    v_stream_fence();
}

/* The four columns of a gradient tile through A; zeros beyond `down` x `right` */
KERNEL_INLINE void f4_gradient_columns(const float *from, int64_t line, const bool whole,
                                       int64_t down, int64_t right, vec s[4][6]) {
    vec_mask rows[4];
    f4_rows_inside(down, 0, 4, rows);
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
        vec column[4];
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++)
            column[r] = f4_load(from + r * line + c * LANES, whole, c < right ? rows[r] : 0);
        f4_gradient_line(column, s[c]);
    }
}

/* A dY A^T of the tile whose first value is at `from`, `down` x `right` of it inside the map */
KERNEL_INLINE void f4_gradient_tile(const float *from, int64_t line, int64_t down, int64_t right,
                                    vec out[F4_PLANES]) {
    vec s[4][6];
    if (down >= 4 && right >= 4)
        f4_gradient_columns(from, line, true, down, right, s);
    else
        f4_gradient_columns(from, line, false, down, right, s);
#pragma GCC unroll 6
    for (int r = 0; r < 6; r++) {
        const vec row[4] = {s[0][r], s[1][r], s[2][r], s[3][r]};
        f4_gradient_line(row, out + r * 6);
    }
}

KERNEL_INLINE void f4_gradient_run(const mos_winograd_map *map, const float *plane,
                                   const tile_place *at, int64_t run, int64_t between, float *to) {
    const int64_t line = map->w * LANES, down = map->h - at->ty * 4;
    const float *from = plane + at->ty * 4 * line;
    for (int64_t i = 0; i < run; i++) {
        const int64_t x0 = (at->tx + i) * 4;
        vec out[F4_PLANES];
        f4_gradient_tile(from + x0 * LANES, line, down, map->w - x0, out);
        f4_store(out, between, to + i * LANES);
    }
}

/* p [36, c/LANES, pairs, 2, LANES]: the pairs of tiles [begin, end) counted from tile `first`;
 * tiles beyond the last are zero */
KERNEL_INLINE void f4_pairs_as(const mos_winograd_map *map, const float *act, const bool gradient,
                               int64_t first, int64_t begin, int64_t end, int64_t pairs, float *p) {
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    const int64_t between = WINOGRAD_P_PLANE(pairs, map->c);
    for (int64_t b = 0; b < blocks; b++)
        for (int64_t t = begin * 2, run; t < end * 2; t += run) {
            const tile_place at = place_tile(map, first + t);
            const float *from = act + (at.n * blocks + b) * plane;
            float *to = p + (b * pairs * 2 + t) * LANES;
            run = map->tw - at.tx < end * 2 - t ? map->tw - at.tx : end * 2 - t;
            if (at.n >= map->n)
                for (int k = 0; k < F4_PLANES; k++)
                    memset(to + k * between, 0, (size_t)(run * LANES) * sizeof *to);
            else if (gradient)
                f4_gradient_run(map, from, &at, run, between, to);
            else
                f4_input_run(map, 1, from, 0, &at, run, between, LANES, to);
        }
}

static void f4_pairs(const mos_winograd_map *map, const void *act, bool gradient, int64_t first,
                     int64_t begin, int64_t end, int64_t pairs, void *p) {
    if (gradient)
        f4_pairs_as(map, act, true, first, begin, end, pairs, p);
    else
        f4_pairs_as(map, act, false, first, begin, end, pairs, p);
}

/* G^T du G for LANES inputs and outputs: block [9, LANES i, LANES o] from one half of du [36, LANES
 * i, GROUP o] */
static void f4_weight_block(const float *du, float *block) {
    const int64_t plane = LANES * GROUP;
    for (int64_t i = 0; i < LANES; i++) {
        vec s[6][3], g[3];
#pragma GCC unroll 6
        for (int64_t c = 0; c < 6; c++) {
            vec column[6];
#pragma GCC unroll 6
            for (int64_t r = 0; r < 6; r++)
                column[r] = v_load(du + (r * 6 + c) * plane + i * GROUP);
            f4_weight_gradient_line(column, s[c]);
        }
#pragma GCC unroll 3
        for (int64_t r = 0; r < 3; r++) {
            const vec row[6] = {s[0][r], s[1][r], s[2][r], s[3][r], s[4][r], s[5][r]};
            f4_weight_gradient_line(row, g);
            for (int64_t c = 0; c < 3; c++)
                v_store(block + ((r * 3 + c) * LANES + i) * LANES, g[c]);
        }
    }
}

static const mos_winograd_kernels table_winograd_4x4 = {
    .name = "winograd_4x4:" KERNEL_ISA,
    .tile = 4,
    .planes = F4_PLANES,
    .input = f4_input,
    .multiply = winograd_multiply_f32,
    .output = f4_output,
    .output_folded = f4_output_folded,
    .weights = f4_weights,
    .pairs = f4_pairs,
    .accumulate = winograd_accumulate_f32,
    .weight_block = f4_weight_block,
};

#endif
