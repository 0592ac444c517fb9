#include "gradient_cases.h"

#include "base/memory.h"
#include "op_support.h"

#include <string.h>

/* Extrapolated central differences with h = 3e-4 are good to about 1e-9 on these smooth,
 * well-scaled problems (the worst seen is 2e-10); a wrong sign or a missing term gives errors above
 * 1e-3. */
const double gradient_tolerance = 1e-8;

/* What the callbacks share: the case, and the device arrays in the order of the parts. */
typedef struct problem_context {
    mos_device *device;
    const gradient_case *which;
} problem_context;

static const uint8_t row_mask[] = {1, 0, 1, 1, 1, 1, 0, 1}; /* of 8 rows */

static grad_report check(const grad_problem *problem, uint64_t seed) {
    double *point = support_normal64(grad_inputs(problem), seed);
    const grad_report report = grad_check(problem, point, gradient_tolerance, seed);
    mos_free(point);
    return report;
}

static void read_and_free(mos_device *device, void *real, double *host, int64_t count) {
    (void)!mos_get_f64(device, real, host, count);
    device->ops->free(device, real);
}

/* ---- convolution: x [n, ci, h, w], w [co, ci, k, k] ---- */

typedef struct conv_plan {
    mos_conv *conv;
    mos_conv_info info;
    void *weights, *workspace;
    int64_t x_count, w_count, y_count;
} conv_plan;

static conv_plan plan_conv(const problem_context *context, const double *weights) {
    mos_device *device = context->device;
    const mos_conv_shape *s = &context->which->conv;
    conv_plan plan;
    support_check(device->ops->conv_create(device, s, &plan.conv), context->which->name);
    device->ops->conv_info(plan.conv, &plan.info);
    plan.x_count = s->n * s->ci * s->h * s->w;
    plan.w_count = s->co * s->ci * s->kernel * s->kernel;
    plan.y_count = s->n * s->co * plan.info.oh * plan.info.ow;
    plan.weights = support_real(device, weights, plan.w_count);
    plan.workspace = support_bytes(device, plan.info.workspace_bytes);
    return plan;
}

static void release_conv(mos_device *device, conv_plan *plan) {
    device->ops->free(device, plan->weights);
    device->ops->free(device, plan->workspace);
    device->ops->conv_destroy(device, &plan->conv);
}

static void *conv_input(mos_device *device, const mos_conv_shape *s, const double *x) {
    return support_act(device, x, s->n, s->ci, s->h, s->w);
}

static void conv_forward(void *opaque, const double *in, double *out) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const mos_conv_shape *s = &context->which->conv;
    conv_plan plan = plan_conv(context, in + s->n * s->ci * s->h * s->w);
    void *x = conv_input(device, s, in);
    void *y = support_act(device, NULL, s->n, s->co, plan.info.oh, plan.info.ow);
    device->ops->conv_forward(device, plan.conv, x, plan.weights, y, plan.workspace);
    (void)!mos_get_act(device, y, out, s->n, s->co, plan.info.oh, plan.info.ow);
    device->ops->free(device, x);
    device->ops->free(device, y);
    release_conv(device, &plan);
}

static void conv_backward(void *opaque, const double *in, const double *dout, double *din) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const mos_conv_shape *s = &context->which->conv;
    conv_plan plan = plan_conv(context, in + s->n * s->ci * s->h * s->w);
    void *x = conv_input(device, s, in), *dx = conv_input(device, s, NULL);
    void *dy = support_act(device, dout, s->n, s->co, plan.info.oh, plan.info.ow);
    void *dw = support_real(device, NULL, plan.w_count);
    device->ops->conv_backward_data(device, plan.conv, plan.weights, dy, dx, plan.workspace);
    device->ops->conv_backward_weights(device, plan.conv, x, dy, dw, plan.workspace);
    (void)!mos_get_act(device, dx, din, s->n, s->ci, s->h, s->w);
    read_and_free(device, dw, din + plan.x_count, plan.w_count);
    device->ops->free(device, x);
    device->ops->free(device, dx);
    device->ops->free(device, dy);
    release_conv(device, &plan);
}

