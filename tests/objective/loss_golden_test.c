/* Every method, row set and rule for positives against PyTorch (tests/golden/make_loss_golden.py),
 * losses and gradients. */
#include "golden/golden_file.h"

#include "base/memory.h"
#include "objective/objective.h"

enum { BATCH = 7, LATENT = 8, CLASSES = 5, MOST_ROWS = 3 * BATCH };

typedef struct loss_case {
    const char *name;
    int64_t modalities;
    bool absent;
    const char *method;
    mos_positives positives;
    int rows;
    bool anchor_weighting, shared_anchor;
    double tau_ntx, tau_msc, weight[4];
    const double *pos_weight;
} loss_case;

static const double pos_weight[CLASSES] = {1.0, 2.0, 0.5, 3.0, 1.5};

#define PLAIN                                                                                      \
    .positives = MOS_POSITIVES_MULSUPCON, .tau_ntx = 0.5, .tau_msc = 0.1, .weight = {1, 1, 1, 1}
#define METHOD(m)                                                                                  \
    { .name = "method." m, .modalities = 2, .method = m, PLAIN }
#define POSITIVES(word, p)                                                                         \
    {                                                                                              \
        .name = "positives." word, .modalities = 2, .method = "mosaic-2", .positives = p,          \
        .tau_ntx = 0.5, .tau_msc = 0.3, .weight = {                                                \
            1,                                                                                     \
            1,                                                                                     \
            1,                                                                                     \
            1                                                                                      \
        }                                                                                          \
    }
#define ROWS(word, r)                                                                              \
    { .name = "rows." word, .modalities = 2, .method = "mosaic-1", .rows = r, PLAIN }
#define ABSENT(m)                                                                                  \
    { .name = "absent." m, .modalities = 3, .absent = true, .method = m, PLAIN }

static const loss_case cases[] = {
    METHOD("mosaic-1"),
    METHOD("mosaic-2"),
    METHOD("iai-simclr"),
    METHOD("simclr"),
    METHOD("dual-simclr"),
    METHOD("supcon"),
    METHOD("supervised"),
    POSITIVES("mulsupcon", MOS_POSITIVES_MULSUPCON),
    POSITIVES("all", MOS_POSITIVES_ALL),
    POSITIVES("any", MOS_POSITIVES_ANY),
    POSITIVES("jaccard", MOS_POSITIVES_JACCARD),
    POSITIVES("soft", MOS_POSITIVES_SOFT),
    ROWS("cross", MOS_MSC_CROSS),
    ROWS("views", MOS_MSC_VIEWS),
    ROWS("joint", MOS_MSC_JOINT),
    ABSENT("mosaic-1"),
    ABSENT("mosaic-2"),
    ABSENT("supcon"),
    {.name = "three", .modalities = 3, .method = "mosaic-1", PLAIN},
    {.name = "one", .modalities = 1, .method = "supcon", PLAIN},
    {.name = "anchored", .modalities = 2, .method = "mosaic-1", .anchor_weighting = true, PLAIN},
    {.name = "shared", .modalities = 2, .method = "mosaic-1", .shared_anchor = true, PLAIN},
    {.name = "weighted",
     .modalities = 2,
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .tau_ntx = 0.2,
     .tau_msc = 0.1,
     .weight = {0.5, 2.0, 0.25, 10.0}},
    {.name = "posweight", .modalities = 2, .method = "supervised", .pos_weight = pos_weight, PLAIN},
    {.name = "softabsent",
     .modalities = 3,
     .absent = true,
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_SOFT,
     .anchor_weighting = true,
     .tau_ntx = 0.5,
     .tau_msc = 0.1,
     .weight = {1, 1, 1, 1}},
    {.name = "nomsc",
     .modalities = 2,
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .tau_ntx = 0.5,
     .tau_msc = 0.1,
     .weight = {1, 1, 0, 1}},
};

/* Device copies of one case's inputs, and its gradients. */
typedef struct loss_arrays {
    void *z[3], *zi[3], *dz[3], *dzi[3], *logits, *dlogits;
    uint8_t present[3][BATCH];
    int8_t labels[BATCH * CLASSES];
} loss_arrays;

static void *device_array(mos_device *device, const double *host, int64_t count) {
    void *at = NULL;
    assert_int_equal(device->ops->alloc(device, (size_t)count * device->real_bytes, &at),
                     MOSAIC_OK);
    if (host != NULL) device->ops->put_f64(device, at, host, count);
    return at;
}

static void make_arrays(mos_device *device, const loss_case *c, int64_t rows, loss_arrays *a) {
    char name[64];
    double host[MOST_ROWS * LATENT];
    for (int m = 0; m < c->modalities; m++) {
        (void)snprintf(name, sizeof name, "%s.z%d", c->name, m);
        formula_unit_rows(name, rows, LATENT, host);
        a->z[m] = device_array(device, host, rows * LATENT);
        (void)snprintf(name, sizeof name, "%s.zi%d", c->name, m);
        formula_unit_rows(name, rows, LATENT, host);
        a->zi[m] = device_array(device, host, rows * LATENT);
        a->dz[m] = device_array(device, NULL, rows * LATENT);
        a->dzi[m] = device_array(device, NULL, rows * LATENT);
        memset(a->present[m], 1, BATCH);
    }
    if (c->absent) a->present[0][1] = a->present[1][1] = a->present[1][4] = a->present[2][6] = 0;
    (void)snprintf(name, sizeof name, "%s.logits", c->name);
    uint64_t hash = formula_hash(name);
    for (int i = 0; i < BATCH * CLASSES; i++)
        host[i] = (float)(2 * formula_uniform(hash, i));
    a->logits = device_array(device, host, BATCH * CLASSES);
    a->dlogits = device_array(device, NULL, BATCH * CLASSES);
    (void)snprintf(name, sizeof name, "%s.labels", c->name);
    formula_labels(name, BATCH * CLASSES, a->labels);
}

