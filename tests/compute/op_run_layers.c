/* Running the cases on activations: convolution, batch norm, pools. */
#include "op_cases.h"

#include "base/memory.h"
#include "op_support.h"

#include <math.h>
#include <string.h>

/* An activation of NaN: whoever reads it before writing it, or leaves a hole, is seen. */
static void *unwritten_act(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    double *host = support_host(n * c * h * w, sizeof *host);
    for (int64_t i = 0; i < n * c * h * w; i++)
        host[i] = NAN;
    void *act = support_act(device, host, n, c, h, w);
    mos_free(host);
    return act;
}

static void *random_act(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                        uint64_t seed) {
    double *host = support_normal(n * c * h * w, seed);
    void *act = support_act(device, host, n, c, h, w);
    mos_free(host);
    return act;
}

static void *random_real(mos_device *device, int64_t count, uint64_t seed) {
    double *host = support_normal(count, seed);
    void *real = support_real(device, host, count);
    mos_free(host);
    return real;
}

static void *positive_real(mos_device *device, int64_t count, uint64_t seed) {
    double *host = support_normal(count, seed);
    for (int64_t i = 0; i < count; i++)
        host[i] = 0.5 + fabs(host[i]);
    void *real = support_real(device, host, count);
    mos_free(host);
    return real;
}

static void take_act(mos_device *device, op_outputs *out, const char *name, void *act, int64_t n,
                     int64_t c, int64_t h, int64_t w) {
    (void)!mos_get_act(device, act, op_output_add(out, name, n * c * h * w), n, c, h, w);
    device->ops->free(device, act);
}

static void take_real(mos_device *device, op_outputs *out, const char *name, void *real,
                      int64_t count) {
    (void)!mos_get_f64(device, real, op_output_add(out, name, count), count);
    device->ops->free(device, real);
}

/* ---- convolution ---- */

static void *conv_input(mos_device *device, const mos_conv_shape *s) {
    double *host = support_normal(s->n * s->ci * s->h * s->w, 1);
    void *x = s->image ? support_image(device, host, s->n, s->ci, s->h, s->w)
                       : support_act(device, host, s->n, s->ci, s->h, s->w);
    mos_free(host);
    return x;
}

void op_run_conv(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_backend *ops = device->ops;
    const mos_conv_shape *s = &which->conv;
    const int64_t w_count = s->co * s->ci * s->kernel * s->kernel;
    mos_conv *conv;
    mos_conv_info info;
    support_check(ops->conv_create(device, s, &conv), which->name);
    ops->conv_info(conv, &info);
    void *x = conv_input(device, s), *weights = random_real(device, w_count, 2);
    void *y = unwritten_act(device, s->n, s->co, info.oh, info.ow);
    void *workspace = support_bytes(device, info.workspace_bytes);
    support_dirty(device, workspace, info.workspace_bytes);
    ops->conv_forward(device, conv, x, weights, y, workspace);
    take_act(device, out, "y", y, s->n, s->co, info.oh, info.ow);
    if (s->train) {
        void *dy = random_act(device, s->n, s->co, info.oh, info.ow, 3);
        void *dw = random_real(device, w_count, 4);
        ops->conv_backward_weights(device, conv, x, dy, dw, workspace);
        take_real(device, out, "dw", dw, w_count);
        if (!s->image) {
            void *dx = unwritten_act(device, s->n, s->ci, s->h, s->w);
            ops->conv_backward_data(device, conv, weights, dy, dx, workspace);
            take_act(device, out, "dx", dx, s->n, s->ci, s->h, s->w);
        }
        ops->free(device, dy);
    }
    ops->free(device, x);
    ops->free(device, weights);
    ops->free(device, workspace);
    ops->conv_destroy(device, &conv);
}

/* ---- convolution with the norm behind it folded in ---- */

typedef struct folded_run {
    mos_conv *conv;
    mos_conv_info info;
    void *x, *weights, *workspace, *y; /* y holds the skip's value where one is added */
    void *gamma, *beta, *mean, *var;
} folded_run;