static grad_report run_conv(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const mos_conv_shape *s = &which->conv;
    const int64_t oh = (s->h + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t ow = (s->w + 2 * s->pad - s->kernel) / s->stride + 1;
    const grad_problem problem = {
        .parts = {{"x", s->n * s->ci * s->h * s->w}, {"w", s->co * s->ci * s->kernel * s->kernel}},
        .part_count = 2,
        .outputs = s->n * s->co * oh * ow,
        .forward = conv_forward,
        .backward = conv_backward,
        .context = &context};
    return check(&problem, 11);
}

/* ---- batch norm: x, skip [n, c, h, w], gamma, beta [c] ---- */

typedef struct norm_arrays {
    mos_norm *norm;
    void *x, *y, *skip, *gamma, *beta, *running_mean, *running_var, *mean, *rstd;
    void *present;
    int64_t count;
} norm_arrays;

/* An activation, or a feature matrix. */
static void *norm_array(mos_device *device, const mos_norm_shape *s, const double *host) {
    if (s->features) return support_real(device, host, s->n * s->c);
    return support_act(device, host, s->n, s->c, s->h, s->w);
}

static void read_norm_array(mos_device *device, const mos_norm_shape *s, const void *array,
                            double *host) {
    if (s->features)
        (void)!mos_get_f64(device, array, host, s->n * s->c);
    else
        (void)!mos_get_act(device, array, host, s->n, s->c, s->h, s->w);
}

static norm_arrays run_norm_forward(const problem_context *context, const double *in) {
    mos_device *device = context->device;
    const mos_norm_shape *s = &context->which->norm.shape;
    norm_arrays a = {.count = s->n * s->c * s->h * s->w};
    const double *gamma = in + (s->skip ? 2 : 1) * a.count;
    support_check(device->ops->norm_create(device, s, &a.norm), context->which->name);
    a.present = context->which->norm.masked ? support_table(device, row_mask, (size_t)s->n) : NULL;
    a.x = norm_array(device, s, in);
    a.y = norm_array(device, s, NULL);
    a.skip = s->skip ? norm_array(device, s, in + a.count) : NULL;
    a.gamma = support_real(device, gamma, s->c);
    a.beta = support_real(device, gamma + s->c, s->c);
    a.running_mean = support_real(device, NULL, s->c);
    const double spread[] = {0.5, 2, 1};
    a.running_var = support_real(device, s->fixed ? spread : NULL, s->c);
    a.mean = support_real(device, NULL, s->groups * s->c);
    a.rstd = support_real(device, NULL, s->groups * s->c);
    device->ops->norm_forward(device, a.norm, a.x, a.skip, a.gamma, a.beta, a.running_mean,
                              a.running_var, a.mean, a.rstd, a.y, a.present);
    return a;
}

static void release_norm(mos_device *device, norm_arrays *a) {
    void *arrays[] = {a->x,           a->y,    a->skip, a->gamma,  a->beta, a->running_mean,
                      a->running_var, a->mean, a->rstd, a->present};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        device->ops->free(device, arrays[i]);
    device->ops->norm_destroy(device, &a->norm);
}

static void norm_forward(void *opaque, const double *in, double *out) {
    const problem_context *context = opaque;
    norm_arrays a = run_norm_forward(context, in);
    read_norm_array(context->device, &context->which->norm.shape, a.y, out);
    release_norm(context->device, &a);
}

static void norm_backward(void *opaque, const double *in, const double *dout, double *din) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const mos_norm_shape *s = &context->which->norm.shape;
    norm_arrays a = run_norm_forward(context, in);
    const bool second = context->which->norm.second;
    double *part = support_normal(a.count, 77); /* dout = (dout - part) + part */
    double *rest = support_host(a.count, sizeof *rest);
    for (int64_t i = 0; i < a.count; i++)
        rest[i] = dout[i] - (second ? part[i] : 0);
    void *dy = norm_array(device, s, rest), *dy2 = second ? norm_array(device, s, part) : NULL;
    void *dx = norm_array(device, s, NULL);
    void *dgamma = support_real(device, NULL, s->c), *dbeta = support_real(device, NULL, s->c);
    device->ops->norm_backward(device, a.norm, a.x, a.y, dy, dy2, a.gamma, a.beta, a.mean, a.rstd,
                               dx, s->skip ? dy : NULL, dgamma, dbeta, a.present);
    read_norm_array(device, s, dx, din);
    if (s->skip) read_norm_array(device, s, dy, din + a.count);
    din += (s->skip ? 2 : 1) * a.count;
    read_and_free(device, dgamma, din, s->c);
    read_and_free(device, dbeta, din + s->c, s->c);
    device->ops->free(device, dx);
    device->ops->free(device, dy);
    device->ops->free(device, dy2);
    mos_free(part);
    mos_free(rest);
    release_norm(device, &a);
}

