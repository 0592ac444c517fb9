/* Our convolution kernels against ref: the gathered ones of strided and 1x1 layers, an encoder's
 * first layer straight from the image, and the fp32 tiles of small maps. Sides, channels, strides, samples and threads of
 * all kinds; forward with every ending; nothing read or written beyond the buffers (the address
 * sanitizer watches). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "compute/device.h"
#include "conv_run.h"
#include "op_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* bf16: operands and results are rounded, 1.6e-3 relative; fp32: sums of up to 4,000 products in
 * another order. A lost tap gives more than 0.05. */
static double limit_of(const mos_device *device) {
    return device->precision == MOS_PRECISION_BF16 ? 3e-3 : 3e-6;
}

/* On both precisions where processor and kernel have both, and 1, 2 and 5 threads, and once more with
 * the same bits. */
static void agree_as(mos_conv_shape shape, const char *name, bool bf16_too) {
    const bool emulated = getenv("MOSAIC_EMULATED") != NULL; /* with 5 threads alone */
    if (conv_is_left_out(&shape, name)) return;
    mos_device *ref = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    conv_results wanted = conv_run(ref, &shape);
    static const int threads[] = {1, 2, 5};
    for (size_t i = 0; i < 2 * COUNT(threads); i++) {
        mos_device *cpu = support_open(
            &mos_backend_cpu, i % 2 ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32, threads[i / 2]);
        const double limit = limit_of(cpu);
        const bool missing = i % 2 && (!bf16_too || cpu->precision != MOS_PRECISION_BF16);
        if (missing || (emulated && threads[i / 2] != 5)) {
            support_close(&cpu);
            continue;
        }
        conv_results got = conv_run(cpu, &shape);
        for (int d = 0; d < 3; d++) {
            const bool none = shape.image && d == 1;
            if (none ? got.names[d][0] != 0 : strncmp(got.names[d], name, strlen(name)) != 0)
                fail_msg("direction %d runs on '%s'", d, got.names[d]);
        }
        const double errors[3] = {
            conv_relative_rms(got.y, wanted.y, wanted.y_count),
            shape.image ? 0 : conv_relative_rms(got.dx, wanted.dx, wanted.x_count),
            conv_relative_rms(got.dw, wanted.dw, wanted.w_count)};
        for (int d = 0; d < 3; d++)
            if (!(errors[d] < limit))
                fail_msg("%s: n %d, %d channels of %dx%d to %d, kernel %d/%d, pad %d, %s, %d "
                         "threads: direction %d is off by %g",
                         name, (int)shape.n, (int)shape.ci, (int)shape.h, (int)shape.w,
                         (int)shape.co, (int)shape.kernel, (int)shape.stride, (int)shape.pad,
                         cpu->description, threads[i / 2], d, errors[d]);
        if (!conv_runs_once(&shape)) {
            conv_results again = conv_run(cpu, &shape);
            assert_memory_equal(got.y, again.y, (size_t)got.y_count * sizeof(double));
            assert_memory_equal(got.dw, again.dw, (size_t)got.w_count * sizeof(double));
            if (got.dx) assert_memory_equal(got.dx, again.dx, (size_t)got.x_count * sizeof(double));
            conv_results_release(&again);
        }
        conv_results_release(&got);
        support_close(&cpu);
    }
    conv_results_release(&wanted);
    support_close(&ref);
}

static void agree(mos_conv_shape shape, const char *name) {
    agree_as(shape, name, true);
}