static void free_arrays(mos_device *device, const loss_case *c, loss_arrays *a) {
    for (int m = 0; m < c->modalities; m++) {
        device->ops->free(device, a->z[m]);
        device->ops->free(device, a->zi[m]);
        device->ops->free(device, a->dz[m]);
        device->ops->free(device, a->dzi[m]);
    }
    device->ops->free(device, a->logits);
    device->ops->free(device, a->dlogits);
}

static void check_report(const golden_file *golden, const char *name,
                         const mos_objective_result *found, double tolerance) {
    char key[64];
    (void)snprintf(key, sizeof key, "%s.report", name);
    const double *want = golden_find(golden, key)->values;
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        golden_near(key, found->term[t], want[t], fabs(want[t]), tolerance);
    golden_near(key, found->total, want[4], fabs(want[4]), tolerance);
    golden_near(key, found->msc_floor, want[5], fabs(want[5]), tolerance);
    assert_int_equal(found->anchors_used, (int64_t)want[6]);
    assert_int_equal(found->anchors_without_positive, (int64_t)want[7]);
    assert_int_equal(found->known_labels, (int64_t)want[8]);
}

static void check_gradient(mos_device *device, const golden_file *golden, const loss_case *c,
                           const char *what, int m, const void *gradient, int64_t count,
                           double tolerance) {
    double host[MOST_ROWS * LATENT];
    char key[64];
    (void)snprintf(key, sizeof key, "%s.%s%d", c->name, what, m);
    (void)!mos_get_f64(device, gradient, host, count);
    golden_check_sketch(golden, key, key, host, count, tolerance, 0);
}

static void run_case(mos_device *device, const golden_file *golden, const loss_case *c,
                     double tolerance) {
    mos_objective_options options = {.tau_ntx = c->tau_ntx,
                                     .tau_msc = c->tau_msc,
                                     .msc_rows = c->rows,
                                     .positives = c->positives,
                                     .anchor_weighting = c->anchor_weighting,
                                     .shared_anchor = c->shared_anchor,
                                     .pos_weight = c->pos_weight};
    memcpy(options.weight, c->weight, sizeof options.weight);
    assert_int_equal(mos_method_find(c->method, &options.method), MOSAIC_OK);
    int64_t rows = mos_objective_views(&options).views * BATCH;
    loss_arrays a;
    make_arrays(device, c, rows, &a);
    mos_objective *objective;
    assert_int_equal(
        mos_objective_create(device, &options, c->modalities, BATCH, CLASSES, LATENT, &objective),
        MOSAIC_OK);
    mos_objective_input input = {.modalities = c->modalities,
                                 .batch = BATCH,
                                 .classes = CLASSES,
                                 .latent = LATENT,
                                 .logits = a.logits,
                                 .dlogits = a.dlogits,
                                 .labels = a.labels};
    for (int m = 0; m < c->modalities; m++) {
        input.z[m] = a.z[m];
        input.z_inter[m] = a.zi[m];
        input.dz[m] = a.dz[m];
        input.dz_inter[m] = a.dzi[m];
        input.present[m] = c->absent ? a.present[m] : NULL;
    }
    mos_objective_result found;
    uint64_t before = mos_alloc_count();
    assert_int_equal(mos_objective_run(objective, &input, &found), MOSAIC_OK);
    assert_int_equal(mos_alloc_count(), before);
    check_report(golden, c->name, &found, tolerance);
    for (int m = 0; m < c->modalities; m++) {
        check_gradient(device, golden, c, "dz", m, a.dz[m], rows * LATENT, tolerance);
        check_gradient(device, golden, c, "dzi", m, a.dzi[m], rows * LATENT, tolerance);
    }
    check_gradient(device, golden, c, "dlogits", 0, a.dlogits, BATCH * CLASSES, tolerance);
    mos_objective_destroy(&objective);
    free_arrays(device, c, &a);
}

static void run_all(const char *name, double tolerance) {
    golden_file golden;
    mos_device *device;
    golden_read("loss_golden.txt", &golden);
    if (mos_device_open(name, MOS_PRECISION_FP32, 2, &device) == MOSAIC_ERR_UNSUPPORTED) skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(device, &golden, &cases[i], tolerance);
    mos_device_close(&device);
    golden_release(&golden);
}

static void losses_on_ref(void **state) {
    (void)state;
    run_all("ref", 1e-9);
}

/* Latents, logits and gradients are float here, sums double. */
static void losses_on_cpu(void **state) {
    (void)state;
    run_all("cpu", 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_on_ref),
        cmocka_unit_test(losses_on_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
