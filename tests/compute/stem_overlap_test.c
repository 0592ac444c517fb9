/* Windows of a scene in one batch: an encoder's first layer takes rows that a window shares with the
 * one before from there, and columns that it shares with one of those before. Each has to be, to the
 * bit, what it is alone in a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "compute/device.h"
#include "op_support.h"

#include <string.h>

enum { MOST_WINDOWS = 300, CO = 32 };

typedef struct overlap_case {
    int64_t bands, h, w, kernel, stride, pad;
    int64_t top[8]; /* rows of the scene where windows begin, over and over; -1: they end */
    int64_t windows;
    int64_t blank;   /* rows of the scene from this one on are all the same */
    int64_t side[8]; /* columns of the scene where they begin */
} overlap_case;

enum { ROWS = 256, COLUMNS = 128 /* of a scene */ };

static void cut(const overlap_case *c, const double *scene, int64_t number, float *out) {
    for (int64_t b = 0; b < c->bands; b++)
        for (int64_t i = 0; i < c->h * c->w; i++) {
            const int64_t row = c->top[number] + i / c->w, column = c->side[number] + i % c->w;
            const int64_t at = row < c->blank ? (b * ROWS + row) * COLUMNS + column : b;
            out[b * c->h * c->w + i] = (float)scene[at];
        }
}

/* y [n, CO, oh, ow] of `count` windows */
static double *convolve(mos_device *device, const overlap_case *c, const float *windows,
                        int64_t count, int64_t *values) {
    const mos_backend *ops = device->ops;
    const mos_conv_shape shape = {.n = count,
                                  .ci = c->bands,
                                  .h = c->h,
                                  .w = c->w,
                                  .co = CO,
                                  .kernel = c->kernel,
                                  .stride = c->stride,
                                  .pad = c->pad,
                                  .image = true,
                                  .folded = true,
                                  .relu = true,
                                  .algorithm = "STEM"};
    mos_conv *conv;
    mos_conv_info info;
    support_check(ops->conv_create(device, &shape, &conv), "conv_create");
    ops->conv_info(conv, &info);
    *values = CO * info.oh * info.ow;
    const int64_t weights = CO * c->bands * c->kernel * c->kernel;
    double *w = support_normal(weights, 2), *numbers = support_normal(CO, 3), ones[CO];
    for (int i = 0; i < CO; i++)
        ones[i] = 1;
    void *arrays[] = {support_real(device, w, weights),
                      support_real(device, ones, CO),
                      support_real(device, numbers, CO),
                      support_real(device, numbers, CO),
                      support_real(device, ones, CO),
                      support_bytes(device, info.workspace_bytes),
                      support_bytes(device, ops->image_bytes(device, count, c->bands, c->h, c->w)),
                      support_act(device, NULL, count, CO, info.oh, info.ow)};
    const mos_norm_running norm = {arrays[1], arrays[2], arrays[3], arrays[4], 1e-5};
    ops->image_load(device, arrays[6], windows, count, c->bands, c->h, c->w);
    ops->conv_fold(device, conv, arrays[0], &norm, arrays[5]);
    support_dirty(device, arrays[5], info.workspace_bytes);
    ops->conv_forward(device, conv, arrays[6], NULL, arrays[7], arrays[5]);
    double *y = support_host(count * *values, sizeof *y);
    support_check(mos_get_act(device, arrays[7], y, count, CO, info.oh, info.ow), "get");
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        ops->free(device, arrays[i]);
    ops->conv_destroy(device, &conv);
    mos_free(w);
    mos_free(numbers);
    return y;
}

static void check(mos_device *device, const overlap_case *c) {
    const int64_t size = c->bands * c->h * c->w;
    int64_t tops = 0, values;
    while (tops < 8 && c->top[tops] >= 0)
        tops++;
    double *scene = support_normal(c->bands * ROWS * COLUMNS, 1);
    float *windows = support_host(c->windows * size, sizeof *windows);
    for (int64_t n = 0; n < c->windows; n++)
        cut(c, scene, n % tops, windows + n * size);
    double *all = convolve(device, c, windows, c->windows, &values);
    for (int64_t n = 0; n < c->windows; n++) {
        double *alone = n < tops || n > c->windows - 3
                            ? convolve(device, c, windows + n * size, 1, &values)
                            : NULL;
        if (alone != NULL && memcmp(all + n * values, alone, (size_t)values * sizeof *alone) != 0)
            fail_msg("window %d of %d: %d bands of %dx%d, kernel %d/%d, pad %d, %d threads", (int)n,
                     (int)c->windows, (int)c->bands, (int)c->h, (int)c->w, (int)c->kernel,
                     (int)c->stride, (int)c->pad, device->threads);
        mos_free(alone);
    }
    mos_free(all);
    mos_free(windows);
    mos_free(scene);
}

static void windows_of_a_scene(void **state) {
    (void)state;
    static const overlap_case cases[] = {
        {2, 40, 37, 7, 2, 3, {0, 20, 40, 60, 0, 20, -1}, 7, 1000, {0}}, /* half a window */
        {10, 40, 20, 7, 2, 3, {0, 10, 20, 30, 40, -1}, 5, 1000, {0}},   /* rows of rows of rows */
        {17, 24, 9, 7, 2, 3, {0, 12, 24, 3, 8, -1}, 5, 1000, {0}}, /* no multiple of the stride */
        {3, 24, 11, 5, 1, 2, {0, 7, 14, 2, 3, 4, -1}, 6, 1000, {0}},
        {3, 24, 11, 4, 3, 0, {0, 12, 15, 18, -1}, 4, 1000, {0}},
        {2, 33, 8, 7, 2, 3, {0, 26, 28, 30, -1}, 4, 1000, {0}},   /* a few rows, and none */
        {2, 32, 8, 7, 2, 3, {0, 16, 32, 48, 64, -1}, 5, 20, {0}}, /* nothing but one value */
        {1, 16, 5, 7, 2, 3, {0, 8, -1}, MOST_WINDOWS, 1000, {0}},
        {1, 3, 2, 7, 2, 3, {0, 2, -1}, 2, 1000, {0}}, /* smaller than the kernel */
        {1, 9, 9, 3, 1, 4, {0, 3, 6, -1}, 3, 1000, {0}},
        /* two columns of windows, half a window apart, and a third that is moved back */
        {10,
         40,
         40,
         7,
         2,
         3,
         {0, 20, 40, 0, 20, 40, 0, 20},
         32,
         1000,
         {0, 0, 0, 20, 20, 20, 34, 34}},
        {2, 120, 120, 7, 2, 3, {0, 60, 0, 60, -1}, 4, 1000, {0, 0, 8, 8}},
        {2, 40, 41, 7, 2, 3, {0, 0, 0, 0, -1}, 8, 1000, {0, 20, 41, 60}}, /* one row of windows */
        {17, 24, 33, 5, 1, 2, {0, 12, 3, 12, -1}, 9, 1000, {0, 0, 7, 12}},
        {3, 30, 30, 4, 3, 0, {0, 9, 0, 9, -1}, 5, 20, {0, 0, 12, 12}},
        {2, 32, 40, 7, 2, 3, {0, 16, 0, 16, -1}, 9, 10, {0, 0, 20, 20}}};
    for (int i = 0; i < 4; i++) {
        mos_device *device =
            support_open(&mos_backend_cpu, i == 3 ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32,
                         i == 3 ? 2 : 2 * i + 1);
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
            check(device, &cases[k]);
        support_close(&device);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows_of_a_scene)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
