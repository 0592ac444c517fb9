/* What the cpu backend promises beyond agreeing with ref on the common cases: fast implementations
 * for every layer of the encoders, our kernels on maps and thread counts of all kinds,
 * results that repeat, no allocation while running, and plans that fail cleanly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "compute/device.h"
#include "conv_run.h"
#include "op_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mos_conv_shape body_layers[] = {
    /* ResNet-18 and -34 at 120 pixels, behind the stem; ResNet-34 without its max pool */
    {.ci = 64, .h = 30, .w = 30, .co = 64, .kernel = 3, .stride = 1, .pad = 1},
    {.ci = 64, .h = 30, .w = 30, .co = 128, .kernel = 3, .stride = 2, .pad = 1},
    {.ci = 64, .h = 30, .w = 30, .co = 128, .kernel = 1, .stride = 2, .pad = 0},
    {.ci = 128, .h = 15, .w = 15, .co = 128, .kernel = 3, .stride = 1, .pad = 1},
    {.ci = 128, .h = 15, .w = 15, .co = 256, .kernel = 3, .stride = 2, .pad = 1},
    {.ci = 128, .h = 15, .w = 15, .co = 256, .kernel = 1, .stride = 2, .pad = 0},
    {.ci = 256, .h = 8, .w = 8, .co = 256, .kernel = 3, .stride = 1, .pad = 1},
    {.ci = 256, .h = 8, .w = 8, .co = 512, .kernel = 3, .stride = 2, .pad = 1},
    {.ci = 256, .h = 8, .w = 8, .co = 512, .kernel = 1, .stride = 2, .pad = 0},
    {.ci = 512, .h = 4, .w = 4, .co = 512, .kernel = 3, .stride = 1, .pad = 1},
    {.ci = 64, .h = 60, .w = 60, .co = 64, .kernel = 3, .stride = 1, .pad = 1},
    {.ci = 64, .h = 60, .w = 60, .co = 128, .kernel = 3, .stride = 2, .pad = 1},
};

/* oneDNN's reference and matrix-product fallbacks are up to sixty times slower, without an error.
 */
static void expect_fast(mos_device *device, mos_conv_shape shape) {
    mos_conv *conv;
    mos_conv_info info;
    shape.n = shape.h % 3 == 0 ? 64 : shape.h % 3;
    shape.train = true;
    support_check(device->ops->conv_create(device, &shape, &conv), "conv_create");
    device->ops->conv_info(conv, &info);
    const char *const names[] = {info.forward, info.backward_data, info.backward_weights};
    for (int i = 0; i < 3; i++) {
        const bool planned = i != 1 || !shape.image;
        if (planned && names[i][0] != '\0' && strncmp(names[i], "ref", 3) != 0 &&
            strstr(names[i], "gemm") == NULL)
            continue;
        if (!planned && names[i][0] == '\0') continue;
        fail_msg("%d -> %d channels, %d pixels, kernel %d: direction %d runs on '%s'",
                 (int)shape.ci, (int)shape.co, (int)shape.h, (int)shape.kernel, i, names[i]);
    }
    device->ops->conv_destroy(device, &conv);
    assert_null(conv);
}

static void layers_have_fast_kernels(void **state) {
    (void)state;
    static const int64_t bands[] = {1, 2, 3, 4, 5, 8, 10, 12, 13, 14, 16, 17};
    const mos_precision precisions[] = {MOS_PRECISION_FP32, MOS_PRECISION_BF16};
    for (int p = 0; p < 2; p++) {
        mos_device *device = support_open(&mos_backend_cpu, precisions[p], 2);
        for (size_t i = 0; i < sizeof body_layers / sizeof body_layers[0]; i++)
            expect_fast(device, body_layers[i]);
        for (size_t i = 0; i < sizeof bands / sizeof bands[0]; i++)
            expect_fast(device, (mos_conv_shape){.ci = bands[i],
                                                 .h = 120,
                                                 .w = 120,
                                                 .co = 64,
                                                 .kernel = 7,
                                                 .stride = 2,
                                                 .pad = 3,
                                                 .image = true});
        support_close(&device);
    }
}

