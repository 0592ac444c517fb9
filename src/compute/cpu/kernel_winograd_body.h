/* Winograd's minimal filtering F(2x2, 3x3) (Lavin & Gray 2016) for 3x3 stride-1 pad-1 convolutions:
 * transforms in fp32 registers, products in the type of the activations with fp32 sums. Sixteen
 * numbers per tile and channel, tiles of 2x2 outputs in the order [n, tile row, tile column].
 *   forward          Y  = A^T [ (G g G^T) . (B^T d B) ] A       summed over input channels
 *   weight gradient  dg = G^T [ (A dY A^T) . (B^T d B) ] G      summed over tiles
 * Included once per value type by kernel_body.h, as kernel_act_body.h is. ACT_STEP: values a
 * product takes at a time, 2 for bf16; layouts below are written for it, [.., 2] is [.., 1] for
 * fp32. */

/* Column x of the four input rows from y0, transformed down the column; zeros outside the map. */
KERNEL_INLINE void ACT(load_column)(const mos_winograd_map *map, const act_t *plane, int64_t y0,
                                    int64_t x, vec t[4]) {
    vec d[4];
    const bool inside = x >= 0 && x < map->w;
#pragma GCC unroll 4
    for (int64_t r = 0; r < 4; r++) {
        const bool valid = inside && y0 + r >= 0 && y0 + r < map->h;
        d[r] = ACT(load_if)(valid, plane + ((y0 + r) * map->w + x) * LANES);
    }
    WINOGRAD_B(d[0], d[1], d[2], d[3], t[0], t[1], t[2], t[3]);
}

/* v [16, rows, c]: tiles first .. first + count of x [n, c/LANES, h, w, LANES]; the rest of the
 * rows are zero */
static void ACT(winograd_input)(const mos_winograd_map *map, const void *x_values, int64_t first,
                                int64_t count, int64_t rows, void *v_values) {
    const act_t *x = x_values;
    act_t *v = v_values;
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    for (int64_t t = 0; t < count;) {
        const tile_position at = find_tile(map, first + t);
        const int64_t run = map->tw - at.tx < count - t ? map->tw - at.tx : count - t;
        for (int64_t b = 0; b < blocks; b++) {
            const act_t *from = x + (at.n * blocks + b) * plane;
            vec columns[4][4];
            ACT(load_column)(map, from, at.ty * 2 - 1, at.tx * 2 - 1, columns[0]);
            ACT(load_column)(map, from, at.ty * 2 - 1, at.tx * 2, columns[1]);
            for (int64_t i = 0; i < run; i++) {
                vec out[16];
                ACT(load_column)(map, from, at.ty * 2 - 1, (at.tx + i) * 2 + 1, columns[2]);
                ACT(load_column)(map, from, at.ty * 2 - 1, (at.tx + i) * 2 + 2, columns[3]);
                combine_columns(
                    (vec(*const[4])[4]){&columns[0], &columns[1], &columns[2], &columns[3]}, out);
                act_t *to = v + (t + i) * map->c + b * LANES;
#pragma GCC unroll 16
                for (int k = 0; k < 16; k++)
                    ACT_STORE(to + k * WINOGRAD_V_PLANE(rows, map->c), out[k]);
#pragma GCC unroll 4
                for (int r = 0; r < 4; r++)
                    columns[0][r] = columns[2][r], columns[1][r] = columns[3][r];
            }
        }
        t += run;
    }
    for (int k = 0; k < 16 && count < rows; k++)
        memset(v + k * WINOGRAD_V_PLANE(rows, map->c) + count * map->c, 0,
               (size_t)((rows - count) * map->c) * sizeof *v);
}

/* m [planes, rows, GROUP] = v [planes, rows, c] u [planes, c/2, GROUP, 2]; rows is a multiple of
 * PRODUCT_ROWS. At most ACT_CHAIN steps are summed one after the other: rounding errors of a chain
 * grow with its length, and F(4x4) multiplies them. */
static void ACT(winograd_multiply)(int64_t planes, int64_t rows, int64_t c, const void *v_values,
                                   const void *u_values, float *m) {
    const act_t *v = v_values;
    const act_t *u = u_values;
    const int64_t steps = c / ACT_STEP;
    for (int64_t k = 0; k < planes; k++)
        for (int64_t t = 0; t < rows; t += PRODUCT_ROWS) {
            float *to = m + k * WINOGRAD_M_PLANE(rows, GROUP) + t * GROUP;
            for (int64_t p = 0; p < steps; p += ACT_CHAIN) {
                const act_t *from = u + (k * c + p * ACT_STEP) * GROUP;
                vec sum[PRODUCT_ROWS][2];
                ACT(product)
                (PRODUCT_ROWS, steps - p < ACT_CHAIN ? steps - p : ACT_CHAIN,
                 v + k * WINOGRAD_V_PLANE(rows, c) + t * c + p * ACT_STEP, c, ACT_STEP, from,
                 from + LANES * ACT_STEP, GROUP * ACT_STEP, sum);
                ACT(store_sums)(PRODUCT_ROWS, to, sum, p > 0);
            }
        }
}

