/* Measures of embeddings grow with the rows as they should: clusters with the square, the map of
 * points hardly more than linearly. Judged are ratios of processor times, which a slow machine does
 * not change; what a busy one adds to one attempt it does not add to each of three. */
#include "base/memory.h"
#include "base/rng.h"
#include "score/clusters.h"
#include "score/tsne.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum { GROUPS = 19, CORES = 2, GROWTH = 4, ATTEMPTS = 3 };

/* A build that was not made for speed is not judged by it. */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static const bool judge_time = true;
#else
static const bool judge_time = false;
#endif

static double processor_seconds(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Rows around GROUPS centres, the row's group as its label and every third row a second one. */
static float *make_rows(int64_t n, int64_t d, int8_t *labels) {
    float *rows;
    assert_int_equal(mos_alloc((size_t)(n * d), sizeof *rows, "rows", &rows), MOSAIC_OK);
    for (int64_t i = 0; i < n; i++) {
        mos_rng noise = mos_rng_at(1, MOS_RNG_TEST, 1, (uint64_t)i, 0);
        mos_rng centre = mos_rng_at(1, MOS_RNG_TEST, 2, (uint64_t)(i % GROUPS), 0);
        labels[i * GROUPS + i % GROUPS] = 1;
        if (i % 3 == 0) labels[i * GROUPS + (i + 1) % GROUPS] = 1;
        for (int64_t k = 0; k < d; k++)
            rows[i * d + k] = mos_rng_uniform(&centre) + mos_rng_uniform(&noise) - 1;
    }
    return rows;
}

/* Processor seconds of a measure of n rows; what it finds is checked on the way. */
typedef double (*measure)(int64_t n);

static double clusters(int64_t n) {
    enum { D = 256 };
    int8_t *labels;
    mos_cluster_scores scores;
    assert_int_equal(mos_alloc((size_t)n * GROUPS, 1, "labels", &labels), MOSAIC_OK);
    float *rows = make_rows(n, D, labels);
    const mos_cluster_input input = {.x = rows,
                                     .labels = labels,
                                     .n = n,
                                     .d = D,
                                     .l = GROUPS,
                                     .top_sets = 20,
                                     .neighbours = 10,
                                     .threads = CORES};
    const double before = processor_seconds();
    assert_int_equal(mos_clusters_measure(&input, &scores), MOSAIC_OK);
    const double seconds = processor_seconds() - before;
    assert_int_equal(scores.rows, n);
    assert_true(scores.neighbour_jaccard > 0.6 && scores.silhouette > 0.1);
    assert_true(scores.intra_cosine > scores.inter_cosine && !scores.health.collapsed);
    mos_free(rows);
    mos_free(labels);
    return seconds;
}

static double map(int64_t n) {
    enum { D = 64 };
    int8_t *labels;
    double *points;
    mos_tsne_result result;
    mos_tsne_options options = mos_tsne_defaults(CORES);
    options.iterations = 150;
    options.exaggerated_iterations = 75;
    assert_int_equal(mos_alloc((size_t)n * GROUPS, 1, "labels", &labels), MOSAIC_OK);
    assert_int_equal(mos_alloc(2 * (size_t)n, sizeof *points, "map", &points), MOSAIC_OK);
    float *rows = make_rows(n, D, labels);
    const double before = processor_seconds();
    assert_int_equal(mos_tsne_run(rows, n, D, &options, points, &result), MOSAIC_OK);
    const double seconds = processor_seconds() - before;
    assert_int_equal(result.iterations, options.iterations);
    assert_true(result.trustworthiness > 0.6 && !result.degenerate);
    mos_free(rows);
    mos_free(points);
    mos_free(labels);
    return seconds;
}

/* GROWTH times the rows take less than `most` times as long. */
static void check_growth(const char *what, measure run, int64_t rows, double most) {
    double ratio = INFINITY;
    for (int i = 0; i < ATTEMPTS && !(ratio < most); i++) {
        const double few = run(rows), many = run(GROWTH * rows);
        ratio = many / few;
        print_message("%s: %lld rows %.3f s of processor time, %lld rows %.3f s: %.1f times\n",
                      what, (long long)rows, few, (long long)(GROWTH * rows), many, ratio);
        if (!judge_time) return;
    }
    assert_true(ratio < most);
}

/* With the square: 16 times; with the cube it would be 64. */
static void clusters_are_quadratic(void **state) {
    (void)state;
    check_growth("clusters", clusters, 1000, 24);
}

/* n log n: about 5 times, where every pair of points would make it 16. */
static void map_is_not_quadratic(void **state) {
    (void)state;
    check_growth("t-SNE", map, MOS_TSNE_MOST_POINTS / GROWTH, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_are_quadratic),
        cmocka_unit_test(map_is_not_quadratic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