static grad_report run_norm(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const mos_norm_shape *s = &which->norm.shape;
    const int64_t count = s->n * s->c * s->h * s->w;
    grad_problem problem = {
        .outputs = count, .forward = norm_forward, .backward = norm_backward, .context = &context};
    problem.parts[problem.part_count++] = (grad_part){"x", count};
    if (s->skip) problem.parts[problem.part_count++] = (grad_part){"skip", count};
    problem.parts[problem.part_count++] = (grad_part){"gamma", s->c};
    problem.parts[problem.part_count++] = (grad_part){"beta", s->c};
    return check(&problem, 12);
}

/* ---- pools: x [n, c, h, w] ---- */

static void pool_pass(const problem_context *context, const double *in, double *out,
                      const double *dout, double *din) {
    mos_device *device = context->device;
    const mos_pool_shape *s = &context->which->pool.shape;
    const int64_t oh = (s->h + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t ow = (s->w + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t count = s->n * s->c * oh * ow;
    const bool second = context->which->pool.second;
    mos_pool *pool;
    size_t index_bytes;
    support_check(device->ops->pool_create(device, s, &pool, &index_bytes), context->which->name);
    void *x = support_act(device, in, s->n, s->c, s->h, s->w);
    void *y = support_act(device, NULL, s->n, s->c, oh, ow);
    void *index = support_bytes(device, index_bytes);
    device->ops->pool_forward(device, pool, x, y, index);
    if (out != NULL) (void)!mos_get_act(device, y, out, s->n, s->c, oh, ow);
    if (din != NULL) {
        double *part = support_normal(count, 78), *rest = support_host(count, sizeof *rest);
        for (int64_t i = 0; i < count; i++)
            rest[i] = dout[i] - (second ? part[i] : 0);
        void *dy = support_act(device, rest, s->n, s->c, oh, ow);
        void *dy2 = second ? support_act(device, part, s->n, s->c, oh, ow) : NULL;
        device->ops->pool_backward(device, pool, dy, dy2, index, x);
        (void)!mos_get_act(device, x, din, s->n, s->c, s->h, s->w);
        device->ops->free(device, dy);
        device->ops->free(device, dy2);
        mos_free(part);
        mos_free(rest);
    }
    device->ops->free(device, x);
    device->ops->free(device, y);
    device->ops->free(device, index);
    device->ops->pool_destroy(device, &pool);
}

static void pool_forward(void *opaque, const double *in, double *out) {
    pool_pass(opaque, in, out, NULL, NULL);
}

static void pool_backward(void *opaque, const double *in, const double *dout, double *din) {
    pool_pass(opaque, in, NULL, dout, din);
}

static grad_report run_pool(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const mos_pool_shape *s = &which->pool.shape;
    const int64_t oh = (s->h + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t ow = (s->w + 2 * s->pad - s->kernel) / s->stride + 1;
    const grad_problem problem = {.parts = {{"x", s->n * s->c * s->h * s->w}},
                                  .part_count = 1,
                                  .outputs = s->n * s->c * oh * ow,
                                  .forward = pool_forward,
                                  .backward = pool_backward,
                                  .context = &context};
    return check(&problem, 13);
}

static void mean_forward(void *opaque, const double *in, double *out) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const int64_t n = context->which->rows.n, c = context->which->rows.c;
    const int64_t h = context->which->rows.h, w = context->which->rows.w;
    void *x = support_act(device, in, n, c, h, w), *y = support_real(device, NULL, n * c);
    device->ops->mean_forward(device, n, c, h, w, x, y);
    read_and_free(device, y, out, n * c);
    device->ops->free(device, x);
}

static void mean_backward(void *opaque, const double *in, const double *dout, double *din) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const int64_t n = context->which->rows.n, c = context->which->rows.c;
    const int64_t h = context->which->rows.h, w = context->which->rows.w;
    void *dx = support_act(device, in, n, c, h, w), *dy = support_real(device, dout, n * c);
    device->ops->mean_backward(device, n, c, h, w, dy, dx);
    (void)!mos_get_act(device, dx, din, n, c, h, w);
    device->ops->free(device, dx);
    device->ops->free(device, dy);
}

static grad_report run_mean(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const int64_t planes = which->rows.n * which->rows.c;
    const grad_problem problem = {.parts = {{"x", planes * which->rows.h * which->rows.w}},
                                  .part_count = 1,
                                  .outputs = planes,
                                  .forward = mean_forward,
                                  .backward = mean_backward,
                                  .context = &context};
    return check(&problem, 14);
}

/* ---- linear: x [n, i] within rows of i + extra, w [o, i], b [o], y [n, o] within rows of o +
 * extra */

static void linear_forward(void *opaque, const double *in, double *out) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const int64_t n = context->which->linear.n, i = context->which->linear.i;
    const int64_t o = context->which->linear.o, extra = context->which->linear.extra;
    void *x = support_real(device, in, n * (i + extra));
    void *w = support_real(device, in + n * (i + extra), o * i);
    void *b = support_real(device, in + n * (i + extra) + o * i, o);
    void *y = support_real(device, NULL, n * (o + extra));
    device->ops->linear_forward(device, n, i, o, x, i + extra, w,
                                context->which->linear.bias ? b : NULL, y, o + extra);
    read_and_free(device, y, out, n * (o + extra));
    device->ops->free(device, x);
    device->ops->free(device, w);
    device->ops->free(device, b);
}

