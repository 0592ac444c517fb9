/* The linear probe against scikit-learn (tests/golden/make_probe_golden.py), and its edge cases. */
#include "eval/linear_probe.h"

#include "base/text.h"

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

static void equals_scikit_learn(void **state) {
    (void)state;
    static double head[4], x[N * F], y[N * L], p[N * L];
    static float features[N * F], probability[N * L];
    static int8_t labels[N * L];
    FILE *file = fopen(MOSAIC_SOURCE_DIR "/tests/golden/probe_golden.txt", "r");
    assert_non_null(file);
    read_numbers(file, head, 4);
    assert_true(head[0] == N && head[1] == F && head[2] == L);
    read_numbers(file, x, N * F);
    read_numbers(file, y, N * L);
    read_numbers(file, p, N * L);
    fclose(file);
    for (int i = 0; i < N * F; i++)
        features[i] = (float)x[i];
    for (int i = 0; i < N * L; i++)
        labels[i] = (int8_t)y[i];
    for (int threads = 1; threads <= 2; threads++) {
        mos_linear_probe probe;
        assert_int_equal(
            mos_linear_probe_fit(features, labels, N, F, L, head[3], 500, threads, &probe),
            MOSAIC_OK);
        mos_linear_probe_predict(&probe, features, N, probability);
        for (int i = 0; i < N * L; i++)
            assert_true(fabs((double)probability[i] - p[i]) < 2e-4);
        mos_linear_probe_release(&probe);
    }
}

/* A class seen with one value only predicts its prior and has no weights; unknown labels leave rows
 * out. */
static void one_sided_and_unknown_classes(void **state) {
    (void)state;
    const float features[] = {-1, -2, 1, 2, 5, -5};
    const int8_t labels[] = {0, 0, 0, 0, 1, 0, 1, 0, -1, 0, -1, 0}; /* [6, 2] */
    float probability[12];
    mos_linear_probe probe;
    assert_int_equal(mos_linear_probe_fit(features, labels, 6, 1, 2, 1e-3, 200, 1, &probe),
                     MOSAIC_OK);
    assert_true(probe.weight[0] > 0.5);
    assert_true(probe.weight[1] == 0);
    mos_linear_probe_predict(&probe, features, 6, probability);
    assert_true(probability[0] < 0.5f && probability[4] > 0.5f);
    assert_true(probability[1] < 0.2f);
    mos_linear_probe_release(&probe);
    assert_int_equal(mos_linear_probe_fit(features, labels, 0, 1, 2, 1e-3, 200, 1, &probe),
                     MOSAIC_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(one_sided_and_unknown_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
