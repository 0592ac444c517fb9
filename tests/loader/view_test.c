#include "loader/view_plan.h"
#include "loader/view_render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

/* cmocka compares as float; this in double. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { SIDE = 48, PIXELS = SIDE * SIDE, DRAWS = 4000 };

static mos_augment_options defaults(void) {
    mos_augment_options options = {0};
    assert_int_equal(mos_options_init(&mos_augment_option_table, &options), MOSAIC_OK);
    return options;
}

static mos_view_key key_of(int64_t sample) {
    return (mos_view_key){.seed = 11, .epoch = 1, .sample = sample};
}

static void an_anchor_shows_at_least_four_fifths(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    for (int i = 0; i < DRAWS; i++) {
        mos_view_key key = key_of(i);
        mos_view_geometry g;
        options.anchor_area_min = 1;
        mos_view_geometry_draw(&options, 'a', true, &key, &g);
        assert_true(g.left == 0 && g.top == 0 && g.width == 1 && g.height == 1);
        options.anchor_area_min = 0.8;
        mos_view_geometry_draw(&options, 'a', true, &key, &g);
        assert_true(g.width * g.height >= 0.8 - 1e-12 && g.width * g.height <= 1);
        assert_true(g.left >= 0 && g.left + g.width <= 1 + 1e-12 && g.top >= 0 &&
                    g.top + g.height <= 1 + 1e-12);
    }
}

static void strong_boxes_fill_the_range_of_areas(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    double least = 1, most = 0, sum = 0, left = 0;
    for (int i = 0; i < DRAWS; i++) {
        mos_view_key key = key_of(i);
        mos_view_geometry g;
        mos_view_geometry_draw(&options, 's', true, &key, &g);
        double area = g.width * g.height, ratio = g.width / g.height;
        assert_true(area >= 0.3 - 1e-9 && area <= 0.9 + 1e-9);
        assert_true(ratio >= 0.74 && ratio <= 1.34);
        assert_true(g.left >= 0 && g.left + g.width <= 1 + 1e-12 && g.top >= 0 &&
                    g.top + g.height <= 1 + 1e-12);
        least = fmin(least, area);
        most = fmax(most, area);
        sum += area;
        left += g.width < 1 ? g.left / (1 - g.width) : 0.5;
    }
    assert_true(least < 0.31 && most > 0.89);
    assert_near(sum / DRAWS, 0.6, 0.015);
    assert_near(left / DRAWS, 0.5, 0.03);
}

/* The eight ways to turn and mirror a square are equally likely; other shapes keep theirs. */
static void turns_and_flips_are_uniform(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    int seen[8] = {0};
    for (int i = 0; i < DRAWS; i++) {
        mos_view_key key = key_of(i);
        mos_view_geometry g;
        mos_view_geometry_draw(&options, 'a', true, &key, &g);
        seen[g.transpose * 4 + g.flip_y * 2 + g.flip_x]++;
        mos_view_geometry_draw(&options, 's', false, &key, &g);
        assert_false(g.transpose);
        mos_view_geometry_draw(&options, 'e', true, &key, &g);
        assert_false(g.transpose || g.flip_x || g.flip_y);
    }
    for (int i = 0; i < 8; i++) /* 500 expected, sd 21 */
        assert_in_range(seen[i], 400, 600);
    options.flip = options.turn = false;
    mos_view_key key = key_of(1);
    for (int i = 0; i < 50; i++) {
        mos_view_geometry g;
        key.sample = i;
        mos_view_geometry_draw(&options, 's', true, &key, &g);
        assert_false(g.transpose || g.flip_x || g.flip_y);
    }
}

/* Turning without mirroring: only rotations, which keep the orientation. */
static void turns_alone_do_not_mirror(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    options.flip = false;
    int quarter = 0;
    for (int i = 0; i < 400; i++) {
        mos_view_key key = key_of(i);
        mos_view_geometry g;
        mos_view_geometry_draw(&options, 'a', true, &key, &g);
        assert_int_equal((g.transpose + g.flip_x + g.flip_y) % 2, 0);
        quarter += g.transpose;
    }
    assert_in_range(quarter, 150, 250);
}

