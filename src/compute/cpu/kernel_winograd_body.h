/* Winograd's minimal filtering F(2x2, 3x3) (Lavin & Gray 2016) for 3x3 stride-1 pad-1 convolutions
 * on bf16 activations: transforms in fp32 registers, products in bf16 with fp32 sums. Sixteen
 * numbers per tile and channel, tiles of 2x2 outputs in the order [n, tile row, tile column].
 *   forward          Y  = A^T [ (G g G^T) . (B^T d B) ] A       summed over input channels
 *   weight gradient  dg = G^T [ (A dY A^T) . (B^T d B) ] G      summed over tiles
 * Included by kernel_body.h where the instruction set has bf16 products. */

/* The four rows (or columns) of B^T applied to d0 .. d3. */
#define WINOGRAD_B(d0, d1, d2, d3, t0, t1, t2, t3)                                                 \
    ((t0) = (d0) - (d2), (t1) = (d1) + (d2), (t2) = (d2) - (d1), (t3) = (d1) - (d3))

typedef struct tile_place {
    int64_t n, ty, tx;
} tile_place;

KERNEL_INLINE tile_place place_tile(const mos_winograd_map *map, int64_t tile) {
    const int64_t row = tile / map->tw;
    return (tile_place){.n = row / map->th, .ty = row % map->th, .tx = tile % map->tw};
}

/* Column x of the four input rows from y0, transformed down the column; zeros outside the map. */
KERNEL_INLINE void load_column(const mos_winograd_map *map, const uint16_t *plane, int64_t y0,
                               int64_t x, vec t[4]) {
    vec d[4];
    const bool inside = x >= 0 && x < map->w;
#pragma GCC unroll 4
    for (int64_t r = 0; r < 4; r++) {
        const bool valid = inside && y0 + r >= 0 && y0 + r < map->h;
        const __m256i half = _mm256_maskz_loadu_epi16(valid ? (__mmask16)0xffff : (__mmask16)0,
                                                      plane + ((y0 + r) * map->w + x) * LANES);
        d[r] = (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16);
    }
    WINOGRAD_B(d[0], d[1], d[2], d[3], t[0], t[1], t[2], t[3]);
}

/* B^T d B of one tile from its four transformed columns: out[row * 4 + column] */
KERNEL_INLINE void combine_columns(vec (*const column[4])[4], vec out[16]) {
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
        WINOGRAD_B((*column[0])[r], (*column[1])[r], (*column[2])[r], (*column[3])[r], out[r * 4],
                   out[r * 4 + 1], out[r * 4 + 2], out[r * 4 + 3]);
}

/* v [16, rows, c]: tiles first .. first + count of x [n, c/16, h, w, 16]; the rest of the rows are
 * zero */
