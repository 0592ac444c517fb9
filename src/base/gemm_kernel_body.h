/* A blocked product in the manner of Goto & van de Geijn (2008): a part of b and a part of a are
 * copied into panels as wide as a register tile of c and zero beyond the edges, then every tile is
 * summed in registers over the whole depth of the panels. Where c has few columns, tiles read rows
 * of a where they lie. Included once per type by gemm_kernel_types.h, which defines REAL, PRODUCT,
 * NAME, ROWS, VECTOR_BYTES, and TAIL_ROWS, TAIL_VECTORS and QUADS of tail tiles. */

typedef REAL NAME(vec) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL NAME(loose)
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
typedef REAL NAME(quad) __attribute__((vector_size(4 * sizeof(REAL))));
typedef REAL NAME(loose_quad)
    __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
#if EIGHTS
typedef REAL NAME(eight) __attribute__((vector_size(8 * sizeof(REAL))));
#endif
#define VEC           NAME(vec)
#define LANES         ((int64_t)(VECTOR_BYTES / sizeof(REAL)))
#define COLUMNS       (2 * LANES)
#define PIECE         ((int64_t)(1024 / sizeof(REAL))) /* of a row, read at once */
#define LINE          ((int64_t)(MOS_GEMM_LINE_BYTES / sizeof(REAL)))
#define ROWS_AHEAD    12
#define BLOCK_ROWS    ((int64_t)(MOS_GEMM_ROW_BYTES / sizeof(REAL)))
#define BLOCK_COLUMNS ((int64_t)(MOS_GEMM_COLUMN_BYTES / sizeof(REAL)))
/* So many rows of a stay in the second cache even where they lie 4 KB apart. */
#define DIRECT_ROWS  (8 * ROWS)
#define TAIL_COLUMNS (TAIL_VECTORS * LANES + 4)
#define MOST_SUMS    (2 * ROWS)

static const REAL NAME(zeros)[MOS_GEMM_DEPTH];

/* The four rows of q, in each half of it, turned: out[i] has what was value i of each. */
#define TURN(q, out, LOW, HIGH, FIRST, SECOND)                                                     \
    do {                                                                                           \
        t[0] = __builtin_shufflevector(q[0], q[1], LOW);                                           \
        t[1] = __builtin_shufflevector(q[0], q[1], HIGH);                                          \
        t[2] = __builtin_shufflevector(q[2], q[3], LOW);                                           \
        t[3] = __builtin_shufflevector(q[2], q[3], HIGH);                                          \
        out[0] = __builtin_shufflevector(t[0], t[2], FIRST);                                       \
        out[1] = __builtin_shufflevector(t[0], t[2], SECOND);                                      \
        out[2] = __builtin_shufflevector(t[1], t[3], FIRST);                                       \
        out[3] = __builtin_shufflevector(t[1], t[3], SECOND);                                      \
    } while (0)

/* to [4 k, width] at its place = the four rows, turned */
INLINE void NAME(turn)(const REAL *const *row, int64_t p, int64_t keep, int64_t width, REAL *to) {
    NAME(quad) q[4], t[4], out[4];
    for (int i = 0; i < 4; i++)
        memcpy(&q[i], row[i] + p, sizeof q[i]);
#define ORDER(...) __VA_ARGS__
    TURN(q, out, ORDER(0, 4, 1, 5), ORDER(2, 6, 3, 7), ORDER(0, 1, 4, 5), ORDER(2, 3, 6, 7));
    for (int i = 0; i < 4; i++)
        memcpy(to + i * width, &out[i], (size_t)keep * sizeof(REAL));
}

