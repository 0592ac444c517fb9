/* Running the cases on real matrices and flat blocks. */
#include "op_cases.h"

#include "base/memory.h"
#include "op_support.h"

#include <math.h>
#include <string.h>

static void *random_real(mos_device *device, int64_t count, uint64_t seed) {
    double *host = support_normal(count, seed);
    void *real = support_real(device, host, count);
    mos_free(host);
    return real;
}

static void *unwritten_real(mos_device *device, int64_t count) {
    double *host = support_host(count, sizeof *host);
    for (int64_t i = 0; i < count; i++)
        host[i] = NAN;
    void *real = support_real(device, host, count);
    mos_free(host);
    return real;
}

static void take_real(mos_device *device, op_outputs *out, const char *name, void *real,
                      int64_t count) {
    (void)!mos_get_f64(device, real, op_output_add(out, name, count), count);
    device->ops->free(device, real);
}

/* The whole buffers are compared, so what lies beside the column block must stay. */
void op_run_linear(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_backend *ops = device->ops;
    const int64_t n = which->linear.n, i = which->linear.i, o = which->linear.o;
    const int64_t x_stride = i + which->linear.extra, y_stride = o + which->linear.extra;
    void *x = random_real(device, n * x_stride, 1), *w = random_real(device, o * i, 2);
    void *b = which->linear.bias ? random_real(device, o, 3) : NULL;
    void *y = random_real(device, n * y_stride, 4), *dy = random_real(device, n * y_stride, 5);
    void *dx = which->linear.data ? random_real(device, n * x_stride, 6) : NULL;
    void *dw = random_real(device, o * i, 7);
    void *db = which->linear.bias ? random_real(device, o, 8) : NULL;
    ops->linear_forward(device, n, i, o, x, x_stride, w, b, y, y_stride);
    ops->linear_backward(device, n, i, o, x, x_stride, w, dy, y_stride, dx, x_stride,
                         which->linear.accumulate, dw, db);
    take_real(device, out, "y", y, n * y_stride);
    if (dx != NULL) take_real(device, out, "dx", dx, n * x_stride);
    take_real(device, out, "dw", dw, o * i);
    if (db != NULL) take_real(device, out, "db", db, o);
    ops->free(device, x);
    ops->free(device, w);
    ops->free(device, b);
    ops->free(device, dy);
}

/* Row 0 is zero. */
void op_run_unit(mos_device *device, const op_case *which, op_outputs *out) {
    const int64_t n = which->rows.n, d = which->rows.c;
    double *host = support_normal(n * d, 1), *gradient = support_normal(n * d, 2);
    for (int64_t k = 0; k < d; k++)
        host[k] = gradient[k] = 0;
    void *x = support_real(device, host, n * d), *dy = support_real(device, gradient, n * d);
    void *y = unwritten_real(device, n * d), *norms = unwritten_real(device, n);
    void *dx = unwritten_real(device, n * d);
    device->ops->unit_forward(device, n, d, x, y, norms);
    device->ops->unit_backward(device, n, d, y, norms, dy, dx);
    take_real(device, out, "y", y, n * d);
    take_real(device, out, "norms", norms, n);
    take_real(device, out, "dx", dx, n * d);
    device->ops->free(device, x);
    device->ops->free(device, dy);
    mos_free(host);
    mos_free(gradient);
}

/* Column blocks and masks; rows.h columns of rows.c, into a matrix two columns wider. */
void op_run_rows(mos_device *device, const op_case *which, op_outputs *out) {
    const int64_t n = which->rows.n, stride = which->rows.c, cols = which->rows.h;
    uint8_t *present = support_host(n, 1);
    for (int64_t i = 0; i < n; i++)
        present[i] = i % 3 != 1;
    void *from = random_real(device, n * stride, 1), *to = random_real(device, n * (cols + 2), 2);
    void *added = random_real(device, n * (cols + 2), 3),
         *copy = unwritten_real(device, n * stride);
    device->ops->columns(device, n, cols, from, stride, to, cols + 2, false);
    device->ops->columns(device, n, cols, from, stride, added, cols + 2, true);
    void *mask = support_table(device, present, (size_t)n);
    device->ops->mask_rows(device, n, cols, from, stride, mask);
    device->ops->copy(device, copy, from, (size_t)(n * stride) * device->real_bytes);
    device->ops->zero(device, from, (size_t)stride * device->real_bytes);
    take_real(device, out, "copied", to, n * (cols + 2));
    take_real(device, out, "added", added, n * (cols + 2));
    take_real(device, out, "masked", copy, n * stride);
    take_real(device, out, "zeroed", from, n * stride);
    device->ops->free(device, mask);
    mos_free(present);
}

