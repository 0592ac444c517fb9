#include "base/rng_fill.h"
#include "base/rng_noise.h"
#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka compares as float; this in double. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { COUNT = 1 << 20 };
static float values[COUNT];
static uint32_t words[COUNT / 2];

static double moment(int power) {
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += pow((double)values[i], power);
    return sum / COUNT;
}

/* Bounds are five standard errors of a sample of 2^20. */
static void noise_has_the_moments_of_normals(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(7, MOS_RNG_TEST, 0, 0, 0);
    mos_rng_fill_noise(&stream, values, COUNT);
    assert_near(moment(1), 0, 5e-3);
    assert_near(moment(2), 1, 7e-3);
    assert_near(moment(3), 0, 19e-3);
    assert_near(moment(4), 3, 48e-3);
    double within = 0, tail = 0, neighbours = 0, partners = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        double z = (double)values[i], next = (double)values[(i + 1) % COUNT];
        double partner = (double)values[(i + 64) % COUNT];
        assert_true(fabs(z) < 4.33);
        within += fabs(z) < 1;
        tail += z > 3;
        neighbours += z * next;
        partners += z * partner; /* every other one from the same word */
        squares += (z * z - 1) * (partner * partner - 1);
    }
    assert_near(within / COUNT, 0.682689, 3e-3);
    assert_near(tail / COUNT, 1.34990e-3, 1.8e-4);
    assert_near(neighbours / COUNT, 0, 5e-3);
    assert_near(partners / COUNT, 0, 5e-3);
    assert_near(squares / COUNT, 0, 1e-2);
}

/* The quantile of p < 1/2, by bisection of the distribution function. */
static double quantile(double p) {
    double low = -6, high = 0;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (erfc(-middle * 0.70710678118654752) / 2 < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* Against the distribution function in double, from the words; the lower half's number lies 64
 * further on. 2^20 values meet every half octave, the steepest some thirty times. */
static void noise_is_the_quantile_of_its_half_word(void **state) {
    (void)state;
    static double expected[1 << 15];
    int met[16] = {0};
    for (int k = 0; k < 1 << 15; k++)
        expected[k] = -quantile((2 * k + 1) / 131072.0);
    mos_rng stream = mos_rng_at(11, MOS_RNG_TEST, 0, 0, 0);
    mos_rng_fill_quick_u32(&stream, words, COUNT / 2);
    mos_rng_fill_noise(&stream, values, COUNT);
    for (int i = 0; i < COUNT; i++) {
        uint32_t word = words[i / 128 * 64 + i % 64], half = i / 64 % 2 == 0 ? word >> 16 : word;
        uint32_t k = half >> 1 & 0x7fff;
        assert_near(values[i], half & 1 ? -expected[k] : expected[k], 6.1e-4);
        met[ilogb(2 * k + 1)]++;
    }
    for (int octave = 0; octave < 16; octave++)
        assert_true(met[octave] > 0);
}

static void noise_is_added_in_one_pass(void **state) {
    (void)state;
    enum { LENGTH = 5000, TAIL = 3 * MOS_NOISE_CHUNK };
    static _Alignas(64) float in[LENGTH], out[LENGTH + 1];
    const mos_noisy_line line = {.gain = 3, .offset = -2, .noise = 0.25F};
    mos_rng stream = mos_rng_at(12, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < LENGTH; i++)
        in[i] = (float)(i % 101);
    out[LENGTH] = 7;
    mos_rng_fill_noise(&stream, values, LENGTH);
    mos_rng_add_noise(&stream, in, &line, out, LENGTH);
    for (int i = 0; i < LENGTH; i++)
        assert_near(out[i], 3 * (double)in[i] - 2 + 0.25 * (double)values[i], 3e-5);
    assert_true(out[LENGTH] == 7);
    mos_rng_add_noise(&stream, in, &line, values + 1, LENGTH); /* beside the cache lines */
    assert_memory_equal(values + 1, out, sizeof in);
    mos_rng_fill_noise(&stream, values, LENGTH);
    mos_rng_add_noise(&stream, in, &line, in, LENGTH); /* in place */
    assert_memory_equal(in, out, sizeof in);
    mos_rng_skip_noise(&stream, TAIL);
    mos_rng_fill_noise(&stream, out, 200);
    assert_memory_equal(out, values + TAIL, 200 * sizeof *out);
}

/* 10007: whole buffers, whole chunks and a rest. */
static void every_instruction_set_gives_the_same_bits(void **state) {
    (void)state;
    enum { LENGTH = 10007 };
    static _Alignas(64) float fill[LENGTH], sum[LENGTH], other[LENGTH];
    const mos_noisy_line line = {.gain = 1.7F, .offset = 0.3F, .noise = 0.05F};
    mos_rng stream = mos_rng_at(10, MOS_RNG_TEST, 0, 0, 0);
    stream.counter[0] = UINT32_MAX - 100; /* goes round */
    mos_simd_limit(MOS_SIMD_PLAIN);
    mos_rng_fill_noise(&stream, fill, LENGTH);
    mos_rng_add_noise(&stream, fill, &line, sum, LENGTH);
    for (int level = MOS_SIMD_AVX2; level <= MOS_SIMD_AVX512; level++) {
        mos_simd_limit((mos_simd)level);
        assert_true((int)mos_simd_level() <= level);
        mos_rng_fill_noise(&stream, other, LENGTH);
        assert_memory_equal(fill, other, sizeof other);
        mos_rng_add_noise(&stream, fill, &line, other, LENGTH);
        assert_memory_equal(sum, other, sizeof other);
    }
    mos_simd_limit(MOS_SIMD_AVX512);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_has_the_moments_of_normals),
        cmocka_unit_test(noise_is_the_quantile_of_its_half_word),
        cmocka_unit_test(noise_is_added_in_one_pass),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
