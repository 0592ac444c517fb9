/* Winograd's minimal filtering of larger tiles in fp32, for any of them: the including file defines
 * the five transforms of a line, TILE(name) for their prefix, TILE_NAME, and
 *   TILE_OUT   outputs along a side of a tile, TILE_IN what they read, TILE_PAD of it before the
 *              first output's position
 *   TILE_SIDE  products along a side
 * Everything is as in kernel_winograd_body.h, whose products and sums are shared, but for the
 * transforms, in one dimension and then in the other. */

#ifndef TILES_TOGETHER
/* Blocks of channels that are transformed together where a vector is half a cache line, so that
 * whole lines are written. */
#define TILES_TOGETHER (LANES == 16 ? 1 : 2)
#define TILE_AHEAD     8 /* columns ahead that a walk along a row of tiles prefetches */
#endif
#define TILE_KEPT    (TILE_IN - TILE_OUT) /* columns that the next tile reads too */
#define TILE_PLANES  (TILE_SIDE * TILE_SIDE)
#define TILE_OUTPUTS (TILE_OUT * TILE_OUT)

/* The columns of a tile, each transformed downwards, to out[row * TILE_SIDE + column]. */
KERNEL_INLINE void TILE(combine_columns)(const vec columns[TILE_IN][TILE_SIDE],
                                         vec out[TILE_PLANES]) {
#pragma GCC unroll 6
    for (int r = 0; r < TILE_SIDE; r++) {
        vec row[TILE_IN];
#pragma GCC unroll 6
        for (int c = 0; c < TILE_IN; c++)
            row[c] = columns[c][r];
        TILE(input_line)(row, out + r * TILE_SIDE);
    }
}

/* Which of the `count` rows from y0 lie inside the map. */
KERNEL_INLINE void TILE(rows_inside)(int64_t h, int64_t y0, const int count, vec_mask *rows) {
    for (int r = 0; r < count; r++)
        rows[r] = VEC_MASK(y0 + r >= 0 && y0 + r < h);
}

/* A vector, zeros where the mask is; `whole`: where it is known to hold everywhere. */
KERNEL_INLINE vec TILE(load)(const float *from, const bool whole, vec_mask mask) {
    return whole ? v_load(from) : v_load_if(mask, from);
}

/* A column of input rows, `line` values apart, transformed downwards. */
KERNEL_INLINE void TILE(load_column)(const float *from, int64_t line, const bool whole,
                                     const vec_mask rows[TILE_IN], bool inside, vec t[TILE_SIDE]) {
    vec d[TILE_IN];
#pragma GCC unroll 6
    for (int64_t r = 0; r < TILE_IN; r++)
        d[r] = TILE(load)(from + r * line, whole, inside ? rows[r] : 0);
    TILE(input_line)(d, t);
}

/* A walk along a row of input tiles: what one tile hands to the next. */
struct TILE(walk) {
    const float *from; /* row 0, column 0 of the tile at hand */
    int64_t line;      /* values from one row of the map to the next */
    int64_t right;     /* columns of the map from the tile's first on */
    bool inner;        /* all its rows are inside */
    vec_mask rows[TILE_IN];
    /* transformed downwards; the first TILE_KEPT are the last tile's last ones */
    vec columns[TILE_IN][TILE_SIDE];
};

/* To the tile at `at`, in a plane of the map. */
KERNEL_INLINE void TILE(begin_walk)(const mos_winograd_map *map, const float *plane,
                                    const tile_position *at, struct TILE(walk) * walk) {
    const int64_t y0 = at->ty * TILE_OUT - TILE_PAD, x0 = at->tx * TILE_OUT - TILE_PAD;
    walk->line = map->w * LANES;
    walk->from = plane + y0 * walk->line + x0 * LANES;
    walk->right = map->w - x0;
    walk->inner = y0 >= 0 && y0 + TILE_IN <= map->h;
    TILE(rows_inside)(map->h, y0, TILE_IN, walk->rows);
#if TILE_KEPT > 0 /* else a tile is a whole map */
#pragma GCC unroll 2
    for (int c = 0; c < TILE_KEPT; c++)
        TILE(load_column)
    (walk->from + c * LANES, walk->line, false, walk->rows, x0 + c >= 0 && c < walk->right,
     walk->columns[c]);
#endif
}

