#include "score/neighbours.h"

#include "base/memory.h"
#include "base/thread.h"
#include "score/row_search.h"

#include <math.h>
#include <stdbool.h>

enum { QUERIES = 336 }; /* that a thread has answered at a time */

typedef struct search_job {
    const float *query; /* [m, d] */
    const float *unit;  /* [n, d] what is searched */
    int64_t n, d, k;
    bool same; /* the queries are the rows themselves: none finds itself */
    int32_t *index;
    float *cosine;        /* NULL: not wanted */
    mos_row_finds *finds; /* per thread, of QUERIES */
} search_job;

static const float *rows_of(const void *context, int64_t part, int64_t first, int64_t n,
                            float *room, int64_t *step) {
    const search_job *job = context;
    (void)part, (void)n, (void)room;
    *step = job->d;
    return job->unit + first * job->d;
}

static mos_row_search search_for(const search_job *job, int64_t first, int64_t queries) {
    return (mos_row_search){.queries = queries,
                            .parts = 1,
                            .size = job->d,
                            .most = job->k,
                            .unit = job->query + first * job->d,
                            .query_step = job->d,
                            .step = 1,
                            .source = rows_of,
                            .context = job};
}

static void take(const search_job *job, int64_t first, int64_t queries,
                 const mos_row_finds *finds) {
    for (int64_t q = 0; q < queries; q++)
        for (int64_t i = 0; i < job->k; i++) {
            const int64_t to = (first + q) * job->k + i;
            const mos_row_hit none = {-1, -INFINITY};
            const mos_row_hit hit = i < finds->found[q] ? finds->hits[q * job->k + i] : none;
            job->index[to] = (int32_t)hit.row;
            if (job->cosine) job->cosine[to] = hit.cosine;
        }
}

static void search_rows(void *context, int64_t begin, int64_t end, int thread) {
    const search_job *job = context;
    mos_row_finds *finds = &job->finds[thread];
    for (int64_t first = begin; first < end; first += QUERIES) {
        mos_row_search one = search_for(job, first, end - first < QUERIES ? end - first : QUERIES);
        int64_t own[QUERIES];
        for (int64_t q = 0; q < one.queries; q++)
            own[q] = first + q;
        if (job->same) one.own = own;
        mos_row_finds_clear(finds);
        mos_row_search_scan(&one, 0, job->n, finds);
        take(job, first, one.queries, finds);
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
    const mos_row_search widest = search_for(job, 0, m < QUERIES ? m : QUERIES);
    mosaic_status status = MOSAIC_OK;
    if (threads < 1) threads = 1;
    MOS_GOTO(check_rows(job->unit, job->n, job->d));
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *job->finds, "neighbours", &job->finds));
    for (int t = 0; t < threads; t++)
        MOS_GOTO(mos_row_finds_make(&widest, &job->finds[t]));
    mos_parallel_for(threads, m, search_rows, job);
done:
    for (int t = 0; t < threads && job->finds; t++)
        mos_row_finds_release(&job->finds[t]);
    mos_free(job->finds);
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