#if EIGHTS
/* The same of eight rows. */
INLINE void NAME(turn_eight)(const REAL *const *row, int64_t p, int64_t width, REAL *to) {
    NAME(quad) low[4], high[4];
    NAME(eight) q[4], t[4], out[4];
    for (int i = 0; i < 4; i++) {
        memcpy(&low[i], row[i] + p, sizeof low[i]);
        memcpy(&high[i], row[i + 4] + p, sizeof high[i]);
        q[i] = __builtin_shufflevector(low[i], high[i], 0, 1, 2, 3, 4, 5, 6, 7);
    }
    TURN(q, out, ORDER(0, 8, 1, 9, 4, 12, 5, 13), ORDER(2, 10, 3, 11, 6, 14, 7, 15),
         ORDER(0, 1, 8, 9, 4, 5, 12, 13), ORDER(2, 3, 10, 11, 6, 7, 14, 15));
    for (int i = 0; i < 4; i++)
        memcpy(to + i * width, &out[i], sizeof out[i]);
}
#endif
#undef ORDER
#undef TURN

/* to [k, width], rows begin to end, a multiple of four of them: lane l of `count` is the row at from +
 * l * lane_step; lanes beyond count are zero. What comes next is prefetched. */
INLINE void NAME(turn_rows)(const REAL *from, int64_t lane_step, int64_t count, int64_t begin,
                            int64_t end, int64_t width, REAL *to) {
    const REAL *row[8];
    int64_t l = 0;
#if EIGHTS
    for (; width - l >= 8; l += 8) {
        for (int64_t i = 0; i < 8; i++)
            row[i] = l + i < count ? from + (l + i) * lane_step : NAME(zeros);
        for (int64_t i = 0; i < 8; i++)
            __builtin_prefetch(row[i] + end);
        for (int64_t p = begin; p < end; p += 4)
            NAME(turn_eight)(row, p, width, to + p * width + l);
    }
#endif
    for (; l < width; l += 4) {
        const int64_t keep = width - l < 4 ? width - l : 4;
        for (int64_t i = 0; i < 4; i++)
            row[i] = l + i < count ? from + (l + i) * lane_step : NAME(zeros);
        for (int64_t i = 0; i < 4; i++)
            __builtin_prefetch(row[i] + end);
        for (int64_t p = begin; p < end; p += 4)
            if (keep == 4)
                NAME(turn)(row, p, 4, width, to + p * width + l);
            else
                NAME(turn)(row, p, 2, width, to + p * width + l);
    }
}

/* to [k, width]: lane l of `count` at from + l * lane_step, value p of it at p * step; lanes beyond
 * count are zero. Rows are turned a cache line at a time: lines that lie 4 KB apart share a set of
 * the first cache, which has eight places. */
INLINE void NAME(pack_panel)(const REAL *from, int64_t lane_step, int64_t step, int64_t count,
                             int64_t k, int64_t width, REAL *to) {
    const int64_t whole = step == 1 ? k / 4 * 4 : 0;
    for (int64_t p = 0; p < whole; p += LINE)
        NAME(turn_rows)(from, lane_step, count, p, whole - p < LINE ? whole : p + LINE, width, to);
    for (int64_t p = whole; p < k; p++)
        for (int64_t l = 0; l < width; l++)
            to[p * width + l] = l < count ? from[l * lane_step + p * step] : 0;
}

/* From panel to panel; a line more than a panel has, else several would begin in one set of the cache
 * and evict each other while they are filled. */
INLINE int64_t NAME(panel)(int64_t k, int64_t width) {
    return k * width + LINE;
}

/* The panels of `lanes` rows or columns, one after the other. Where lanes lie side by side, several
 * panels are filled at once: rows that lie pages apart are read in long pieces, as memory and
 * prefetchers like it, and the prefetch reaches across them. */
INLINE void NAME(pack)(const REAL *from, int64_t lane_step, int64_t step, int64_t lanes, int64_t k,
                       int64_t width, REAL *to) {
    int64_t l = 0;
    while (lane_step == 1 && lanes - l >= width) {
        const int64_t most = PIECE / width, rest = (lanes - l) / width;
        const int64_t panels = rest < most ? rest : most;
        for (int64_t p = 0; p < k; p++) {
            for (int64_t ahead = 0; ahead < panels * width; ahead += 64 / (int64_t)sizeof(REAL))
                __builtin_prefetch(from + l + ahead + (p + ROWS_AHEAD) * step);
            for (int64_t q = 0; q < panels; q++)
                memcpy(to + (l / width + q) * NAME(panel)(k, width) + p * width,
                       from + l + q * width + p * step, (size_t)width * sizeof(REAL));
        }
        l += panels * width;
    }
    for (; l < lanes; l += width)
        NAME(pack_panel)
    (from + l * lane_step, lane_step, step, lanes - l < width ? lanes - l : width, k, width,
     to + l / width * NAME(panel)(k, width));
}