static void gathered_layers(void **state) {
    (void)state;
    static const mos_conv_shape shapes[] = {
        {3, 64, 30, 30, 128, 3, 2, 1, .train = true}, /* as in the encoders */
        {5, 128, 15, 15, 96, 3, 2, 1, .train = true},
        {2, 256, 8, 8, 64, 3, 2, 1, .train = true},
        {3, 64, 15, 14, 96, 1, 2, 0, .train = true},
        {2, 96, 13, 11, 64, 1, 1, 0, .train = true},
        {3, 64, 2, 3, 32, 1, 1, 0, .train = true}, /* fewer outputs than rows of a product */
        {1, 32, 1, 1, 32, 1, 1, 0, .train = true}, /* one output: half a pair */
        {1, 32, 1, 1, 64, 3, 1, 1, .train = true}, /* one tap of nine inside */
        {2, 32, 2, 1, 32, 3, 2, 1, .train = true},
        {2, 64, 9, 10, 32, 3, 1, 1, .train = true}, /* not strided */
        {2, 32, 11, 9, 64, 3, 1, 0, .train = true}, /* no padding */
        {2, 32, 9, 12, 32, 3, 3, 1, .train = true},
        {1, 32, 11, 10, 32, 3, 2, 2, .train = true}, /* outputs that see only padding in a side */
        {2, 32, 13, 10, 32, 1, 3, 0, .train = true}, /* inputs that nobody reads */
        {2, 32, 13, 10, 32, 3, 5, 1, .train = true},
        {2, 32, 5, 5, 32, 1, 2, 1, .train = true},    /* outputs of padding alone */
        {40, 32, 30, 30, 32, 3, 2, 1, .train = true}, /* several chunks */
        {7, 64, 15, 15, 32, 1, 1, 0, .train = true},  /* several pieces, samples of odd size */
        {9, 32, 4, 4, 96, 1, 1, 0, .train = true},    /* small samples, together in a product */
        {3, 512, 4, 3, 544, 1, 1, 0, .train = true},  /* threads share out the input channels, */
        {2, 32, 3, 5, 2080, 1, 1, 0, .train = true}   /* more of them than there are blocks */
    };
    for (size_t i = 0; i < COUNT(shapes); i++) {
        mos_conv_shape shape = shapes[i];
        shape.algorithm = "GATHERED";
        agree(shape, "gathered");
    }
}

static void stems(void **state) {
    (void)state;
#define STEM(...)                                                                                  \
    { __VA_ARGS__, .image = true, .train = true, .algorithm = "STEM" }
    static const mos_conv_shape shapes[] = {
        STEM(2, 2, 120, 120, 64, 7, 2, 3),
        STEM(2, 12, 60, 60, 64, 7, 2, 3),
        STEM(1, 10, 33, 47, 64, 7, 2, 3),
        STEM(3, 13, 21, 20, 64, 7, 2, 3), /* an odd number of channels */
        STEM(2, 1, 17, 19, 32, 7, 2, 3),
        STEM(2, 3, 16, 16, 96, 7, 2, 3),
        STEM(2, 17, 15, 9, 32, 7, 2, 3), /* stored in blocks of channels */
        STEM(2, 33, 9, 9, 32, 5, 1, 2),
        STEM(2, 4, 20, 18, 32, 3, 1, 1),
        STEM(2, 5, 19, 23, 32, 4, 3, 0),
        STEM(1, 6, 9, 8, 32, 8, 2, 3),
        STEM(3, 2, 3, 2, 32, 7, 2, 3), /* smaller than the kernel */
        STEM(2, 3, 12, 12, 32, 1, 1, 0),
        STEM(1, 2, 300, 290, 32, 7, 2, 3), /* several strips */
        STEM(2, 12, 224, 16, 32, 7, 2, 3),
        STEM(2, 3, 20, 20, 32, 2, 4, 1),
        STEM(1, 2, 9, 9, 32, 3, 1, 4), /* rows that see only padding */
    };
#undef STEM
    for (size_t i = 0; i < COUNT(shapes); i++)
        agree(shapes[i], "stem");
}

/* Maps whose tiles are smaller than F(4x4)'s, chosen without being asked for: the choice counts
 * products. All ways of the weight gradient: few channels; many, with few tiles and with several
 * chunks of them. */