static void begin_folded(mos_device *device, const op_case *which, const mos_conv_shape *s,
                         folded_run *run) {
    support_check(device->ops->conv_create(device, s, &run->conv), which->name);
    device->ops->conv_info(run->conv, &run->info);
    double *variance = support_normal(s->co, 5);
    for (int64_t i = 0; i < s->co; i++)
        variance[i] = variance[i] * variance[i] + 0.25;
    run->x = conv_input(device, s);
    run->weights = random_real(device, s->co * s->ci * s->kernel * s->kernel, 2);
    run->gamma = random_real(device, s->co, 3);
    run->beta = random_real(device, s->co, 4);
    run->mean = random_real(device, s->co, 6);
    run->var = support_real(device, variance, s->co);
    run->y = which->conv.sum ? random_act(device, s->n, s->co, run->info.oh, run->info.ow, 7)
                             : unwritten_act(device, s->n, s->co, run->info.oh, run->info.ow);
    run->workspace = support_bytes(device, run->info.workspace_bytes);
    support_dirty(device, run->workspace, run->info.workspace_bytes);
    mos_free(variance);
}

static void end_folded(mos_device *device, folded_run *run) {
    void *arrays[] = {run->x,    run->weights, run->gamma,    run->beta,
                      run->mean, run->var,     run->workspace};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        device->ops->free(device, arrays[i]);
    device->ops->conv_destroy(device, &run->conv);
}

void op_run_folded(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_conv_shape *s = &which->conv;
    folded_run run;
    begin_folded(device, which, s, &run);
    const mos_norm_running norm = {
        .gamma = run.gamma, .beta = run.beta, .mean = run.mean, .var = run.var, .eps = 1e-5};
    device->ops->conv_fold(device, run.conv, run.weights, &norm, run.workspace);
    support_dirty(device, run.workspace, run.info.workspace_bytes);
    device->ops->conv_forward(device, run.conv, run.x, NULL, run.y, run.workspace);
    take_act(device, out, "y", run.y, s->n, s->co, run.info.oh, run.info.ow);
    end_folded(device, &run);
}

void op_run_unfolded(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_conv_shape *folded = &which->conv;
    mos_conv_shape s = *folded;
    s.folded = s.relu = s.sum = false;
    folded_run run;
    mos_norm *norm;
    begin_folded(device, which, &s, &run);
    const mos_norm_shape norm_shape = {.n = s.n,
                                       .c = s.co,
                                       .h = run.info.oh,
                                       .w = run.info.ow,
                                       .groups = 1,
                                       .relu = folded->relu,
                                       .skip = folded->sum,
                                       .eps = 1e-5,
                                       .momentum = 0.1};
    support_check(device->ops->norm_create(device, &norm_shape, &norm), which->name);
    void *between = unwritten_act(device, s.n, s.co, run.info.oh, run.info.ow);
    void *y = unwritten_act(device, s.n, s.co, run.info.oh, run.info.ow);
    device->ops->conv_forward(device, run.conv, run.x, run.weights, between, run.workspace);
    device->ops->norm_infer(device, norm, between, folded->sum ? run.y : NULL, run.gamma, run.beta,
                            run.mean, run.var, y);
    *out = (op_outputs){.count = 0};
    take_act(device, out, "y", y, s.n, s.co, run.info.oh, run.info.ow);
    device->ops->free(device, between);
    device->ops->free(device, run.y);
    device->ops->norm_destroy(device, &norm);
    end_folded(device, &run);
}

/* ---- batch norm ---- */

static bool is_absent(const op_case *which, int64_t row) {
    return which->norm.masked && row % 3 == 1;
}

static void *norm_array(mos_device *device, const mos_norm_shape *s, const double *host) {
    if (s->features) return support_real(device, host, s->n * s->c);
    return support_act(device, host, s->n, s->c, s->h, s->w);
}

