/* Threads take rectangles of c. Each packs what its own needs: nothing is shared or waited for. */
#include "base/gemm_kernel.h"
#include "base/simd.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <string.h>

/* Below so many multiply-adds waking the others costs more than they bring. */
#define LEAST_WORK ((int64_t)1 << 17)

static const mos_gemm_kernels *kernels(void) {
#if defined(__x86_64__)
    switch (mos_simd_level()) {
    case MOS_SIMD_AVX512:
        return &mos_gemm_kernels_avx512;
    case MOS_SIMD_AVX2:
        return &mos_gemm_kernels_avx2;
    default:
        break;
    }
#endif
    return &mos_gemm_kernels_base;
}

#if defined(__x86_64__)
/* AMD's family 25 computes 512 bits in two halves: tiles of 256 bits multiply as fast there. */
static bool halves_512(void) {
    static atomic_int known; /* 1: no, 2: yes */
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (!answer) {
        char name[MOS_PROCESSOR_NAME];
        mos_processor_name(name);
        answer = strncmp(name, "AuthenticAMD-25-", 16) == 0 ? 2 : 1;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == 2;
}
#endif

static bool is_narrow(const mos_product_f32 *product) {
    return product->n <= MOS_GEMM_DIRECT_COLUMNS && product->a_column == 1;
}

/* Tiles that read rows of a where they lie: of rows 4 KB apart, which the first cache has eight places
 * for, those of 256 bits read six at a time instead of 14, and few columns leave fewer of their lanes
 * idle. The values are the same. */
static const mos_gemm_kernels *kernels_for(const mos_product_f32 *product) {
    const mos_gemm_kernels *own = kernels();
#if defined(__x86_64__)
    if (own == &mos_gemm_kernels_avx512 && is_narrow(product) && halves_512())
        return &mos_gemm_kernels_avx2;
#endif
    (void)product;
    return own;
}

/* Rows of the tiles that a product is made of: threads take whole ones. */
static int64_t rows_of_tiles(const mos_gemm_kernels *own, const mos_product_f32 *product) {
    const bool all_tail = own->tail_rows && is_narrow(product) && product->n > own->tail_above &&
                          product->n <= own->tail_columns;
    return all_tail ? own->tail_rows : own->rows;
}

const char *mos_gemm_kernel_name(void) {
    return kernels()->name;
}

size_t mos_gemm_room(int threads) {
    return (size_t)(threads < 1 ? 1 : threads) * MOS_GEMM_THREAD_BYTES;
}

/* c in a grid of down x across parts, whole tiles each. */
typedef struct grid {
    int64_t m, n, rows, columns; /* of c, and of a tile */
    int64_t down, across;
} grid;

static int64_t tiles(int64_t count, int64_t unit) {
    return (count + unit - 1) / unit;
}

/* The grid whose largest part is least: its tiles, and what is packed for them, which costs about
 * as much as one row or column of tiles. */
static void divide(grid *g, int64_t k, int threads) {
    const int64_t rows = tiles(g->m, g->rows), columns = tiles(g->n, g->columns);
    int64_t least = INT64_MAX;
    g->down = g->across = 1;
    if (threads <= 1 || g->m * g->n * k / threads < LEAST_WORK) return;
    for (int64_t down = 1; down <= threads; down++) {
        const int64_t across = threads / down;
        const int64_t high = tiles(rows, down), wide = tiles(columns, across);
        const int64_t cost = high * wide + high + wide;
        if (cost >= least) continue;
        least = cost;
        g->down = down;
        g->across = across;
    }
}

static void find_part(const grid *g, int64_t part, int64_t *i, int64_t *m, int64_t *j, int64_t *n) {
    const int64_t rows = tiles(g->m, g->rows), columns = tiles(g->n, g->columns);
    const int64_t y = part / g->across, x = part % g->across;
    const int64_t i_end = (y + 1) * rows / g->down * g->rows,
                  j_end = (x + 1) * columns / g->across * g->columns;
    *i = y * rows / g->down * g->rows;
    *j = x * columns / g->across * g->columns;
    *m = (i_end < g->m ? i_end : g->m) - *i;
    *n = (j_end < g->n ? j_end : g->n) - *j;
}

typedef struct gemm_job {
    const mos_gemm_kernels *kernels;
    const mos_product_f32 *f32;
    const mos_product_f64 *f64;
    grid grid;
    char *room;
} gemm_job;

static void run_parts(void *context, int64_t begin, int64_t end, int thread) {
    const gemm_job *job = context;
    void *room = job->room + (size_t)thread * MOS_GEMM_THREAD_BYTES;
    for (int64_t part = begin; part < end; part++) {
        int64_t i, m, j, n;
        find_part(&job->grid, part, &i, &m, &j, &n);
        if (job->f32) {
            mos_product_f32 own = *job->f32;
            own.m = m, own.n = n;
            own.a += i * own.a_row, own.b += j * own.b_column, own.c += i * own.ldc + j;
            job->kernels->f32(&own, room);
        } else {
            mos_product_f64 own = *job->f64;
            own.m = m, own.n = n;
            own.a += i * own.a_row, own.b += j * own.b_column, own.c += i * own.ldc + j;
            job->kernels->f64(&own, room);
        }
    }
}

static void run(gemm_job *job, int64_t k, int threads) {
    if (job->grid.m <= 0 || job->grid.n <= 0) return;
    divide(&job->grid, k, threads);
    mos_parallel_for(threads, job->grid.down * job->grid.across, run_parts, job);
}

void mos_gemm_f32(const mos_product_f32 *product, int threads, void *room) {
    const mos_gemm_kernels *own = kernels_for(product);
    gemm_job job = {
        .kernels = own,
        .f32 = product,
        .grid = {product->m, product->n, rows_of_tiles(own, product), own->columns_f32, 1, 1},
        .room = room};
    run(&job, product->k, threads);
}

void mos_gemm_f64(const mos_product_f64 *product, int threads, void *room) {
    const mos_gemm_kernels *own = kernels();
    gemm_job job = {.kernels = own,
                    .f64 = product,
                    .grid = {product->m, product->n, own->rows, own->columns_f64, 1, 1},
                    .room = room};
    run(&job, product->k, threads);
}