/* B^T d B of the tile at hand; on to the next. */
KERNEL_INLINE void TILE(walk_tile)(struct TILE(walk) * walk, vec out[TILE_PLANES]) {
    const float *from = walk->from;
    const int64_t line = walk->line;
    if (TILES_TOGETHER > 1 && walk->right >= TILE_AHEAD + 2) {
#pragma GCC unroll 6
        for (int r = 0; r < TILE_IN; r++) {
            __builtin_prefetch(from + r * line + TILE_AHEAD * LANES, 0, 3);
            __builtin_prefetch(from + r * line + (TILE_AHEAD + 2) * LANES, 0, 3);
        }
    }
    if (walk->inner && walk->right >= TILE_IN) {
#pragma GCC unroll 4
        for (int c = TILE_KEPT; c < TILE_IN; c++)
            TILE(load_column)(from + c * LANES, line, true, walk->rows, true, walk->columns[c]);
    } else {
#pragma GCC unroll 4
        for (int c = TILE_KEPT; c < TILE_IN; c++)
            TILE(load_column)
        (from + c * LANES, line, false, walk->rows, c < walk->right, walk->columns[c]);
    }
    TILE(combine_columns)((const vec(*)[TILE_SIDE])walk->columns, out);
#if TILE_KEPT > 0
#pragma GCC unroll 6
    for (int r = 0; r < TILE_SIDE; r++)
#pragma GCC unroll 2
        for (int c = 0; c < TILE_KEPT; c++)
            walk->columns[c][r] = walk->columns[c + TILE_OUT][r];
#endif
    walk->from += TILE_OUT * LANES;
    walk->right -= TILE_OUT;
}

/* The values of a tile, each to a plane of its own. */
KERNEL_INLINE void TILE(store)(const vec values[TILE_PLANES], int64_t between, float *to) {
#pragma GCC unroll 36
    for (int k = 0; k < TILE_PLANES; k++)
        v_store(to + k * between, values[k]);
}

/* `run` tiles along a row of tiles from `at` in `together` planes of the map, `apart` values from
 * each other, to `to` and every `step` values from there */
KERNEL_INLINE void TILE(input_run)(const mos_winograd_map *map, const int together,
                                   const float *plane, int64_t apart, const tile_position *at,
                                   int64_t run, int64_t between, int64_t step, float *to) {
    struct TILE(walk) walk[TILES_TOGETHER];
    for (int h = 0; h < together; h++)
        TILE(begin_walk)(map, plane + h * apart, at, &walk[h]);
    for (int64_t i = 0; i < run; i++)
        for (int h = 0; h < together; h++) {
            vec out[TILE_PLANES];
            TILE(walk_tile)(&walk[h], out);
            TILE(store)(out, between, to + i * step + h * LANES);
        }
}

/* v [planes, rows, c]: tiles first .. first + count of x; the rest of the rows are zero */
static void TILE(input)(const mos_winograd_map *map, const void *x, int64_t first, int64_t count,
                        int64_t rows, void *v_values) {
    float *v = v_values;
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    const int64_t between = WINOGRAD_V_PLANE(rows, map->c);
    for (int64_t t = 0; t < count;) {
        const tile_position start = find_tile(map, first + t);
        const int64_t run = map->tw - start.tx < count - t ? map->tw - start.tx : count - t;
        for (int64_t b = 0; b < blocks; b += TILES_TOGETHER)
            TILE(input_run)
        (map, TILES_TOGETHER, (const float *)x + (start.n * blocks + b) * plane, plane, &start, run,
         between, map->c, v + t * map->c + b * LANES);
        t += run;
    }
    for (int k = 0; k < TILE_PLANES && count < rows; k++)
        memset(v + k * between + count * map->c, 0, (size_t)((rows - count) * map->c) * sizeof *v);
}