static void *random_norm_array(mos_device *device, const mos_norm_shape *s, uint64_t seed,
                               double scale, double offset) {
    const int64_t count = s->n * s->c * s->h * s->w;
    double *host = support_normal(count, seed);
    for (int64_t i = 0; i < count; i++)
        host[i] = support_round_bf16(scale * host[i] + offset);
    void *array = norm_array(device, s, host);
    mos_free(host);
    return array;
}

static void *unwritten_norm_array(mos_device *device, const mos_norm_shape *s) {
    return random_norm_array(device, s, 1, NAN, 0);
}

/* The rows that are absent: NaN stays, finite values of y (which may be anything) become 0. */
static void take_norm_array(mos_device *device, const op_case *which, op_outputs *out,
                            const char *name, void *array, bool clear_absent) {
    const mos_norm_shape *s = &which->norm.shape;
    const int64_t row = s->c * s->h * s->w;
    if (s->features)
        take_real(device, out, name, array, s->n * s->c);
    else
        take_act(device, out, name, array, s->n, s->c, s->h, s->w);
    double *values = out->items[out->count - 1].values;
    for (int64_t i = 0; clear_absent && i < s->n * row; i++)
        if (is_absent(which, i / row) && isfinite(values[i])) values[i] = 0;
}

typedef struct norm_run {
    mos_norm *norm;
    void *x, *skip, *y, *gamma, *beta, *mean, *rstd;
    uint8_t *present;
} norm_run;

static void norm_backward(mos_device *device, const op_case *which, const norm_run *run,
                          op_outputs *out) {
    const mos_norm_shape *s = &which->norm.shape;
    void *dy = random_norm_array(device, s, 5, 1, 0);
    void *dy2 = which->norm.second ? random_norm_array(device, s, 6, 1, 0) : NULL;
    void *dx = unwritten_norm_array(device, s), *dskip = NULL;
    void *dgamma = random_real(device, s->c, 7), *dbeta = random_real(device, s->c, 8);
    if (s->skip) dskip = which->norm.alias ? dy : unwritten_norm_array(device, s);
    device->ops->norm_backward(device, run->norm, run->x, run->y, dy, dy2, run->gamma, run->beta,
                               run->mean, run->rstd, dx, dskip, dgamma, dbeta, run->present);
    take_norm_array(device, which, out, "dx", dx, false);
    if (dskip != NULL) take_norm_array(device, which, out, "dskip", dskip, false);
    if (dskip != dy) device->ops->free(device, dy);
    device->ops->free(device, dy2);
    take_real(device, out, "dgamma", dgamma, s->c);
    take_real(device, out, "dbeta", dbeta, s->c);
}

void op_run_norm(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_norm_shape *s = &which->norm.shape;
    uint8_t *present = support_host(s->n, 1);
    for (int64_t i = 0; i < s->n; i++)
        present[i] = !is_absent(which, i);
    norm_run run = {.present =
                        which->norm.masked ? support_table(device, present, (size_t)s->n) : NULL};
    support_check(device->ops->norm_create(device, s, &run.norm), which->name);
    run.x = random_norm_array(device, s, 1, 1.5, 0.75);
    run.skip = s->skip ? random_norm_array(device, s, 2, 1, 0) : NULL;
    run.y = unwritten_norm_array(device, s);
    run.gamma = random_real(device, s->c, 3);
    run.beta = random_real(device, s->c, 4);
    run.mean = support_real(device, NULL, s->groups * s->c);
    run.rstd = support_real(device, NULL, s->groups * s->c);
    void *running_mean = random_real(device, s->c, 9),
         *running_var = (s->fixed ? positive_real : random_real)(device, s->c, 10);
    device->ops->norm_forward(device, run.norm, run.x, run.skip, run.gamma, run.beta, running_mean,
                              running_var, run.mean, run.rstd, run.y, run.present);
    if (s->train) norm_backward(device, which, &run, out);
    take_norm_array(device, which, out, "y", run.y, true);
    take_real(device, out, "mean", run.mean, s->groups * s->c);
    take_real(device, out, "rstd", run.rstd, s->groups * s->c);
    take_real(device, out, "running_mean", running_mean, s->c);
    take_real(device, out, "running_var", running_var, s->c);
    device->ops->free(device, run.x);
    device->ops->free(device, run.skip);
    device->ops->free(device, run.gamma);
    device->ops->free(device, run.beta);
    device->ops->free(device, run.present);
    device->ops->norm_destroy(device, &run.norm);
    mos_free(present);
}