/* Rows of a as a tile reads them: row i at base[i / 3] + i % 3 * row, its value p at p * step. With
 * three rows to a base all addresses are sums of two registers. */
#define BASES 6
typedef struct NAME(rows_of_a) {
    const REAL *base[BASES];
    int64_t row, step;
} NAME(rows_of_a);

#if TAIL_ROWS
/* The quad of b, once for each row that shares a vector. The instructions are given by name because
 * gcc makes several of each: it fetches rows anew, by halves. */
INLINE VEC NAME(quad_of_b)(const REAL *b) {
#if QUADS == 2
    VEC v;
    __asm__("vbroadcastf128 %1, %0" : "=x"(v) : "m"(*(const NAME(loose_quad) *)b));
    return v;
#else
    return *(const NAME(loose) *)b;
#endif
}

/* From QUADS rows' vectors a quad each. */
INLINE VEC NAME(mix)(const VEC *row) {
#if QUADS == 2
    VEC v;
    __asm__("vblendps $0xf0, %2, %1, %0" : "=x"(v) : "x"(row[0]), "x"(row[1]));
    return v;
#else
    return row[0];
#endif
}
#endif

/* sum [rows, vectors], and behind them tail [rows / QUADS] where there is a quad, += a b */
INLINE void NAME(add_outer)(const NAME(rows_of_a) * a, int64_t p, const REAL *restrict b, int rows,
                            int vectors, bool quad, VEC *sum) {
    VEC columns[2], value[QUADS];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++)
        columns[j] = *(const NAME(loose) *)(b + j * LANES);
#if TAIL_ROWS
    VEC last = {0};
    if (quad) last = NAME(quad_of_b)(b + vectors * LANES);
#endif
#pragma GCC unroll 32
    for (int i = 0; i < rows; i++) {
        value[i % QUADS] = (a->base[i / 3] + i % 3 * a->row)[p * a->step] - (VEC){0};
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++)
            MULTIPLY_ADD(sum[i * vectors + j], value[i % QUADS], columns[j]);
#if TAIL_ROWS
        if (!quad) continue;
        if (i % QUADS == QUADS - 1)
            MULTIPLY_ADD(sum[rows * vectors + i / QUADS], NAME(mix)(value), last);
#endif
    }
    (void)quad;
}

INLINE void NAME(move)(NAME(rows_of_a) * a, int rows, int64_t depth) {
#pragma GCC unroll 6
    for (int i = 0; i < (rows + 2) / 3; i++)
        a->base[i] += depth * a->step;
}

/* The product with alpha is rounded before it is added, in every tile: fused in some and not in others,
 * as compilers would have it, a value would depend on its place. */
INLINE void NAME(put)(REAL *c, REAL alpha, VEC sum, bool add) {
    NAME(loose) *to = (NAME(loose) *)c;
    VEC scaled = alpha * sum;
    AS_IT_IS(scaled);
    if (add) scaled += *to;
    *to = scaled;
}

/* c [rows, vectors and a quad] (+)= alpha a b [k, width]; rows, vectors, quad, and one of row and
 * step are constants of every caller. Of the quad the first `last` columns exist in c. */
