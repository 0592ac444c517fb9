/* Eigenvectors, principal components and t-SNE against scikit-learn's
 * (tests/golden/make_embedding_golden.py), and on rows whose map is known. */
#include "score/tsne.h"

#include "base/memory.h"
#include "score/affinity.h"
#include "score/clusters.h"
#include "score/covariance.h"
#include "score/eigen.h"
#include "score/pca.h"
#include "score/planted_rows.h"
#include "score/point_tree.h"

static golden_file golden;
static float x[PLANTED_N * PLANTED_D];
static int8_t labels[PLANTED_N * PLANTED_L];
static const char *const names[] = {"tight", "loose"};
static const double noise[] = {0.6, 2.5};

/* A v = value v for every pair, unit vectors, descending. */
static void check_eigen(const double *matrix, int64_t d, double tolerance) {
    double *m = calloc((size_t)(d * d), sizeof *m), *values = calloc((size_t)d, sizeof *values),
           *same = calloc((size_t)d, sizeof *same);
    memcpy(m, matrix, (size_t)(d * d) * sizeof *m);
    assert_int_equal(mos_symmetric_eigen(m, d, values, true), MOSAIC_OK);
    for (int64_t k = 0; k < d; k++) {
        assert_true(k == 0 || values[k] <= values[k - 1]);
        for (int64_t other = 0; other <= k; other++) {
            double dot = 0;
            for (int64_t i = 0; i < d; i++)
                dot += m[k * d + i] * m[other * d + i];
            assert_true(fabs(dot - (other == k)) < 1e-12 * (double)(d + 10));
        }
        for (int64_t i = 0; i < d; i++) {
            double sum = 0;
            for (int64_t j = 0; j < d; j++)
                sum += matrix[i * d + j] * m[k * d + j];
            assert_true(fabs(sum - values[k] * m[k * d + i]) <= tolerance);
        }
    }
    memcpy(m, matrix, (size_t)(d * d) * sizeof *m);
    assert_int_equal(mos_symmetric_eigen(m, d, same, false), MOSAIC_OK);
    for (int64_t k = 0; k < d; k++)
        assert_true(fabs(same[k] - values[k]) <= tolerance);
    free(m);
    free(values);
    free(same);
}

static void eigenvectors_satisfy_their_equation(void **state) {
    (void)state;
    enum { D = 60 };
    static double m[D * D];
    uint64_t hash = formula_hash("eigen");
    for (int64_t d = 1; d <= D; d += d < 4 ? 1 : 28) {
        for (int64_t i = 0; i < d; i++)
            for (int64_t j = 0; j <= i; j++)
                m[i * d + j] = m[j * d + i] = formula_uniform(hash, i * D + j);
        check_eigen(m, d, 1e-12);
    }
    memset(m, 0, sizeof m);
    check_eigen(m, D, 0);
    for (int64_t i = 0; i < D; i++) /* repeated eigenvalues 1, and one 1 + D */
        for (int64_t j = 0; j < D; j++)
            m[i * D + j] = 1 + (i == j);
    check_eigen(m, D, 1e-11);
    for (int64_t i = 0; i < D; i++) /* scales from 1 down to 1e-59: a collapsed embedding's */
        for (int64_t j = 0; j < D; j++)
            m[i * D + j] = i == j ? pow(10, (double)-i) : 0;
    check_eigen(m, D, 1e-15);
    m[1] = NAN;
    double values[D];
    assert_int_equal(mos_symmetric_eigen(m, D, values, false), MOSAIC_ERR_NUMERIC);
}

static void components_equal_scikit_learn(void **state) {
    (void)state;
    static double coordinates[PLANTED_N * 8];
    for (int f = 0; f < 2; f++) {
        mos_pca pca;
        char name[64];
        planted_rows(names[f], noise[f], x, labels);
        assert_int_equal(mos_pca_fit(x, PLANTED_N, PLANTED_D, 8, 2, &pca), MOSAIC_OK);
        assert_int_equal(pca.components, 8);
        mos_pca_project(&pca, x, PLANTED_N, coordinates);
        double kept = 0;
        for (int64_t c = 0; c < 8; c++)
            kept += pca.variance[c];
        (void)snprintf(name, sizeof name, "%s.variance", names[f]);
        golden_check_all(&golden, name, pca.variance, 1e-10);
        golden_near("share", kept / pca.total_variance,
                    golden_number(&golden, names[f], "share", 0), 1, 1e-10);
        (void)snprintf(name, sizeof name, "%s.coordinates", names[f]);
        golden_check_sketch(&golden, name, "coordinates", coordinates, PLANTED_N * 8, 1e-8, 0);
        mos_pca_release(&pca);
        mos_pca_release(&pca);
    }
}