static void linear_backward(void *opaque, const double *in, const double *dout, double *din) {
    const problem_context *context = opaque;
    mos_device *device = context->device;
    const int64_t n = context->which->linear.n, i = context->which->linear.i;
    const int64_t o = context->which->linear.o, extra = context->which->linear.extra;
    const int64_t x_count = n * (i + extra);
    const bool bias = context->which->linear.bias, accumulate = context->which->linear.accumulate;
    void *x = support_real(device, in, x_count), *w = support_real(device, in + x_count, o * i);
    void *dy = support_real(device, dout, n * (o + extra));
    double *before = support_normal(x_count, 79); /* what dx holds, added to or written over */
    for (int64_t k = 0; k < x_count; k++)
        if (k % (i + extra) >= i) before[k] = 0;
    void *dx = support_real(device, before, x_count);
    void *dw = support_real(device, NULL, o * i), *db = support_real(device, NULL, o);
    device->ops->linear_backward(device, n, i, o, x, i + extra, w, dy, o + extra, dx, i + extra,
                                 accumulate, dw, bias ? db : NULL);
    read_and_free(device, dx, din, x_count);
    for (int64_t k = 0; accumulate && k < x_count; k++)
        din[k] -= before[k];
    read_and_free(device, dw, din + x_count, o * i);
    read_and_free(device, db, din + x_count + o * i, o);
    device->ops->free(device, x);
    device->ops->free(device, w);
    device->ops->free(device, dy);
    mos_free(before);
}

static grad_report run_linear(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const int64_t n = which->linear.n, i = which->linear.i, o = which->linear.o;
    const int64_t extra = which->linear.extra;
    const grad_problem problem = {.parts = {{"x", n * (i + extra)}, {"w", o * i}, {"b", o}},
                                  .part_count = 3,
                                  .outputs = n * (o + extra),
                                  .forward = linear_forward,
                                  .backward = linear_backward,
                                  .context = &context};
    return check(&problem, 15);
}

/* ---- unit rows: x [n, c] ---- */

static void unit_pass(const problem_context *context, const double *in, double *out,
                      const double *dout, double *din) {
    mos_device *device = context->device;
    const int64_t n = context->which->rows.n, d = context->which->rows.c;
    void *x = support_real(device, in, n * d), *y = support_real(device, NULL, n * d);
    void *norms = support_real(device, NULL, n);
    device->ops->unit_forward(device, n, d, x, y, norms);
    if (out != NULL) (void)!mos_get_f64(device, y, out, n * d);
    if (din != NULL) {
        void *dy = support_real(device, dout, n * d);
        device->ops->unit_backward(device, n, d, y, norms, dy, x);
        (void)!mos_get_f64(device, x, din, n * d);
        device->ops->free(device, dy);
    }
    device->ops->free(device, x);
    device->ops->free(device, y);
    device->ops->free(device, norms);
}

static void unit_forward(void *opaque, const double *in, double *out) {
    unit_pass(opaque, in, out, NULL, NULL);
}

static void unit_backward(void *opaque, const double *in, const double *dout, double *din) {
    unit_pass(opaque, in, NULL, dout, din);
}