/* The stages of an encoder whose stem leaves maps of `side`: basic and bottleneck blocks. */
static void expect_fast_stages(mos_device *device, int64_t side) {
    for (int64_t stage = 0; stage < 4; stage++) {
        const int64_t c = INT64_C(64) << stage, before = stage > 0 ? c / 2 : c;
        const int64_t stride = stage > 0 ? 2 : 1, after = (side - 1) / stride + 1;
        const mos_conv_shape layers[] = {
            {.ci = before, .h = side, .w = side, .co = c, .kernel = 3, .stride = stride, .pad = 1},
            {.ci = before, .h = side, .w = side, .co = c, .kernel = 1, .stride = stride},
            {.ci = c, .h = after, .w = after, .co = c, .kernel = 3, .stride = 1, .pad = 1},
            {.ci = c, .h = side, .w = side, .co = c, .kernel = 3, .stride = stride, .pad = 1},
            {.ci = c, .h = after, .w = after, .co = 4 * c, .kernel = 1, .stride = 1},
            {.ci = 4 * c, .h = after, .w = after, .co = c, .kernel = 1, .stride = 1},
            {.ci = 4 * before, .h = side, .w = side, .co = 4 * c, .kernel = 1, .stride = stride},
        };
        for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
            expect_fast(device, layers[i]);
        side = after;
    }
}

/* Patches of 16 to 264 pixels, with and without the stem's pooling: no layer of any encoder is left
 * to a reference implementation or to im2col. */
static void every_patch_has_fast_kernels(void **state) {
    (void)state;
    static const int64_t sizes[] = {16, 17, 23, 24,  31,  32,  33,  47,  48,  63,
                                    64, 65, 96, 111, 120, 128, 130, 200, 224, 264};
    const mos_precision precisions[] = {MOS_PRECISION_FP32, MOS_PRECISION_BF16};
    for (int p = 0; p < 2; p++) {
        mos_device *device = support_open(&mos_backend_cpu, precisions[p], 2);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const int64_t stem = (sizes[i] - 1) / 2 + 1, pooled = (stem - 1) / 2 + 1;
            expect_fast_stages(device, stem);
            expect_fast_stages(device, pooled);
        }
        support_close(&device);
    }
}

static void odd_channel_counts_are_refused(void **state) {
    (void)state;
    mos_device *device = support_open(&mos_backend_cpu, MOS_PRECISION_FP32, 1);
    const mos_conv_shape conv_shape = {
        .n = 1, .ci = 24, .h = 8, .w = 8, .co = 32, .kernel = 3, .stride = 1, .pad = 1};
    const mos_norm_shape norm_shape = {
        .n = 2, .c = 24, .h = 4, .w = 4, .groups = 1, .eps = 1e-5, .momentum = 0.1};
    const mos_pool_shape pool_shape = {
        .n = 2, .c = 24, .h = 4, .w = 4, .kernel = 2, .stride = 2, .pad = 0};
    mos_conv *conv;
    mos_norm *norm;
    mos_pool *pool;
    size_t bytes;
    assert_int_equal(device->ops->conv_create(device, &conv_shape, &conv), MOSAIC_ERR_UNSUPPORTED);
    assert_non_null(strstr(mosaic_error(), "24 in and 32 out"));
    assert_int_equal(device->ops->norm_create(device, &norm_shape, &norm), MOSAIC_ERR_UNSUPPORTED);
    assert_int_equal(device->ops->pool_create(device, &pool_shape, &pool, &bytes),
                     MOSAIC_ERR_UNSUPPORTED);
    assert_null(conv);
    assert_null(norm);
    assert_null(pool);
    support_close(&device);
}

/* Small maps, odd sides, fewer tiles than threads, all ways of the weight gradient (few channels;
 * many, with few tiles and with more than one chunk of them). */
static const mos_conv_shape own_layers[] = {
    {1, 32, 4, 5, 64, 3, 1, 1, .train = true},     {3, 64, 15, 13, 96, 3, 1, 1, .train = true},
    {2, 96, 7, 9, 32, 3, 1, 1, .train = true},     {5, 160, 5, 4, 128, 3, 1, 1, .train = true},
    {2, 128, 49, 46, 160, 3, 1, 1, .train = true}, {1, 128, 3, 2, 32, 3, 2, 1, .train = true},
    {3, 128, 40, 39, 96, 3, 2, 1, .train = true}};

