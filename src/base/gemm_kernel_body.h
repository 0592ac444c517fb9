/* A blocked product in the manner of Goto & van de Geijn (2008): a part of b and a part of a are
 * copied into panels as wide as a register tile of c and zero beyond the edges, then every tile is
 * summed in registers over the whole depth of the panels. Included once per type by
 * gemm_kernel_types.h, which defines REAL, PRODUCT, NAME, ROWS and VECTOR_BYTES. */

typedef REAL NAME(vec) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL NAME(loose)
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
typedef REAL NAME(quad) __attribute__((vector_size(4 * sizeof(REAL))));
#define VEC           NAME(vec)
#define LANES         ((int64_t)(VECTOR_BYTES / sizeof(REAL)))
#define COLUMNS       (2 * LANES)
#define PANELS        8 /* filled at once */
#define ROWS_AHEAD    12
#define BLOCK_ROWS    ((int64_t)(MOS_GEMM_ROW_BYTES / sizeof(REAL)))
#define BLOCK_COLUMNS ((int64_t)(MOS_GEMM_COLUMN_BYTES / sizeof(REAL)))

static const REAL NAME(zeros)[MOS_GEMM_DEPTH];

/* to [4 k, width] at its place = the four rows, turned */
INLINE void NAME(turn)(const REAL *const *row, int64_t p, int64_t keep, int64_t width, REAL *to) {
    NAME(quad) q[4], t[4], out[4];
    for (int i = 0; i < 4; i++)
        memcpy(&q[i], row[i] + p, sizeof q[i]);
    t[0] = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5);
    t[1] = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7);
    t[2] = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5);
    t[3] = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
    out[0] = __builtin_shufflevector(t[0], t[2], 0, 1, 4, 5);
    out[1] = __builtin_shufflevector(t[0], t[2], 2, 3, 6, 7);
    out[2] = __builtin_shufflevector(t[1], t[3], 0, 1, 4, 5);
    out[3] = __builtin_shufflevector(t[1], t[3], 2, 3, 6, 7);
    for (int i = 0; i < 4; i++)
        memcpy(to + i * width, &out[i], (size_t)keep * sizeof(REAL));
}

/* to [k, width]: lane l of `count` at from + l * lane_step, value p of it at p * step; lanes beyond
 * count are zero. */
INLINE void NAME(pack_panel)(const REAL *from, int64_t lane_step, int64_t step, int64_t count,
                             int64_t k, int64_t width, REAL *to) {
    int64_t p = 0;
    if (step == 1) {
        const int64_t whole = k / 4 * 4;
        for (int64_t l = 0; l < width; l += 4) {
            const int64_t keep = width - l < 4 ? width - l : 4;
            const REAL *row[4];
            for (int64_t i = 0; i < 4; i++)
                row[i] = l + i < count ? from + (l + i) * lane_step : NAME(zeros);
            for (p = 0; p < whole; p += 4) { /* the next four rows come meanwhile */
                if (p % (64 / (int64_t)sizeof(REAL)) == 0)
                    for (int64_t i = 4; i < 8; i++)
                        __builtin_prefetch(from + (l + i) * lane_step + p);
                if (keep == 4)
                    NAME(turn)(row, p, 4, width, to + p * width + l);
                else
                    NAME(turn)(row, p, 2, width, to + p * width + l);
            }
        }
        p = whole;
    }
    for (; p < k; p++)
        for (int64_t l = 0; l < width; l++)
            to[p * width + l] = l < count ? from[l * lane_step + p * step] : 0;
}

/* The panels of `lanes` rows or columns, one after the other. Where lanes lie side by side, several
 * panels are filled at once: so a cache line that was fetched is used whole, and the prefetch
 * reaches across rows that lie pages apart. */
INLINE void NAME(pack)(const REAL *from, int64_t lane_step, int64_t step, int64_t lanes, int64_t k,
                       int64_t width, REAL *to) {
    int64_t l = 0;
    while (lane_step == 1 && lanes - l >= width) {
        const int64_t panels = (lanes - l) / width < PANELS ? (lanes - l) / width : PANELS;
        for (int64_t p = 0; p < k; p++) {
            for (int64_t ahead = 0; ahead < panels * width; ahead += 64 / (int64_t)sizeof(REAL))
                __builtin_prefetch(from + l + ahead + (p + ROWS_AHEAD) * step);
            for (int64_t q = 0; q < panels; q++)
                memcpy(to + (l + q * width) * k + p * width, from + l + q * width + p * step,
                       (size_t)width * sizeof(REAL));
        }
        l += panels * width;
    }
    for (; l < lanes; l += width)
        NAME(pack_panel)
    (from + l * lane_step, lane_step, step, lanes - l < width ? lanes - l : width, k, width,
     to + l * k);
}

