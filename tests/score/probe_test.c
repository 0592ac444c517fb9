/* Probes against scikit-learn (tests/golden/make_probe_golden.py, make_knn_golden.py), and their
 * edge cases. */
#include "score/linear_probe.h"

#include "base/text.h"
#include "golden/golden_file.h"
#include "score/knn_probe.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N = 60, F = 7, L = 3 };

static void read_numbers(FILE *file, double *out, int count) {
    char word[64];
    for (int i = 0; i < count; i++) {
        assert_int_equal(fscanf(file, "%63s", word), 1);
        assert_true(mos_parse_double(word, &out[i]));
    }
}

static float features[N * F];
static int8_t labels[N * L];
static double wanted[N * L], l2;

static int read_golden(void **state) {
    (void)state;
    double head[4], x[N * F], y[N * L];
    FILE *file = fopen(MOSAIC_SOURCE_DIR "/tests/golden/probe_golden.txt", "r");
    assert_non_null(file);
    read_numbers(file, head, 4);
    assert_true(head[0] == N && head[1] == F && head[2] == L);
    read_numbers(file, x, N * F);
    read_numbers(file, y, N * L);
    read_numbers(file, wanted, N * L);
    fclose(file);
    l2 = head[3];
    for (int i = 0; i < N * F; i++)
        features[i] = (float)x[i];
    for (int i = 0; i < N * L; i++)
        labels[i] = (int8_t)y[i];
    return 0;
}

/* The largest difference of a fit's probabilities from scikit-learn's. */
static double distance(const mos_linear_probe_options *options) {
    float probability[N * L];
    double worst = 0;
    mos_linear_probe probe;
    assert_int_equal(mos_linear_probe_fit(features, labels, N, F, L, options, &probe), MOSAIC_OK);
    mos_linear_probe_predict(&probe, features, N, probability);
    for (int i = 0; i < N * L; i++)
        worst = fmax(worst, fabs((double)probability[i] - wanted[i]));
    mos_linear_probe_release(&probe);
    return worst;
}

static void equals_scikit_learn(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        mos_linear_probe_options options = mos_linear_probe_defaults(threads);
        options.l2 = l2;
        options.iterations = 500;
        assert_true(distance(&options) < 2e-4);
    }
}

/* AdamW on the same objective ends at the same classifier; a decay of its own pulls it away. */
static void adamw_equals_scikit_learn(void **state) {
    (void)state;
    mos_linear_probe_options options = mos_linear_probe_defaults(2);
    options.solver = MOS_PROBE_ADAMW;
    options.l2 = l2;
    options.epochs = 2000;
    options.batch = 0;
    options.lr = 0.05;
    assert_true(distance(&options) < 1e-3);
    options.batch = 16;
    assert_true(distance(&options) < 2e-2);
    options.weight_decay = 1;
    assert_true(distance(&options) > 2e-2);
}

/* A fit that starts where one with another penalty ended comes to the same end. */
static void start_does_not_matter(void **state) {
    (void)state;
    mos_linear_probe strong;
    mos_linear_probe_options options = mos_linear_probe_defaults(1);
    options.l2 = 1;
    assert_int_equal(mos_linear_probe_fit(features, labels, N, F, L, &options, &strong), MOSAIC_OK);
    options.l2 = l2;
    options.iterations = 500;
    options.start = &strong;
    assert_true(distance(&options) < 2e-4);
    options.iterations = 1;
    assert_true(distance(&options) > 1e-3);
    mos_linear_probe_release(&strong);
}

enum { KNN_N = 50, KNN_M = 20, KNN_F = 6, KNN_L = 3 };

