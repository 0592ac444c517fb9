#include "score/tsne.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "score/affinity.h"
#include "score/pca.h"
#include "score/point_tree.h"

#include <math.h>
#include <string.h>

enum { TRUST_NEIGHBOURS = 5, CHECK_EVERY = 50 };
static const double smallest_gradient = 1e-7, smallest_gain = 0.01, start_spread = 1e-4;

mos_tsne_options mos_tsne_defaults(int threads) {
    return (mos_tsne_options){.perplexity = 30,
                              .early_exaggeration = 12,
                              .angle = 0.5,
                              .iterations = 1000,
                              .exaggerated_iterations = 250,
                              .threads = threads};
}

typedef struct descent {
    const mos_tsne_options *options;
    const mos_affinity *affinity;
    mos_point_tree tree;
    int64_t n;
    double learning_rate, exaggeration;
    double *points;                      /* [n, 2] */
    double *pull, *push, *update, *gain; /* [n, 2] */
    double *share;                       /* [n] a point's part of the normaliser */
    double *block;
    mos_progress progress; /* of all iterations */
    mosaic_status status;
} descent;

/* pull_i = sum_j p_ij q_ij (y_i - y_j), q_ij = 1 / (1 + |y_i - y_j|^2) */
static void pull_rows(void *context, int64_t begin, int64_t end, int thread) {
    const descent *t = context;
    const mos_affinity *p = t->affinity;
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        double x = t->points[2 * i], y = t->points[2 * i + 1], fx = 0, fy = 0;
        for (int64_t e = p->begin[i]; e < p->begin[i + 1]; e++) {
            const double *other = t->points + 2 * p->column[e];
            double dx = x - other[0], dy = y - other[1];
            double weight = p->value[e] / (1 + dx * dx + dy * dy);
            fx += weight * dx;
            fy += weight * dy;
        }
        t->pull[2 * i] = fx;
        t->pull[2 * i + 1] = fy;
    }
}

static void push_rows(void *context, int64_t begin, int64_t end, int thread) {
    const descent *t = context;
    (void)thread;
    for (int64_t at = begin; at < end; at++) {
        int64_t i = t->tree.order[at];
        double *force = t->push + 2 * i;
        force[0] = force[1] = 0;
        t->share[i] = mos_point_tree_repulsion(&t->tree, t->points, at, t->options->angle, force);
    }
}

/* The normaliser sum over i != j of q_ij, added up in the order of the points. */
static double normaliser(const descent *t) {
    double sum = 0;
    for (int64_t i = 0; i < t->n; i++)
        sum += t->share[i];
    return fmax(sum, 1e-300);
}

/* dKL/dy = 4 (pull - push / Z); step with momentum and one gain a coordinate (Jacobs 1988). Returns
 * the length of the scaled gradient. */
static double step(descent *t, double momentum) {
    mos_point_tree_build(&t->tree, t->points);
    mos_parallel_for(t->options->threads, t->n, push_rows, t);
    mos_parallel_for(t->options->threads, t->n, pull_rows, t);
    double z = normaliser(t), squares = 0;
    for (int64_t i = 0; i < 2 * t->n; i++) {
        double gradient = 4 * (t->exaggeration * t->pull[i] - t->push[i] / z);
        t->gain[i] =
            fmax(t->update[i] * gradient < 0 ? t->gain[i] + 0.2 : t->gain[i] * 0.8, smallest_gain);
        gradient *= t->gain[i];
        squares += gradient * gradient;
        t->update[i] = momentum * t->update[i] - t->learning_rate * gradient;
        t->points[i] += t->update[i];
    }
    return sqrt(squares);
}

static int64_t descend(descent *t, int64_t iterations, double exaggeration, double momentum) {
    t->exaggeration = exaggeration;
    for (int64_t i = 0; i < 2 * t->n; i++) {
        t->update[i] = 0;
        t->gain[i] = 1;
    }
    const int64_t before = t->progress.done;
    for (int64_t k = 1; k <= iterations && t->status == MOSAIC_OK; k++) {
        const double length = step(t, momentum);
        mos_progress_update(&t->progress, before + k);
        t->status = mos_stop_check("t-SNE", before + k, t->options->iterations);
        if (length <= smallest_gradient && k % CHECK_EVERY == 0) return k;
    }
    return iterations;
}

/* sum p_ij log(p_ij Z / q'_ij), q' not normalised */
static double divergence(descent *t) {
    mos_point_tree_build(&t->tree, t->points);
    mos_parallel_for(t->options->threads, t->n, push_rows, t);
    double z = normaliser(t), sum = 0;
    const mos_affinity *p = t->affinity;
    for (int64_t i = 0; i < t->n; i++)
        for (int64_t e = p->begin[i]; e < p->begin[i + 1]; e++) {
            double dx = t->points[2 * i] - t->points[2 * p->column[e]];
            double dy = t->points[2 * i + 1] - t->points[2 * p->column[e] + 1];
            double value = fmax(p->value[e], 1e-300);
            sum += value * log(value * z * (1 + dx * dx + dy * dy));
        }
    return sum;
}