INLINE void NAME(sum_tile)(int rows, int vectors, bool quad, int64_t k, REAL alpha, const REAL *a,
                           int64_t row, int64_t step, const REAL *restrict b, REAL *restrict c,
                           int64_t ldc, bool add, int64_t last) {
    VEC sum[MOST_SUMS] = {{0}};
    (void)last;
    const int64_t width = vectors * LANES + (quad ? 4 : 0);
    NAME(rows_of_a) from = {.row = row, .step = step};
#pragma GCC unroll 6
    for (int i = 0; i < BASES; i++)
        from.base[i] = a + (int64_t)i * 3 * row;
#pragma GCC unroll 32
    for (int i = 0; i < rows; i++)
        __builtin_prefetch(c + i * ldc, 1);
    int64_t p =
        0; /* unrolled by four: where two threads share a core, the loop's own instructions count */
    for (; p + 4 <= k; p += 4, b += 4 * width) {
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++)
            NAME(add_outer)(&from, q, b + q * width, rows, vectors, quad, sum);
        NAME(move)(&from, rows, 4);
    }
    for (; p < k; p++, b += width) {
        NAME(add_outer)(&from, 0, b, rows, vectors, quad, sum);
        NAME(move)(&from, rows, 1);
    }
#pragma GCC unroll 32
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++)
            NAME(put)(c + i * ldc + j * LANES, alpha, sum[i * vectors + j], add);
    if (!quad) return;
#if TAIL_ROWS
    REAL quads[TAIL_ROWS * 4] = {0};
    c += vectors * LANES;
    for (int i = 0; add && i < rows; i++)
        for (int64_t l = 0; l < last; l++)
            quads[i * 4 + l] = c[i * ldc + l];
#pragma GCC unroll 8
    for (int i = 0; i < rows / QUADS; i++)
        NAME(put)(quads + i * LANES, alpha, sum[rows * vectors + i], add);
    for (int i = 0; i < rows; i++)
        for (int64_t l = 0; l < last; l++)
            c[i * ldc + l] = quads[i * 4 + l];
#endif
}

/* From panels of a. */
static __attribute__((noinline)) void NAME(packed_tile)(int64_t k, REAL alpha, const REAL *a,
                                                        const REAL *b, REAL *c, int64_t ldc,
                                                        bool add) {
    NAME(sum_tile)(ROWS, 2, false, k, alpha, a, 1, ROWS, b, c, ldc, add, 0);
}

/* Straight from rows of a, whose values lie side by side. */
static __attribute__((noinline)) void NAME(tile)(int64_t k, REAL alpha, const REAL *a, int64_t row,
                                                 const REAL *b, REAL *c, int64_t ldc, bool add) {
    NAME(sum_tile)(ROWS, 2, false, k, alpha, a, row, 1, b, c, ldc, add, 0);
}

#if TAIL_ROWS
static __attribute__((noinline)) void NAME(tail_tile)(int64_t k, REAL alpha, const REAL *a,
                                                      int64_t row, const REAL *b, REAL *c,
                                                      int64_t ldc, bool add, int64_t last) {
    NAME(sum_tile)(TAIL_ROWS, TAIL_VECTORS, true, k, alpha, a, row, 1, b, c, ldc, add, last);
}
#endif

/* A tile across an edge of c goes through a whole one, so that its values are made the same way.
 * row: 0: a is a panel. */
static void NAME(edge_tile)(int64_t k, REAL alpha, const REAL *a, int64_t row, const REAL *b,
                            REAL *c, int64_t ldc, bool add, int64_t rows, int64_t columns) {
    REAL whole[ROWS * COLUMNS] = {0};
    for (int64_t i = 0; add && i < rows; i++)
        memcpy(whole + i * COLUMNS, c + i * ldc, (size_t)columns * sizeof(REAL));
    if (row)
        NAME(tile)(k, alpha, a, row, b, whole, COLUMNS, add);
    else
        NAME(packed_tile)(k, alpha, a, b, whole, COLUMNS, add);
    for (int64_t i = 0; i < rows; i++)
        memcpy(c + i * ldc, whole + i * COLUMNS, (size_t)columns * sizeof(REAL));
}