/* A modality that a sample lacks holds NaN: nobody may look. */
void op_run_modal(mos_device *device, const op_case *which, op_outputs *out) {
    const modal_shape *s = &which->modal;
    const int64_t inputs = modal_inputs(s) * s->modalities * s->n * modal_width(s);
    double *in = support_normal(inputs, 1), *dy = support_normal(s->n * s->d, 2);
    double *y = op_output_add(out, "y", s->n * s->d);
    modal_run(device, s, in, true, y, dy, op_output_add(out, "gradients", inputs));
    mos_free(in);
    mos_free(dy);
}

/* ---- losses ---- */

static int8_t *random_labels(int64_t count, uint64_t seed) {
    double *draw = support_normal(count, seed);
    int8_t *labels = support_host(count, 1);
    for (int64_t i = 0; i < count; i++)
        labels[i] = draw[i] > 1.4 ? -1 : draw[i] > 0.3 ? 1 : 0;
    mos_free(draw);
    return labels;
}

static void *unit_rows(mos_device *device, int64_t n, int64_t d, uint64_t seed) {
    double *host = support_normal(n * d, seed);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < d; k++)
            sum += host[i * d + k] * host[i * d + k];
        for (int64_t k = 0; k < d; k++)
            host[i * d + k] = support_round_bf16(host[i * d + k] / sqrt(sum));
    }
    void *rows = support_real(device, host, n * d);
    mos_free(host);
    return rows;
}

static void take_contrast(op_outputs *out, const mos_contrast_result *result) {
    op_output_add(out, "loss", 1)[0] = result->loss;
    op_output_add(out, "floor", 1)[0] = result->floor;
    double *counts = op_output_add(out, "counts", 5);
    counts[0] = result->weight;
    counts[1] = (double)result->anchors_used;
    counts[2] = (double)result->anchors_without_positive;
    counts[3] = (double)result->positives;
    counts[4] = (double)result->frozen_positives;
}

void op_run_contrast(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_backend *ops = device->ops;
    const int64_t anchors = which->contrast.anchors, references = which->contrast.references;
    const int64_t d = which->contrast.d, classes = which->contrast.classes;
    const bool one_set = which->contrast.one_set;
    const int64_t moving = references - which->contrast.frozen;
    const int64_t most = anchors > references ? anchors : references;
    int32_t *self = support_host(most, sizeof *self),
            *partner = support_host(most, sizeof *partner);
    uint8_t *present = support_host(most, 1);
    int8_t *anchor_labels = random_labels(most * classes, 11);
    int8_t *reference_labels = one_set ? NULL : random_labels(most * classes, 12);
    for (int64_t i = 0; i < most; i++) {
        self[i] = (int32_t)i;
        partner[i] = i % 7 == 6 ? -1 : (int32_t)((i + references / 2) % references);
        present[i] = i % 5 != 2;
    }
    const mos_contrast problem = {.anchors = anchors,
                                  .references = references,
                                  .d = d,
                                  .tau = which->contrast.tau,
                                  .positives = which->contrast.positives,
                                  .anchor_weighting = which->contrast.weighting,
                                  .self = one_set ? self : NULL,
                                  .partner = partner,
                                  .anchor_labels = anchor_labels,
                                  .reference_labels = one_set ? anchor_labels : reference_labels,
                                  .classes = classes,
                                  .anchor_present = which->contrast.masked ? present : NULL,
                                  .reference_present = which->contrast.masked ? present : NULL,
                                  .frozen = which->contrast.frozen};
    void *za = unit_rows(device, one_set ? references : anchors, d, 1);
    void *zr = one_set ? za : unit_rows(device, references, d, 2);
    void *dza = support_real(device, NULL, anchors * d);
    void *dzr = one_set ? dza : random_real(device, moving * d, 4);
    support_problem made = support_problem_make(device, &problem);
    const size_t bytes = ops->contrast_bytes(device, &made.problem);
    support_dirty(device, made.scratch, bytes);
    ops->contrast(device, &made.problem, za, zr, 1000, dza, dzr, made.scratch, made.result);
    mos_contrast_result result = support_problem_take(device, &made);
    take_contrast(out, &result);
    take_real(device, out, "dza", dza, anchors * d);
    if (!one_set) take_real(device, out, "dzr", dzr, moving * d);
    ops->free(device, za);
    if (!one_set) ops->free(device, zr);
    mos_free(self);
    mos_free(partner);
    mos_free(present);
    mos_free(anchor_labels);
    mos_free(reference_labels);
}

