#include "score/affinity.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SEARCH_STEPS = 100, TWINS = 5 };
static const double entropy_tolerance = 1e-5;

MOS_SIMD_INLINE void add_squares_body(const double *column, double own, double *out, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        double delta = column[j] - own;
        out[j] += delta * delta;
    }
}
MOS_SIMD_KERNEL(add_squares, (const double *column, double own, double *out, int64_t n),
                (column, own, out, n))

mosaic_status mos_columns_make(const double *rows, int64_t n, int64_t d, mos_columns *out) {
    *out = (mos_columns){.n = n, .d = d};
    MOS_TRY(mos_alloc((size_t)(n * d), sizeof *out->values, "columns", &out->values));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < d; k++)
            out->values[k * n + i] = rows[i * d + k];
    return MOSAIC_OK;
}

void mos_columns_distances(const mos_columns *columns, int64_t i, double *out) {
    memset(out, 0, (size_t)columns->n * sizeof *out);
    for (int64_t k = 0; k < columns->d; k++) {
        const double *column = columns->values + k * columns->n;
        add_squares(column, column[i], out, columns->n);
    }
}

void mos_columns_release(mos_columns *columns) {
    mos_free(columns->values);
    *columns = (mos_columns){0};
}

/* The k smallest of distance[n] but `own`, ascending, equal ones by their number. */
static void select_nearest(const double *distance, int64_t n, int64_t own, int64_t k,
                           int32_t *index, double *nearest) {
    int64_t count = 0;
    for (int64_t j = 0; j < n; j++) {
        if (j == own || (count == k && distance[j] >= nearest[k - 1])) continue;
        int64_t at = count < k ? count++ : k - 1;
        for (; at > 0 && nearest[at - 1] > distance[j]; at--) {
            nearest[at] = nearest[at - 1];
            index[at] = index[at - 1];
        }
        nearest[at] = distance[j];
        index[at] = (int32_t)j;
    }
}

/* p_j ~ exp(-precision (d_j - d_0)) with entropy log(perplexity), by bisection on the precision;
 * distance is replaced by p. */
static void find_probabilities(double *distance, int64_t k, double perplexity) {
    double low = 0, high = INFINITY, precision = 1, nearest = distance[0], sum = 0;
    double wanted = log(perplexity);
    double scale = distance[k - 1] - nearest;
    if (scale > 0) precision = 1 / scale;
    for (int step = 0; step < SEARCH_STEPS; step++) {
        double weighted = 0;
        sum = 0;
        for (int64_t j = 0; j < k; j++) {
            double p = exp(-precision * (distance[j] - nearest));
            sum += p;
            weighted += p * (distance[j] - nearest);
        }
        double difference = log(sum) + precision * weighted / sum - wanted;
        if (fabs(difference) <= entropy_tolerance || scale <= 0) break;
        if (difference > 0)
            low = precision;
        else
            high = precision;
        precision = isinf(high) ? precision * 2 : (low + high) / 2;
    }
    sum = 0;
    for (int64_t j = 0; j < k; j++) {
        distance[j] = exp(-precision * (distance[j] - nearest));
        sum += distance[j];
    }
    for (int64_t j = 0; j < k; j++)
        distance[j] /= sum;
}

typedef struct affinity_job {
    const mos_columns *rows;
    double perplexity;
    int64_t k;
    double *work;          /* [threads, n] */
    int32_t *index;        /* [n, k] */
    double *value;         /* [n, k] p_j|i */
    uint8_t *is_duplicate; /* [n] */
} affinity_job;

static void fill_rows(void *context, int64_t begin, int64_t end, int thread) {
    const affinity_job *job = context;
    double *work = job->work + thread * job->rows->n;
    for (int64_t i = begin; i < end; i++) {
        double *value = job->value + i * job->k;
        mos_columns_distances(job->rows, i, work);
        select_nearest(work, job->rows->n, i, job->k, job->index + i * job->k, value);
        job->is_duplicate[i] = value[(job->k < TWINS ? job->k : TWINS) - 1] <= 0;
        find_probabilities(value, job->k, job->perplexity);
    }
}

typedef struct entry {
    int32_t column;
    double value;
} entry;

static int compare_entries(const void *a, const void *b) {
    int32_t x = ((const entry *)a)->column, y = ((const entry *)b)->column;
    return (x > y) - (x < y);
}

