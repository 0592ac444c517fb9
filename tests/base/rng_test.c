#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

/* Known answers of Philox4x32-10 as published with Random123 (kat_vectors). */
static void test_philox_known_answers(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], wanted[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t out[4];
        mos_philox(cases[i].counter, cases[i].key, out);
        assert_memory_equal(out, cases[i].wanted, sizeof out);
    }
}

/* The same of Philox4x32-7. */
static void test_philox_of_seven_rounds(void **state) {
    (void)state;
    static const uint32_t zero[4] = {0},
                          wanted[4] = {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48};
    static const uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                          pi_key[2] = {0xa4093822, 0x299f31d0},
                          pi_wanted[4] = {0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a};
    uint32_t out[4];
    mos_philox_rounds(zero, zero, 7, out);
    assert_memory_equal(out, wanted, sizeof out);
    mos_philox_rounds(pi, pi_key, 7, out);
    assert_memory_equal(out, pi_wanted, sizeof out);
}

static void test_streams_repeat_and_differ(void **state) {
    (void)state;
    mos_rng base = mos_rng_at(1, MOS_RNG_AUGMENT, 2, 3, 4),
            again = mos_rng_at(1, MOS_RNG_AUGMENT, 2, 3, 4);
    mos_rng others[] = {
        mos_rng_at(2, MOS_RNG_AUGMENT, 2, 3, 4),
        mos_rng_at(1 + (UINT64_C(1) << 32), MOS_RNG_AUGMENT, 2, 3, 4),
        mos_rng_at(1, MOS_RNG_NOISE, 2, 3, 4),
        mos_rng_at(1, MOS_RNG_AUGMENT, 3, 3, 4),
        mos_rng_at(1, MOS_RNG_AUGMENT, 2, 4, 4),
        mos_rng_at(1, MOS_RNG_AUGMENT, 2, 3 + (UINT64_C(1) << 32), 4),
        mos_rng_at(1, MOS_RNG_AUGMENT, 2, 3, 5),
    };
    enum { OTHERS = sizeof others / sizeof others[0] };
    int equal[OTHERS] = {0};
    for (int i = 0; i < 1000; i++) {
        uint32_t value = mos_rng_u32(&base);
        assert_int_equal(value, mos_rng_u32(&again));
        for (int j = 0; j < OTHERS; j++)
            equal[j] += value == mos_rng_u32(&others[j]);
    }
    for (int j = 0; j < OTHERS; j++)
        assert_true(equal[j] <= 1);
}

/* The stream is part of what a run's results mean: a change of it must be deliberate. */
static void test_the_stream_is_frozen(void **state) {
    (void)state;
    mos_rng rng = mos_rng_at(42, MOS_RNG_SHUFFLE, 7, UINT64_C(123456789012), 3);
    static const uint32_t wanted[6] = {0x172706a0, 0x0e962b1f, 0xd8e54004,
                                       0x963a0d47, 0x96a4a3a7, 0x9221403f};
    for (int i = 0; i < 6; i++)
        assert_int_equal(mos_rng_u32(&rng), wanted[i]);
}

static void test_uniform_is_uniform(void **state) {
    (void)state;
    enum { BINS = 16, DRAWS = 160000 };
    mos_rng rng = mos_rng_at(5, MOS_RNG_TEST, 0, 0, 0);
    int bins[BINS] = {0}, bins64[BINS] = {0};
    for (int i = 0; i < DRAWS; i++) {
        float u = mos_rng_uniform(&rng);
        double v = mos_rng_uniform64(&rng);
        assert_true(u >= 0 && u < 1 && v >= 0 && v < 1);
        bins[(int)(u * BINS)]++;
        bins64[(int)(v * BINS)]++;
    }
    double chi = 0, chi64 = 0, wanted = (double)DRAWS / BINS;
    for (int i = 0; i < BINS; i++) {
        chi += (bins[i] - wanted) * (bins[i] - wanted) / wanted;
        chi64 += (bins64[i] - wanted) * (bins64[i] - wanted) / wanted;
    }
    /* chi square with 15 degrees of freedom: 44.3 is exceeded once in 10^4; the seed is fixed */
    assert_true(chi < 44.3 && chi64 < 44.3);
}

static void test_below_is_unbiased(void **state) {
    (void)state;
    mos_rng rng = mos_rng_at(6, MOS_RNG_TEST, 0, 0, 0);
    int counts[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t value = mos_rng_below(&rng, 7);
        assert_true(value < 7);
        counts[value]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9600, 10400); /* 4.3 sigma */
    assert_int_equal(mos_rng_below(&rng, 1), 0);
    /* three quarters of 2^64: without redrawing, the lower third would be twice as likely */
    uint64_t bound = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++)
        low += mos_rng_below(&rng, bound) < bound / 3;
    assert_in_range(low, 9650, 10350);
}

static void test_normal_moments(void **state) {
    (void)state;
    enum { DRAWS = 100000 };
    mos_rng rng = mos_rng_at(7, MOS_RNG_TEST, 0, 0, 0);
    double sum[5] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double x = mos_rng_normal(&rng), power = 1;
        assert_true(isfinite(x));
        for (int p = 1; p <= 4; p++)
            sum[p] += (power *= x);
    }
    assert_true(fabs(sum[1] / DRAWS) < 0.013);     /* 4 sigma: 4 / sqrt(n) */
    assert_true(fabs(sum[2] / DRAWS - 1) < 0.018); /* 4 sqrt(2 / n) */
    assert_true(fabs(sum[3] / DRAWS) < 0.05);      /* 4 sqrt(15 / n) */
    assert_true(fabs(sum[4] / DRAWS - 3) < 0.125); /* 4 sqrt(96 / n) */
}

static void test_shuffle_is_a_fair_permutation(void **state) {
    (void)state;
    int first[4][4] = {{0}};
    for (uint32_t trial = 0; trial < 8000; trial++) {
        mos_rng rng = mos_rng_at(8, MOS_RNG_SHUFFLE, trial, 0, 0);
        uint32_t index[4] = {0, 1, 2, 3}, seen = 0;
        mos_rng_shuffle(&rng, index, 4);
        for (int i = 0; i < 4; i++) {
            seen |= 1u << index[i];
            first[i][index[i]]++;
        }
        assert_int_equal(seen, 15);
    }
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++)
            assert_in_range(first[i][j], 1830, 2170); /* 4.4 sigma */
    }
    mos_rng rng = mos_rng_at(8, MOS_RNG_SHUFFLE, 0, 0, 0);
    mos_rng_shuffle(&rng, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_philox_of_seven_rounds),
        cmocka_unit_test(test_streams_repeat_and_differ),
        cmocka_unit_test(test_the_stream_is_frozen),
        cmocka_unit_test(test_uniform_is_uniform),
        cmocka_unit_test(test_below_is_unbiased),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_shuffle_is_a_fair_permutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