void op_run_bce(mos_device *device, const op_case *which, op_outputs *out) {
    const int64_t n = which->bce.n, l = which->bce.l;
    double *logits = support_normal(n * l, 1), *weights = support_normal(l, 2);
    int8_t *labels = random_labels(n * l, 3);
    int64_t known;
    for (int64_t i = 0; i < n * l; i++) {
        logits[i] = support_round_bf16(i % 11 == 0 ? 40 * logits[i] : 3 * logits[i]);
        if (which->bce.unknown) labels[i] = -1;
    }
    for (int64_t i = 0; i < l; i++)
        weights[i] = fabs(weights[i]) + 0.25;
    void *x = support_real(device, logits, n * l), *dx = unwritten_real(device, n * l);
    const double loss = support_bce(device, n, l, x, labels, which->bce.mixed,
                                    which->bce.weighted ? weights : NULL, 2.5, dx, &known);
    op_output_add(out, "loss", 1)[0] = loss;
    op_output_add(out, "known", 1)[0] = (double)known;
    take_real(device, out, "dlogits", dx, n * l);
    device->ops->free(device, x);
    mos_free(logits);
    mos_free(weights);
    mos_free(labels);
}

/* ---- flat blocks ---- */

void op_run_optimize(mos_device *device, const op_case *which, op_outputs *out) {
    enum { COUNT = 5003 };
    /* odd offsets, a segment of one, a gap that must stay as it is, a zero segment (offset 3000) */
    static const mos_segment_range segments[] = {{0, 1027, true},    {1027, 1, false},
                                                 {1031, 500, false}, {1531, 1469, true},
                                                 {3000, 64, true},   {3064, 1939, true}};
    mos_optimizer_step step = which->optimize.step;
    double *host = support_normal(COUNT, 1);
    memset(host + 3000, 0, 64 * sizeof *host);
    void *params = support_real(device, host, COUNT);
    void *m = support_real(device, NULL, COUNT), *v = support_real(device, NULL, COUNT);
    for (int i = 0; i < which->optimize.steps; i++) {
        void *grads = random_real(device, COUNT, (uint64_t)(10 + i));
        step.step = i + 1;
        device->ops->optimize(device, &step, segments, sizeof segments / sizeof segments[0], params,
                              grads, m, v);
        device->ops->free(device, grads);
    }
    take_real(device, out, "params", params, COUNT);
    take_real(device, out, "m", m, COUNT);
    take_real(device, out, "v", v, COUNT);
    mos_free(host);
}

void op_run_measure(mos_device *device, const op_case *which, op_outputs *out) {
    const int64_t count = which->rows.n;
    double *host = support_normal(count, 1);
    void *x = support_real(device, host, count);
    mos_measure_result found = support_measure(device, x, count);
    op_output_add(out, "sum", 1)[0] = found.sum_of_squares;
    double *counts = op_output_add(out, "not finite", 2);
    counts[0] = (double)found.not_finite;
    host[0] = NAN;
    host[count / 2] = INFINITY;
    host[count - 1] = -INFINITY;
    device->ops->put_f64(device, x, host, count);
    found = support_measure(device, x, count);
    counts[1] = (double)found.not_finite;
    device->ops->free(device, x);
    mos_free(host);
}

/* To the device and back, as every type. */
void op_run_memory(mos_device *device, const op_case *which, op_outputs *out) {
    const int64_t n = which->rows.n, c = which->rows.c, h = which->rows.h, w = which->rows.w;
    const int64_t count = n * c * h * w;
    double *host = support_normal(count, 1);
    float *narrow = support_host(count, sizeof *narrow);
    for (int64_t i = 0; i < count; i++)
        narrow[i] = (float)host[i];
    void *act = support_act(device, host, n, c, h, w), *real = support_real(device, NULL, count);
    (void)!mos_get_act(device, act, op_output_add(out, "act", count), n, c, h, w);
    device->ops->put_f32(device, real, narrow, count);
    (void)!mos_get_f64(device, real, op_output_add(out, "real", count), count);
    memset(narrow, 0, (size_t)count * sizeof *narrow);
    (void)!mos_get_f32(device, real, narrow, count);
    double *back = op_output_add(out, "float", count);
    for (int64_t i = 0; i < count; i++)
        back[i] = (double)narrow[i];
    device->ops->free(device, act);
    device->ops->free(device, real);
    mos_free(host);
    mos_free(narrow);
}
