/* Layers and losses against PyTorch in float64 (tests/golden/make_op_golden.py): on ref to 1e-9, on
 * cpu in fp32 to 1e-6, 1.5e-6 without fused multiply-adds. */
#include "golden/golden_file.h"

#include "base/isa.h"
#include "base/memory.h"
#include "op_support.h"

/* Relative to the largest value of the array. ref: the golden's 13 digits and another order of
 * sums. */
static const double ref_tolerance = 1e-9, cpu_tolerance = 1e-6;

static golden_file golden;

/* A device under test and the case at hand. */
typedef struct setting {
    mos_device *device;
    const mos_backend *ops;
    double tolerance;
    char prefix[32];
    const double *shape;
} setting;

static const char *label(const setting *s, const char *name) {
    static char text[80];
    (void)snprintf(text, sizeof text, "%s.%s", s->prefix, name);
    return text;
}

static int64_t dimension(const setting *s, int i) {
    return (int64_t)s->shape[i];
}

static void begin(setting *s, const char *prefix, int index) {
    if (index < 0)
        (void)snprintf(s->prefix, sizeof s->prefix, "%s", prefix);
    else
        (void)snprintf(s->prefix, sizeof s->prefix, "%s%d", prefix, index);
    s->shape = golden_find(&golden, label(s, "shape"))->values;
}

/* 2 u */
static double *draw(const setting *s, const char *name, int64_t count) {
    double *values = support_host(count, sizeof *values);
    const uint64_t hash = formula_hash(label(s, name));
    for (int64_t i = 0; i < count; i++)
        values[i] = 2 * formula_uniform(hash, i);
    return values;
}

/* 1.25 + u, rounded to float */
static double *positive(const setting *s, const char *name, int64_t count) {
    double *values = support_host(count, sizeof *values);
    const uint64_t hash = formula_hash(label(s, name));
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)(float)(1.25 + formula_uniform(hash, i));
    return values;
}

static void *to_real(const setting *s, double *host, int64_t count) {
    void *real = support_real(s->device, host, count);
    mos_free(host);
    return real;
}

static void *to_act(const setting *s, double *host, int64_t n, int64_t c, int64_t h, int64_t w) {
    void *act = support_act(s->device, host, n, c, h, w);
    mos_free(host);
    return act;
}

static void check_real(const setting *s, const char *name, void *real, int64_t count) {
    double *found = support_host(count, sizeof *found);
    (void)!mos_get_f64(s->device, real, found, count);
    golden_check_all(&golden, label(s, name), found, s->tolerance);
    mos_free(found);
    s->ops->free(s->device, real);
}

static void check_act(const setting *s, const char *name, void *act, int64_t n, int64_t c,
                      int64_t h, int64_t w) {
    double *found = support_host(n * c * h * w, sizeof *found);
    (void)!mos_get_act(s->device, act, found, n, c, h, w);
    golden_check_all(&golden, label(s, name), found, s->tolerance);
    mos_free(found);
    s->ops->free(s->device, act);
}