/* Tolerance: direct bf16 products give 1.6e-3 relative, F(2x2) transforms rounded to bf16 3.5e-3 to
 * 4.5e-3 (both operands and the result are rounded); a lost tap or tile gives more than 0.1. */
static void own_kernels_agree_with_ref(void **state) {
    (void)state;
    const bool emulated = getenv("MOSAIC_EMULATED") != NULL; /* with 5 threads alone */
    mos_device *ref = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    for (size_t i = 0; i < sizeof own_layers / sizeof own_layers[0]; i++) {
        if (conv_is_left_out(&own_layers[i], "an own kernel")) continue;
        conv_results wanted = conv_run(ref, &own_layers[i]);
        for (int threads = emulated ? 5 : 1; threads <= 5; threads += 2) {
            mos_device *cpu = support_open(&mos_backend_cpu, MOS_PRECISION_BF16, threads);
            conv_results got = conv_run(cpu, &own_layers[i]);
            const bool narrow = cpu->precision == MOS_PRECISION_BF16;
            for (int d = 0; narrow && d < 3; d++)
                assert_true(strncmp(got.names[d], "winograd", 8) == 0 ||
                            strncmp(got.names[d], "gathered", 8) == 0);
            const double limit = narrow ? 6e-3 : 5e-6;
            assert_true(conv_relative_rms(got.y, wanted.y, wanted.y_count) < limit);
            assert_true(conv_relative_rms(got.dx, wanted.dx, wanted.x_count) < limit);
            assert_true(conv_relative_rms(got.dw, wanted.dw, wanted.w_count) < limit);
            conv_results again = conv_run(cpu, &own_layers[i]);
            assert_memory_equal(got.y, again.y, (size_t)got.y_count * sizeof(double));
            assert_memory_equal(got.dx, again.dx, (size_t)got.x_count * sizeof(double));
            assert_memory_equal(got.dw, again.dw, (size_t)got.w_count * sizeof(double));
            conv_results_release(&again);
            conv_results_release(&got);
            support_close(&cpu);
        }
        conv_results_release(&wanted);
    }
    support_close(&ref);
}

/* What a benchmark asks for is what it gets, or the direct one where there is no such thing; all of
 * them compute the same. */
static bool is_named(const char *name, const char *wanted) {
    return name != NULL && strcmp(name, wanted) == 0;
}

