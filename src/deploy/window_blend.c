#include "deploy/window_blend.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"

#include <math.h>
#include <string.h>

const char *const mos_blend_names[] = {"hann", "mean", NULL};

struct mos_blend {
    mos_blend_grid grid;
    int threads;
    double *weight;      /* [size] */
    int64_t slots;       /* rows of windows that one strip may touch */
    double *sum;         /* [slots, values + 1, width]: weighted sums along x; last: of weights */
    int64_t first, last; /* rows of windows of the strip: [first, last) */
    int64_t from, to;    /* ... that are summed */
    int64_t y, count;    /* the strip */
    double *total;       /* [count, width] sum of all weights */
};

mosaic_status mos_blend_create(const mos_blend_grid *grid, int64_t most, mos_blend **out) {
    mos_blend *blend;
    mosaic_status status;
    const double pi = 3.14159265358979323846;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *blend, "a blend", &blend));
    blend->grid = *grid;
    blend->threads = 1;
    for (int64_t first = 0, r = 0; r < grid->rows; r++) {
        while (grid->y[first] + grid->size + most <= grid->y[r] + 1)
            first++;
        if (r - first + 1 > blend->slots) blend->slots = r - first + 1;
    }
    size_t plane = (size_t)((grid->values + 1) * grid->width);
    MOS_GOTO(mos_alloc((size_t)grid->size, sizeof(double), "a blend", &blend->weight));
    MOS_GOTO(mos_alloc((size_t)blend->slots * plane, sizeof(double), "a blend", &blend->sum));
    MOS_GOTO(mos_alloc((size_t)(most * grid->width), sizeof(double), "a blend", &blend->total));
    for (int64_t i = 0; i < grid->size; i++) {
        double wave = sin(pi * ((double)i + 0.5) / (double)grid->size);
        blend->weight[i] = grid->kind == MOS_BLEND_HANN ? wave * wave : 1;
    }
    *out = blend;
    blend = NULL;
done:
    mos_blend_destroy(&blend);
    return status;
}

void mos_blend_destroy(mos_blend **blend) {
    if (*blend == NULL) return;
    mos_free((*blend)->weight);
    mos_free((*blend)->sum);
    mos_free((*blend)->total);
    mos_free(*blend);
    *blend = NULL;
}

static double *sum_of(const mos_blend *blend, int64_t row, int64_t value) {
    const mos_blend_grid *grid = &blend->grid;
    return blend->sum + (row % blend->slots * (grid->values + 1) + value) * grid->width;
}

typedef struct row_sums {
    mos_blend *blend;
    int64_t row;
} row_sums;

/* Values [begin, end) of one row of windows, summed along x. */
static void sum_along(void *context, int64_t begin, int64_t end, int thread) {
    const row_sums *work = context;
    const mos_blend_grid *grid = &work->blend->grid;
    const double *weight = work->blend->weight;
    (void)thread;
    for (int64_t v = begin; v < end; v++) {
        double *sum = sum_of(work->blend, work->row, v);
        memset(sum, 0, (size_t)grid->width * sizeof *sum);
        for (int64_t c = 0; c < grid->columns; c++) {
            int64_t window = work->row * grid->columns + c;
            if (!grid->known[window]) continue;
            double value = v < grid->values ? (double)grid->value[window * grid->values + v] : 1;
            double *to = sum + grid->x[c];
            for (int64_t i = 0; i < grid->size; i++)
                to[i] += weight[i] * value;
        }
    }
}

/* Rows of windows over pixel row y: they are of the strip. */
static double weight_at(const mos_blend *blend, int64_t row, int64_t y) {
    int64_t at = y - blend->grid.y[row];
    return at >= 0 && at < blend->grid.size ? blend->weight[at] : 0;
}

MOS_SIMD_INLINE void add_weighted_body(double *out, const double *value, double weight,
                                       int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        out[i] += weight * value[i];
}
MOS_SIMD_KERNEL(add_weighted, (double *out, const double *value, double weight, int64_t count),
                (out, value, weight, count))

MOS_SIMD_INLINE void divide_body(const double *sum, const double *total, int64_t count,
                                 float *out) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        out[i] = total[i] > 0 ? (float)(sum[i] / total[i]) : NAN;
}
MOS_SIMD_KERNEL(divide, (const double *sum, const double *total, int64_t count, float *out),
                (sum, total, count, out))

static void sum_down(const mos_blend *blend, int64_t value, int64_t y, double *out) {
    const int64_t width = blend->grid.width;
    for (int64_t x = 0; x < width; x++)
        out[x] = 0;
    for (int64_t r = blend->first; r < blend->last; r++) {
        double weight = weight_at(blend, r, y);
        const double *sum = sum_of(blend, r, value);
        if (weight == 0) continue;
        add_weighted(out, sum, weight, width);
    }
}

static void make_totals(void *context, int64_t begin, int64_t end, int thread) {
    mos_blend *blend = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        sum_down(blend, blend->grid.values, blend->y + i, blend->total + i * blend->grid.width);
}

mosaic_status mos_blend_strip(mos_blend *blend, int64_t y, int64_t count, int threads) {
    const mos_blend_grid *grid = &blend->grid;
    blend->threads = threads;
    int64_t first = 0, last = 0;
    while (first < grid->rows && grid->y[first] + grid->size <= y)
        first++;
    for (last = first; last < grid->rows && grid->y[last] < y + count;)
        last++;
    if (last - first > blend->slots)
        return mos_fail(MOSAIC_ERR_RUNTIME, "a strip of %lld rows is larger than planned",
                        (long long)count);
    for (int64_t r = first; r < last; r++) {
        row_sums work = {.blend = blend, .row = r};
        if (r >= blend->from && r < blend->to) continue;
        mos_parallel_for(blend->threads, grid->values + 1, sum_along, &work);
    }
    blend->first = blend->from = first;
    blend->last = blend->to = last;
    blend->y = y;
    blend->count = count;
    mos_parallel_for(blend->threads, count, make_totals, blend);
    return MOSAIC_OK;
}

typedef struct value_rows {
    const mos_blend *blend;
    int64_t value;
    float *out;
} value_rows;

static void make_rows(void *context, int64_t begin, int64_t end, int thread) {
    const value_rows *work = context;
    const mos_blend *blend = work->blend;
    const int64_t width = blend->grid.width;
    enum { PART = 512 };
    double part[PART];
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        const double *total = blend->total + i * width;
        float *out = work->out + i * width;
        for (int64_t x = 0; x < width; x += PART) {
            int64_t n = width - x < PART ? width - x : PART;
            memset(part, 0, sizeof part);
            for (int64_t r = blend->first; r < blend->last; r++) {
                double weight = weight_at(blend, r, blend->y + i);
                const double *sum = sum_of(blend, r, work->value) + x;
                if (weight == 0) continue;
                add_weighted(part, sum, weight, n);
            }
            divide(part, total + x, n, out + x);
        }
    }
}

void mos_blend_value(mos_blend *blend, int64_t value, float *out) {
    value_rows work = {.blend = blend, .value = value, .out = out};
    mos_parallel_for(blend->threads, blend->count, make_rows, &work);
}
