/* The model of more ranks, against numbers worked out by hand. */
#include "support/test_support.h"

#include "bench/ranks_model.h"

#include <math.h>

static void near(double found, double want) {
    if (!(fabs(found - want) <= 1e-9 * fabs(want))) fail_msg("%.12g, want %.12g", found, want);
}

static const mos_ranks_cluster eight = {
    .ranks = 8, .rows = 10, .cores = 4, .thread_share = 0.5, .latency = 1e-3, .bytes = 1e6};

/* Ten rows of 0.2 s on 4 cores at half their speed are a second; nothing else takes time. */
static void perfect(void **state) {
    const mos_ranks_measured m = {.encode = 0.2};
    (void)state;
    near(mos_ranks_step(&m, &eight), 1);
    near(mos_ranks_efficiency(&m, &eight), 1);
}

/* What every rank does for all 80 rows does not shrink, and its 10 anchors meet all 80:
 * 0.2 + 80 * 0.01 + 10 * 80 * 1e-4 on 2 cores. */
static void behind(void **state) {
    const mos_ranks_measured m = {.encode = 0.2, .behind = {0.2, 0.01, 1e-4}};
    const double alone = 1 + (0.2 + 0.1 + 0.01) / 2;
    (void)state;
    near(mos_ranks_step(&m, &eight), 1 + (0.2 + 0.8 + 0.08) / 2);
    near(mos_ranks_efficiency(&m, &eight), alone / 1.54);
}

/* 1e6 bytes out and back, seven eighths of them others': 1.75 s, and 6 calls of 3 messages. */
static void sums(void **state) {
    mos_ranks_measured m = {.encode = 0.2, .sum_calls = 6, .values = 1e6};
    (void)state;
    near(mos_ranks_step(&m, &eight), 1 + 1.75 + 0.018);
    m.hidden = 0.25;
    near(mos_ranks_step(&m, &eight), 1 + 0.75 * 1.768);
    m.hidden = 1; /* no more than the backward pass can hide: two thirds of a second */
    near(mos_ranks_step(&m, &eight), 1 + 1.768 - 2.0 / 3);
}

static void gathers(void **state) {
    const mos_ranks_measured m = {.encode = 0.2, .gathers = {2, 1000}, .norms = {5, 10000}};
    mos_ranks_cluster c = eight;
    (void)state;
    near(mos_ranks_step(&m, &c), 1 + 2 * 3e-3 + 1000 * 10 * 7 / 1e6);
    c.norms = true;
    near(mos_ranks_step(&m, &c), 1 + 2 * 3e-3 + 0.07 + 5 * 3e-3 + 10000 * 7 / 1e6);
}

static void fits(void **state) {
    mos_ranks_steps steps = {.count = 4, .batch = {16, 64, 192, 512}, .few = 2, .rows = 12};
    const double bytes[] = {64, 1e4, 1e6}, seconds[] = {2e-5 + 64e-9, 3e-5, 1.02e-3};
    double latency, rate, error;
    mos_ranks_measured m;
    (void)state;
    for (int i = 0; i < 4; i++) {
        const double b = (double)steps.batch[i];
        steps.seconds[i] = 2 * 0.1 + 0.05 + 0.003 * b + 2e-6 * b * b;
    }
    steps.batch_whole = 24;
    steps.whole = 12 * 0.1 + 0.05 + 0.003 * 24 + 2e-6 * 24 * 24;
    mos_ranks_fit(&steps, &m);
    assert_true(fabs(m.encode - 0.1) < 1e-9 && fabs(m.behind[0] - 0.05) < 1e-8);
    assert_true(fabs(m.behind[1] - 0.003) < 1e-9 && fabs(m.behind[2] - 2e-6) < 1e-11);
    mos_ranks_line(bytes, seconds, 3, &latency, &rate, &error);
    assert_true(fabs(latency - 2e-5) < 1e-9 && fabs(rate / 1e9 - 1) < 1e-6 && error < 1e-6);
}

/* Noise must not make a batch of thousands cheap. */
static void fits_noise(void **state) {
    mos_ranks_steps steps = {.count = 4,
                             .batch = {16, 64, 256, 768},
                             .seconds = {1.05, 1.0, 1.1, 2.2},
                             .few = 2,
                             .rows = 8,
                             .batch_whole = 16,
                             .whole = 2};
    mos_ranks_measured m;
    (void)state;
    mos_ranks_fit(&steps, &m);
    assert_true(m.behind[1] == 0);
    assert_true(m.behind[2] > 1.8e-6 && m.behind[2] < 2.2e-6);
    assert_true(m.encode > 0.1 && m.encode < 0.2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(perfect), cmocka_unit_test(behind),
                                       cmocka_unit_test(sums),    cmocka_unit_test(gathers),
                                       cmocka_unit_test(fits),    cmocka_unit_test(fits_noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