static void light_has_the_strengths_asked_for(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    mos_loader_modality optical = {.bands = 4}, radar = {.bands = 2, .radar = true};
    int blurred = 0, lit = 0;
    double shift = 0, shift2 = 0;
    for (int i = 0; i < DRAWS; i++) {
        mos_view_key key = key_of(i);
        mos_view_light light;
        mos_view_light_draw(&options, 's', &key, &optical, 1, &light);
        blurred += light.blur_sigma > 0;
        if (light.blur_sigma > 0) assert_true(light.blur_sigma >= 0.3 && light.blur_sigma <= 1.2);
        lit += light.gain[0] != 1;
        assert_true(light.looks == 0 && light.shift_db == 0 && light.noise == 0.05F);
        for (int b = 0; b < 4; b++)
            assert_true(fabsf(light.gain[b] - 1) <= 0.1001F && fabsf(light.offset[b]) <= 0.1001F);
        assert_true(light.gain[0] == 1 || light.gain[0] != light.gain[1]); /* per band */
        mos_view_light_draw(&options, 's', &key, &radar, 0, &light);
        assert_true(light.gain[0] == 1 && light.offset[1] == 0 && light.noise == 0 &&
                    light.looks == 8);
        shift += (double)light.shift_db;
        shift2 += (double)(light.shift_db * light.shift_db);
        mos_view_light_draw(&options, 'a', &key, &radar, 0, &light);
        assert_true(light.looks == 0 && light.shift_db == 0 && light.blur_sigma == 0 &&
                    light.gain[0] == 1);
    }
    assert_near((double)blurred / DRAWS, 0.3, 0.04);
    assert_near((double)lit / DRAWS, 0.8, 0.03);
    assert_near(shift / DRAWS, 0, 0.05);
    assert_near(shift2 / DRAWS, 1.0 / 3, 0.03); /* uniform in +-1 dB */
}

static void views_repeats_and_epochs_draw_apart(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    mos_view_key keys[5] = {key_of(1), key_of(1), key_of(1), key_of(2), key_of(1)};
    keys[1].view = 1;
    keys[2].repeat = 1;
    keys[4].epoch = 2;
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < i; k++) {
            mos_view_geometry a, b;
            mos_view_geometry_draw(&options, 's', true, &keys[i], &a);
            mos_view_geometry_draw(&options, 's', true, &keys[k], &b);
            assert_true(a.left != b.left && a.width != b.width);
        }
    }
}

static float source_data[PIXELS], out[PIXELS];
static mos_render_scratch scratch;

static mos_band_source source_of(float mean, float sd, bool radar) {
    return (mos_band_source){.data = source_data,
                             .width = SIDE,
                             .height = SIDE,
                             .fine_width = SIDE,
                             .fine_height = SIDE,
                             .mean = mean,
                             .sd = sd,
                             .radar = radar};
}

static mos_view_light plain_light(void) {
    mos_view_light light = {0};
    light.gain[0] = 1;
    return light;
}

static void render(const mos_band_source *source, const mos_view_geometry *geometry,
                   const mos_view_light *light) {
    mos_view_key key = key_of(5);
    mos_rng stream = mos_view_noise_stream(&key, 0, 0);
    assert_int_equal(
        mos_view_render(source, geometry, light, 0, &stream, SIDE, SIDE, &scratch, out), MOSAIC_OK);
}

/* Transposed first, then mirrored; every pixel is one of the source, at its place. */
static void turned_pixels_are_exact(void **state) {
    (void)state;
    for (int i = 0; i < PIXELS; i++)
        source_data[i] = (float)i;
    mos_band_source source = source_of(0, 1, false);
    mos_view_light light = plain_light();
    for (int way = 0; way < 8; way++) {
        mos_view_geometry g = {
            .width = 1, .height = 1, .transpose = way & 4, .flip_x = way & 1, .flip_y = way & 2};
        render(&source, &g, &light);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int v = way & 2 ? SIDE - 1 - y : y, u = way & 1 ? SIDE - 1 - x : x;
                assert_true(out[y * SIDE + x] ==
                            source_data[way & 4 ? u * SIDE + v : v * SIDE + u]);
            }
        }
    }
}

static void light_and_standardising_are_one_line(void **state) {
    (void)state;
    for (int i = 0; i < PIXELS; i++)
        source_data[i] = 500 + (float)(i % 311);
    mos_band_source source = source_of(600, 50, false);
    mos_view_light light = plain_light();
    light.gain[0] = 1.07F;
    light.offset[0] = -0.3F;
    mos_view_geometry g = {.width = 1, .height = 1};
    render(&source, &g, &light);
    for (int i = 0; i < PIXELS; i++)
        assert_near(out[i], ((double)source_data[i] * 1.07 - 0.3 * 50 - 600) / 50, 1e-5);
}

static void moments(double *mean, double *variance) {
    *mean = *variance = 0;
    for (int i = 0; i < PIXELS; i++)
        *mean += (double)out[i] / PIXELS;
    for (int i = 0; i < PIXELS; i++)
        *variance += ((double)out[i] - *mean) * ((double)out[i] - *mean) / PIXELS;
}

