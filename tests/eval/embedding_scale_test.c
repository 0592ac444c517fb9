/* Measures of embeddings at the sizes they are for: 10,000 rows of 1,024 in seconds, a map of 5,000
 * points within half a minute on two cores. Processor time is what is bounded: it hardly depends on
 * what else the machine does. */
#include "base/memory.h"
#include "base/rng.h"
#include "eval/clusters.h"
#include "eval/tsne.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum { GROUPS = 19, CORES = 2 };

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

static void clusters_in_seconds(void **state) {
    (void)state;
    enum { N = 10000, D = 1024 };
    int8_t *labels;
    mos_cluster_scores scores;
    assert_int_equal(mos_alloc((size_t)N * GROUPS, 1, "labels", &labels), MOSAIC_OK);
    float *rows = make_rows(N, D, labels);
    const mos_cluster_input input = {.x = rows,
                                     .labels = labels,
                                     .n = N,
                                     .d = D,
                                     .l = GROUPS,
                                     .top_sets = 20,
                                     .neighbours = 10,
                                     .threads = CORES};
    double before = processor_seconds();
    assert_int_equal(mos_clusters_measure(&input, &scores), MOSAIC_OK);
    double seconds = (processor_seconds() - before) / CORES;
    print_message("clusters of %d x %d: %.1f s a core on %d cores\n", N, D, seconds, CORES);
    assert_true(seconds < 10 || !judge_time);
    assert_int_equal(scores.rows, N);
    assert_true(scores.neighbour_jaccard > 0.6 && scores.silhouette > 0.1);
    assert_true(scores.intra_cosine > scores.inter_cosine && !scores.health.collapsed);
    mos_free(rows);
    mos_free(labels);
}

static void map_in_half_a_minute(void **state) {
    (void)state;
    enum { N = MOS_TSNE_MOST_POINTS, D = 512 };
    int8_t *labels;
    double *points;
    mos_tsne_result result;
    mos_tsne_options options = mos_tsne_defaults(CORES);
    assert_int_equal(mos_alloc((size_t)N * GROUPS, 1, "labels", &labels), MOSAIC_OK);
    assert_int_equal(mos_alloc(2 * (size_t)N, sizeof *points, "map", &points), MOSAIC_OK);
    float *rows = make_rows(N, D, labels);
    double before = processor_seconds();
    assert_int_equal(mos_tsne_run(rows, N, D, &options, points, &result), MOSAIC_OK);
    double seconds = (processor_seconds() - before) / CORES;
    print_message("t-SNE of %d points: %.1f s a core on %d cores\n", N, seconds, CORES);
    assert_true(seconds < 30 || !judge_time);
    assert_int_equal(result.iterations, options.iterations);
    assert_true(result.trustworthiness > 0.6 && !result.collapsed);
    mos_free(rows);
    mos_free(points);
    mos_free(labels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_in_seconds),
        cmocka_unit_test(map_in_half_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