static void eigenvalues_equal_numpy(void **state) {
    (void)state;
    static double covariance[PLANTED_D * PLANTED_D];
    double mean[PLANTED_D], values[PLANTED_D];
    for (int f = 0; f < 2; f++) {
        planted_rows(names[f], noise[f], x, labels);
        mos_unit_rows(x, PLANTED_N, PLANTED_D);
        assert_int_equal(mos_covariance(x, PLANTED_N, PLANTED_D, 2, mean, covariance), MOSAIC_OK);
        assert_int_equal(mos_symmetric_eigen(covariance, PLANTED_D, values, false), MOSAIC_OK);
        char name[64];
        (void)snprintf(name, sizeof name, "%s.eigenvalues", names[f]);
        golden_check_all(&golden, name, values, 1e-6);
    }
}

static void map_is_as_good_as_scikit_learns(void **state) {
    (void)state;
    static double points[PLANTED_N * 2];
    for (int f = 0; f < 2; f++) {
        mos_tsne_options options = mos_tsne_defaults(1);
        mos_tsne_result result;
        planted_rows(names[f], noise[f], x, labels);
        assert_int_equal(mos_tsne_run(x, PLANTED_N, PLANTED_D, &options, points, &result),
                         MOSAIC_OK);
        double kl = golden_number(&golden, names[f], "kl", 0),
               trust = golden_number(&golden, names[f], "trustworthiness", 0);
        print_message("%s: KL %.4f (scikit-learn %.4f), trustworthiness %.4f (%.4f)\n", names[f],
                      result.kl_divergence, kl, result.trustworthiness, trust);
        /* The descent is chaotic: the last bit of a product decides between maps that are as good.
           A better map than the judge's is no failure; a far better one would be a wrong sum. */
        if (result.kl_divergence > kl) golden_near("KL", result.kl_divergence, kl, kl, 0.02);
        golden_near("KL", result.kl_divergence, kl, kl, 0.08);
        golden_near("trustworthiness", result.trustworthiness, trust, trust, 0.02);
        assert_false(result.degenerate);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    static double points[PLANTED_N * 2], again[PLANTED_N * 2];
    mos_tsne_options options = mos_tsne_defaults(1);
    mos_tsne_result one, other;
    options.iterations = 60;
    options.exaggerated_iterations = 20;
    planted_rows("tight", 0.6, x, labels);
    assert_int_equal(mos_tsne_run(x, PLANTED_N, PLANTED_D, &options, points, &one), MOSAIC_OK);
    options.threads = 2;
    assert_int_equal(mos_tsne_run(x, PLANTED_N, PLANTED_D, &options, again, &other), MOSAIC_OK);
    assert_memory_equal(points, again, sizeof points);
    assert_true(one.kl_divergence == other.kl_divergence);
    assert_true(one.trustworthiness == other.trustworthiness);
}

static void trustworthiness_equals_scikit_learn(void **state) {
    (void)state;
    static double rows[PLANTED_N * PLANTED_D], map[PLANTED_N * 2];
    for (int f = 0; f < 2; f++) {
        mos_columns columns;
        double trust;
        planted_rows(names[f], noise[f], x, labels);
        for (int64_t i = 0; i < PLANTED_N * PLANTED_D; i++)
            rows[i] = (double)x[i];
        for (int64_t i = 0; i < PLANTED_N * 2; i++)
            map[i] = formula_uniform(formula_hash("map"), i);
        assert_int_equal(mos_columns_make(rows, PLANTED_N, PLANTED_D, &columns), MOSAIC_OK);
        assert_int_equal(mos_trustworthiness(&columns, map, 7, 2, &trust), MOSAIC_OK);
        golden_near("trustworthiness", trust,
                    golden_number(&golden, names[f], "trustworthiness_of_noise", 0), 1, 1e-12);
        mos_columns_release(&columns);
    }
}

/* With angle 0 the tree is the exact sum, twins included; with 0.5 it is near. */
static void tree_sums_are_right(void **state) {
    (void)state;
    enum { N = 300 };
    static double points[2 * N];
    mos_point_tree tree;
    uint64_t hash = formula_hash("tree");
    for (int64_t i = 0; i < 2 * N; i++)
        points[i] = 20 * formula_uniform(hash, i);
    for (int64_t i = 0; i < 10; i++) /* ten in one place */
        points[2 * i] = points[2 * i + 1] = 3;
    assert_int_equal(mos_point_tree_create(N, &tree), MOSAIC_OK);
    mos_point_tree_build(&tree, points);
    assert_true(tree.count < 2 * N);
    for (int64_t at = 0; at < N; at++) {
        int64_t i = tree.order[at];
        double z = 0, fx = 0, fy = 0, near[2] = {0}, exact[2] = {0};
        for (int64_t j = 0; j < N; j++) {
            double dx = points[2 * i] - points[2 * j], dy = points[2 * i + 1] - points[2 * j + 1];
            double q = 1 / (1 + dx * dx + dy * dy);
            z += j == i ? 0 : q;
            fx += q * q * dx;
            fy += q * q * dy;
        }
        assert_true(fabs(mos_point_tree_repulsion(&tree, points, at, 0, exact) - z) < 1e-10);
        assert_true(fabs(exact[0] - fx) < 1e-10 && fabs(exact[1] - fy) < 1e-10);
        assert_true(fabs(mos_point_tree_repulsion(&tree, points, at, 0.5, near) - z) < 0.02 * z);
    }
    mos_point_tree_release(&tree);
}

static void coinciding_rows_are_flagged(void **state) {
    (void)state;
    enum { N = 200, D = 16 };
    static float rows[N * D];
    static double points[2 * N];
    mos_tsne_options options = mos_tsne_defaults(1);
    mos_tsne_result result;
    options.iterations = 30;
    noise_rows("healthy", N * D, rows);
    assert_int_equal(mos_tsne_run(rows, N, D, &options, points, &result), MOSAIC_OK);
    assert_false(result.degenerate);
    for (int64_t i = 0; i < N * D; i++)
        rows[i] = 1; /* one point */
    assert_int_equal(mos_tsne_run(rows, N, D, &options, points, &result), MOSAIC_OK);
    assert_true(result.degenerate);
    noise_rows("few", N * D, rows);
    for (int64_t i = 2; i < N; i++) /* two points, a hundred times each */
        memcpy(rows + i * D, rows + (i % 2) * D, D * sizeof *rows);
    assert_int_equal(mos_tsne_run(rows, N, D, &options, points, &result), MOSAIC_OK);
    assert_true(result.degenerate);
}

static void odd_sizes_and_bad_input(void **state) {
    (void)state;
    enum { N = MOS_TSNE_LEAST_POINTS };
    float rows[N];
    double points[2 * N];
    mos_tsne_options options = mos_tsne_defaults(1);
    mos_tsne_result result;
    noise_rows("few", N, rows);
    assert_int_equal(mos_tsne_run(rows, N, 1, &options, points, &result), MOSAIC_OK);
    assert_true(result.perplexity < 4);
    assert_int_equal(mos_tsne_run(rows, N - 1, 1, &options, points, &result), MOSAIC_ERR_USAGE);
    rows[2] = INFINITY;
    assert_int_equal(mos_tsne_run(rows, N, 1, &options, points, &result), MOSAIC_ERR_NUMERIC);
    options.angle = 0.9;
    assert_int_equal(mos_tsne_run(rows, N, 1, &options, points, &result), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "angle"));
}

static void allocation_failures_surface(void **state) {
    (void)state;
    enum { N = 20, D = 3 };
    float rows[N * D];
    double points[2 * N];
    mos_tsne_options options = mos_tsne_defaults(1);
    options.iterations = 2;
    noise_rows("memory", N * D, rows);
    for (uint64_t k = 1;; k++) {
        mos_tsne_result result;
        mos_alloc_fail_at(k);
        mosaic_status status = mos_tsne_run(rows, N, D, &options, points, &result);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(k > 15);
            break;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvectors_satisfy_their_equation),
        cmocka_unit_test(components_equal_scikit_learn),
        cmocka_unit_test(eigenvalues_equal_numpy),
        cmocka_unit_test(map_is_as_good_as_scikit_learns),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(trustworthiness_equals_scikit_learn),
        cmocka_unit_test(tree_sums_are_right),
        cmocka_unit_test(coinciding_rows_are_flagged),
        cmocka_unit_test(odd_sizes_and_bad_input),
        cmocka_unit_test(allocation_failures_surface),
    };
    golden_read("embedding_golden.txt", &golden);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_release(&golden);
    return failed;
}