KERNEL_INLINE void ACT(output_as)(const mos_winograd_map *map, const float *m, int64_t first,
                                  int64_t count, int64_t rows, int64_t channel, const bool folded,
                                  const float *bias, const bool sum, const bool relu,
                                  void *y_values) {
    act_t *y = y_values;
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    for (int64_t half = 0; half < 2; half++) {
        const vec b = folded ? v_load(bias + channel + half * LANES) : v_all(0);
        tile_position at = find_tile(map, first);
        for (int64_t t = 0; t < count; t++) {
            vec out[4];
            output_tile(m + t * GROUP + half * LANES, WINOGRAD_M_PLANE(rows, GROUP), out);
            act_t *to = y + (at.n * blocks + channel / LANES + half) * plane +
                        (at.ty * 2 * map->w + at.tx * 2) * LANES;
            const bool right = at.tx * 2 + 1 < map->w, below = at.ty * 2 + 1 < map->h;
            ACT(store_ended)(to, out[0], folded, b, sum, relu);
            if (right) ACT(store_ended)(to + LANES, out[1], folded, b, sum, relu);
            if (below) ACT(store_ended)(to + map->w * LANES, out[2], folded, b, sum, relu);
            if (right && below)
                ACT(store_ended)(to + (map->w + 1) * LANES, out[3], folded, b, sum, relu);
            if (++at.tx == map->tw) {
                at.tx = 0;
                if (++at.ty == map->th) at.ty = 0, at.n++;
            }
        }
    }
}

/* y [n, c/LANES, h, w, LANES]: tiles first .. first + count of the GROUP channels from `channel`,
 * from m [16, rows, GROUP] */
static void ACT(winograd_output)(const mos_winograd_map *map, const float *m, int64_t first,
                                 int64_t count, int64_t rows, int64_t channel, void *y) {
    ACT(output_as)(map, m, first, count, rows, channel, false, NULL, false, false, y);
}

static void ACT(winograd_output_folded)(const mos_winograd_map *map, const float *m, int64_t first,
                                        int64_t count, int64_t rows, int64_t channel,
                                        const float *bias, bool sum, bool relu, void *y) {
    if (sum && relu)
        ACT(output_as)(map, m, first, count, rows, channel, true, bias, true, true, y);
    else if (sum)
        ACT(output_as)(map, m, first, count, rows, channel, true, bias, true, false, y);
    else if (relu)
        ACT(output_as)(map, m, first, count, rows, channel, true, bias, false, true, y);
    else
        ACT(output_as)(map, m, first, count, rows, channel, true, bias, false, false, y);
}

/* Inputs [begin, end) of u [16, inputs/2, GROUP, 2], GROUP output channels; weight (o, i, tap) is
 * w[o * out_stride + i * in_stride + tap], taps in reverse order when `flip` (the data gradient's)
 */
static void ACT(winograd_weights)(const float *w, int64_t out_stride, int64_t in_stride,
                                  int64_t inputs, int64_t begin, int64_t end, bool flip,
                                  void *u_values) {
    act_t *u = u_values;
    for (int64_t i = begin; i < end; i += 2)
        for (int64_t half = 0; half < 2; half++) {
            vec g[9], transformed[2][16];
            for (int64_t odd = 0; odd < 2; odd++) {
                const float *from = w + half * LANES * out_stride + (i + odd) * in_stride;
                load_taps(from, out_stride, 9, g, flip);
                transform_weights(g, transformed[odd]);
            }
            for (int64_t k = 0; k < 16; k++) {
                act_t *to = u + (k * inputs + i) * GROUP + half * LANES * ACT_STEP;
                ACT(stream_two)(to, transformed[0][k], transformed[1][k]);
            }
        }
    v_stream_fence();
}

/* ---- weight gradient ---- */

/* Store sixteen values of an even tile and its odd neighbour: p [16, c/LANES, pairs, LANES, 2] */
KERNEL_INLINE void ACT(store_pair)(const vec even[16], const vec odd[16], act_t *to,
                                   int64_t stride) {
#pragma GCC unroll 16
    for (int k = 0; k < 16; k++)
        ACT(store_two)(to + k * stride, even[k], odd[k]);
}

/* A dY A^T of one tile whose first value is at `from` */
KERNEL_INLINE void ACT(gradient_tile)(const mos_winograd_map *map, const act_t *from,
                                      const tile_position *at, vec out[16]) {
    const bool right = at->tx * 2 + 1 < map->w, below = at->ty * 2 + 1 < map->h;
    const vec zero = v_all(0);
    const vec y00 = ACT_LOAD(from), y01 = right ? ACT_LOAD(from + LANES) : zero;
    const vec y10 = below ? ACT_LOAD(from + map->w * LANES) : zero;
    const vec y11 = right && below ? ACT_LOAD(from + (map->w + 1) * LANES) : zero;
    const vec left[4] = {y00, y00 + y10, y00 - y10, -y10},
              other[4] = {y01, y01 + y11, y01 - y11, -y11};
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
        out[r * 4] = left[r];
        out[r * 4 + 1] = left[r] + other[r];
        out[r * 4 + 2] = left[r] - other[r];
        out[r * 4 + 3] = -other[r];
    }
}