static grad_report run_unit(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const int64_t count = which->rows.n * which->rows.c;
    const grad_problem problem = {.parts = {{"x", count}},
                                  .part_count = 1,
                                  .outputs = count,
                                  .forward = unit_forward,
                                  .backward = unit_backward,
                                  .context = &context};
    return check(&problem, 16);
}

/* ---- contrast: za [7, 5] and zr [8, 5], or one set z [8, 5] ---- */

enum { ANCHORS = 7, ROWS = 8, WIDTH = 5, CLASSES = 4 };
static const int32_t everyone[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};
static const int32_t partner_of[ROWS] = {4, 5, 6, 7, 0, 1, -1, 3};
static const int8_t row_labels[ROWS * CLASSES] = {
    1, 0, 0, 1, 1, 1,  0, 0, 0,  1,  0,  0,  1, 0, 0, 1, /* row 5 has no label, row 6 is unknown */
    1, 1, 1, 0, 0, -1, 0, 0, -1, -1, -1, -1, 1, 1, 0, 0};

static mos_contrast contrast_problem(const gradient_case *which) {
    const bool one_set = which->contrast.one_set;
    mos_contrast problem = {.anchors = one_set ? ROWS - which->contrast.frozen : ANCHORS,
                            .references = ROWS,
                            .d = WIDTH,
                            .tau = which->contrast.tau,
                            .positives = which->contrast.positives,
                            .anchor_weighting = which->contrast.weighting,
                            .self = one_set ? everyone : NULL,
                            .classes = CLASSES,
                            .frozen = which->contrast.frozen};
    if (problem.positives == MOS_POSITIVES_PARTNER) {
        problem.partner = partner_of;
    } else {
        problem.anchor_labels = row_labels;
        problem.reference_labels = row_labels;
    }
    if (which->contrast.masked) {
        problem.anchor_present = row_mask;
        problem.reference_present = row_mask;
    }
    return problem;
}

/* The loss, and with `din` its gradient times `scale`. */
static double contrast_pass(const problem_context *context, const double *in, double scale,
                            double *din) {
    mos_device *device = context->device;
    const mos_contrast problem = contrast_problem(context->which);
    const bool one_set = context->which->contrast.one_set;
    const int64_t a_count = problem.anchors * WIDTH;
    const int64_t r_count = (problem.references - problem.frozen) * WIDTH;
    double *references = support_normal64(ROWS * WIDTH, 80); /* the frozen ones stay */
    memcpy(references, one_set ? in : in + a_count, (size_t)r_count * sizeof *in);
    void *zr = support_real(device, references, ROWS * WIDTH);
    void *za = one_set ? zr : support_real(device, in, a_count);
    void *dza = din == NULL ? NULL : support_real(device, NULL, a_count);
    void *dzr = din == NULL || one_set ? dza : support_real(device, NULL, r_count);
    support_problem made = support_problem_make(device, &problem);
    device->ops->contrast(device, &made.problem, za, zr, scale, dza, dzr, made.scratch,
                          made.result);
    const mos_contrast_result result = support_problem_take(device, &made);
    if (din != NULL) {
        read_and_free(device, dza, din, a_count);
        if (!one_set) read_and_free(device, dzr, din + a_count, r_count);
    }
    if (!one_set) device->ops->free(device, za);
    device->ops->free(device, zr);
    mos_free(references);
    return result.loss;
}

static void contrast_forward(void *opaque, const double *in, double *out) {
    out[0] = contrast_pass(opaque, in, 1, NULL);
}

static void contrast_backward(void *opaque, const double *in, const double *dout, double *din) {
    (void)contrast_pass(opaque, in, dout[0], din);
}

static grad_report run_contrast(mos_device *device, const gradient_case *which) {
    const int64_t moving = ROWS - which->contrast.frozen;
    problem_context context = {device, which};
    grad_problem problem = {.parts = {{"za", ANCHORS * WIDTH}, {"zr", moving * WIDTH}},
                            .part_count = 2,
                            .outputs = 1,
                            .forward = contrast_forward,
                            .backward = contrast_backward,
                            .context = &context};
    if (which->contrast.one_set) {
        problem.parts[0] = (grad_part){"z", moving * WIDTH};
        problem.part_count = 1;
    }
    return check(&problem, 17);
}

/* ---- bce: logits [n, l] ---- */