static mosaic_status optimise(const mos_affinity *affinity, const mos_tsne_options *options,
                              double *points, mos_tsne_result *out) {
    int64_t n = affinity->n;
    descent t = {.options = options, .affinity = affinity, .n = n, .points = points};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_point_tree_create(n, &t.tree));
    MOS_GOTO(mos_alloc((size_t)(9 * n), sizeof *t.block, "t-SNE state", &t.block));
    t.pull = t.block;
    t.push = t.block + 2 * n;
    t.update = t.block + 4 * n;
    t.gain = t.block + 6 * n;
    t.share = t.block + 8 * n;
    t.learning_rate = options->learning_rate > 0
                          ? options->learning_rate
                          : fmax((double)n / options->early_exaggeration / 4, 50);
    int64_t early = options->exaggerated_iterations;
    if (early > options->iterations) early = options->iterations;
    mos_progress_begin(&t.progress, "t-SNE", options->iterations);
    out->iterations = descend(&t, early, options->early_exaggeration, 0.5);
    out->iterations += descend(&t, options->iterations - early, 1, 0.8);
    mos_progress_end(&t.progress);
    MOS_GOTO(t.status);
    for (int64_t i = 0; i < 2 * n; i++)
        if (!isfinite(points[i])) {
            status =
                mos_fail(MOSAIC_ERR_NUMERIC, "t-SNE diverged at learning rate %g", t.learning_rate);
            goto done;
        }
    out->kl_divergence = divergence(&t);
done:
    mos_point_tree_release(&t.tree);
    mos_free(t.block);
    return status;
}

/* The first two components, scaled so that the first has a standard deviation of start_spread. */
static void start_points(const double *coordinates, int64_t n, int64_t components, double *points) {
    double squares = 0; /* principal components have mean 0 */
    for (int64_t i = 0; i < n; i++)
        squares += coordinates[i * components] * coordinates[i * components];
    double sd = sqrt(squares / (double)n), scale = sd > 0 ? start_spread / sd : 0;
    for (int64_t i = 0; i < n; i++) {
        points[2 * i] = coordinates[i * components] * scale;
        points[2 * i + 1] = components > 1 ? coordinates[i * components + 1] * scale : 0;
    }
}

static mosaic_status check(const float *x, int64_t n, int64_t d, const mos_tsne_options *options) {
    if (n < MOS_TSNE_LEAST_POINTS || n > MOS_TSNE_MOST_POINTS)
        return mos_fail(MOSAIC_ERR_USAGE, "t-SNE takes %d to %d rows, got %lld",
                        MOS_TSNE_LEAST_POINTS, MOS_TSNE_MOST_POINTS, (long long)n);
    if (!(options->angle >= 0 && options->angle < 0.7))
        return mos_fail(MOSAIC_ERR_USAGE, "t-SNE: wanted an angle in [0, 0.7), got %g",
                        options->angle);
    for (int64_t i = 0; i < n * d; i++)
        if (!isfinite(x[i]))
            return mos_fail(MOSAIC_ERR_NUMERIC, "embedding of row %lld is not finite",
                            (long long)(i / d));
    return MOSAIC_OK;
}

/* Rows that hardly differ from their mean, or copies of each other. */
static bool is_degenerate(const mos_pca *pca, double duplicates) {
    double mean_squared = 0;
    for (int64_t k = 0; k < pca->d; k++)
        mean_squared += pca->mean[k] * pca->mean[k];
    return pca->total_variance <= 1e-6 * mean_squared || pca->total_variance <= 0 ||
           duplicates > 0.5;
}

mosaic_status mos_tsne_run(const float *x, int64_t n, int64_t d, const mos_tsne_options *options,
                           double *points, mos_tsne_result *out) {
    mos_pca pca = {0};
    mos_columns columns = {0};
    mos_affinity affinity = {0};
    double *coordinates = NULL, kept = 0;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_tsne_result){.perplexity = fmin(options->perplexity, (double)(n - 1) / 3)};
    MOS_TRY(check(x, n, d, options));
    MOS_GOTO(mos_pca_fit(x, n, d, MOS_TSNE_COMPONENTS, options->threads, &pca));
    MOS_GOTO(
        mos_alloc((size_t)(n * pca.components), sizeof *coordinates, "coordinates", &coordinates));
    mos_pca_project(&pca, x, n, coordinates);
    for (int64_t c = 0; c < pca.components; c++)
        kept += pca.variance[c];
    out->explained = pca.total_variance > 0 ? kept / pca.total_variance : 1;
    MOS_GOTO(mos_columns_make(coordinates, n, pca.components, &columns));
    MOS_GOTO(mos_affinity_make(&columns, out->perplexity, options->threads, &affinity));
    out->duplicates = (double)affinity.duplicates / (double)n;
    out->degenerate = is_degenerate(&pca, out->duplicates);
    start_points(coordinates, n, pca.components, points);
    MOS_GOTO(optimise(&affinity, options, points, out));
    MOS_GOTO(mos_trustworthiness(&columns, points, TRUST_NEIGHBOURS, options->threads,
                                 &out->trustworthiness));
done:
    mos_pca_release(&pca);
    mos_columns_release(&columns);
    mos_affinity_release(&affinity);
    mos_free(coordinates);
    return status;
}