/* p_ij = (p_j|i + p_i|j) / 2n: both directions as entries, sorted, equal columns added up. */
static mosaic_status make_symmetric(const affinity_job *job, mos_affinity *out) {
    int64_t n = job->rows->n, k = job->k, kept = 0;
    entry *entries = NULL;
    int64_t *at = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(2 * n * k), sizeof *entries, "affinities", &entries));
    MOS_GOTO(mos_alloc((size_t)(2 * n + 1), sizeof *at, "affinity rows", &at));
    int64_t *first = at + n;
    for (int64_t e = 0; e < n * k; e++)
        first[job->index[e] + 1]++;
    for (int64_t i = 0; i < n; i++) {
        first[i + 1] += first[i] + k;
        at[i] = first[i];
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t e = i * k; e < (i + 1) * k; e++) {
            double half = job->value[e] / (2 * (double)n);
            entries[at[i]++] = (entry){job->index[e], half};
            entries[at[job->index[e]]++] = (entry){(int32_t)i, half};
        }
    MOS_GOTO(mos_alloc((size_t)(n + 1), sizeof *out->begin, "affinity rows", &out->begin));
    MOS_GOTO(mos_alloc((size_t)(2 * n * k), sizeof *out->column, "affinities", &out->column));
    MOS_GOTO(mos_alloc((size_t)(2 * n * k), sizeof *out->value, "affinities", &out->value));
    for (int64_t i = 0; i < n; i++) {
        entry *row = entries + first[i];
        int64_t count = first[i + 1] - first[i];
        qsort(row, (size_t)count, sizeof *row, compare_entries);
        out->begin[i] = kept;
        for (int64_t e = 0; e < count; e++) {
            if (e > 0 && row[e].column == row[e - 1].column) {
                out->value[kept - 1] += row[e].value;
                continue;
            }
            out->column[kept] = row[e].column;
            out->value[kept++] = row[e].value;
        }
    }
    out->begin[n] = kept;
done:
    mos_free(entries);
    mos_free(at);
    return status;
}

mosaic_status mos_affinity_make(const mos_columns *rows, double perplexity, int threads,
                                mos_affinity *out) {
    int64_t n = rows->n;
    affinity_job job = {.rows = rows, .perplexity = perplexity};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_affinity){.n = n};
    if (n < 3 || !(perplexity >= 1) || perplexity >= (double)n)
        return mos_fail(MOSAIC_ERR_USAGE, "perplexity %g does not fit %lld rows", perplexity,
                        (long long)n);
    if (threads < 1) threads = 1;
    job.k = (int64_t)(3 * perplexity + 1);
    if (job.k > n - 1) job.k = n - 1;
    MOS_GOTO(mos_alloc((size_t)(n * threads), sizeof *job.work, "distances", &job.work));
    MOS_GOTO(mos_alloc((size_t)(n * job.k), sizeof *job.index, "neighbours", &job.index));
    MOS_GOTO(mos_alloc((size_t)(n * job.k), sizeof *job.value, "neighbours", &job.value));
    MOS_GOTO(mos_alloc((size_t)n, 1, "duplicates", &job.is_duplicate));
    mos_parallel_for(threads, n, fill_rows, &job);
    for (int64_t i = 0; i < n; i++)
        out->duplicates += job.is_duplicate[i];
    MOS_GOTO(make_symmetric(&job, out));
done:
    mos_free(job.work);
    mos_free(job.index);
    mos_free(job.value);
    mos_free(job.is_duplicate);
    if (status != MOSAIC_OK) mos_affinity_release(out);
    return status;
}

void mos_affinity_release(mos_affinity *affinity) {
    mos_free(affinity->begin);
    mos_free(affinity->column);
    mos_free(affinity->value);
    *affinity = (mos_affinity){0};
}

typedef struct trust_job {
    const mos_columns *rows, *map;
    int64_t k;
    double *work;   /* [threads, n + k] */
    int32_t *index; /* [threads, k] */
    double *excess; /* [n] */
} trust_job;

static void sum_excess(void *context, int64_t begin, int64_t end, int thread) {
    const trust_job *job = context;
    int64_t n = job->rows->n, k = job->k;
    double *distance = job->work + thread * (n + k), *nearest = distance + n;
    int32_t *index = job->index + thread * k;
    for (int64_t i = begin; i < end; i++) {
        mos_columns_distances(job->map, i, distance);
        select_nearest(distance, n, i, k, index, nearest);
        mos_columns_distances(job->rows, i, distance);
        for (int64_t c = 0; c < k; c++) {
            int64_t rank = 1, own = index[c];
            for (int64_t j = 0; j < n; j++)
                rank += j != i &&
                        (distance[j] < distance[own] || (distance[j] == distance[own] && j < own));
            if (rank > k) job->excess[i] += (double)(rank - k);
        }
    }
}

mosaic_status mos_trustworthiness(const mos_columns *rows, const double *points, int64_t k,
                                  int threads, double *out) {
    int64_t n = rows->n;
    mos_columns map = {0};
    trust_job job = {.rows = rows, .map = &map, .k = k};
    mosaic_status status = MOSAIC_OK;
    if (k < 1 || 2 * k >= n)
        return mos_fail(MOSAIC_ERR_USAGE, "trustworthiness of %lld neighbours among %lld rows",
                        (long long)k, (long long)n);
    if (threads < 1) threads = 1;
    MOS_GOTO(mos_columns_make(points, n, 2, &map));
    MOS_GOTO(mos_alloc((size_t)((n + k) * threads), sizeof *job.work, "distances", &job.work));
    MOS_GOTO(mos_alloc((size_t)(k * threads), sizeof *job.index, "neighbours", &job.index));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *job.excess, "rank excess", &job.excess));
    mos_parallel_for(threads, n, sum_excess, &job);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += job.excess[i];
    *out = 1 - 2 * sum / ((double)(n * k) * (double)(2 * n - 3 * k - 1));
done:
    mos_columns_release(&map);
    mos_free(job.work);
    mos_free(job.index);
    mos_free(job.excess);
    return status;
}