void op_run_infer(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_norm_shape *s = &which->norm.shape;
    mos_norm *norm;
    support_check(device->ops->norm_create(device, s, &norm), which->name);
    void *x = random_norm_array(device, s, 1, 1.5, 0.75), *y = unwritten_norm_array(device, s);
    void *skip = s->skip ? random_norm_array(device, s, 2, 1, 0) : NULL;
    void *gamma = random_real(device, s->c, 3), *beta = random_real(device, s->c, 4);
    double *variance = support_normal(s->c, 5);
    for (int64_t i = 0; i < s->c; i++)
        variance[i] = variance[i] * variance[i] + 0.25;
    void *running_mean = random_real(device, s->c, 6);
    void *running_var = support_real(device, variance, s->c);
    device->ops->norm_infer(device, norm, x, skip, gamma, beta, running_mean, running_var, y);
    take_norm_array(device, which, out, "y", y, false);
    void *arrays[] = {x, skip, gamma, beta, running_mean, running_var};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        device->ops->free(device, arrays[i]);
    mos_free(variance);
    device->ops->norm_destroy(device, &norm);
}

/* ---- pools ---- */

void op_run_pool(mos_device *device, const op_case *which, op_outputs *out) {
    const mos_backend *ops = device->ops;
    const mos_pool_shape *s = &which->pool.shape;
    const int64_t oh = (s->h + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t ow = (s->w + 2 * s->pad - s->kernel) / s->stride + 1;
    const int64_t count = s->n * s->c * s->h * s->w;
    mos_pool *pool;
    size_t index_bytes;
    support_check(ops->pool_create(device, s, &pool, &index_bytes), which->name);
    double *host = support_normal(count, 1);
    for (int64_t i = 0; which->pool.rectified && i < count; i++)
        host[i] = fmax(host[i], 0);
    void *x = support_act(device, host, s->n, s->c, s->h, s->w);
    void *y = unwritten_act(device, s->n, s->c, oh, ow),
         *index = support_bytes(device, index_bytes);
    support_dirty(device, index, index_bytes);
    ops->pool_forward(device, pool, x, y, index);
    take_act(device, out, "y", y, s->n, s->c, oh, ow);
    if (s->train) {
        void *dy = random_act(device, s->n, s->c, oh, ow, 2);
        void *dy2 = which->pool.second ? random_act(device, s->n, s->c, oh, ow, 3) : NULL;
        void *dx = unwritten_act(device, s->n, s->c, s->h, s->w);
        ops->pool_backward(device, pool, dy, dy2, index, dx);
        take_act(device, out, "dx", dx, s->n, s->c, s->h, s->w);
        ops->free(device, dy);
        ops->free(device, dy2);
    }
    mos_free(host);
    ops->free(device, x);
    ops->free(device, index);
    ops->pool_destroy(device, &pool);
}

void op_run_mean(mos_device *device, const op_case *which, op_outputs *out) {
    const int64_t n = which->rows.n, c = which->rows.c, h = which->rows.h, w = which->rows.w;
    void *x = random_act(device, n, c, h, w, 1), *y = support_real(device, NULL, n * c);
    void *dy = random_real(device, n * c, 2), *dx = unwritten_act(device, n, c, h, w);
    device->ops->mean_forward(device, n, c, h, w, x, y);
    device->ops->mean_backward(device, n, c, h, w, dy, dx);
    take_real(device, out, "y", y, n * c);
    take_act(device, out, "dx", dx, n, c, h, w);
    device->ops->free(device, x);
    device->ops->free(device, dy);
}