static void check_conv(setting *s, int index) {
    begin(s, "conv", index);
    const mos_conv_shape c = {.n = dimension(s, 0),
                              .ci = dimension(s, 1),
                              .h = dimension(s, 2),
                              .w = dimension(s, 3),
                              .co = dimension(s, 4),
                              .kernel = dimension(s, 5),
                              .stride = dimension(s, 6),
                              .pad = dimension(s, 7),
                              .image = s->shape[8] != 0,
                              .train = true};
    const int64_t x_count = c.n * c.ci * c.h * c.w, w_count = c.co * c.ci * c.kernel * c.kernel;
    mos_conv *conv;
    mos_conv_info info;
    support_check(s->ops->conv_create(s->device, &c, &conv), s->prefix);
    s->ops->conv_info(conv, &info);
    const int64_t oh = info.oh, ow = info.ow;
    void *workspace = support_bytes(s->device, info.workspace_bytes);
    double *pixels = draw(s, "x", x_count);
    void *x = c.image ? support_image(s->device, pixels, c.n, c.ci, c.h, c.w)
                      : support_act(s->device, pixels, c.n, c.ci, c.h, c.w);
    void *w = to_real(s, draw(s, "w", w_count), w_count);
    void *dy = to_act(s, draw(s, "dy", c.n * c.co * oh * ow), c.n, c.co, oh, ow);
    void *y = support_act(s->device, NULL, c.n, c.co, oh, ow);
    void *dw = support_real(s->device, NULL, w_count);
    const uint64_t allocations = mos_alloc_count();
    s->ops->conv_forward(s->device, conv, x, w, y, workspace);
    s->ops->conv_backward_weights(s->device, conv, x, dy, dw, workspace);
    assert_int_equal(mos_alloc_count(), allocations); /* running never allocates */
    check_act(s, "y", y, c.n, c.co, oh, ow);
    check_real(s, "dw", dw, w_count);
    if (!c.image) {
        void *dx = support_act(s->device, NULL, c.n, c.ci, c.h, c.w);
        s->ops->conv_backward_data(s->device, conv, w, dy, dx, workspace);
        check_act(s, "dx", dx, c.n, c.ci, c.h, c.w);
    }
    mos_free(pixels);
    void *arrays[] = {workspace, x, w, dy};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        s->ops->free(s->device, arrays[i]);
    s->ops->conv_destroy(s->device, &conv);
}

static void *norm_array(const setting *s, const mos_norm_shape *n, double *host) {
    if (n->features) return to_real(s, host, n->n * n->c);
    return to_act(s, host, n->n, n->c, n->h, n->w);
}

static void check_norm_array(const setting *s, const mos_norm_shape *n, const char *name,
                             void *array) {
    if (n->features)
        check_real(s, name, array, n->n * n->c);
    else
        check_act(s, name, array, n->n, n->c, n->h, n->w);
}

static void check_norm(setting *s, int index) {
    begin(s, "norm", index);
    const mos_norm_shape n = {.n = dimension(s, 0),
                              .c = dimension(s, 1),
                              .h = dimension(s, 2),
                              .w = dimension(s, 3),
                              .groups = dimension(s, 4),
                              .features = s->shape[5] != 0,
                              .relu = s->shape[6] != 0,
                              .skip = s->shape[7] != 0,
                              .train = true,
                              .eps = 1e-5,
                              .momentum = 0.1};
    const int64_t count = n.n * n.c * n.h * n.w;
    mos_norm *norm;
    support_check(s->ops->norm_create(s->device, &n, &norm), s->prefix);
    void *x = norm_array(s, &n, draw(s, "x", count)), *dy = norm_array(s, &n, draw(s, "dy", count));
    void *skip = n.skip ? norm_array(s, &n, draw(s, "skip", count)) : NULL;
    void *gamma = to_real(s, draw(s, "gamma", n.c), n.c);
    void *beta = to_real(s, draw(s, "beta", n.c), n.c);
    void *running_mean = to_real(s, draw(s, "running_mean", n.c), n.c);
    void *running_var = to_real(s, positive(s, "running_var", n.c), n.c);
    void *mean = support_real(s->device, NULL, n.groups * n.c);
    void *rstd = support_real(s->device, NULL, n.groups * n.c);
    void *y = norm_array(s, &n, support_host(count, sizeof(double)));
    void *infer = norm_array(s, &n, support_host(count, sizeof(double)));
    void *dx = norm_array(s, &n, support_host(count, sizeof(double)));
    void *dskip = n.skip ? norm_array(s, &n, support_host(count, sizeof(double))) : NULL;
    void *dgamma = support_real(s->device, NULL, n.c), *dbeta = support_real(s->device, NULL, n.c);
    const uint64_t allocations = mos_alloc_count();
    s->ops->norm_forward(s->device, norm, x, skip, gamma, beta, running_mean, running_var, mean,
                         rstd, y, NULL);
    s->ops->norm_backward(s->device, norm, x, y, dy, NULL, gamma, beta, mean, rstd, dx, dskip,
                          dgamma, dbeta, NULL);
    s->ops->norm_infer(s->device, norm, x, skip, gamma, beta, running_mean, running_var, infer);
    assert_int_equal(mos_alloc_count(), allocations); /* running never allocates */
    check_norm_array(s, &n, "y", y);
    check_norm_array(s, &n, "infer", infer);
    check_norm_array(s, &n, "dx", dx);
    if (n.skip) check_norm_array(s, &n, "dskip", dskip);
    check_real(s, "running_mean", running_mean, n.c);
    check_real(s, "running_var", running_var, n.c);
    check_real(s, "dgamma", dgamma, n.c);
    check_real(s, "dbeta", dbeta, n.c);
    void *arrays[] = {x, dy, skip, gamma, beta, mean, rstd};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        s->ops->free(s->device, arrays[i]);
    s->ops->norm_destroy(s->device, &norm);
}