static double bce_pass(const problem_context *context, const double *in, double scale,
                       double *din) {
    static const double weights[] = {0.5, 2, 1, 3.25};
    mos_device *device = context->device;
    const int64_t n = context->which->bce.n, l = context->which->bce.l;
    void *logits = support_real(device, in, n * l), *dlogits = support_real(device, NULL, n * l);
    int64_t known;
    const double loss =
        support_bce(device, n, l, logits, row_labels, context->which->bce.mixed,
                    context->which->bce.weighted ? weights : NULL, scale, dlogits, &known);
    if (din != NULL) (void)!mos_get_f64(device, dlogits, din, n * l);
    device->ops->free(device, logits);
    device->ops->free(device, dlogits);
    return loss;
}

static void bce_forward(void *opaque, const double *in, double *out) {
    out[0] = bce_pass(opaque, in, 1, NULL);
}

static void bce_backward(void *opaque, const double *in, const double *dout, double *din) {
    (void)bce_pass(opaque, in, dout[0], din);
}

static grad_report run_bce(mos_device *device, const gradient_case *which) {
    problem_context context = {device, which};
    const grad_problem problem = {.parts = {{"logits", which->bce.n * which->bce.l}},
                                  .part_count = 1,
                                  .outputs = 1,
                                  .forward = bce_forward,
                                  .backward = bce_backward,
                                  .context = &context};
    return check(&problem, 18);
}

/* ---- fusions: one to three arrays [modalities, n, width] ---- */

static void modal_forward(void *opaque, const double *in, double *out) {
    const problem_context *context = opaque;
    modal_run(context->device, &context->which->modal, in, true, out, NULL, NULL);
}

static void modal_backward(void *opaque, const double *in, const double *dout, double *din) {
    const problem_context *context = opaque;
    const modal_shape *s = &context->which->modal;
    double *y = support_host(s->n * s->d, sizeof *y);
    modal_run(context->device, s, in, true, y, dout, din);
    mos_free(y);
}

static grad_report run_modal(mos_device *device, const gradient_case *which) {
    static const char *const names[] = {"first", "second", "third"};
    problem_context context = {device, which};
    const modal_shape *s = &which->modal;
    grad_problem problem = {.part_count = modal_inputs(s),
                            .outputs = s->n * s->d,
                            .forward = modal_forward,
                            .backward = modal_backward,
                            .context = &context};
    for (int a = 0; a < problem.part_count; a++)
        problem.parts[a] = (grad_part){names[a], s->modalities * s->n * modal_width(s)};
    return check(&problem, 19);
}

#define CONV(n, ci, h, w, co, k, s, p)                                                             \
    .run = run_conv, .conv = {n, ci, h, w, co, k, s, p, false, true}
#define NORM(n, c, h, w, groups, features, relu, skip)                                             \
    .run = run_norm, .norm.shape = {n, c, h, w, groups, features, relu, skip, true, 1e-5, 0.1}
#define POOL(n, c, h, w, k, s, p) .run = run_pool, .pool.shape = {n, c, h, w, k, s, p, true}

