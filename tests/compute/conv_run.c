#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "conv_run.h"
#include "op_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* *image_floats stays the device's until it has settled. */
static void *input_of(mos_device *device, const mos_conv_shape *s, const double *x, int64_t count,
                      float **image_floats) {
    if (!s->image) return support_act(device, x, s->n, s->ci, s->h, s->w);
    float *narrow = *image_floats = support_host(count, sizeof(float));
    for (int64_t i = 0; i < count; i++)
        narrow[i] = (float)x[i];
    void *image = support_bytes(device, device->ops->image_bytes(device, s->n, s->ci, s->h, s->w));
    device->ops->image_load(device, image, narrow, s->n, s->ci, s->h, s->w);
    return image;
}

conv_results conv_run(mos_device *device, const mos_conv_shape *s) {
    const mos_backend *ops = device->ops;
    const int64_t oh = (s->h + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t ow = (s->w + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t x_count = s->n * s->ci * s->h * s->w, y_count = s->n * s->co * oh * ow;
    const int64_t w_count = s->co * s->ci * s->kernel * s->kernel;
    conv_results r = {.y_count = y_count, .x_count = x_count, .w_count = w_count};
    double *x = support_normal(x_count, 1), *w = support_normal(w_count, 2);
    double *dy = support_normal(y_count, 3);
    mos_conv *conv;
    mos_conv_info info;
    support_check(ops->conv_create(device, s, &conv), "conv_create");
    ops->conv_info(conv, &info);
    const char *const names[3] = {info.forward, info.backward_data, info.backward_weights};
    for (int i = 0; i < 3; i++)
        (void)snprintf(r.names[i], sizeof r.names[i], "%s", names[i]);
    r.y = support_host(y_count, sizeof(double));
    if (!s->image) r.dx = support_host(x_count, sizeof(double));
    r.dw = support_host(w_count, sizeof(double));
    for (int64_t i = 0; i < w_count; i++)
        r.dw[i] = 1;
    void *weights = support_real(device, w, w_count), *grads = support_real(device, r.dw, w_count);
    float *image_floats = NULL;
    void *in = input_of(device, s, x, x_count, &image_floats);
    void *out = support_act(device, NULL, s->n, s->co, oh, ow);
    void *dout = support_act(device, dy, s->n, s->co, oh, ow);
    void *din = s->image ? NULL : support_act(device, NULL, s->n, s->ci, s->h, s->w);
    void *workspace = support_bytes(device, info.workspace_bytes);
    void *poison = support_host((int64_t)info.workspace_bytes, 1);
    memset(poison, 0xff, info.workspace_bytes); /* NaN: what is not written shows */
    const uint64_t before = mos_alloc_count();
    ops->put_bytes(device, workspace, poison, info.workspace_bytes);
    ops->conv_forward(device, conv, in, weights, out, workspace);
    ops->put_bytes(device, workspace, poison, info.workspace_bytes);
    if (din) ops->conv_backward_data(device, conv, weights, dout, din, workspace);
    ops->put_bytes(device, workspace, poison, info.workspace_bytes);
    ops->conv_backward_weights(device, conv, in, dout, grads, workspace);
    assert_int_equal(mos_alloc_count(), before);
    (void)!mos_get_act(device, out, r.y, s->n, s->co, oh, ow);
    if (din) (void)!mos_get_act(device, din, r.dx, s->n, s->ci, s->h, s->w);
    (void)!mos_get_f64(device, grads, r.dw, w_count);
    void *const memory[] = {weights, grads, in, out, dout, din, workspace};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        ops->free(device, memory[i]);
    ops->conv_destroy(device, &conv);
    mos_free(image_floats);
    mos_free(poison);
    mos_free(x);
    mos_free(w);
    mos_free(dy);
    return r;
}

void conv_results_release(conv_results *r) {
    mos_free(r->y);
    mos_free(r->dx);
    mos_free(r->dw);
}

double conv_products(const mos_conv_shape *s) {
    const double oh = (double)((s->h + 2 * s->pad - s->kernel) / s->stride + 1);
    const double ow = (double)((s->w + 2 * s->pad - s->kernel) / s->stride + 1);
    return (double)(s->n * s->co * s->ci * s->kernel * s->kernel) * oh * ow;
}

bool conv_is_left_out(const mos_conv_shape *shape, const char *name) {
    if (getenv("MOSAIC_EMULATED") == NULL || conv_products(shape) < 70e6) return false;
    print_message("skipped: %s of %d samples of %dx%d, too slow in an emulator\n", name,
                  (int)shape->n, (int)shape->h, (int)shape->w);
    return true;
}

bool conv_runs_once(const mos_conv_shape *shape) {
    return getenv("MOSAIC_EMULATED") != NULL && conv_products(shape) > 15e6;
}

double conv_relative_rms(const double *got, const double *wanted, int64_t count) {
    double error = 0, size = 0;
    for (int64_t i = 0; i < count; i++) {
        error += (got[i] - wanted[i]) * (got[i] - wanted[i]);
        size += wanted[i] * wanted[i];
    }
    return sqrt(error / size);
}