static void NAME(packed_block)(const PRODUCT *g, int64_t k, const REAL *a, int64_t rows,
                               const REAL *b, int64_t columns, REAL *c, bool add) {
    for (int64_t j = 0; j < columns; j += COLUMNS)
        for (int64_t i = 0; i < rows; i += ROWS) {
            REAL *to = c + i * g->ldc + j;
            if (rows - i >= ROWS && columns - j >= COLUMNS) NAME(packed_tile)
            (k, g->alpha, a + i / ROWS * NAME(panel)(k, ROWS),
             b + j / COLUMNS * NAME(panel)(k, COLUMNS), to, g->ldc, add);
            else NAME(edge_tile)(k, g->alpha, a + i / ROWS * NAME(panel)(k, ROWS), 0,
                                 b + j / COLUMNS * NAME(panel)(k, COLUMNS), to, g->ldc, add,
                                 rows - i < ROWS ? rows - i : ROWS,
                                 columns - j < COLUMNS ? columns - j : COLUMNS);
        }
}

/* The last rows, fewer than a tile has: to [height, MOS_GEMM_DEPTH], zero beyond. */
static const REAL *NAME(copy_rows)(const REAL *a, int64_t row, int64_t rows, int64_t height,
                                   int64_t k, REAL *to) {
    for (int64_t i = 0; i < height; i++)
        if (i < rows)
            memcpy(to + i * MOS_GEMM_DEPTH, a + i * row, (size_t)k * sizeof(REAL));
        else
            memset(to + i * MOS_GEMM_DEPTH, 0, (size_t)k * sizeof(REAL));
    return to;
}

#if TAIL_ROWS
/* The last columns of c, a few more than TAIL_VECTORS have. */
static void NAME(tail)(const PRODUCT *g, int64_t k, const REAL *a, int64_t rows, const REAL *b,
                       REAL *c, bool add, int64_t columns, REAL *room) {
    const int64_t last = columns - TAIL_VECTORS * LANES;
    int64_t i = 0;
    for (; rows - i >= TAIL_ROWS; i += TAIL_ROWS)
        NAME(tail_tile)
    (k, g->alpha, a + i * g->a_row, g->a_row, b, c + i * g->ldc, g->ldc, add, last);
    if (i == rows) return;
    REAL whole[TAIL_ROWS * TAIL_COLUMNS] = {0};
    a = NAME(copy_rows)(a + i * g->a_row, g->a_row, rows - i, TAIL_ROWS, k, room);
    c += i * g->ldc;
    for (int64_t y = 0; add && y < rows - i; y++)
        memcpy(whole + y * TAIL_COLUMNS, c + y * g->ldc, (size_t)columns * sizeof(REAL));
    NAME(tail_tile)(k, g->alpha, a, MOS_GEMM_DEPTH, b, whole, TAIL_COLUMNS, add, 4);
    for (int64_t y = 0; y < rows - i; y++)
        memcpy(c + y * g->ldc, whole + y * TAIL_COLUMNS, (size_t)columns * sizeof(REAL));
}
#endif

static void NAME(prefetch_rows)(const REAL *a, int64_t row, int64_t k) {
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t p = 0; p < k; p += 64 / (int64_t)sizeof(REAL))
            __builtin_prefetch(a + i * row + p);
}

static void NAME(block)(const PRODUCT *g, int64_t k, const REAL *a, int64_t rows, const REAL *b,
                        int64_t columns, int64_t tail, REAL *c, bool add, REAL *room) {
    const int64_t whole = rows / ROWS * ROWS;
    const REAL *rest = NULL;
    if (whole < rows)
        rest = NAME(copy_rows)(a + whole * g->a_row, g->a_row, rows - whole, ROWS, k, room);
    for (int64_t j = 0; j < columns - tail; j += COLUMNS) {
        const int64_t width = columns - j < COLUMNS ? columns - j : COLUMNS;
        for (int64_t i = 0; i < rows; i += ROWS) {
            REAL *to = c + i * g->ldc + j;
            if (j == 0 && rows - i >= 2 * ROWS)
                NAME(prefetch_rows)(a + (i + ROWS) * g->a_row, g->a_row, k);
            if (i < whole && width == COLUMNS) NAME(tile)
            (k, g->alpha, a + i * g->a_row, g->a_row, b + j / COLUMNS * NAME(panel)(k, COLUMNS), to,
             g->ldc, add);
            else if (i < whole) NAME(edge_tile)(k, g->alpha, a + i * g->a_row, g->a_row,
                                                b + j / COLUMNS * NAME(panel)(k, COLUMNS), to,
                                                g->ldc, add, ROWS, width);
            else NAME(edge_tile)(k, g->alpha, rest, MOS_GEMM_DEPTH,
                                 b + j / COLUMNS * NAME(panel)(k, COLUMNS), to, g->ldc, add,
                                 rows - i, width);
        }
    }
#if TAIL_ROWS
    if (tail) {
        const int64_t j = columns - tail;
        NAME(tail)
        (g, k, a, rows, b + j / COLUMNS * NAME(panel)(k, COLUMNS), c + j, add, tail, room);
    }
#endif
}