/* sum += a [ROWS] b [COLUMNS] */
INLINE void NAME(add_outer)(const REAL *restrict a, const REAL *restrict b, VEC (*sum)[2]) {
    const VEC b0 = *(const NAME(loose) *)b, b1 = *(const NAME(loose) *)(b + LANES);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
        sum[i][0] += a[i] * b0;
        sum[i][1] += a[i] * b1;
    }
}

/* c [ROWS, COLUMNS] (+)= alpha a [k, ROWS]^T b [k, COLUMNS] */
static __attribute__((noinline)) void NAME(tile)(int64_t k, REAL alpha, const REAL *restrict a,
                                                 const REAL *restrict b, REAL *restrict c,
                                                 int64_t ldc, bool add) {
    VEC sum[ROWS][2] = {{{0}}};
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
        __builtin_prefetch(c + i * ldc, 1);
    int64_t p =
        0; /* unrolled by four: where two threads share a core, the loop's own instructions count */
    for (; p + 4 <= k; p += 4, a += 4 * ROWS, b += 4 * COLUMNS)
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++)
            NAME(add_outer)(a + q * ROWS, b + q * COLUMNS, sum);
    for (; p < k; p++, a += ROWS, b += COLUMNS)
        NAME(add_outer)(a, b, sum);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            NAME(loose) *to = (NAME(loose) *)(c + i * ldc + j * LANES);
            if (add)
                *to += alpha * sum[i][j];
            else
                *to = alpha * sum[i][j];
        }
}

/* A tile across an edge of c goes through a whole one, so that its values are made the same way. */
static void NAME(edge_tile)(int64_t k, REAL alpha, const REAL *a, const REAL *b, REAL *c,
                            int64_t ldc, bool add, int64_t rows, int64_t columns) {
    REAL whole[ROWS * COLUMNS] = {0};
    for (int64_t i = 0; add && i < rows; i++)
        memcpy(whole + i * COLUMNS, c + i * ldc, (size_t)columns * sizeof(REAL));
    NAME(tile)(k, alpha, a, b, whole, COLUMNS, add);
    for (int64_t i = 0; i < rows; i++)
        memcpy(c + i * ldc, whole + i * COLUMNS, (size_t)columns * sizeof(REAL));
}

static void NAME(block)(const PRODUCT *g, int64_t k, const REAL *a, int64_t rows, const REAL *b,
                        int64_t columns, REAL *c, bool add) {
    for (int64_t j = 0; j < columns; j += COLUMNS)
        for (int64_t i = 0; i < rows; i += ROWS) {
            REAL *to = c + i * g->ldc + j;
            if (rows - i >= ROWS && columns - j >= COLUMNS)
                NAME(tile)(k, g->alpha, a + i * k, b + j * k, to, g->ldc, add);
            else
                NAME(edge_tile)
            (k, g->alpha, a + i * k, b + j * k, to, g->ldc, add, rows - i < ROWS ? rows - i : ROWS,
             columns - j < COLUMNS ? columns - j : COLUMNS);
        }
}

static void NAME(product)(const PRODUCT *g, REAL *room) {
    REAL *a = room, *b = room + BLOCK_ROWS * MOS_GEMM_DEPTH;
    for (int64_t i = 0; g->k <= 0 && !g->accumulate && i < g->m; i++)
        memset(g->c + i * g->ldc, 0, (size_t)g->n * sizeof(REAL));
    for (int64_t j = 0; j < g->n; j += BLOCK_COLUMNS) {
        const int64_t columns = g->n - j < BLOCK_COLUMNS ? g->n - j : BLOCK_COLUMNS;
        for (int64_t p = 0; p < g->k; p += MOS_GEMM_DEPTH) {
            const int64_t k = g->k - p < MOS_GEMM_DEPTH ? g->k - p : MOS_GEMM_DEPTH;
            NAME(pack)
            (g->b + p * g->b_row + j * g->b_column, g->b_column, g->b_row, columns, k, COLUMNS, b);
            for (int64_t i = 0; i < g->m; i += BLOCK_ROWS) {
                const int64_t rows = g->m - i < BLOCK_ROWS ? g->m - i : BLOCK_ROWS;
                NAME(pack)
                (g->a + i * g->a_row + p * g->a_column, g->a_row, g->a_column, rows, k, ROWS, a);
                NAME(block)
                (g, k, a, rows, b, columns, g->c + i * g->ldc + j, p > 0 || g->accumulate);
            }
        }
    }
}

#undef VEC
#undef LANES
#undef COLUMNS
#undef PANELS
#undef ROWS_AHEAD
#undef BLOCK_ROWS
#undef BLOCK_COLUMNS
