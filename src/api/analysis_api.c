/* include/mosaic/analysis.h, made of src/score. */
#include "mosaic/analysis.h"

#include "api/score_arrays.h"
#include "api/struct_size.h"
#include "base/memory.h"
#include "base/thread.h"
#include "base/want.h"
#include "score/bootstrap.h"
#include "score/clusters.h"
#include "score/metrics.h"
#include "score/tsne.h"

static int count_threads(int threads) {
    return threads > 0 ? threads : mos_cpu_count();
}

mosaic_status mosaic_thresholds_tune(const float *probability, const int8_t *labels, int64_t n,
                                     int64_t classes, double *per_class, double *global) {
    const mos_score_arrays arrays = {probability, labels, NULL, n, classes};
    MOS_WANT(per_class);
    MOS_WANT(global);
    MOS_TRY(mos_check_score_arrays(__func__, 0, &arrays));
    return mos_threshold_tune(probability, labels, n, classes, per_class, global);
}

static mosaic_interval interval_of(const mos_interval *i) {
    return (mosaic_interval){i->value, i->low, i->high, i->p};
}

typedef struct bootstrap_call {
    const char *function;
    mos_score_arrays a;
    const float *b; /* NULL: scores of a */
    mos_bootstrap_options options;
} bootstrap_call;

static mosaic_status run_bootstrap(const bootstrap_call *call, mosaic_bootstrap *out) {
    const int64_t n = call->a.n, classes = call->a.classes;
    mos_bootstrap found = {0};
    double *half = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_want(out, call->function, "out"));
    MOS_TRY(mos_check_struct_size("mosaic_bootstrap", out->struct_size, sizeof *out));
    MOS_TRY(mos_check_score_arrays(call->function, 1, &call->a));
    if (!(call->options.level > 0 && call->options.level < 1))
        return mos_fail(MOSAIC_ERR_USAGE, "bootstrap: level %g, want one between 0 and 1",
                        call->options.level);
    MOS_TRY(mos_alloc((size_t)classes, sizeof *half, "thresholds", &half));
    for (int64_t l = 0; l < classes; l++)
        half[l] = call->a.threshold != NULL ? call->a.threshold[l] : 0.5;
    const mos_score_input a = {call->a.probability, call->a.labels, half, n, classes};
    const mos_score_input b = {call->b, call->a.labels, half, n, classes};
    MOS_GOTO(call->b == NULL ? mos_bootstrap_scores(&a, &call->options, &found)
                             : mos_bootstrap_paired(&a, &b, &call->options, &found));
    *out = (mosaic_bootstrap){.struct_size = out->struct_size,
                              .macro_f1 = interval_of(&found.macro_f1),
                              .micro_f1 = interval_of(&found.micro_f1),
                              .macro_ap = interval_of(&found.macro_ap),
                              .micro_ap = interval_of(&found.micro_ap),
                              .hamming_loss = interval_of(&found.hamming_loss)};
done:
    mos_bootstrap_release(&found);
    mos_free(half);
    return status;
}

mosaic_status mosaic_bootstrap_scores(const float *probability, const int8_t *labels, int64_t n,
                                      int64_t classes, const double *threshold, int64_t resamples,
                                      double level, uint64_t seed, int threads,
                                      mosaic_bootstrap *out) {
    const bootstrap_call call = {.function = __func__,
                                 .a = {probability, labels, threshold, n, classes},
                                 .options = {resamples, level, seed, count_threads(threads)}};
    return run_bootstrap(&call, out);
}

mosaic_status mosaic_bootstrap_paired(const float *a, const float *b, const int8_t *labels,
                                      int64_t n, int64_t classes, const double *threshold,
                                      int64_t resamples, double level, uint64_t seed, int threads,
                                      mosaic_bootstrap *out) {
    const bootstrap_call call = {.function = __func__,
                                 .a = {a, labels, threshold, n, classes},
                                 .b = b,
                                 .options = {resamples, level, seed, count_threads(threads)}};
    MOS_WANT(a);
    MOS_WANT(b);
    return run_bootstrap(&call, out);
}

mosaic_status mosaic_clusters_measure(const float *x, const float *pair, const int8_t *labels,
                                      int64_t n, int64_t d, int64_t classes, int64_t top_sets,
                                      int64_t neighbours, int threads, mosaic_clusters *out) {
    const mos_cluster_input input = {
        x, pair, labels, n, d, classes, top_sets, neighbours, count_threads(threads)};
    mos_cluster_scores found;
    MOS_WANT(out);
    MOS_TRY(mos_check_struct_size("mosaic_clusters", out->struct_size, sizeof *out));
    MOS_TRY(mos_check_shape("clusters", 1, n, d));
    MOS_WANT(x);
    MOS_TRY(mos_check_labels(__func__, 1, labels, n, classes));
    if (top_sets < 1 || neighbours < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "clusters: %lld label sets, %lld neighbours, want 1 each",
                        (long long)top_sets, (long long)neighbours);
    MOS_TRY(mos_clusters_measure(&input, &found));
    *out = (mosaic_clusters){.struct_size = out->struct_size,
                             .rows = found.rows,
                             .labelled_rows = found.labelled_rows,
                             .sets = found.sets,
                             .set_rows = found.set_rows,
                             .silhouette = found.silhouette,
                             .davies_bouldin = found.davies_bouldin,
                             .neighbour_jaccard = found.neighbour_jaccard,
                             .intra_cosine = found.intra_cosine,
                             .inter_cosine = found.inter_cosine,
                             .spread = found.health.spread,
                             .mean_cosine = found.health.mean_cosine,
                             .rankme = found.health.rankme,
                             .uniformity = found.health.uniformity,
                             .alignment = found.health.alignment,
                             .collapsed = found.health.collapsed};
    return MOSAIC_OK;
}

mosaic_status mosaic_tsne(const float *x, int64_t n, int64_t d, double perplexity,
                          int64_t iterations, int threads, double *points,
                          mosaic_tsne_report *out) {
    mos_tsne_options options = mos_tsne_defaults(count_threads(threads));
    mos_tsne_result found;
    MOS_WANT(out);
    MOS_TRY(mos_check_struct_size("mosaic_tsne_report", out->struct_size, sizeof *out));
    MOS_TRY(mos_check_shape("t-SNE", 1, n, d));
    MOS_WANT(x);
    MOS_WANT(points);
    if (!(perplexity >= 0) || iterations < 0)
        return mos_fail(MOSAIC_ERR_USAGE, "t-SNE: perplexity %g, %lld iterations", perplexity,
                        (long long)iterations);
    if (perplexity > 0) options.perplexity = perplexity;
    if (iterations > 0) {
        options.iterations = iterations;
        if (options.exaggerated_iterations > iterations / 4)
            options.exaggerated_iterations = iterations / 4;
    }
    MOS_TRY(mos_tsne_run(x, n, d, &options, points, &found));
    *out = (mosaic_tsne_report){.struct_size = out->struct_size,
                                .kl_divergence = found.kl_divergence,
                                .trustworthiness = found.trustworthiness,
                                .explained = found.explained,
                                .perplexity = found.perplexity,
                                .iterations = found.iterations,
                                .degenerate = found.degenerate};
    return MOSAIC_OK;
}