/* How many of the last columns are made by tail tiles. */
static int64_t NAME(tail_columns)(int64_t columns) {
#if TAIL_ROWS
    const int64_t before =
        columns > TAIL_COLUMNS ? (columns - TAIL_COLUMNS + COLUMNS - 1) / COLUMNS * COLUMNS : 0;
    const int64_t rest = columns - before;
    if (rest > TAIL_VECTORS * LANES && rest <= TAIL_COLUMNS) return rest;
#endif
    (void)columns;
    return 0;
}

static void NAME(product)(const PRODUCT *g, REAL *room) {
    REAL *a = room, *b = room + MOS_GEMM_A_BYTES / sizeof(REAL);
    const bool direct = g->a_column == 1 && g->n <= MOS_GEMM_DIRECT_COLUMNS;
    const int64_t most_rows = direct ? DIRECT_ROWS : BLOCK_ROWS;
    for (int64_t i = 0; g->k <= 0 && !g->accumulate && i < g->m; i++)
        memset(g->c + i * g->ldc, 0, (size_t)g->n * sizeof(REAL));
    for (int64_t j = 0; j < g->n; j += BLOCK_COLUMNS) {
        const int64_t columns = g->n - j < BLOCK_COLUMNS ? g->n - j : BLOCK_COLUMNS;
        const int64_t tail = direct ? NAME(tail_columns)(columns) : 0;
        for (int64_t p = 0; p < g->k; p += MOS_GEMM_DEPTH) {
            const int64_t k = g->k - p < MOS_GEMM_DEPTH ? g->k - p : MOS_GEMM_DEPTH;
            const bool add = p > 0 || g->accumulate;
            const REAL *from_b = g->b + p * g->b_row + j * g->b_column;
            NAME(pack)(from_b, g->b_column, g->b_row, columns - tail, k, COLUMNS, b);
#if TAIL_ROWS
            if (tail) NAME(pack_panel)
            (from_b + (columns - tail) * g->b_column, g->b_column, g->b_row, tail, k, TAIL_COLUMNS,
             b + (columns - tail) / COLUMNS * NAME(panel)(k, COLUMNS));
#endif
            for (int64_t i = 0; i < g->m; i += most_rows) {
                const int64_t rows = g->m - i < most_rows ? g->m - i : most_rows;
                const REAL *from_a = g->a + i * g->a_row + p * g->a_column;
                REAL *c = g->c + i * g->ldc + j;
                if (direct) {
                    NAME(block)(g, k, from_a, rows, b, columns, tail, c, add, a);
                    continue;
                }
                NAME(pack)(from_a, g->a_row, g->a_column, rows, k, ROWS, a);
                NAME(packed_block)(g, k, a, rows, b, columns, c, add);
            }
        }
    }
}

#undef DIRECT_ROWS
#undef TAIL_COLUMNS
#undef MOST_SUMS
#undef BASES
#undef EIGHTS
#undef TAIL_ROWS
#undef TAIL_VECTORS
#undef QUADS
#undef MULTIPLY_ADD
#undef VEC
#undef LANES
#undef COLUMNS
#undef PIECE
#undef LINE
#undef ROWS_AHEAD
#undef BLOCK_ROWS
#undef BLOCK_COLUMNS