static void winograd_input(const mos_winograd_map *map, const uint16_t *x, int64_t first,
                           int64_t count, int64_t rows, uint16_t *v) {
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    for (int64_t t = 0; t < count;) {
        const tile_place at = place_tile(map, first + t);
        const int64_t run = map->tw - at.tx < count - t ? map->tw - at.tx : count - t;
        for (int64_t b = 0; b < blocks; b++) {
            const uint16_t *from = x + (at.n * blocks + b) * plane;
            vec columns[4][4];
            load_column(map, from, at.ty * 2 - 1, at.tx * 2 - 1, columns[0]);
            load_column(map, from, at.ty * 2 - 1, at.tx * 2, columns[1]);
            for (int64_t i = 0; i < run; i++) {
                vec out[16];
                load_column(map, from, at.ty * 2 - 1, (at.tx + i) * 2 + 1, columns[2]);
                load_column(map, from, at.ty * 2 - 1, (at.tx + i) * 2 + 2, columns[3]);
                combine_columns(
                    (vec(*const[4])[4]){&columns[0], &columns[1], &columns[2], &columns[3]}, out);
                uint16_t *to = v + (t + i) * map->c + b * LANES;
#pragma GCC unroll 16
                for (int k = 0; k < 16; k++)
                    v_store_bf16(to + k * WINOGRAD_V_PLANE(rows, map->c), out[k]);
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

/* Eight rows of a against 32 columns of b over `pairs` pairs: element pair p of row t lies at a[t *
 * row + p * step]; b is two streams of [pairs, 16, 2], `step_b` apart per pair. */
KERNEL_INLINE void pair_product(int64_t pairs, const uint16_t *a, int64_t row, int64_t step,
                                const uint16_t *b0, const uint16_t *b1, int64_t step_b,
                                __m512 sum[8][2]) {
#pragma GCC unroll 8
    for (int t = 0; t < 8; t++)
        sum[t][0] = sum[t][1] = _mm512_setzero_ps();
    for (int64_t p = 0; p < pairs; p++) {
        const __m512bh v0 = (__m512bh)_mm512_loadu_si512(b0 + p * step_b);
        const __m512bh v1 = (__m512bh)_mm512_loadu_si512(b1 + p * step_b);
#pragma GCC unroll 8
        for (int t = 0; t < 8; t++) {
            int32_t two;
            memcpy(&two, a + t * row + p * step, sizeof two);
            const __m512bh value = (__m512bh)_mm512_set1_epi32(two);
            sum[t][0] = _mm512_dpbf16_ps(sum[t][0], value, v0);
            sum[t][1] = _mm512_dpbf16_ps(sum[t][1], value, v1);
        }
    }
}

/* m [16, rows, 32] = v [16, rows, c] u [16, c/2, 32, 2]; rows is a multiple of 8 */
static void winograd_multiply(int64_t rows, int64_t c, const uint16_t *v, const uint16_t *u,
                              float *m) {
    for (int64_t k = 0; k < 16; k++)
        for (int64_t t = 0; t < rows; t += 8) {
            __m512 sum[8][2];
            pair_product(c / 2, v + k * WINOGRAD_V_PLANE(rows, c) + t * c, c, 2, u + k * c * 32,
                         u + k * c * 32 + 32, 64, sum);
            float *to = m + k * WINOGRAD_M_PLANE(rows) + t * 32;
#pragma GCC unroll 8
            for (int i = 0; i < 8; i++) {
                _mm512_storeu_ps(to + i * 32, sum[i][0]);
                _mm512_storeu_ps(to + i * 32 + 16, sum[i][1]);
            }
        }
}

/* A^T m A of one tile and 16 channels: out[row * 2 + column] */
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

/* y [n, c/16, h, w, 16]: tiles first .. first + count of the 32 channels from `channel`, from m
 * [16, rows, 32] */
static void winograd_output(const mos_winograd_map *map, const float *m, int64_t first,
                            int64_t count, int64_t rows, int64_t channel, uint16_t *y) {
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    for (int64_t half = 0; half < 2; half++) {
        tile_place at = place_tile(map, first);
        for (int64_t t = 0; t < count; t++) {
            vec out[4];
            output_tile(m + t * 32 + half * LANES, WINOGRAD_M_PLANE(rows), out);
            uint16_t *to = y + (at.n * blocks + channel / LANES + half) * plane +
                           (at.ty * 2 * map->w + at.tx * 2) * LANES;
            const bool right = at.tx * 2 + 1 < map->w, below = at.ty * 2 + 1 < map->h;
            v_store_bf16(to, out[0]);
            if (right) v_store_bf16(to + LANES, out[1]);
            if (below) v_store_bf16(to + map->w * LANES, out[2]);
            if (right && below) v_store_bf16(to + (map->w + 1) * LANES, out[3]);
            if (++at.tx == map->tw) {
                at.tx = 0;
                if (++at.ty == map->th) at.ty = 0, at.n++;
            }
        }
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

/* bf16 of even lanes' and odd lanes' values side by side: (even[0], odd[0], even[1], ...) */
KERNEL_INLINE __m512i interleave(vec even, vec odd) {
    static const uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                       21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                       11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), both);
}

/* u [16, inputs/2, 32, 2] of 32 output channels; weight (o, i, tap) is w[o * out_stride + i *
 * in_stride + tap], taps in reverse order when `flip` (the data gradient's weights) */
static void winograd_weights(const float *w, int64_t out_stride, int64_t in_stride, int64_t inputs,
                             bool flip, uint16_t *u) {
    int32_t places[LANES];
    for (int l = 0; l < LANES; l++)
        places[l] = (int32_t)(l * out_stride);
    const __m512i index = _mm512_loadu_si512(places);
    for (int64_t i = 0; i < inputs; i += 2)
        for (int64_t half = 0; half < 2; half++) {
            vec g[9], transformed[2][16];
            for (int64_t odd = 0; odd < 2; odd++) {
                const float *from = w + half * LANES * out_stride + (i + odd) * in_stride;
                for (int tap = 0; tap < 9; tap++)
                    g[flip ? 8 - tap : tap] = (vec)_mm512_i32gather_ps(index, from + tap, 4);
                transform_weights(g, transformed[odd]);
            }
            /* past the caches: sixteen streams a power of two apart, not read again in this pass */
            for (int64_t k = 0; k < 16; k++)
                _mm512_stream_si512((__m512i *)(void *)(u + (k * inputs + i) * 32 + half * 32),
                                    interleave(transformed[0][k], transformed[1][k]));
        }
    _mm_sfence();
}

/* ---- weight gradient
 * ------------------------------------------------------------------------------------------- */

/* A walk over tiles in order. */
KERNEL_INLINE void next_tile(const mos_winograd_map *map, tile_place *at) {
    if (++at->tx < map->tw) return;
    at->tx = 0;
    if (++at->ty < map->th) return;
    at->ty = 0;
    at->n++;
}

/* Store sixteen values of an even tile and its odd neighbour: p [16, c/16, pairs, 16, 2] */
KERNEL_INLINE void store_pair(const vec even[16], const vec odd[16], uint16_t *to, int64_t stride) {
#pragma GCC unroll 16
    for (int k = 0; k < 16; k++)
        _mm512_storeu_si512(to + k * stride, interleave(even[k], odd[k]));
}

/* A dY A^T of one tile whose first value is at `from` */
KERNEL_INLINE void gradient_tile(const mos_winograd_map *map, const uint16_t *from,
                                 const tile_place *at, vec out[16]) {
    const bool right = at->tx * 2 + 1 < map->w, below = at->ty * 2 + 1 < map->h;
    const vec zero = v_all(0);
    const vec y00 = v_load_bf16(from), y01 = right ? v_load_bf16(from + LANES) : zero;
    const vec y10 = below ? v_load_bf16(from + map->w * LANES) : zero;
    const vec y11 = right && below ? v_load_bf16(from + (map->w + 1) * LANES) : zero;
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
KERNEL_INLINE void pair_tile(const mos_winograd_map *map, const uint16_t *plane,
                             const bool gradient, bool fresh, const tile_place *at,
                             vec columns[4][4], vec out[16]) {
    if (at->n >= map->n) {
        for (int k = 0; k < 16; k++)
            out[k] = v_all(0);
        return;
    }
    if (gradient) {
        gradient_tile(map, plane + (at->ty * 2 * map->w + at->tx * 2) * LANES, at, out);
        return;
    }
    if (fresh || at->tx == 0) {
        load_column(map, plane, at->ty * 2 - 1, at->tx * 2 - 1, columns[0]);
        load_column(map, plane, at->ty * 2 - 1, at->tx * 2, columns[1]);
    }
    load_column(map, plane, at->ty * 2 - 1, at->tx * 2 + 1, columns[2]);
    load_column(map, plane, at->ty * 2 - 1, at->tx * 2 + 2, columns[3]);
    combine_columns((vec(*const[4])[4]){&columns[0], &columns[1], &columns[2], &columns[3]}, out);
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
        columns[0][r] = columns[2][r], columns[1][r] = columns[3][r];
}

KERNEL_INLINE void pairs_as(const mos_winograd_map *map, const uint16_t *act, const bool gradient,
                            int64_t first, int64_t begin, int64_t end, int64_t pairs, uint16_t *p) {
    const int64_t blocks = map->c / LANES, plane = map->h * map->w * LANES;
    for (int64_t b = 0; b < blocks; b++) {
        tile_place at = place_tile(map, first + begin * 2);
        vec columns[4][4] = {{{0}}};
        for (int64_t pair = begin; pair < end; pair++) {
            vec even[16], odd[16];
            pair_tile(map, act + (at.n * blocks + b) * plane, gradient, pair == begin, &at, columns,
                      even);
            next_tile(map, &at);
            pair_tile(map, act + (at.n * blocks + b) * plane, gradient, false, &at, columns, odd);
            next_tile(map, &at);
            store_pair(even, odd, p + (b * pairs + pair) * 32, WINOGRAD_P_PLANE(pairs, map->c));
        }
    }
}

/* p [16, c/16, pairs, 16, 2]: the pairs of tiles [begin, end) counted from tile `first`; tiles
 * beyond the last are zero */
static void winograd_pairs(const mos_winograd_map *map, const uint16_t *act, bool gradient,
                           int64_t first, int64_t begin, int64_t end, int64_t pairs, uint16_t *p) {
    if (gradient)
        pairs_as(map, act, true, first, begin, end, pairs, p);
    else
        pairs_as(map, act, false, first, begin, end, pairs, p);
}

/* du [16, 16 i, 32 o] (+)= px^T py over the tiles: px [16 of stride_x, pairs, 16, 2], py [16 of
 * stride_y, 2, pairs, 16, 2] */
static void winograd_accumulate(int64_t pairs, const uint16_t *px, int64_t stride_x,
                                const uint16_t *py, int64_t stride_y, float *du, bool add) {
    for (int64_t k = 0; k < 16; k++)
        for (int64_t i = 0; i < LANES; i += 8) {
            const uint16_t *y = py + k * stride_y;
            __m512 sum[8][2];
            pair_product(pairs, px + k * stride_x + i * 2, 2, 32, y, y + pairs * 32, 32, sum);
            float *to = du + (k * LANES + i) * 32;
#pragma GCC unroll 8
            for (int t = 0; t < 8; t++) {
                if (add) {
                    sum[t][0] = _mm512_add_ps(sum[t][0], _mm512_loadu_ps(to + t * 32));
                    sum[t][1] = _mm512_add_ps(sum[t][1], _mm512_loadu_ps(to + t * 32 + LANES));
                }
                _mm512_storeu_ps(to + t * 32, sum[t][0]);
                _mm512_storeu_ps(to + t * 32 + LANES, sum[t][1]);
            }
        }
}

/* G^T du G for 16 inputs and 16 outputs: block [9, 16 i, 16 o] from one half of du [16, 16 i, 32 o]
 */
static void winograd_weight_block(const float *du, float *block) {
    const int64_t plane = LANES * 32;
    for (int64_t i = 0; i < LANES; i++) {
        vec s[3][4];
#pragma GCC unroll 4
        for (int64_t c = 0; c < 4; c++) {
            const vec d0 = v_load(du + c * plane + i * 32),
                      d1 = v_load(du + (4 + c) * plane + i * 32);
            const vec d2 = v_load(du + (8 + c) * plane + i * 32),
                      d3 = v_load(du + (12 + c) * plane + i * 32);
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

static const mos_winograd_kernels table_winograd = {
    .input = winograd_input,
    .multiply = winograd_multiply,
    .output = winograd_output,
    .weights = winograd_weights,
    .pairs = winograd_pairs,
    .accumulate = winograd_accumulate,
    .weight_block = winograd_weight_block,
};
#undef WINOGRAD_B
