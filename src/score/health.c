/* Spread, cosine, RankMe, uniformity and alignment of unit rows. */
#include "score/health.h"

#include "base/gemm.h"
#include "base/memory.h"
#include "score/covariance.h"

#include <math.h>
#include <string.h>

enum { PAIR_ROWS = 1024 };

/* Over every pair of at most PAIR_ROWS rows, evenly taken. */
static mosaic_status measure_pairs(const float *z, int64_t n, int64_t d, int threads,
                                   mos_health *out) {
    int64_t rows = n < PAIR_ROWS ? n : PAIR_ROWS, pairs = rows * (rows - 1) / 2;
    double cosine = 0, spread = 0;
    float *taken = NULL, *dots = NULL;
    void *room = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(rows * d), sizeof *taken, "rows of pairs", &taken));
    MOS_GOTO(mos_alloc((size_t)(rows * rows), sizeof *dots, "cosines of pairs", &dots));
    MOS_GOTO(mos_alloc(mos_gemm_room(threads), 1, "room of products", &room));
    for (int64_t i = 0; i < rows; i++)
        memcpy(taken + i * d, z + i * n / rows * d, (size_t)d * sizeof *taken);
    const mos_product_f32 product = {.m = rows,
                                     .n = rows,
                                     .k = d,
                                     .alpha = 1,
                                     .a = taken,
                                     .b = taken,
                                     .a_row = d,
                                     .a_column = 1,
                                     .b_row = 1,
                                     .b_column = d,
                                     .c = dots,
                                     .ldc = rows};
    mos_gemm_f32(&product, threads, room);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < i; j++) {
            const double dot = (double)dots[i * rows + j];
            cosine += dot;
            spread += exp(-2 * fmax(0, 2 - 2 * dot));
        }
    out->mean_cosine = pairs ? cosine / (double)pairs : NAN;
    out->uniformity = pairs ? log(spread / (double)pairs) : NAN;
done:
    mos_free(taken);
    mos_free(dots);
    mos_free(room);
    return status;
}

/* In the order of mos_health's members. */
enum { BOUNDS = 3 };
static const mos_collapse_bound bounds[BOUNDS] = {
    {"spread", 0.1, true}, {"mean_cosine", 0.95, false}, {"rankme", 2, true}};

const mos_collapse_bound *mos_collapse_bound_of(const char *measure) {
    for (int k = 0; k < BOUNDS; k++)
        if (strcmp(bounds[k].measure, measure) == 0) return &bounds[k];
    return NULL;
}

bool mos_collapse_bound_passed(const mos_collapse_bound *bound, double value) {
    return bound->above ? value < bound->bound : value > bound->bound;
}

bool mos_health_is_collapsed(double spread, double mean_cosine, double rankme) {
    const double values[BOUNDS] = {spread, mean_cosine, rankme};
    bool collapsed = false;
    for (int k = 0; k < BOUNDS; k++)
        collapsed = collapsed || mos_collapse_bound_passed(&bounds[k], values[k]);
    return collapsed;
}

double mos_pair_alignment(const float *a, const float *b, int64_t n, int64_t d) {
    double sum = 0;
    for (int64_t i = 0; i < n * d; i++) {
        double delta = (double)a[i] - (double)b[i];
        sum += delta * delta;
    }
    return n > 0 ? sum / (double)n : NAN;
}

mosaic_status mos_health_measure(const float *z, const float *pair, int64_t n, int64_t d,
                                 mos_health *out) {
    return mos_health_measure_on(z, pair, n, d, 1, out);
}

mosaic_status mos_health_measure_on(const float *z, const float *pair, int64_t n, int64_t d,
                                    int threads, mos_health *out) {
    *out = (mos_health){.alignment = NAN};
    double *mean = NULL, *cov = NULL;
    mosaic_status status = MOSAIC_OK;
    if (n < 2)
        return mos_fail(MOSAIC_ERR_USAGE, "embedding health needs at least 2 rows, got %lld",
                        (long long)n);
    MOS_GOTO(mos_alloc((size_t)d, sizeof *mean, "embedding means", &mean));
    MOS_GOTO(mos_alloc((size_t)(d * d), sizeof *cov, "embedding covariance", &cov));
    MOS_GOTO(mos_covariance(z, n, d, threads, mean, cov));
    double root = sqrt((double)d);
    for (int64_t k = 0; k < d; k++)
        out->spread += sqrt(cov[k * d + k]) * root / (double)d;
    MOS_GOTO(measure_pairs(z, n, d, threads, out));
    MOS_GOTO(mos_rankme(mean, cov, d, &out->rankme));
    if (pair) out->alignment = mos_pair_alignment(z, pair, n, d);
    out->collapsed = mos_health_is_collapsed(out->spread, out->mean_cosine, out->rankme);
done:
    mos_free(mean);
    mos_free(cov);
    return status;
}