/* One tile: sixteen zeros beyond the last. columns: what the walk along a row of input tiles
 * carries from one tile to the next. */
KERNEL_INLINE void ACT(pair_tile)(const mos_winograd_map *map, const act_t *plane,
                                  const bool gradient, bool fresh, const tile_position *at,
                                  vec columns[4][4], vec out[16]) {
    if (at->n >= map->n) {
        for (int k = 0; k < 16; k++)
            out[k] = v_all(0);
        return;
    }
    if (gradient) {
        ACT(gradient_tile)(map, plane + (at->ty * 2 * map->w + at->tx * 2) * LANES, at, out);
        return;
    }
    if (fresh || at->tx == 0) {
        ACT(load_column)(map, plane, at->ty * 2 - 1, at->tx * 2 - 1, columns[0]);
        ACT(load_column)(map, plane, at->ty * 2 - 1, at->tx * 2, columns[1]);
    }
    ACT(load_column)(map, plane, at->ty * 2 - 1, at->tx * 2 + 1, columns[2]);
    ACT(load_column)(map, plane, at->ty * 2 - 1, at->tx * 2 + 2, columns[3]);
    combine_columns((vec(*const[4])[4]){&columns[0], &columns[1], &columns[2], &columns[3]}, out);
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
        columns[0][r] = columns[2][r], columns[1][r] = columns[3][r];
}

KERNEL_INLINE void ACT(pairs_as)(const mos_winograd_map *map, const void *act_values,
                                 const bool gradient, int64_t first, int64_t begin, int64_t end,
                                 int64_t pairs, void *p_values) {
    const act_t *act = act_values;
    act_t *p = p_values;
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    for (int64_t b = 0; b < blocks; b++) {
        tile_position at = find_tile(map, first + begin * 2);
        vec columns[4][4] = {{{0}}};
        for (int64_t pair = begin; pair < end; pair++) {
            vec even[16], odd[16];
            ACT(pair_tile)
            (map, act + (at.n * blocks + b) * plane, gradient, pair == begin, &at, columns, even);
            next_tile(map, &at);
            ACT(pair_tile)
            (map, act + (at.n * blocks + b) * plane, gradient, false, &at, columns, odd);
            next_tile(map, &at);
            ACT(store_pair)
            (even, odd, p + (b * pairs + pair) * 2 * LANES, WINOGRAD_P_PLANE(pairs, map->c));
        }
    }
}

/* p [16, c/LANES, pairs, LANES, 2]: the pairs of tiles [begin, end) counted from tile `first`;
 * tiles beyond the last are zero */
static void ACT(winograd_pairs)(const mos_winograd_map *map, const void *act, bool gradient,
                                int64_t first, int64_t begin, int64_t end, int64_t pairs, void *p) {
    if (gradient)
        ACT(pairs_as)(map, act, true, first, begin, end, pairs, p);
    else
        ACT(pairs_as)(map, act, false, first, begin, end, pairs, p);
}

/* du [planes, LANES i, GROUP o] (+)= px^T py over the tiles: px [planes of stride_x, pairs, LANES,
 * 2], py [planes of stride_y, 2, pairs, LANES, 2] */
static void ACT(winograd_accumulate)(int64_t planes, int64_t pairs, const void *px_values,
                                     int64_t stride_x, const void *py_values, int64_t stride_y,
                                     float *du, bool add) {
    const act_t *px = px_values;
    const act_t *py = py_values;
    for (int64_t k = 0; k < planes; k++)
        for (int64_t i = 0; i < LANES; i += UNIT_ROWS) {
            const act_t *y = py + k * stride_y;
            vec sum[UNIT_ROWS][2];
            ACT(product)
            (UNIT_ROWS, pairs * 2 / ACT_STEP, px + k * stride_x + i * ACT_STEP, ACT_STEP,
             LANES * ACT_STEP, y, y + pairs * 2 * LANES, LANES * ACT_STEP, sum);
            ACT(store_sums)(UNIT_ROWS, du + (k * LANES + i) * GROUP, sum, add);
        }
}

static const mos_winograd_kernels ACT(table_winograd_2x2) = {
    .name = "winograd_2x2:" KERNEL_ISA,
    .tile = 2,
    .planes = 16,
    .input = ACT(winograd_input),
    .multiply = ACT(winograd_multiply),
    .output = ACT(winograd_output),
    .output_folded = ACT(winograd_output_folded),
    .weights = ACT(winograd_weights),
    .pairs = ACT(winograd_pairs),
    .accumulate = ACT(winograd_accumulate),
    .weight_block = winograd_weight_block,
};