static void algorithms_can_be_asked_for(void **state) {
    (void)state;
    static const mos_conv_shape shapes[] = {{2, 64, 9, 8, 64, 3, 1, 1, .train = true},
                                            {2, 64, 9, 8, 96, 3, 2, 1, .train = true},
                                            {2, 64, 8, 8, 64, 1, 2, 0, .train = true}};
    mos_device *ref = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 1);
    for (int run = 0; run < 6; run++) {
        const mos_precision precision = run % 2 ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32;
        mos_device *cpu = support_open(&mos_backend_cpu, precision, 2);
        const bool narrow = cpu->precision == MOS_PRECISION_BF16;
        /* it knows no blocks of four channels */
        const bool onednn = strstr(cpu->description, "oneDNN") && !strstr(cpu->description, "base");
        mos_conv_shape shape = shapes[run / 2];
        conv_results wanted = conv_run(ref, &shape);
        for (int a = 0; a < 10; a++) {
            const char *const name = a == 0 ? NULL : cpu->ops->conv_algorithms[a - 1];
            shape.algorithm = name;
            conv_results got = conv_run(cpu, &shape);
            const double limit = narrow ? 6e-3 : 5e-6;
            assert_true(conv_relative_rms(got.y, wanted.y, wanted.y_count) < limit);
            assert_true(conv_relative_rms(got.dx, wanted.dx, wanted.x_count) < limit);
            assert_true(conv_relative_rms(got.dw, wanted.dw, wanted.w_count) < limit);
            for (int d = 0; d < 3; d++) {
                const bool by_2x2 = strncmp(got.names[d], "winograd_2x2", 12) == 0;
                const bool by_3x3 = strncmp(got.names[d], "winograd_3x3", 12) == 0;
                const bool by_map = strncmp(got.names[d], "map_2x2", 7) == 0;
                const bool by_4x4 = strncmp(got.names[d], "winograd_4x4", 12) == 0;
                const bool gathered = strncmp(got.names[d], "gathered", 8) == 0;
                const bool im2col = strncmp(got.names[d], "im2col", 6) == 0;
                const bool of_onednn = strstr(got.names[d], "wino_4x3") != NULL;
                if (is_named(name, "DIRECT")) assert_null(strstr(got.names[d], "wino"));
                if (name == NULL) continue;
                /* oneDNN 2.6 has its Winograd here for two of the directions at least, with AVX-512
                 */
                if (!is_named(name, "WINOGRAD") || run > 1 || narrow) assert_false(of_onednn);
                /* im2col stands in for oneDNN where that is missing */
                assert_true(im2col == (is_named(name, "IM2COL")) || (im2col && !onednn));
                assert_true(by_2x2 == (is_named(name, "F2X2") && run < 2));
                assert_true(by_3x3 == (is_named(name, "F3X3") && run < 2 && !narrow));
                assert_false(by_map); /* no map of 2x2 is among them */
                assert_true(by_4x4 == (is_named(name, "F4X4") && run < 2 && !narrow));
                assert_true(gathered == (is_named(name, "GATHERED")));
            }
            if (is_named(name, "WINOGRAD") && run < 2 && !narrow && onednn &&
                strstr(cpu->description, "avx512") != NULL)
                assert_non_null(strstr(got.names[0], "wino_4x3"));
            conv_results_release(&got);
        }
        mos_conv *plan;
        assert_null(cpu->ops->conv_algorithms[9]);
        shape.algorithm = "F5X5";
        assert_int_equal(cpu->ops->conv_create(cpu, &shape, &plan), MOSAIC_ERR_USAGE);
        assert_non_null(strstr(mosaic_error(), "'F5X5'"));
        conv_results_release(&wanted);
        support_close(&cpu);
    }
    support_close(&ref);
}

/* Every allocation of a plan fails once: the status says so and nothing is left behind (the address
 * sanitizer watches). */
static void plans_fail_cleanly(void **state) {
    (void)state;
    const mos_conv_shape shapes[] = {{2, 64, 8, 8, 64, 3, 1, 1, .train = true},
                                     {2, 64, 8, 8, 64, 3, 2, 1, .train = true},
                                     {2, 20, 16, 16, 64, 7, 2, 3, .image = true, .train = true},
                                     {2, 64, 8, 8, 64, 3, 1, 1, .folded = true}};
    /* a plan; one with places of three directions; one with weights and a bias of its own; one with
     * sums */
    const int allocations[] = {1, 13, 1, 3, 2};
    const mos_norm_shape norm_shape = {
        .n = 2, .c = 32, .h = 4, .w = 4, .groups = 1, .train = true, .eps = 1e-5, .momentum = 0.1};
    mos_device *device = support_open(&mos_backend_cpu, MOS_PRECISION_BF16, 2);
    for (size_t i = 0; i <= sizeof shapes / sizeof shapes[0]; i++) {
        mosaic_status status = MOSAIC_ERR_MEMORY;
        int failures = 0;
        for (uint64_t n = 1; status != MOSAIC_OK; n++) {
            mos_conv *conv = NULL;
            mos_norm *norm = NULL;
            mos_alloc_fail_at(n);
            if (i < sizeof shapes / sizeof shapes[0])
                status = device->ops->conv_create(device, &shapes[i], &conv);
            else
                status = device->ops->norm_create(device, &norm_shape, &norm);
            mos_alloc_fail_at(0);
            if (status != MOSAIC_OK) {
                failures++;
                assert_int_equal(status, MOSAIC_ERR_MEMORY);
                assert_true(conv == NULL && norm == NULL);
            }
            device->ops->conv_destroy(device, &conv);
            device->ops->norm_destroy(device, &norm);
        }
        assert_true(failures >= allocations[i]);
    }
    support_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_have_fast_kernels),
        cmocka_unit_test(every_patch_has_fast_kernels),
        cmocka_unit_test(odd_channel_counts_are_refused),
        cmocka_unit_test(own_kernels_agree_with_ref),
        cmocka_unit_test(algorithms_can_be_asked_for),
        cmocka_unit_test(plans_fail_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
