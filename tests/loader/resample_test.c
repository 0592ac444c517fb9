#include "loader/plane_filter.h"
#include "loader/resample.h"
#include "loader/view_plan.h"

#include "base/memory.h"
#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

/* cmocka compares as float; this in double. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { FINE = 60, MOST = 80 };
static float source[FINE * FINE], out[MOST * MOST], line[2 * MOST + FINE + 32];

static void fill_source(int64_t count) {
    mos_rng rng = mos_rng_at(3, MOS_RNG_TEST, 0, 0, 0);
    for (int64_t i = 0; i < count; i++)
        source[i] = 100 * mos_rng_uniform(&rng);
}

/* The definition, pixel by pixel in double: replicate to the fine grid, then bilinear, edges held.
 */
static double replicated(int64_t native, int64_t y, int64_t x) {
    return (double)source[y * native / FINE * native + x * native / FINE];
}

static double clamp_place(double start, double length, int64_t i, int64_t count, bool flip) {
    double centre = ((double)i + 0.5) / (double)count;
    double place = (start + (flip ? 1 - centre : centre) * length) * FINE - 0.5;
    return place < 0 ? 0 : place > FINE - 1 ? FINE - 1 : place;
}

static double bilinear(int64_t native, double y, double x) {
    int64_t y0 = (int64_t)floor(y), x0 = (int64_t)floor(x);
    int64_t y1 = y0 + 1 < FINE ? y0 + 1 : y0, x1 = x0 + 1 < FINE ? x0 + 1 : x0;
    double upper = replicated(native, y0, x0) * (1 - x + (double)x0) +
                   replicated(native, y0, x1) * (x - (double)x0);
    double lower = replicated(native, y1, x0) * (1 - x + (double)x0) +
                   replicated(native, y1, x1) * (x - (double)x0);
    return upper * (1 - y + (double)y0) + lower * (y - (double)y0);
}

static void check(int64_t native, int64_t width, int64_t height, const mos_view_geometry *box) {
    mos_axis rows = {0}, columns = {0};
    fill_source(native * native);
    assert_int_equal(
        mos_axis_make(&columns, width, native, FINE, box->left, box->width, box->flip_x),
        MOSAIC_OK);
    assert_int_equal(mos_axis_make(&rows, height, native, FINE, box->top, box->height, box->flip_y),
                     MOSAIC_OK);
    out[width * height] = -7;
    mos_resample(source, &rows, &columns, line, out);
    assert_true(out[width * height] == -7); /* nothing written past the end */
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
            double wanted =
                bilinear(native, clamp_place(box->top, box->height, y, height, box->flip_y),
                         clamp_place(box->left, box->width, x, width, box->flip_x));
            assert_near(out[y * width + x], wanted, 1e-3);
        }
    }
    mos_axis_release(&rows);
    mos_axis_release(&columns);
}

static void any_box_is_bilinear_on_the_replicated_band(void **state) {
    (void)state;
    static const int64_t natives[] = {60, 30, 10},
                         sizes[][2] = {{60, 60}, {33, 47}, {16, 70}, {79, 12}, {1, 1}};
    mos_rng rng = mos_rng_at(4, MOS_RNG_TEST, 0, 0, 0);
    for (size_t n = 0; n < 3; n++) {
        for (size_t s = 0; s < 5; s++) {
            for (int i = 0; i < 6; i++) {
                mos_view_geometry box = {.width = 0.2 + 0.8 * mos_rng_uniform64(&rng),
                                         .height = 0.2 + 0.8 * mos_rng_uniform64(&rng),
                                         .flip_x = i & 1,
                                         .flip_y = i & 2};
                box.left = (1 - box.width) * mos_rng_uniform64(&rng);
                box.top = (1 - box.height) * mos_rng_uniform64(&rng);
                check(natives[n], sizes[s][0], sizes[s][1], &box);
            }
        }
    }
}

static void the_whole_patch_at_its_own_size_is_copied_exactly(void **state) {
    (void)state;
    static const int64_t natives[] = {60, 30, 10};
    for (size_t n = 0; n < 3; n++) {
        for (int flips = 0; flips < 4; flips++) {
            int64_t native = natives[n], factor = FINE / native;
            mos_axis rows = {0}, columns = {0};
            fill_source(native * native);
            assert_int_equal(mos_axis_make(&columns, FINE, native, FINE, 0, 1, flips & 1),
                             MOSAIC_OK);
            assert_int_equal(mos_axis_make(&rows, FINE, native, FINE, 0, 1, flips & 2), MOSAIC_OK);
            assert_true(rows.exact && columns.exact);
            mos_resample(source, &rows, &columns, line, out);
            for (int64_t y = 0; y < FINE; y++) {
                for (int64_t x = 0; x < FINE; x++) {
                    int64_t sy = flips & 2 ? FINE - 1 - y : y, sx = flips & 1 ? FINE - 1 - x : x;
                    assert_true(out[y * FINE + x] == source[sy / factor * native + sx / factor]);
                }
            }
            mos_axis_release(&rows);
            mos_axis_release(&columns);
        }
    }
}

