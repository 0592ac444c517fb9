/* Dot products of 6 rows with 16 at a time: products are summed in floats over SEGMENT dimensions,
 * the segments in doubles. */
#include "score/neighbours.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { TILE_ROWS = 6, PANEL = 16, BLOCK = 48, SEGMENT = 128 };

typedef float lanes __attribute__((vector_size(PANEL * sizeof(float))));

/* a: TILE_ROWS pointers; panel: [d, PANEL]; adds products of dimensions [begin, end) to `out`
 * [TILE_ROWS, PANEL]. */
MOS_SIMD_INLINE void dot_tile_body(const float *const *a, const float *panel, int64_t begin,
                                   int64_t end, double *out) {
    const float *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3], *a4 = a[4], *a5 = a[5];
    lanes c0 = {0}, c1 = {0}, c2 = {0}, c3 = {0}, c4 = {0}, c5 = {0};
    for (int64_t k = begin; k < end; k++) {
        lanes b;
        memcpy(&b, panel + k * PANEL, sizeof b);
        c0 += a0[k] * b;
        c1 += a1[k] * b;
        c2 += a2[k] * b;
        c3 += a3[k] * b;
        c4 += a4[k] * b;
        c5 += a5[k] * b;
    }
    float sums[TILE_ROWS][PANEL];
    memcpy(sums[0], &c0, sizeof c0);
    memcpy(sums[1], &c1, sizeof c1);
    memcpy(sums[2], &c2, sizeof c2);
    memcpy(sums[3], &c3, sizeof c3);
    memcpy(sums[4], &c4, sizeof c4);
    memcpy(sums[5], &c5, sizeof c5);
    for (int i = 0; i < TILE_ROWS; i++)
        for (int j = 0; j < PANEL; j++)
            out[i * PANEL + j] += (double)sums[i][j];
}
MOS_SIMD_KERNEL(dot_tile,
                (const float *const *a, const float *panel, int64_t begin, int64_t end,
                 double *out),
                (a, panel, begin, end, out))

typedef struct search_job {
    const float *query; /* [m, d] */
    const float *unit;  /* [n, d] what is searched */
    float *panels;      /* [ceil(n / PANEL), d, PANEL] */
    int64_t n, d, k;
    bool same; /* the queries are the rows themselves: none finds itself */
    int32_t *index;
    float *cosine;
} search_job;

static void pack_panels(void *context, int64_t begin, int64_t end, int thread) {
    const search_job *job = context;
    (void)thread;
    for (int64_t p = begin; p < end; p++) {
        float *panel = job->panels + p * job->d * PANEL;
        for (int64_t j = 0; j < PANEL && p * PANEL + j < job->n; j++)
            for (int64_t k = 0; k < job->d; k++)
                panel[k * PANEL + j] = job->unit[(p * PANEL + j) * job->d + k];
    }
}

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

static void search_panel(const search_job *job, int64_t row, int64_t rows, int64_t p) {
    const float *panel = job->panels + p * job->d * PANEL, *a[TILE_ROWS];
    double tile[TILE_ROWS * PANEL] = {0};
    for (int64_t i = 0; i < TILE_ROWS; i++) /* the last tile repeats its last row */
        a[i] = job->query + (row + (i < rows ? i : rows - 1)) * job->d;
    for (int64_t k = 0; k < job->d; k += SEGMENT)
        dot_tile(a, panel, k, k + SEGMENT < job->d ? k + SEGMENT : job->d, tile);
    for (int64_t i = 0; i < rows; i++) {
        int32_t *index = job->index + (row + i) * job->k;
        float *cosine = job->cosine + (row + i) * job->k;
        for (int64_t j = 0; j < PANEL && p * PANEL + j < job->n; j++) {
            float value = (float)tile[i * PANEL + j];
            if (value > cosine[job->k - 1] && !(job->same && p * PANEL + j == row + i))
                offer(index, cosine, job->k, (int32_t)(p * PANEL + j), value);
        }
    }
}

static void search_rows(void *context, int64_t begin, int64_t end, int thread) {
    const search_job *job = context;
    int64_t panels = (job->n + PANEL - 1) / PANEL;
    (void)thread;
    for (int64_t i = begin * job->k; i < end * job->k; i++) {
        job->index[i] = -1;
        job->cosine[i] = -INFINITY;
    }
    for (int64_t block = begin; block < end; block += BLOCK) {
        int64_t last = block + BLOCK < end ? block + BLOCK : end;
        for (int64_t p = 0; p < panels; p++)
            for (int64_t row = block; row < last; row += TILE_ROWS)
                search_panel(job, row, last - row < TILE_ROWS ? last - row : TILE_ROWS, p);
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
    int64_t count = (job->n + PANEL - 1) / PANEL;
    MOS_GOTO(check_rows(job->unit, job->n, job->d));
    MOS_GOTO(mos_alloc((size_t)(count * job->d * PANEL), sizeof *job->panels, "packed rows",
                       &job->panels));
    if (!job->cosine) {
        MOS_GOTO(mos_alloc((size_t)(m * job->k), sizeof *own, "neighbour cosines", &own));
        job->cosine = own;
    }
    mos_parallel_for(threads, count, pack_panels, job);
    mos_parallel_for(threads, m, search_rows, job);
done:
    mos_free(job->panels);
    mos_free(own);
    return status;
}

mosaic_status mos_cosine_neighbours(const float *unit, int64_t n, int64_t d, int64_t k, int threads,
                                    int32_t *index, float *cosine) {
    search_job job = {unit, unit, NULL, n, d, k, true, index, cosine};
    if (k < 1 || k >= n || n > INT32_MAX)
        return mos_fail(MOSAIC_ERR_USAGE, "wanted %lld neighbours among %lld rows", (long long)k,
                        (long long)n);
    return search(&job, n, threads);
}

mosaic_status mos_cosine_search(const float *query, int64_t m, const float *unit, int64_t n,
                                int64_t d, int64_t k, int threads, int32_t *index, float *cosine) {
    search_job job = {query, unit, NULL, n, d, k, false, index, cosine};
    if (k < 1 || k > n || n > INT32_MAX)
        return mos_fail(MOSAIC_ERR_USAGE, "wanted %lld neighbours among %lld rows", (long long)k,
                        (long long)n);
    MOS_TRY(check_rows(query, m, d));
    return search(&job, m, threads);
}