static void small_maps(void **state) {
    (void)state;
    static const struct {
        mos_conv_shape shape;
        const char *name;
    } maps[] = {
        {{3, 64, 2, 2, 96, 3, 1, 1, .train = true}, "map_2x2"},
        {{1, 32, 2, 2, 32, 3, 1, 1, .train = true}, "map_2x2"},
        {{5, 256, 2, 2, 160, 3, 1, 1, .train = true}, "map_2x2"},
        {{40, 192, 2, 2, 160, 3, 1, 1, .train = true}, "map_2x2"},
        {{3, 64, 3, 3, 96, 3, 1, 1, .train = true}, "winograd_3x3"},
        {{7, 160, 3, 3, 128, 3, 1, 1, .train = true}, "winograd_3x3"},
        {{2, 32, 5, 6, 64, 3, 1, 1, .train = true}, "winograd_3x3"},
        {{84, 128, 6, 6, 96, 3, 1, 1, .train = true}, "winograd_3x3"},
        {{2, 64, 9, 9, 32, 3, 1, 1, .train = true}, "winograd_3x3"},
        {{3, 64, 3, 4, 32, 3, 1, 1, .train = true}, "winograd_4x4"}, /* 36 products, not 50 */
        {{2, 64, 4, 4, 32, 3, 1, 1, .train = true}, "winograd_4x4"},
        {{2, 64, 12, 12, 32, 3, 1, 1, .train = true}, "winograd_4x4"},
        {{2, 64, 1, 2, 32, 3, 1, 1, .train = true}, "gathered"},
        {{2, 64, 2, 3, 32, 3, 1, 1, .train = true}, "gathered"},
        {{1, 64, 13, 17, 32, 3, 1, 1, .train = true, .algorithm = "F3X3"}, "winograd_3x3"}};
    for (size_t i = 0; i < COUNT(maps); i++)
        agree_as(maps[i].shape, maps[i].name, false);
}

/* Shapes that no faster kernel takes. */
static void other_shapes(void **state) {
    (void)state;
    static const mos_conv_shape shapes[] = {
        {3, 48, 9, 7, 16, 5, 2, 2, .train = true},
        {2, 16, 6, 6, 48, 5, 1, 0, .train = true},
        {1, 32, 3, 2, 32, 4, 1, 3, .train = true},
        {2, 5, 21, 18, 48, 9, 2, 4, .image = true, .train = true},
        {2, 17, 12, 13, 16, 10, 3, 1, .image = true, .train = true},
        {9, 32, 30, 30, 32, 3, 1, 1, .train = true, .algorithm = "IM2COL"},
    };
    for (size_t i = 0; i < COUNT(shapes); i++)
        agree(shapes[i], "im2col");
}

/* The first sample's results do not depend on how many follow it. */
static void samples_stand_alone(void **state) {
    (void)state;
    static const mos_conv_shape shapes[] = {{7, 64, 15, 15, 64, 3, 2, 1, .train = true},
                                            {7, 64, 15, 15, 64, 1, 2, 0, .train = true},
                                            {7, 64, 12, 12, 64, 1, 1, 0, .train = true},
                                            {7, 64, 4, 4, 64, 1, 1, 0, .train = true},
                                            {7, 128, 2, 2, 64, 3, 1, 1, .algorithm = "MAP2X2"},
                                            {7, 64, 6, 6, 64, 3, 1, 1, .algorithm = "F3X3"},
                                            {7, 5, 40, 40, 32, 7, 2, 3, .image = true}};
    for (size_t i = 0; i < 2 * COUNT(shapes); i++) {
        mos_conv_shape many = shapes[i / 2], one;
        if (many.algorithm == NULL) many.algorithm = many.image ? "STEM" : "GATHERED";
        many.train = true;
        one = many;
        one.n = 1;
        mos_device *cpu =
            support_open(&mos_backend_cpu, i % 2 ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32, 3);
        if (i % 2 && cpu->precision != MOS_PRECISION_BF16) {
            support_close(&cpu);
            continue;
        }
        conv_results of_many = conv_run(cpu, &many), of_one = conv_run(cpu, &one);
        assert_memory_equal(of_many.y, of_one.y, (size_t)of_one.y_count * sizeof(double));
        if (of_one.dx)
            assert_memory_equal(of_many.dx, of_one.dx, (size_t)of_one.x_count * sizeof(double));
        conv_results_release(&of_many);
        conv_results_release(&of_one);
        support_close(&cpu);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gathered_layers), cmocka_unit_test(stems),
                                       cmocka_unit_test(small_maps), cmocka_unit_test(other_shapes),
                                       cmocka_unit_test(samples_stand_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
