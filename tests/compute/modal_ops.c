#include "modal_ops.h"

#include "base/memory.h"
#include "op_support.h"

#include <math.h>

int modal_inputs(const modal_shape *shape) {
    static const int inputs[] = {
        [MODAL_GATE] = 2, [MODAL_PRODUCT] = 1, [MODAL_ATTEND] = 3, [MODAL_BLEND] = 1};
    return inputs[shape->op];
}

int64_t modal_width(const modal_shape *shape) {
    return shape->op == MODAL_PRODUCT ? shape->d * shape->extra : shape->d;
}

/* Sample 1 has one modality, sample 2 none, the others all but one each. */
static uint8_t *make_mask(const modal_shape *shape) {
    uint8_t *present = support_host(shape->modalities * shape->n, 1);
    for (int64_t m = 0; m < shape->modalities; m++)
        for (int64_t i = 0; i < shape->n; i++)
            present[m * shape->n + i] = !shape->masked    ? 1
                                        : i == 1          ? m == 0
                                        : i == 2          ? 0
                                        : m == 0 && i > 2 ? 1
                                                          : (m + i) % 3 != 0;
    return present;
}

/* The memory test of a NaN that nobody may read. */
static void poison_absent(const modal_shape *shape, const uint8_t *present, double *host) {
    const int64_t width = modal_width(shape);
    for (int64_t row = 0; row < shape->modalities * shape->n; row++)
        for (int64_t k = 0; k < width && !present[row]; k++)
            host[row * width + k] = NAN;
}

static void *nan_real(mos_device *device, int64_t count) {
    double *host = support_host(count, sizeof *host);
    for (int64_t i = 0; i < count; i++)
        host[i] = NAN;
    void *real = support_real(device, host, count);
    mos_free(host);
    return real;
}

static void run_forward(mos_device *device, const modal_shape *s, const mos_modal_rows *rows,
                        void *const *x, void *p, void *y) {
    if (s->op == MODAL_GATE) device->ops->gate_forward(device, rows, x[0], x[1], y);
    if (s->op == MODAL_PRODUCT) device->ops->product_forward(device, rows, s->extra, x[0], y);
    if (s->op == MODAL_ATTEND)
        device->ops->attend_forward(device, rows, s->extra, x[0], x[1], x[2], p, y);
    if (s->op == MODAL_BLEND) device->ops->blend_forward(device, rows, x[0], y);
}

/* The gradients end up in dx, or in place: then in x. */
static void *const *run_backward(mos_device *device, const modal_shape *s,
                                 const mos_modal_rows *rows, void *const *x, const void *p,
                                 const void *dy, void *const *dx) {
    if (s->op == MODAL_GATE) device->ops->gate_backward(device, rows, x[0], x[1], dy);
    if (s->op == MODAL_PRODUCT) device->ops->product_backward(device, rows, s->extra, x[0], dy);
    if (s->op == MODAL_ATTEND)
        device->ops->attend_backward(device, rows, s->extra, x[0], x[1], x[2], p, dy, dx[0], dx[1],
                                     dx[2]);
    if (s->op == MODAL_BLEND) device->ops->blend_backward(device, rows, dy, dx[0]);
    return s->op == MODAL_GATE || s->op == MODAL_PRODUCT ? x : dx;
}

void modal_run(mos_device *device, const modal_shape *shape, const double *in, bool poison,
               double *y, const double *dy, double *din) {
    const int64_t count = shape->modalities * shape->n * modal_width(shape);
    const int64_t outputs = shape->n * shape->d, heads = shape->extra > 0 ? shape->extra : 1;
    const int inputs = modal_inputs(shape);
    uint8_t *present = make_mask(shape);
    uint8_t *mask = support_table(device, present, (size_t)(shape->modalities * shape->n));
    const mos_modal_rows rows = {shape->modalities, shape->n, shape->d, mask};
    double *host = support_host(count, sizeof *host);
    void *x[3] = {NULL}, *dx[3] = {NULL};
    for (int a = 0; a < inputs; a++) {
        for (int64_t k = 0; k < count; k++)
            host[k] = in[a * count + k];
        if (poison) poison_absent(shape, present, host);
        x[a] = support_real(device, host, count);
        dx[a] = nan_real(device, count);
    }
    void *p = nan_real(device, shape->n * heads * shape->modalities * shape->modalities);
    void *to = nan_real(device, outputs), *gradient = support_real(device, dy, outputs);
    run_forward(device, shape, &rows, x, p, to);
    (void)!mos_get_f64(device, to, y, outputs);
    if (din != NULL) {
        void *const *found = run_backward(device, shape, &rows, x, p, gradient, dx);
        for (int a = 0; a < inputs; a++)
            (void)!mos_get_f64(device, found[a], din + a * count, count);
    }
    for (int a = 0; a < inputs; a++) {
        device->ops->free(device, x[a]);
        device->ops->free(device, dx[a]);
    }
    device->ops->free(device, mask);
    device->ops->free(device, p);
    device->ops->free(device, to);
    device->ops->free(device, gradient);
    mos_free(host);
    mos_free(present);
}