static void transposing_swaps_the_axes(void **state) {
    (void)state;
    fill_source(45 * 37);
    mos_transpose(source, 45, 37, out);
    for (int64_t y = 0; y < 37; y++) {
        for (int64_t x = 0; x < 45; x++)
            assert_true(out[x * 37 + y] == source[y * 45 + x]);
    }
}

static float scratch[(MOST + 1) * (MOST + 80)];

static void blur_of_an_impulse_is_gaussian(void **state) {
    (void)state;
    static const double sigmas[] = {1.0, 1.5, 2.0};
    for (size_t s = 0; s < 3; s++) {
        double sum = 0, spread = 0, sigma = sigmas[s];
        memset(out, 0, sizeof out);
        out[20 * 41 + 20] = 1;
        mos_blur(out, 41, 41, sigma, scratch);
        for (int64_t i = 0; i < 41 * 41; i++) {
            sum += (double)out[i];
            spread += (double)out[i] * (double)((i % 41 - 20) * (i % 41 - 20));
        }
        assert_near(sum, 1, 1e-5);
        /* The kernel is cut at three sigma and sampled: 6 % less at most for the widths here. */
        assert_true(fabs(spread / (sigma * sigma) - 1) < 0.06);
        assert_near(out[20 * 41 + 19], out[20 * 41 + 21], 0);
        assert_near(out[19 * 41 + 20], out[20 * 41 + 19], 1e-8);
    }
}

static void blur_keeps_a_constant_up_to_the_border(void **state) {
    (void)state;
    for (int i = 0; i < 50 * 7; i++)
        out[i] = 3;
    mos_blur(out, 50, 7, 3, scratch);
    for (int i = 0; i < 50 * 7; i++)
        assert_near(out[i], 3, 1e-5);
}

/* Widths around the vectors', reaches on both sides of what the fast paths take. */
static void every_instruction_set_gives_the_same_bits(void **state) {
    (void)state;
    static float first[3][MOST * MOST], other[MOST * MOST];
    static const int64_t sizes[][2] = {{60, 60}, {33, 47}, {9, 79}, {1, 1}};
    for (size_t s = 0; s < 4; s++) {
        int64_t width = sizes[s][0], height = sizes[s][1], pixels = width * height;
        mos_axis rows = {0}, columns = {0};
        fill_source(FINE * FINE);
        assert_int_equal(mos_axis_make(&columns, width, FINE, FINE, 0.05, 0.91, s & 1), MOSAIC_OK);
        assert_int_equal(mos_axis_make(&rows, height, FINE, FINE, 0.2, 0.77, s & 2), MOSAIC_OK);
        for (int level = MOS_SIMD_PLAIN; level <= MOS_SIMD_AVX512; level++) {
            size_t bytes = (size_t)pixels * sizeof(float);
            mos_simd_limit((mos_simd)level);
            for (int k = 0; k < 3; k++) {
                float *to = level == MOS_SIMD_PLAIN ? first[k] : other;
                if (k == 0) mos_resample(source, &rows, &columns, line, to);
                if (k == 1) mos_transpose(first[0], width, height, to);
                if (k == 2) memcpy(to, first[0], bytes);
                if (k == 2) mos_blur(to, width, height, 0.9 + 0.3 * (double)s, scratch);
                if (level != MOS_SIMD_PLAIN) assert_memory_equal(first[k], other, bytes);
            }
        }
        mos_simd_limit(MOS_SIMD_AVX512);
        mos_axis_release(&rows);
        mos_axis_release(&columns);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_box_is_bilinear_on_the_replicated_band),
        cmocka_unit_test(the_whole_patch_at_its_own_size_is_copied_exactly),
        cmocka_unit_test(transposing_swaps_the_axes),
        cmocka_unit_test(blur_of_an_impulse_is_gaussian),
        cmocka_unit_test(blur_keeps_a_constant_up_to_the_border),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