/* A^T m A of one tile and LANES channels: out[row * TILE_OUT + column] */
KERNEL_INLINE void TILE(output_tile)(const float *m, int64_t stride, vec out[TILE_OUTPUTS]) {
    vec s[TILE_SIDE][TILE_OUT];
#pragma GCC unroll 6
    for (int c = 0; c < TILE_SIDE; c++) {
        vec column[TILE_SIDE];
#pragma GCC unroll 6
        for (int r = 0; r < TILE_SIDE; r++)
            column[r] = v_load(m + (r * TILE_SIDE + c) * stride);
        TILE(output_line)(column, s[c]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < TILE_OUT; r++) {
        vec row[TILE_SIDE];
#pragma GCC unroll 6
        for (int c = 0; c < TILE_SIDE; c++)
            row[c] = s[c][r];
        TILE(output_line)(row, out + r * TILE_OUT);
    }
}

/* As much of a tile as lies inside the map. */
KERNEL_INLINE void TILE(store_tile)(const mos_winograd_map *map, const tile_position *at,
                                    const vec out[TILE_OUTPUTS], const bool folded, vec bias,
                                    const bool sum, const bool relu, float *to) {
    const int64_t line = map->w * LANES, down = map->h - at->ty * TILE_OUT,
                  right = map->w - at->tx * TILE_OUT;
    if (down >= TILE_OUT && right >= TILE_OUT) {
#pragma GCC unroll 16
        for (int i = 0; i < TILE_OUTPUTS; i++)
            store_ended_f32(to + i / TILE_OUT * line + i % TILE_OUT * LANES, out[i], folded, bias,
                            sum, relu);
        return;
    }
    for (int r = 0; r < TILE_OUT && r < down; r++)
        for (int c = 0; c < TILE_OUT && c < right; c++)
            store_ended_f32(to + r * line + c * LANES, out[r * TILE_OUT + c], folded, bias, sum,
                            relu);
}

KERNEL_INLINE void TILE(output_as)(const mos_winograd_map *map, const float *m, int64_t first,
                                   int64_t count, int64_t rows, int64_t channel, const bool folded,
                                   const float *bias, const bool sum, const bool relu, float *y) {
    const int64_t blocks = map->c / LANES, line = map->w * LANES, plane = map->h * line;
    vec b[2] = {v_all(0), v_all(0)};
    if (folded) b[0] = v_load(bias + channel), b[1] = v_load(bias + channel + LANES);
    for (int64_t first_half = 0; first_half < 2; first_half += TILES_TOGETHER) {
        tile_position at = find_tile(map, first);
        for (int64_t t = 0; t < count; t++, next_tile(map, &at))
            for (int64_t half = first_half; half < first_half + TILES_TOGETHER; half++) {
                vec out[TILE_OUTPUTS];
                TILE(output_tile)(m + t * GROUP + half * LANES, WINOGRAD_M_PLANE(rows, GROUP), out);
                float *to = y + (at.n * blocks + channel / LANES + half) * plane +
                            at.ty * TILE_OUT * line + at.tx * TILE_OUT * LANES;
                TILE(store_tile)(map, &at, out, folded, b[half], sum, relu, to);
            }
    }
}

/* y: tiles first .. first + count of the GROUP channels from `channel`, from m [planes, rows, GROUP] */
static void TILE(output)(const mos_winograd_map *map, const float *m, int64_t first, int64_t count,
                         int64_t rows, int64_t channel, void *y) {
    TILE(output_as)(map, m, first, count, rows, channel, false, NULL, false, false, y);
}

static void TILE(output_folded)(const mos_winograd_map *map, const float *m, int64_t first,
                                int64_t count, int64_t rows, int64_t channel, const float *bias,
                                bool sum, bool relu, void *y) {
    if (sum && relu)
        TILE(output_as)(map, m, first, count, rows, channel, true, bias, true, true, y);
    else if (sum)
        TILE(output_as)(map, m, first, count, rows, channel, true, bias, true, false, y);
    else if (relu)
        TILE(output_as)(map, m, first, count, rows, channel, true, bias, false, true, y);
    else
        TILE(output_as)(map, m, first, count, rows, channel, true, bias, false, false, y);
}

/* G g G^T: u from g[9] */
KERNEL_INLINE void TILE(transform_weights)(const vec g[9], vec u[TILE_PLANES]) {
    vec s[3][TILE_SIDE];
#pragma GCC unroll 3
    for (int c = 0; c < 3; c++) {
        const vec column[3] = {g[c], g[3 + c], g[6 + c]};
        TILE(weight_line)(column, s[c]);
    }
#pragma GCC unroll 6
    for (int r = 0; r < TILE_SIDE; r++) {
        const vec row[3] = {s[0][r], s[1][r], s[2][r]};
        TILE(weight_line)(row, u + r * TILE_SIDE);
    }
}

/* Inputs [begin, end) of u [planes, inputs, GROUP], GROUP output channels; weights as winograd_weights
 * reads them */
static void TILE(weights)(const float *w, int64_t out_stride, int64_t in_stride, int64_t inputs,
                          int64_t begin, int64_t end, bool flip, void *u_values) {
    float *u = u_values;
    for (int64_t i = begin; i < end; i++)
        for (int64_t half = 0; half < 2; half += TILES_TOGETHER) {
            vec transformed[TILES_TOGETHER][TILE_PLANES];
            for (int64_t h = 0; h < TILES_TOGETHER; h++) {
                vec g[9];
                load_taps(w + (half + h) * LANES * out_stride + i * in_stride, out_stride, 9, g,
                          flip);
                TILE(transform_weights)(g, transformed[h]);
            }
#pragma GCC unroll 36
            for (int64_t k = 0; k < TILE_PLANES; k++)
                for (int64_t h = 0; h < TILES_TOGETHER; h++)
                    v_stream(u + (k * inputs + i) * GROUP + (half + h) * LANES, transformed[h][k]);
        }
    v_stream_fence();
}

/* The columns of a gradient tile through A; zeros beyond `down` x `right` */
KERNEL_INLINE void TILE(gradient_columns)(const float *from, int64_t line, const bool whole,
                                          int64_t down, int64_t right, vec s[TILE_OUT][TILE_SIDE]) {
    vec_mask rows[TILE_OUT];
    TILE(rows_inside)(down, 0, TILE_OUT, rows);
#pragma GCC unroll 4
    for (int c = 0; c < TILE_OUT; c++) {
        vec column[TILE_OUT];
#pragma GCC unroll 4
        for (int r = 0; r < TILE_OUT; r++)
            column[r] = TILE(load)(from + r * line + c * LANES, whole, c < right ? rows[r] : 0);
        TILE(gradient_line)(column, s[c]);
    }
}

/* A dY A^T of the tile whose first value is at `from`, `down` x `right` of it inside the map */
KERNEL_INLINE void TILE(gradient_tile)(const float *from, int64_t line, int64_t down, int64_t right,
                                       vec out[TILE_PLANES]) {
    vec s[TILE_OUT][TILE_SIDE];
    if (down >= TILE_OUT && right >= TILE_OUT)
        TILE(gradient_columns)(from, line, true, down, right, s);
    else
        TILE(gradient_columns)(from, line, false, down, right, s);
#pragma GCC unroll 6
    for (int r = 0; r < TILE_SIDE; r++) {
        vec row[TILE_OUT];
#pragma GCC unroll 4
        for (int c = 0; c < TILE_OUT; c++)
            row[c] = s[c][r];
        TILE(gradient_line)(row, out + r * TILE_SIDE);
    }
}

KERNEL_INLINE void TILE(gradient_run)(const mos_winograd_map *map, const float *plane,
                                      const tile_position *at, int64_t run, int64_t between,
                                      float *to) {
    const int64_t line = map->w * LANES, down = map->h - at->ty * TILE_OUT;
    const float *from = plane + at->ty * TILE_OUT * line;
    for (int64_t i = 0; i < run; i++) {
        const int64_t x0 = (at->tx + i) * TILE_OUT;
        vec out[TILE_PLANES];
        TILE(gradient_tile)(from + x0 * LANES, line, down, map->w - x0, out);
        TILE(store)(out, between, to + i * LANES);
    }
}

/* p [planes, c/LANES, pairs, 2, LANES]: the pairs of tiles [begin, end) counted from tile `first`;
 * tiles beyond the last are zero */
KERNEL_INLINE void TILE(pairs_as)(const mos_winograd_map *map, const float *act,
                                  const bool gradient, int64_t first, int64_t begin, int64_t end,
                                  int64_t pairs, float *p) {
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    const int64_t between = WINOGRAD_P_PLANE(pairs, map->c);
    for (int64_t b = 0; b < blocks; b++)
        for (int64_t t = begin * 2, run; t < end * 2; t += run) {
            const tile_position at = find_tile(map, first + t);
            const float *from = act + (at.n * blocks + b) * plane;
            float *to = p + (b * pairs * 2 + t) * LANES;
            run = map->tw - at.tx < end * 2 - t ? map->tw - at.tx : end * 2 - t;
            if (at.n >= map->n)
                for (int k = 0; k < TILE_PLANES; k++)
                    memset(to + k * between, 0, (size_t)(run * LANES) * sizeof *to);
            else if (gradient)
                TILE(gradient_run)(map, from, &at, run, between, to);
            else
                TILE(input_run)(map, 1, from, 0, &at, run, between, LANES, to);
        }
}

static void TILE(pairs)(const mos_winograd_map *map, const void *act, bool gradient, int64_t first,
                        int64_t begin, int64_t end, int64_t pairs, void *p) {
    if (gradient)
        TILE(pairs_as)(map, act, true, first, begin, end, pairs, p);
    else
        TILE(pairs_as)(map, act, false, first, begin, end, pairs, p);
}

/* G^T du G for LANES inputs and outputs: block [9, LANES i, LANES o] from one half of du [planes,
 * LANES i, GROUP o] */
static void TILE(weight_block)(const float *du, float *block) {
    const int64_t plane = LANES * GROUP;
    for (int64_t i = 0; i < LANES; i++) {
        vec s[TILE_SIDE][3], g[3];
#pragma GCC unroll 6
        for (int64_t c = 0; c < TILE_SIDE; c++) {
            vec column[TILE_SIDE];
#pragma GCC unroll 6
            for (int64_t r = 0; r < TILE_SIDE; r++)
                column[r] = v_load(du + (r * TILE_SIDE + c) * plane + i * GROUP);
            TILE(weight_gradient_line)(column, s[c]);
        }
#pragma GCC unroll 3
        for (int64_t r = 0; r < 3; r++) {
            vec row[TILE_SIDE];
#pragma GCC unroll 6
            for (int64_t c = 0; c < TILE_SIDE; c++)
                row[c] = s[c][r];
            TILE(weight_gradient_line)(row, g);
            for (int64_t c = 0; c < 3; c++)
                v_store(block + ((r * 3 + c) * LANES + i) * LANES, g[c]);
        }
    }
}

static const mos_winograd_kernels TILE(table) = {
    .name = TILE_NAME ":" KERNEL_ISA,
    .tile = TILE_OUT,
    .planes = TILE_PLANES,
    .input = TILE(input),
    .multiply = winograd_multiply_f32,
    .output = TILE(output),
    .output_folded = TILE(output_folded),
    .weights = TILE(weights),
    .pairs = TILE(pairs),
    .accumulate = winograd_accumulate_f32,
    .weight_block = TILE(weight_block),
};

#undef TILE
#undef TILE_NAME
#undef TILE_OUT
#undef TILE_IN
#undef TILE_PAD
#undef TILE_SIDE
#undef TILE_KEPT
#undef TILE_PLANES
#undef TILE_OUTPUTS
