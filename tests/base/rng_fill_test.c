#include "base/rng_fill.h"

#include "base/memory.h"
#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

enum { LANES = 16, CHUNK = 64, MOST = 400 };

/* The layout by its definition: word w of block l of a chunk is at w * LANES + l. */
static uint32_t word_at(const mos_rng *stream, size_t i) {
    uint32_t counter[4], out[4];
    memcpy(counter, stream->counter, sizeof counter);
    counter[0] += (uint32_t)(i / CHUNK * LANES + i % LANES);
    mos_philox(counter, stream->key, out);
    return out[i % CHUNK / LANES];
}

static void test_words_are_philox(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(3, MOS_RNG_NOISE, 1, 2, 3);
    for (size_t count = 0; count < MOST; count += count < 70 ? 1 : 37) {
        uint32_t out[MOST + 1];
        memset(out, 0xA5, sizeof out);
        mos_rng_fill_u32(&stream, out, count);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(out[i], word_at(&stream, i));
        assert_int_equal(out[count], 0xA5A5A5A5); /* nothing past the end */
    }
}

static void test_uniform_is_open_and_exact(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(4, MOS_RNG_NOISE, 1, 2, 3);
    for (size_t count = 0; count < MOST; count += 13) {
        float out[MOST + 1];
        out[count] = 77;
        mos_rng_fill_uniform(&stream, out, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(out[i] == ((float)(word_at(&stream, i) >> 9) + 0.5F) * 0x1p-23F);
            assert_true(out[i] > 0 && out[i] < 1);
        }
        assert_true(out[count] == 77);
    }
}

/* Scalar evaluation of the same formulas: whichever instruction set ran must give these bits. */
static void test_normal_has_the_same_bits_everywhere(void **state) {
    (void)state;
    mos_rng stream = mos_rng_at(5, MOS_RNG_NOISE, 1, 2, 3);
    for (size_t count = 0; count < MOST; count += 13) {
        float out[MOST + 1];
        out[count] = 77;
        mos_rng_fill_normal(&stream, out, count);
        for (size_t i = 0; i < count; i++) {
            size_t k = i % (2 * CHUNK), place = i / (2 * CHUNK) * CHUNK + k % CHUNK;
            uint32_t word = word_at(&stream, place);
            float u = ((float)(word >> 16) + 0.5F) * 0x1p-16F, sine, cosine;
            mos_simd_sincos_turn((float)(word & 0xffff) * 0x1p-16F, &sine, &cosine);
            float wanted = sqrtf(-2.0F * mos_simd_log(u)) * (k < CHUNK ? cosine : sine);
            assert_memory_equal(&out[i], &wanted, sizeof wanted);
        }
        assert_true(out[count] == 77);
    }
}

static void test_normal_moments(void **state) {
    (void)state;
    enum { DRAWS = 1 << 20 };
    float *out;
    assert_int_equal(mos_alloc(DRAWS, sizeof *out, "draws", &out), MOSAIC_OK);
    mos_rng stream = mos_rng_at(6, MOS_RNG_NOISE, 0, 0, 0);
    mos_rng_fill_normal(&stream, out, DRAWS);
    double sum[5] = {0}, largest = 0;
    for (int i = 0; i < DRAWS; i++) {
        double power = 1;
        for (int p = 1; p <= 4; p++)
            sum[p] += (power *= out[i]);
        largest = fmax(largest, fabs((double)out[i]));
    }
    mos_free(out);
    /* 4 sigma of each moment over the draws, and 1e-3 of the method's own */
    assert_true(fabs(sum[1] / DRAWS) < 0.004 + 0.001);
    assert_true(fabs(sum[2] / DRAWS - 1) < 0.0056 + 0.001);
    assert_true(fabs(sum[3] / DRAWS) < 0.0152 + 0.001);
    assert_true(fabs(sum[4] / DRAWS - 3) < 0.0383 + 0.003);
    assert_true(largest > 4.2 && largest < 4.86);
}

/* The errors that base/simd.h promises, against double. */
static void test_vector_functions_keep_their_bounds(void **state) {
    (void)state;
    double log_relative = 0, log_near = 0, exp_relative = 0, turn = 0;
    for (int i = 1; i < 200000; i++) {
        float x = (float)i * 1e-3F;
        double error = fabs((double)mos_simd_log(x) - log((double)x));
        if (fabs((double)x - 1) < 0.1)
            log_near = fmax(log_near, error);
        else
            log_relative = fmax(log_relative, error / fabs(log((double)x)));
        float y = ((float)i - 100000) * 8.69e-4F;
        exp_relative = fmax(exp_relative, fabs((double)mos_simd_exp(y) / exp((double)y) - 1));
        float u = (float)i / 200000.0F, sine, cosine;
        mos_simd_sincos_turn(u, &sine, &cosine);
        double angle = 6.283185307179586 * (double)u;
        turn = fmax(turn, fmax(fabs((double)sine - sin(angle)), fabs((double)cosine - cos(angle))));
    }
    print_message("log %.2g, near one %.2g; exp %.2g; sin, cos %.2g\n", log_relative, log_near,
                  exp_relative, turn);
    assert_true(log_relative < 2e-7 && log_near < 1e-7);
    assert_true(exp_relative < 3e-7);
    assert_true(turn < 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_philox),
        cmocka_unit_test(test_uniform_is_open_and_exact),
        cmocka_unit_test(test_normal_has_the_same_bits_everywhere),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_vector_functions_keep_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
