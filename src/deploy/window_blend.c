#include "deploy/window_blend.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"

#include <math.h>
#include <string.h>

const char *const mos_blend_names[] = {"hann", "mean", NULL};

struct mos_blend {
    mos_blend_grid grid;
    double *weight;      /* [size] */
    int64_t slots, most; /* rows of windows that one block may touch; its rows and columns */
    double *sum;         /* [slots, values + 1, most]: weighted sums along x; last: of weights */
    int64_t first, last; /* rows of windows of the block: [first, last) */
    int64_t left, right; /* columns of windows */
    int64_t x, y, width, count; /* the block */
};

mosaic_status mos_blend_create(const mos_blend_grid *grid, int64_t most, mos_blend **out) {
    mos_blend *blend;
    mosaic_status status;
    const double pi = 3.14159265358979323846;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *blend, "a blend", &blend));
    blend->grid = *grid;
    blend->most = most;
    for (int64_t first = 0, r = 0; r < grid->rows; r++) {
        while (grid->y[first] + grid->size + most <= grid->y[r] + 1)
            first++;
        if (r - first + 1 > blend->slots) blend->slots = r - first + 1;
    }
    size_t plane = (size_t)((grid->values + 1) * most);
    MOS_GOTO(mos_alloc((size_t)grid->size, sizeof(double), "a blend", &blend->weight));
    MOS_GOTO(mos_alloc((size_t)blend->slots * plane, sizeof(double), "a blend", &blend->sum));
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
    mos_free(*blend);
    *blend = NULL;
}

static double *sum_of(const mos_blend *blend, int64_t row, int64_t value) {
    return blend->sum + ((row - blend->first) * (blend->grid.values + 1) + value) * blend->most;
}

/* Values [begin, end) of all rows of windows, each summed along x inside the block. */
static void sum_along(void *context, int64_t begin, int64_t end, int thread) {
    const mos_blend *blend = context;
    const mos_blend_grid *grid = &blend->grid;
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = blend->first + i / (grid->values + 1), v = i % (grid->values + 1);
        double *sum = sum_of(blend, row, v);
        memset(sum, 0, (size_t)blend->width * sizeof *sum);
        for (int64_t c = blend->left; c < blend->right; c++) {
            const int64_t window = row * grid->columns + c, at = grid->x[c] - blend->x;
            const int64_t from = at < 0 ? -at : 0,
                          to = at + grid->size > blend->width ? blend->width - at : grid->size;
            if (!grid->known[window]) continue;
            double value = v < grid->values ? (double)grid->value[window * grid->values + v] : 1;
            for (int64_t k = from; k < to; k++)
                sum[at + k] += blend->weight[k] * value;
        }
    }
}

/* Rows of windows over pixel row y: they are of the block. */
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

/* share: 1 / total, NaN where that is 0. All values of a pixel are divided by the same total. */
MOS_SIMD_INLINE void invert_body(double *share, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        share[i] = share[i] > 0 ? 1 / share[i] : (double)NAN;
}
MOS_SIMD_KERNEL(invert, (double *share, int64_t count), (share, count))

MOS_SIMD_INLINE void multiply_body(const double *sum, const double *share, int64_t count,
                                   float *out) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(sum[i] * share[i]);
}
MOS_SIMD_KERNEL(multiply, (const double *sum, const double *share, int64_t count, float *out),
                (sum, share, count, out))

/* Windows [first, last) along one axis that touch [at, at + count). */
static void find_touching(const int64_t *places, int64_t windows, int64_t size, int64_t at,
                          int64_t count, int64_t *first, int64_t *last) {
    for (*first = 0; *first < windows && places[*first] + size <= at;)
        (*first)++;
    for (*last = *first; *last < windows && places[*last] < at + count;)
        (*last)++;
}

mosaic_status mos_blend_block(mos_blend *blend, int64_t x, int64_t y, int64_t width, int64_t rows,
                              int threads) {
    const mos_blend_grid *grid = &blend->grid;
    find_touching(grid->y, grid->rows, grid->size, y, rows, &blend->first, &blend->last);
    find_touching(grid->x, grid->columns, grid->size, x, width, &blend->left, &blend->right);
    blend->x = x;
    blend->y = y;
    blend->width = width;
    blend->count = rows;
    if (blend->last - blend->first > blend->slots || width > blend->most)
        return mos_fail(MOSAIC_ERR_RUNTIME, "a block of %lld x %lld pixels is larger than planned",
                        (long long)width, (long long)rows);
    mos_parallel_for(threads, (blend->last - blend->first) * (grid->values + 1), sum_along, blend);
    return MOSAIC_OK;
}

static void sum_down(const mos_blend *blend, int64_t value, int64_t y, double *out) {
    memset(out, 0, (size_t)blend->width * sizeof *out);
    for (int64_t r = blend->first; r < blend->last; r++) {
        double weight = weight_at(blend, r, blend->y + y);
        if (weight != 0) add_weighted(out, sum_of(blend, r, value), weight, blend->width);
    }
}

void mos_blend_shares(const mos_blend *blend, int64_t y, double *share) {
    sum_down(blend, blend->grid.values, y, share);
    invert(share, blend->width);
}

void mos_blend_row(const mos_blend *blend, int64_t value, int64_t y, const double *share,
                   float *out) {
    enum { PART = 512 };
    double part[PART];
    for (int64_t x = 0; x < blend->width; x += PART) {
        const int64_t n = blend->width - x < PART ? blend->width - x : PART;
        memset(part, 0, (size_t)n * sizeof *part);
        for (int64_t r = blend->first; r < blend->last; r++) {
            double weight = weight_at(blend, r, blend->y + y);
            if (weight != 0) add_weighted(part, sum_of(blend, r, value) + x, weight, n);
        }
        multiply(part, share + x, n, out + x);
    }
}
