#include "base/rng_fill.h"
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
static uint32_t words[COUNT];

/* Word w of block l of a chunk of 16 blocks lies at w * 16 + l. */
static void words_are_those_of_the_block_function(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(5, MOS_RNG_TEST, 1, 2, 3);
    mos_rng_fill_u32(&stream, words, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t counter[4] = {i / 64 * 16 + i % 16, stream.counter[1], stream.counter[2],
                               stream.counter[3]},
                 out[4];
        mos_philox(counter, stream.key, out);
        assert_int_equal(words[i], out[i / 16 % 4]);
    }
}

static void a_longer_fill_begins_like_a_shorter_one(void **state) {
    (void)state;
    static uint32_t shorter[128];
    mos_rng stream = mos_rng_at(6, MOS_RNG_TEST, 0, 0, 0);
    mos_rng_fill_u32(&stream, words, 640);
    mos_rng_fill_u32(&stream, shorter, 128);
    assert_memory_equal(words, shorter, sizeof shorter);
    shorter[3] = 7;
    mos_rng_fill_u32(&stream, shorter, 3); /* writes three */
    assert_int_equal(shorter[3], 7);
}

static double moment(int power) {
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += pow((double)values[i], power);
    return sum / COUNT;
}

/* Bounds are five standard errors of a sample of 2^20. */
static void check_moments(void) {
    assert_near(moment(1), 0, 5e-3);
    assert_near(moment(2), 1, 7e-3);
    assert_near(moment(3), 0, 19e-3);
    assert_near(moment(4), 3, 48e-3);
    double within = 0, neighbours = 0, partners = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_true(fabsf(values[i]) < 4.86F);
        within += fabsf(values[i]) < 1;
        neighbours += (double)(values[i] * values[(i + 1) % COUNT]);
        partners += (double)(values[i] * values[(i + 64) % COUNT]);
    }
    assert_near(within / COUNT, 0.682689, 3e-3);
    assert_near(neighbours / COUNT, 0, 5e-3);
    assert_near(partners / COUNT, 0, 5e-3); /* every other one from the same word */
}

static void normals_have_the_moments_of_normals(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(7, MOS_RNG_TEST, 0, 0, 0);
    mos_rng_fill_normal(&stream, values, COUNT);
    check_moments();
}

static void uniforms_fill_the_open_interval(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(8, MOS_RNG_TEST, 0, 0, 0);
    mos_rng_fill_uniform(&stream, values, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_true(values[i] > 0 && values[i] < 1);
    assert_near(moment(1), 0.5, 1.5e-3);
    assert_near(moment(2), 1.0 / 3, 1.5e-3);
}

static void streams_do_not_share_numbers(void **state) {
    (void)state;
    mos_rng a = mos_rng_at(9, MOS_RNG_TEST, 0, 0, 0), b = mos_rng_at(9, MOS_RNG_TEST, 0, 0, 1);
    mos_rng_fill_u32(&a, words, 4096);
    mos_rng_fill_u32(&b, words + 4096, 4096);
    int equal = 0;
    for (int i = 0; i < 4096; i++)
        equal += words[i] == words[4096 + i];
    assert_true(equal <= 1);
}

/* 10007: whole buffers, whole chunks and a rest. */
static void every_instruction_set_gives_the_same_bits(void **state) {
    (void)state;
    enum { LENGTH = 10007, FILLS = 3 };
    static float first[FILLS][LENGTH], other[LENGTH];
    mos_rng stream = mos_rng_at(10, MOS_RNG_TEST, 0, 0, 0);
    stream.counter[0] = UINT32_MAX - 100; /* goes round */
    for (int level = MOS_SIMD_PLAIN; level <= MOS_SIMD_AVX512; level++) {
        mos_simd_limit((mos_simd)level);
        assert_true((int)mos_simd_level() <= level);
        for (int fill = 0; fill < FILLS; fill++) {
            float *out = level == MOS_SIMD_PLAIN ? first[fill] : other;
            uint32_t bits[LENGTH];
            if (fill == 0) mos_rng_fill_normal(&stream, out, LENGTH);
            if (fill == 1) mos_rng_fill_uniform(&stream, out, LENGTH);
            if (fill == 2) {
                mos_rng_fill_u32(&stream, bits, LENGTH);
                memcpy(out, bits, sizeof bits);
            }
            if (level != MOS_SIMD_PLAIN) assert_memory_equal(first[fill], other, sizeof other);
        }
    }
    mos_simd_limit(MOS_SIMD_AVX512);
}

/* Against the C library in double. */
static void vector_functions_are_accurate(void **state) {
    (void)state;
    for (double x = 1e-30; x < 1e30; x *= 1.001)
        assert_true(fabs((double)mos_simd_log((float)x) - log((double)(float)x)) <=
                    2e-7 * fmax(1, fabs(log(x))));
    for (double x = 0.5; x < 2; x += 1e-4)
        assert_near(mos_simd_log((float)x), log((double)(float)x), 1.5e-7);
    for (double x = -86; x < 86; x += 0.0137)
        assert_true(fabs((double)mos_simd_exp((float)x) / exp((double)(float)x) - 1) < 5e-7);
    for (double u = 0; u < 1; u += 1e-4) {
        float sine, cosine;
        mos_simd_sincos_turn((float)u, &sine, &cosine);
        assert_near(sine, sin(6.283185307179586 * (double)(float)u), 1e-6);
        assert_near(cosine, cos(6.283185307179586 * (double)(float)u), 1e-6);
    }
    assert_true(mos_simd_floor_at(-3, 0.5F) == 0.5F && mos_simd_floor_at(0.25F, 0.5F) == 0.5F &&
                mos_simd_floor_at(0.75F, 0.5F) == 0.75F);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_the_block_function),
        cmocka_unit_test(a_longer_fill_begins_like_a_shorter_one),
        cmocka_unit_test(normals_have_the_moments_of_normals),
        cmocka_unit_test(uniforms_fill_the_open_interval),
        cmocka_unit_test(streams_do_not_share_numbers),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(vector_functions_are_accurate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
