/* Cosines of a block of queries with a block of rows at a time, and of these the largest. */
#include "score/neighbours.h"

#include "base/gemm.h"
#include "base/memory.h"
#include "base/thread.h"

#include <math.h>
#include <stdbool.h>

enum { QUERIES = 336, ROWS = 512 };

typedef struct search_job {
    const float *query; /* [m, d] */
    const float *unit;  /* [n, d] what is searched */
    float *dots;        /* per thread [QUERIES, ROWS] */
    char *room;         /* of products, per thread */
    int64_t n, d, k;
    bool same; /* the queries are the rows themselves: none finds itself */
    int32_t *index;
    float *cosine;
} search_job;

/* Insert into the list kept best first; columns come in ascending order, so an equal value stays
 * behind. */
static void offer(int32_t *index, float *cosine, int64_t k, int32_t column, float value) {
    int64_t at = k - 1;
    for (; at > 0 && cosine[at - 1] < value; at--) {
        index[at] = index[at - 1];
        cosine[at] = cosine[at - 1];
    }
    index[at] = column;
    cosine[at] = value;
}

/* dots: of query `row` with the `count` rows from `first` on. */
static void take_row(const search_job *job, int64_t row, const float *dots, int64_t first,
                     int64_t count) {
    int32_t *index = job->index + row * job->k;
    float *cosine = job->cosine + row * job->k;
    for (int64_t j = 0; j < count; j++)
        if (dots[j] > cosine[job->k - 1] && !(job->same && first + j == row))
            offer(index, cosine, job->k, (int32_t)(first + j), dots[j]);
}

static void search_rows(void *context, int64_t begin, int64_t end, int thread) {
    const search_job *job = context;
    float *dots = job->dots + (int64_t)thread * QUERIES * ROWS;
    mos_product_f32 product = {.k = job->d,
                               .alpha = 1,
                               .a_row = job->d,
                               .a_column = 1,
                               .b_row = 1,
                               .b_column = job->d,
                               .c = dots,
                               .ldc = ROWS};
    for (int64_t i = begin * job->k; i < end * job->k; i++) {
        job->index[i] = -1;
        job->cosine[i] = -INFINITY;
    }
    for (int64_t block = begin; block < end; block += QUERIES)
        for (int64_t first = 0; first < job->n; first += ROWS) {
            product.m = end - block < QUERIES ? end - block : QUERIES;
            product.n = job->n - first < ROWS ? job->n - first : ROWS;
            product.a = job->query + block * job->d;
            product.b = job->unit + first * job->d;
            mos_gemm_f32(&product, 1, job->room + (size_t)thread * mos_gemm_room(1));
            for (int64_t i = 0; i < product.m; i++)
                take_row(job, block + i, dots + i * ROWS, first, product.n);
        }
}

static mosaic_status check_rows(const float *unit, int64_t n, int64_t d) {
    for (int64_t i = 0; i < n * d; i++)
        if (!isfinite(unit[i]))
            return mos_fail(MOSAIC_ERR_NUMERIC, "embedding of row %lld is not finite",
                            (long long)(i / d));
    return MOSAIC_OK;
}

static mosaic_status search(search_job *job, int64_t m, int threads) {
    float *own = NULL;
    mosaic_status status = MOSAIC_OK;
    if (threads < 1) threads = 1;
    MOS_GOTO(check_rows(job->unit, job->n, job->d));
    MOS_GOTO(mos_alloc((size_t)threads * QUERIES * ROWS, sizeof *job->dots, "cosines", &job->dots));
    MOS_GOTO(mos_alloc(mos_gemm_room(threads), 1, "room of products", &job->room));
    if (!job->cosine) {
        MOS_GOTO(mos_alloc((size_t)(m * job->k), sizeof *own, "neighbour cosines", &own));
        job->cosine = own;
    }
    mos_parallel_for(threads, m, search_rows, job);
done:
    mos_free(job->dots);
    mos_free(job->room);
    mos_free(own);
    return status;
}

mosaic_status mos_cosine_neighbours(const float *unit, int64_t n, int64_t d, int64_t k, int threads,
                                    int32_t *index, float *cosine) {
    search_job job = {.query = unit,
                      .unit = unit,
                      .n = n,
                      .d = d,
                      .k = k,
                      .same = true,
                      .index = index,
                      .cosine = cosine};
    if (k < 1 || k >= n || n > INT32_MAX)
        return mos_fail(MOSAIC_ERR_USAGE, "wanted %lld neighbours among %lld rows", (long long)k,
                        (long long)n);
    return search(&job, n, threads);
}

mosaic_status mos_cosine_search(const float *query, int64_t m, const float *unit, int64_t n,
                                int64_t d, int64_t k, int threads, int32_t *index, float *cosine) {
    search_job job = {
        .query = query, .unit = unit, .n = n, .d = d, .k = k, .index = index, .cosine = cosine};
    if (k < 1 || k > n || n > INT32_MAX)
        return mos_fail(MOSAIC_ERR_USAGE, "wanted %lld neighbours among %lld rows", (long long)k,
                        (long long)n);
    MOS_TRY(check_rows(query, m, d));
    return search(&job, m, threads);
}
