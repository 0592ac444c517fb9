/* Embedding health on sets whose values are known. */
#include "score/health.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 512, D = 16 };
static float z[N * D], pair[N * D];

static void fill_sphere(int active) {
    mos_rng rng = mos_rng_at(3, MOS_RNG_TEST, 0, 0, 0);
    memset(z, 0, sizeof z);
    for (int i = 0; i < N; i++) {
        double norm = 0, row[D] = {0};
        for (int k = 0; k < active; k++) {
            row[k] = mos_rng_normal(&rng);
            norm += row[k] * row[k];
        }
        for (int k = 0; k < active; k++)
            z[i * D + k] = (float)(row[k] / sqrt(norm));
    }
}

static void a_full_sphere_is_healthy(void **state) {
    (void)state;
    mos_health h;
    fill_sphere(D);
    assert_int_equal(mos_health_measure(z, z, N, D, &h), MOSAIC_OK);
    assert_true(fabs(h.spread - 1) < 0.05);
    assert_true(fabs(h.mean_cosine) < 0.02);
    assert_true(h.rankme > 0.95 * D);
    /* E exp(-2|a-b|^2) = exp(-4) E exp(4 cos): for d = 16 uniform, about exp(-4 + 8/16) */
    assert_true(fabs(h.uniformity - (-3.5)) < 0.1);
    assert_true(h.alignment == 0);
    assert_false(h.collapsed);
}

static void fewer_dimensions_lower_the_rank(void **state) {
    (void)state;
    mos_health h;
    fill_sphere(4);
    assert_int_equal(mos_health_measure(z, NULL, N, D, &h), MOSAIC_OK);
    assert_true(fabs(h.rankme - 4) < 0.1);
    assert_true(isnan(h.alignment));
    assert_false(h.collapsed);
}

static void one_point_is_collapsed(void **state) {
    (void)state;
    mos_health h;
    memset(z, 0, sizeof z);
    for (int i = 0; i < N; i++) {
        z[i * D] = 1;
        pair[i * D + 1] = 1;
    }
    assert_int_equal(mos_health_measure(z, pair, N, D, &h), MOSAIC_OK);
    assert_true(h.collapsed);
    assert_true(h.mean_cosine > 0.999);
    assert_true(fabs(h.alignment - 2) < 1e-6);
    assert_true(h.rankme < 1.001);
    assert_int_equal(mos_health_measure(z, NULL, 1, D, &h), MOSAIC_ERR_USAGE);
}

/* One verdict for a measure, whoever asks: the report's curves go by the same bounds. */
static void the_verdict_is_one(void **state) {
    (void)state;
    assert_false(mos_health_is_collapsed(0.1, 0.95, 2));
    assert_true(mos_health_is_collapsed(0.09, 0, 9));
    assert_true(mos_health_is_collapsed(1, 0.96, 9));
    assert_true(mos_health_is_collapsed(1, 0, 1.9));
    static const struct {
        const char *measure;
        double healthy, collapsed;
    } cases[] = {{"spread", 0.1, 0.09}, {"mean_cosine", 0.95, 0.96}, {"rankme", 2, 1.9}};
    for (int k = 0; k < 3; k++) {
        const mos_collapse_bound *bound = mos_collapse_bound_of(cases[k].measure);
        assert_non_null(bound);
        assert_false(mos_collapse_bound_passed(bound, cases[k].healthy));
        assert_true(mos_collapse_bound_passed(bound, cases[k].collapsed));
    }
    assert_null(mos_collapse_bound_of("uniformity"));
}

/* A small batch has fewer rows than dimensions: most eigenvalues are zero, and the solver's
 * rounding noise among them must not keep it from ending. */
static void fewer_rows_than_dimensions(void **state) {
    (void)state;
    static float wide[64 * 128];
    for (uint32_t trial = 0; trial < 40; trial++) {
        int64_t n = 8 << trial % 4, d = 128;
        mos_rng rng = mos_rng_at(7, MOS_RNG_TEST, trial, 0, 0);
        for (int64_t i = 0; i < n; i++) {
            double squares = 0;
            for (int64_t k = 0; k < d; k++) {
                double value = mos_rng_normal(&rng) + (double)(trial % 5) * cos((double)k);
                wide[i * d + k] = (float)value;
                squares += value * value;
            }
            for (int64_t k = 0; k < d; k++)
                wide[i * d + k] /= (float)sqrt(squares);
        }
        mos_health h;
        if (mos_health_measure(wide, NULL, n, d, &h) != MOSAIC_OK) fail_msg("%s", mosaic_error());
        assert_true(h.rankme >= 1 && h.rankme <= (double)n + 1e-4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_sphere_is_healthy),
        cmocka_unit_test(fewer_dimensions_lower_the_rank),
        cmocka_unit_test(one_point_is_collapsed),
        cmocka_unit_test(the_verdict_is_one),
        cmocka_unit_test(fewer_rows_than_dimensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
