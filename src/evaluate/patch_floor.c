#include "evaluate/patch_floor.h"

#include "base/gemm.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { SIDE = MOS_FLOOR_SIDE, FILTERS = MOS_FLOOR_FILTERS, BLOCK = 1024 };
static const float filter_bias = -1;

mosaic_status mos_floor_filters_init(mos_floor_filters *filters, uint64_t seed, int64_t stream,
                                     int64_t bands, int threads) {
    int64_t depth = bands * SIDE * SIDE;
    *filters = (mos_floor_filters){.bands = bands, .threads = threads < 1 ? 1 : threads};
    MOS_TRY(
        mos_alloc((size_t)(depth * FILTERS), sizeof(float), "random filters", &filters->weight));
    MOS_TRY(mos_alloc((size_t)(BLOCK * depth), sizeof(float), "windows", &filters->windows));
    MOS_TRY(mos_alloc(BLOCK * FILTERS, sizeof(float), "answers", &filters->answers));
    MOS_TRY(mos_alloc(mos_gemm_room(filters->threads), 1, "room of a product", &filters->room));
    mos_rng rng = mos_rng_at(seed, MOS_RNG_PROBE, 1, (uint64_t)stream, 0);
    for (int64_t i = 0; i < depth * FILTERS; i++)
        filters->weight[i] = (float)mos_rng_normal(&rng);
    return MOSAIC_OK;
}

void mos_floor_filters_release(mos_floor_filters *filters) {
    mos_free(filters->weight);
    mos_free(filters->windows);
    mos_free(filters->answers);
    mos_free(filters->room);
    *filters = (mos_floor_filters){0};
}

/* The windows of positions [first, first + count). */
static void cut_windows(const float *patch, int64_t bands, int64_t h, int64_t w, int64_t first,
                        int64_t count, float *windows) {
    int64_t across = w - SIDE + 1;
    for (int64_t p = 0; p < count; p++) {
        int64_t y = (first + p) / across, x = (first + p) % across;
        for (int64_t b = 0; b < bands; b++)
            for (int64_t dy = 0; dy < SIDE; dy++, windows += SIDE)
                memcpy(windows, patch + (b * h + y + dy) * w + x, SIDE * sizeof *windows);
    }
}

void mos_floor_filters_apply(const mos_floor_filters *filters, const float *patch, int64_t h,
                             int64_t w, float *out) {
    int64_t depth = filters->bands * SIDE * SIDE, places = (h - SIDE + 1) * (w - SIDE + 1);
    double sum[2 * FILTERS] = {0};
    for (int64_t first = 0; first < places; first += BLOCK) {
        int64_t count = places - first < BLOCK ? places - first : BLOCK;
        cut_windows(patch, filters->bands, h, w, first, count, filters->windows);
        const mos_product_f32 product = {.m = count,
                                         .n = FILTERS,
                                         .k = depth,
                                         .alpha = 1,
                                         .a = filters->windows,
                                         .b = filters->weight,
                                         .a_row = depth,
                                         .a_column = 1,
                                         .b_row = FILTERS,
                                         .b_column = 1,
                                         .c = filters->answers,
                                         .ldc = FILTERS};
        mos_gemm_f32(&product, filters->threads, filters->room);
        for (int64_t p = 0; p < count; p++)
            for (int64_t f = 0; f < FILTERS; f++) {
                float x = filters->answers[p * FILTERS + f];
                sum[f] += (double)fmaxf(0, x + filter_bias);
                sum[FILTERS + f] += (double)fmaxf(0, -x + filter_bias);
            }
    }
    for (int64_t f = 0; f < 2 * FILTERS; f++)
        out[f] = (float)(sum[f] / (double)places);
}

void mos_floor_statistics(const float *patch, int64_t bands, int64_t pixels, float *out) {
    for (int64_t b = 0; b < bands; b++, patch += pixels, out += MOS_FLOOR_STATISTICS) {
        double sum = 0, squares = 0;
        float least = patch[0], most = patch[0];
        for (int64_t i = 0; i < pixels; i++) {
            sum += (double)patch[i];
            if (patch[i] < least) least = patch[i];
            if (patch[i] > most) most = patch[i];
        }
        double mean = sum / (double)pixels;
        for (int64_t i = 0; i < pixels; i++)
            squares += ((double)patch[i] - mean) * ((double)patch[i] - mean);
        out[0] = (float)mean;
        out[1] = (float)sqrt(squares / (double)pixels);
        out[2] = least;
        out[3] = most;
    }
}