static void check_pool(setting *s, int index) {
    begin(s, "pool", index);
    const mos_pool_shape p = {.n = dimension(s, 0),
                              .c = dimension(s, 1),
                              .h = dimension(s, 2),
                              .w = dimension(s, 3),
                              .kernel = dimension(s, 4),
                              .stride = dimension(s, 5),
                              .pad = dimension(s, 6),
                              .train = true};
    const int64_t oh = (p.h + 2 * p.pad - p.kernel) / p.stride + 1;
    const int64_t ow = (p.w + 2 * p.pad - p.kernel) / p.stride + 1;
    const int64_t count = p.n * p.c * p.h * p.w;
    mos_pool *pool;
    size_t index_bytes;
    support_check(s->ops->pool_create(s->device, &p, &pool, &index_bytes), s->prefix);
    double *rectified = draw(s, "x", count);
    for (int64_t i = 0; i < count; i++)
        rectified[i] = fmax(rectified[i], 0);
    void *x = to_act(s, rectified, p.n, p.c, p.h, p.w);
    void *dy = to_act(s, draw(s, "dy", p.n * p.c * oh * ow), p.n, p.c, oh, ow);
    void *y = support_act(s->device, NULL, p.n, p.c, oh, ow);
    void *dx = support_act(s->device, NULL, p.n, p.c, p.h, p.w);
    void *winners = support_bytes(s->device, index_bytes);
    const uint64_t allocations = mos_alloc_count();
    s->ops->pool_forward(s->device, pool, x, y, winners);
    s->ops->pool_backward(s->device, pool, dy, NULL, winners, dx);
    assert_int_equal(mos_alloc_count(), allocations); /* running never allocates */
    check_act(s, "y", y, p.n, p.c, oh, ow);
    check_act(s, "dx", dx, p.n, p.c, p.h, p.w);
    s->ops->free(s->device, x);
    s->ops->free(s->device, dy);
    s->ops->free(s->device, winners);
    s->ops->pool_destroy(s->device, &pool);
}

static void check_bce(setting *s, int index) {
    begin(s, "bce", index);
    const int64_t n = dimension(s, 0), l = dimension(s, 1);
    double *weight = positive(s, "weight", l);
    int8_t *labels = support_host(n * l, 1);
    int64_t known;
    formula_labels(label(s, "labels"), n * l, labels);
    void *logits = to_real(s, draw(s, "logits", n * l), n * l);
    void *dlogits = support_real(s->device, NULL, n * l);
    double loss = support_bce(s->device, n, l, logits, labels, s->shape[3] != 0,
                              s->shape[2] != 0 ? weight : NULL, 1, dlogits, &known);
    assert_int_equal(known, (int64_t)golden_find(&golden, label(s, "known"))->values[0]);
    golden_check_all(&golden, label(s, "loss"), &loss, s->tolerance);
    check_real(s, "dlogits", dlogits, n * l);
    s->ops->free(s->device, logits);
    mos_free(weight);
    mos_free(labels);
}

