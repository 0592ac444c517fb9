#include "bench/bench_report.h"
#include "bench/naive_view.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

/* cmocka compares as float; this in double. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { SIDE = 48, PIXELS = SIDE * SIDE };

/* The plain way and the loader's agree on everything but the noise's numbers. */
static void the_plain_view_is_the_loaders(void **state) {
    (void)state;
    static float pixels[PIXELS], ours[PIXELS], plain[PIXELS];
    static double scratch[2 * PIXELS];
    mos_render_scratch render = {0};
    mos_augment_options options = {0};
    mos_loader_modality modality = {.bands = 2};
    assert_int_equal(mos_options_init(&mos_augment_option_table, &options), MOSAIC_OK);
    options.noise = options.speckle_looks = 0;
    options.blur = 0.5;
    mos_rng rng = mos_rng_at(1, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = 4000 * mos_rng_uniform(&rng);
    for (int sample = 0; sample < 24; sample++) {
        int64_t side = sample % 3 == 0 ? SIDE : sample % 3 == 1 ? SIDE / 2 : SIDE / 6;
        mos_view_key key = {.seed = 3, .sample = sample};
        mos_view_geometry geometry;
        mos_view_light light;
        modality.radar = sample % 2;
        mos_view_geometry_draw(&options, 's', true, &key, &geometry);
        mos_view_light_draw(&options, 's', &key, &modality, 0, &light);
        const mos_band_source source = {.data = pixels,
                                        .width = side,
                                        .height = side,
                                        .fine_width = SIDE,
                                        .fine_height = SIDE,
                                        .mean = 900,
                                        .sd = 400,
                                        .radar = modality.radar};
        mos_rng stream = mos_view_noise_stream(&key, 0, 1);
        assert_int_equal(
            mos_view_render(&source, &geometry, &light, 1, &stream, SIDE, SIDE, &render, ours),
            MOSAIC_OK);
        mos_naive_view(&source, &geometry, &light, 1, &stream, SIDE, scratch, plain);
        for (int i = 0; i < PIXELS; i++)
            assert_near(ours[i], plain[i], 1e-4);
    }
    mos_render_scratch_release(&render);
    mos_options_release(&mos_augment_option_table, &options);
}

typedef struct planted {
    double base;
    int calls;
} planted;

static mosaic_status planted_work(void *context, double *seconds) {
    planted *work = context;
    *seconds = work->base * (1 + 0.1 * (work->calls++ % 3));
    return MOSAIC_OK;
}

static void ratios_are_of_the_same_round(void **state) {
    (void)state;
    mos_bench_run *run = NULL;
    planted slow = {.base = 2}, fast = {.base = 0.5};
    assert_int_equal(mos_bench_create("test", 1, 2, &run), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_bench_create("test", 1, 3, &run), MOSAIC_OK);
    run->roof_ms = 0.1;
    assert_int_equal(mos_bench_add(run, "slow", planted_work, &slow), MOSAIC_OK);
    assert_int_equal(mos_bench_add(run, "fast", planted_work, &fast), MOSAIC_OK);
    assert_int_equal(mos_bench_measure(run), MOSAIC_OK);
    assert_int_equal(slow.calls, 4); /* one to warm up */
    assert_near(mos_bench_ratio(run, 1, 0), 4, 1e-12);
    assert_near(mos_bench_median(run, 0), 2.2, 1e-12);
    assert_near(mos_bench_best(run, 1), 0.5, 1e-12);
    run->roof[0].fp32_gflops = run->roof[1].fp32_gflops = 100;
    run->roof[2].fp32_gflops = 80;
    assert_near(mos_bench_drift(run), 0.2, 1e-12);
    mos_bench_report report = {.name = "test"};
    mos_bench_steadiness(&report, run);
    assert_true(report.unsteady);
    mos_bench_report_release(&report);
    report = (mos_bench_report){.name = "test"};
    run->roof[2].fp32_gflops = 90;
    mos_bench_steadiness(&report, run);
    assert_false(report.unsteady);
    mos_bench_report_release(&report);
    mos_bench_destroy(&run);
}

static void a_report_is_a_table_and_one_line_of_json(void **state) {
    (void)state;
    mos_bench_report report = {.name = "test"};
    mos_text text = {0}, json = {0};
    mos_bench_fact(&report, "device", "%s", "abacus");
    mos_bench_row(&report, "first");
    mos_bench_number(&report, "ms", 1.25, 1);
    mos_bench_row(&report, "second");
    mos_bench_text(&report, "way", "by hand");
    mos_bench_number(&report, "ms", 10.5, 1);
    mos_bench_print(&report, false, &text);
    mos_bench_print(&report, true, &json);
    assert_string_equal(text.data, "bench test\n"
                                   "device: abacus\n"
                                   "name      ms  way    \n"
                                   "first    1.2         \n"
                                   "second  10.5  by hand\n");
    assert_non_null(strstr(json.data, "abacus"));
    assert_non_null(strstr(json.data, "10.5"));
    assert_ptr_equal(strchr(json.data, '\n'), json.data + json.size - 1);
    mos_text_release(&text);
    mos_text_release(&json);
    mos_bench_report_release(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_view_is_the_loaders),
        cmocka_unit_test(ratios_are_of_the_same_round),
        cmocka_unit_test(a_report_is_a_table_and_one_line_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