static void noise_has_its_sd_in_units_of_the_band(void **state) {
    (void)state;
    double mean, variance;
    for (int i = 0; i < PIXELS; i++)
        source_data[i] = 650;
    mos_band_source source = source_of(600, 50, false);
    mos_view_light light = plain_light();
    light.noise = 0.2F;
    mos_view_geometry g = {.width = 1, .height = 1};
    render(&source, &g, &light);
    moments(&mean, &variance);
    assert_near(mean, 1, 0.02);
    assert_near(sqrt(variance), 0.2, 0.01);
}

/* In linear power speckle has mean 1 and variance 1/L; the shift is a factor. */
static void speckle_is_gamma_in_linear_power(void **state) {
    (void)state;
    static const float looks[] = {2, 4.4F, 8, 30};
    mos_view_geometry g = {.width = 1, .height = 1};
    for (size_t k = 0; k < 4; k++) {
        for (int i = 0; i < PIXELS; i++)
            source_data[i] = -12;
        mos_band_source source = source_of(-15, 4, true);
        mos_view_light light = plain_light();
        light.looks = looks[k];
        light.shift_db = 1.5F;
        render(&source, &g, &light);
        double mean, variance;
        for (int i = 0; i < PIXELS; i++)
            out[i] = powf(10, (out[i] * 4 - 15 + 12 - 1.5F) / 10);
        moments(&mean, &variance);
        double error = sqrt(1 / ((double)looks[k] * PIXELS));
        assert_near(mean, 1, 5 * error + 0.01);
        assert_true(fabs(variance * (double)looks[k] - 1) < 0.2);
    }
}

static void blur_smooths_a_view(void **state) {
    (void)state;
    double before, after, mean;
    mos_rng rng = mos_rng_at(1, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < PIXELS; i++)
        source_data[i] = mos_rng_uniform(&rng);
    mos_band_source source = source_of(0, 1, false);
    mos_view_light light = plain_light();
    mos_view_geometry g = {.width = 1, .height = 1};
    render(&source, &g, &light);
    moments(&mean, &before);
    light.blur_sigma = 1;
    render(&source, &g, &light);
    moments(&mean, &after);
    assert_near(mean, 0.5, 0.02);
    assert_near(after / before, 1 / (4 * 3.14159), 0.03); /* of white noise: 1 / (4 pi sigma^2) */
}

static void masked_pixels_become_zero_whatever_happens_to_the_view(void **state) {
    (void)state;
    static float mask[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        source_data[i] = 900;
    memset(mask, 0, sizeof mask);
    mask[10 * SIDE + 30] = 1;
    mos_band_source source = source_of(600, 50, false);
    source.masked = mask;
    mos_view_light light = plain_light();
    light.noise = 0.2F;
    light.offset[0] = 0.5F;
    mos_view_geometry g = {.width = 1, .height = 1, .transpose = true, .flip_x = true};
    render(&source, &g, &light);
    for (int i = 0; i < PIXELS; i++)
        assert_int_equal(out[i] == 0, i == 30 * SIDE + SIDE - 1 - 10);
}

static void strengths_out_of_range_are_refused(void **state) {
    (void)state;
    mos_augment_options options = defaults();
    assert_int_equal(mos_options_set(&mos_augment_option_table, &options, "augment.anchor_area_min",
                                     "0.79", false, "t"),
                     MOSAIC_ERR_USAGE);
    assert_int_equal(
        mos_options_set(&mos_augment_option_table, &options, "augment.blur", "1.1", false, "t"),
        MOSAIC_ERR_USAGE);
    mos_options_release(&mos_augment_option_table, &options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_anchor_shows_at_least_four_fifths),
        cmocka_unit_test(strong_boxes_fill_the_range_of_areas),
        cmocka_unit_test(turns_and_flips_are_uniform),
        cmocka_unit_test(turns_alone_do_not_mirror),
        cmocka_unit_test(light_has_the_strengths_asked_for),
        cmocka_unit_test(views_repeats_and_epochs_draw_apart),
        cmocka_unit_test(turned_pixels_are_exact),
        cmocka_unit_test(light_and_standardising_are_one_line),
        cmocka_unit_test(noise_has_its_sd_in_units_of_the_band),
        cmocka_unit_test(speckle_is_gamma_in_linear_power),
        cmocka_unit_test(blur_smooths_a_view),
        cmocka_unit_test(masked_pixels_become_zero_whatever_happens_to_the_view),
        cmocka_unit_test(strengths_out_of_range_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mos_render_scratch_release(&scratch);
    return failed;
}