const gradient_case gradient_cases[] = {
    {"conv 3x3", CONV(2, 3, 5, 6, 4, 3, 1, 1)},
    {"conv 3x3 stride 2", CONV(2, 2, 7, 5, 3, 3, 2, 1)},
    {"conv 1x1 stride 2", CONV(2, 3, 5, 4, 2, 1, 2, 0)},
    {"conv 7x7 stride 2", CONV(1, 2, 9, 8, 2, 7, 2, 3)},
    {"conv 1x1 map", CONV(1, 3, 1, 1, 2, 3, 1, 1)},
    {"norm", NORM(4, 3, 3, 2, 1, false, false, false)},
    {"norm relu", NORM(4, 3, 3, 2, 1, false, true, false)},
    {"norm relu, two gradients", NORM(4, 3, 3, 2, 1, false, true, false), .norm.second = true},
    {"norm skip", NORM(4, 2, 2, 3, 2, false, false, true)},
    {"norm skip relu, two gradients", NORM(6, 2, 2, 2, 3, false, true, true), .norm.second = true},
    {"norm masked", NORM(8, 2, 2, 2, 2, false, true, true), .norm.masked = true},
    {"norm fixed", NORM(4, 3, 3, 2, 1, false, true, false), .norm.shape.fixed = true},
    {"norm fixed, skip, masked", NORM(6, 2, 2, 2, 3, false, true, true), .norm.second = true,
     .norm.masked = true, .norm.shape.fixed = true},
    {"norm features", NORM(8, 3, 1, 1, 1, true, true, false)},
    {"norm features masked", NORM(8, 3, 1, 1, 2, true, false, false), .norm.masked = true},
    {"max pool 3x3 stride 2", POOL(2, 2, 7, 6, 3, 2, 1)},
    {"max pool 3x3 stride 2, two gradients", POOL(2, 2, 6, 5, 3, 2, 1), .pool.second = true},
    {"max pool 2x2", POOL(1, 3, 4, 4, 2, 2, 0)},
    {"mean", .run = run_mean, .rows = {3, 2, 3, 4}},
    {"linear", .run = run_linear, .linear = {4, 5, 3, 0, true, false}},
    {"linear strided", .run = run_linear, .linear = {3, 4, 2, 3, false, false}},
    {"linear strided, added to", .run = run_linear, .linear = {3, 4, 2, 3, true, true}},
    {"unit rows", .run = run_unit, .rows = {4, 6, 1, 1}},
    {"nt-xent", .run = run_contrast, .contrast = {MOS_POSITIVES_PARTNER, true, false, false, 0.5}},
    {"nt-xent masked", .run = run_contrast,
     .contrast = {MOS_POSITIVES_PARTNER, true, false, true, 0.5}},
    {"partners across", .run = run_contrast,
     .contrast = {MOS_POSITIVES_PARTNER, false, false, false, 1}},
    {"mulsupcon cross", .run = run_contrast,
     .contrast = {MOS_POSITIVES_MULSUPCON, false, false, false, 1}},
    {"mulsupcon within", .run = run_contrast,
     .contrast = {MOS_POSITIVES_MULSUPCON, true, false, false, 0.5}},
    {"mulsupcon per anchor, masked", .run = run_contrast,
     .contrast = {MOS_POSITIVES_MULSUPCON, false, true, true, 0.7}},
    {"all labels", .run = run_contrast, .contrast = {MOS_POSITIVES_ALL, true, false, false, 1}},
    {"any label", .run = run_contrast, .contrast = {MOS_POSITIVES_ANY, false, false, false, 1}},
    {"jaccard masked", .run = run_contrast,
     .contrast = {MOS_POSITIVES_JACCARD, false, false, true, 1}},
    {"mulsupcon cross, frozen", .run = run_contrast,
     .contrast = {MOS_POSITIVES_MULSUPCON, false, false, false, 1, 3}},
    {"mulsupcon within, frozen", .run = run_contrast,
     .contrast = {MOS_POSITIVES_MULSUPCON, true, false, true, 0.6, 3}},
    {"soft within, frozen", .run = run_contrast,
     .contrast = {MOS_POSITIVES_SOFT, true, false, false, 0.6, 3}},
    {"soft cross", .run = run_contrast, .contrast = {MOS_POSITIVES_SOFT, false, false, false, 0.6}},
    {"soft within", .run = run_contrast, .contrast = {MOS_POSITIVES_SOFT, true, false, false, 1}},
    {"soft per anchor, masked", .run = run_contrast,
     .contrast = {MOS_POSITIVES_SOFT, false, true, true, 0.5}},
    {"gate", .run = run_modal, .modal = {MODAL_GATE, 2, 3, 4, 0, false}},
    {"gate masked", .run = run_modal, .modal = {MODAL_GATE, 3, 6, 3, 0, true}},
    {"product", .run = run_modal, .modal = {MODAL_PRODUCT, 2, 3, 4, 2, false}},
    {"product masked", .run = run_modal, .modal = {MODAL_PRODUCT, 3, 6, 2, 3, true}},
    {"attend", .run = run_modal, .modal = {MODAL_ATTEND, 2, 3, 6, 2, false}},
    {"attend masked", .run = run_modal, .modal = {MODAL_ATTEND, 3, 6, 4, 1, true}},
    {"attend of one", .run = run_modal, .modal = {MODAL_ATTEND, 1, 3, 4, 2, false}},
    {"blend masked", .run = run_modal, .modal = {MODAL_BLEND, 3, 6, 3, 0, true}},
    {"bce", .run = run_bce, .bce = {8, 4, false}},
    {"bce weighted", .run = run_bce, .bce = {8, 4, true}},
    {"bce mixed", .run = run_bce, .bce = {8, 4, false, true}},
    {"bce mixed weighted", .run = run_bce, .bce = {8, 4, true, true}},
};
const int gradient_case_count = sizeof gradient_cases / sizeof gradient_cases[0];