/* x -> linear -> unit rows -> NT-Xent, and back. */
static void check_latent(setting *s) {
    enum { MOST = 32 };
    begin(s, "latent", -1);
    const int64_t pairs = dimension(s, 0), width = dimension(s, 1), d = dimension(s, 2);
    const int64_t n = 2 * pairs;
    int32_t self[MOST], partner[MOST];
    assert_true(n <= MOST);
    for (int32_t i = 0; i < n; i++) {
        self[i] = i;
        partner[i] = (int32_t)((i + pairs) % n);
    }
    const mos_contrast problem = {.anchors = n,
                                  .references = n,
                                  .d = d,
                                  .tau = s->shape[3],
                                  .positives = MOS_POSITIVES_PARTNER,
                                  .self = self,
                                  .partner = partner};
    void *x = to_real(s, draw(s, "x", n * width), n * width);
    void *w = to_real(s, draw(s, "w", d * width), d * width);
    void *b = to_real(s, draw(s, "b", d), d), *y = support_real(s->device, NULL, n * d);
    void *z = support_real(s->device, NULL, n * d), *norms = support_real(s->device, NULL, n);
    void *dz = support_real(s->device, NULL, n * d), *dy = support_real(s->device, NULL, n * d);
    void *dx = support_real(s->device, NULL, n * width);
    void *dw = support_real(s->device, NULL, d * width), *db = support_real(s->device, NULL, d);
    support_problem made = support_problem_make(s->device, &problem);
    const uint64_t allocations = mos_alloc_count();
    s->ops->linear_forward(s->device, n, width, d, x, width, w, b, y, d);
    s->ops->unit_forward(s->device, n, d, y, z, norms);
    s->ops->contrast(s->device, &made.problem, z, z, 1, dz, dz, made.scratch, made.result);
    s->ops->unit_backward(s->device, n, d, z, norms, dz, dy);
    s->ops->linear_backward(s->device, n, width, d, x, width, w, dy, d, dx, width, false, dw, db);
    assert_int_equal(mos_alloc_count(), allocations); /* running never allocates */
    const mos_contrast_result result = support_problem_take(s->device, &made);
    golden_check_all(&golden, "latent.loss", &result.loss, s->tolerance);
    check_real(s, "z", z, n * d);
    check_real(s, "dx", dx, n * width);
    check_real(s, "dw", dw, d * width);
    check_real(s, "db", db, d);
    void *arrays[] = {x, w, b, y, norms, dz, dy};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        s->ops->free(s->device, arrays[i]);
}

static void check_all(mos_device *device, double tolerance) {
    setting s = {.device = device, .ops = device->ops, .tolerance = tolerance};
    for (int i = 0; i < 4; i++)
        check_conv(&s, i);
    for (int i = 0; i < 3; i++)
        check_norm(&s, i);
    for (int i = 0; i < 2; i++)
        check_pool(&s, i);
    for (int i = 0; i < 4; i++)
        check_bce(&s, i);
    check_latent(&s);
}

static void ref_equals_pytorch(void **state) {
    (void)state;
    mos_device *device = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    check_all(device, ref_tolerance);
    support_close(&device);
}

static void cpu_equals_pytorch(void **state) {
    (void)state;
    mos_device *device = support_open_cpu(MOS_PRECISION_FP32);
    if (device == NULL) skip();
    /* F(4x4) rounds products and sums apart where they are not fused */
    check_all(device, mos_isa_used() == MOS_ISA_BASE ? 1.5 * cpu_tolerance : cpu_tolerance);
    support_close(&device);
}

static int read_golden(void **state) {
    (void)state;
    golden_read("op_golden.txt", &golden);
    return 0;
}

static int release_golden(void **state) {
    (void)state;
    golden_release(&golden);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ref_equals_pytorch),
                                       cmocka_unit_test(cpu_equals_pytorch)};
    return cmocka_run_group_tests(tests, read_golden, release_golden);
}