static void knn_equals_scikit_learn(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t k;
        double temperature;
    } cases[] = {{"k1", 1, 0.07}, {"k7", 7, 0.07}, {"k20", 20, 0.5}, {"k50", 50, 0.02}};
    float base[KNN_N * KNN_F], query[KNN_M * KNN_F], probability[KNN_M * KNN_L];
    int8_t known[KNN_N * KNN_L];
    golden_file golden;
    golden_read("knn_golden.txt", &golden);
    for (int i = 0; i < KNN_N * KNN_F; i++)
        base[i] = (float)golden_find(&golden, "base")->values[i];
    for (int i = 0; i < KNN_M * KNN_F; i++)
        query[i] = (float)golden_find(&golden, "query")->values[i];
    for (int i = 0; i < KNN_N * KNN_L; i++)
        known[i] = (int8_t)golden_find(&golden, "labels")->values[i];
    mos_knn_probe probe;
    mos_knn_found found;
    assert_int_equal(mos_knn_probe_fit(base, known, KNN_N, KNN_F, KNN_L, &probe), MOSAIC_OK);
    for (int threads = 1; threads <= 2; threads++) {
        assert_int_equal(mos_knn_probe_search(&probe, query, KNN_M, 80, threads, &found),
                         MOSAIC_OK);
        assert_int_equal(found.k, KNN_N);
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            mos_knn_probe_vote(&probe, &found, cases[c].k, cases[c].temperature, probability);
            for (int i = 0; i < KNN_M * KNN_L; i++)
                golden_near(cases[c].name, (double)probability[i],
                            golden_find(&golden, cases[c].name)->values[i], 1, 1e-4);
        }
        mos_knn_found_release(&found);
    }
    mos_knn_probe_release(&probe);
    golden_release(&golden);
}

/* Rows of zeros are no neighbours and have none; a class nobody near knows gets its share. */
static void knn_without_neighbours(void **state) {
    (void)state;
    const float base[] = {0, 0, 1, 0, 0, 1, 2, 0};
    const int8_t known[] = {1, 1, 1, -1, 0, 0, 1, -1}; /* [4, 2] */
    const float query[] = {0, 0, 3, 0, INFINITY, 0};
    float probability[4];
    mos_knn_probe probe;
    mos_knn_found found;
    assert_int_equal(mos_knn_probe_fit(base, known, 4, 2, 2, &probe), MOSAIC_OK);
    assert_int_equal(probe.n, 3);
    assert_int_equal(mos_knn_probe_search(&probe, query, 2, 2, 1, &found), MOSAIC_OK);
    mos_knn_probe_vote(&probe, &found, 2, 0.1, probability);
    assert_true(probability[0] == 0.75f && probability[1] == 0.5f); /* shares of the known */
    assert_true(probability[2] == 1 && probability[3] == 0.5f);
    mos_knn_found_release(&found);
    assert_int_equal(mos_knn_probe_search(&probe, query, 3, 2, 1, &found), MOSAIC_ERR_NUMERIC);
    mos_knn_probe_release(&probe);
    assert_int_equal(mos_knn_probe_fit(base, known, 1, 2, 2, &probe), MOSAIC_ERR_DATA);
}

/* A class seen with one value only predicts its prior and has no weights; unknown labels leave rows
 * out. */
static void one_sided_and_unknown_classes(void **state) {
    (void)state;
    const float x[] = {-1, -2, 1, 2, 5, -5};
    const int8_t y[] = {0, 0, 0, 0, 1, 0, 1, 0, -1, 0, -1, 0}; /* [6, 2] */
    float probability[12];
    mos_linear_probe probe;
    const mos_linear_probe_options options = mos_linear_probe_defaults(1);
    assert_int_equal(mos_linear_probe_fit(x, y, 6, 1, 2, &options, &probe), MOSAIC_OK);
    assert_true(probe.weight[0] > 0.5);
    assert_true(probe.weight[1] == 0);
    mos_linear_probe_predict(&probe, x, 6, probability);
    assert_true(probability[0] < 0.5f && probability[4] > 0.5f);
    assert_true(probability[1] < 0.2f);
    mos_linear_probe_release(&probe);
    assert_int_equal(mos_linear_probe_fit(x, y, 0, 1, 2, &options, &probe), MOSAIC_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),     cmocka_unit_test(adamw_equals_scikit_learn),
        cmocka_unit_test(start_does_not_matter),   cmocka_unit_test(one_sided_and_unknown_classes),
        cmocka_unit_test(knn_equals_scikit_learn), cmocka_unit_test(knn_without_neighbours),
    };
    return cmocka_run_group_tests(tests, read_golden, NULL);
}
