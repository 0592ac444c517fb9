/* Ten steps of every optimizer against PyTorch in float64 (tests/golden/make_optimizer_golden.py):
 * on ref to 1e-9, on cpu to 1e-6; and that what lies outside the segments stays. */
#include "golden/golden_file.h"

#include "base/memory.h"
#include "op_support.h"

enum { COUNT = 20, STEPS = 10 };
static const mos_segment_range segments[] = {{0, 6, true}, {6, 4, false}, {12, 8, true}};
static const char *const cases[] = {"sgd", "sgd_plain", "nesterov", "adam", "adamw", "lars"};

/* Relative to the largest parameter. cpu: ten roundings of fp32 at 6e-8. */
static const double ref_tolerance = 1e-9, cpu_tolerance = 1e-6;

static golden_file golden;

static const double *find(const char *name, const char *what, int64_t count) {
    char label[64];
    (void)snprintf(label, sizeof label, "%s.%s", name, what);
    const golden_entry *entry = golden_find(&golden, label);
    assert_int_equal(entry->count, count);
    return entry->values;
}

static void draw(const char *name, const char *what, int64_t first, double *out) {
    char label[64];
    (void)snprintf(label, sizeof label, "%s.%s", name, what);
    const uint64_t hash = formula_hash(label);
    for (int64_t i = 0; i < COUNT; i++)
        out[i] = 2 * formula_uniform(hash, first + i);
}

static void check_case(mos_device *device, const char *name, double tolerance) {
    const double *settings = find(name, "settings", 7), *rates = find(name, "rates", STEPS);
    const double *want = find(name, "params", (int64_t)STEPS * COUNT);
    mos_optimizer_step step = {.kind = (mos_optimizer_kind)settings[0],
                               .beta1 = settings[1],
                               .beta2 = settings[2],
                               .eps = settings[3],
                               .weight_decay = settings[4],
                               .grad_scale = 0.5,
                               .nesterov = settings[5] != 0,
                               .trust = settings[6]};
    double values[COUNT], start[COUNT];
    draw(name, "start", 0, start);
    void *params = support_real(device, start, COUNT), *grads = support_real(device, NULL, COUNT);
    void *m = support_real(device, NULL, COUNT), *v = support_real(device, NULL, COUNT);
    for (int i = 0; i < STEPS; i++) {
        draw(name, "grads", (int64_t)i * COUNT, values);
        for (int k = 0; k < COUNT; k++)
            values[k] *= 2; /* grad_scale takes it back */
        device->ops->put_f64(device, grads, values, COUNT);
        step.step = i + 1;
        step.lr = rates[i];
        const uint64_t allocations = mos_alloc_count();
        device->ops->optimize(device, &step, segments, sizeof segments / sizeof segments[0], params,
                              grads, m, v);
        assert_int_equal(mos_alloc_count(), allocations);
        (void)!mos_get_f64(device, params, values, COUNT);
        double largest = 0;
        for (int k = 0; k < COUNT; k++)
            largest = fmax(largest, fabs(want[i * COUNT + k]));
        for (int k = 0; k < COUNT; k++)
            golden_near(name, values[k], want[i * COUNT + k], largest, tolerance);
        assert_true(values[10] == start[10] && values[11] == start[11]);
    }
    device->ops->free(device, params);
    device->ops->free(device, grads);
    device->ops->free(device, m);
    device->ops->free(device, v);
}

static void ref_equals_pytorch(void **state) {
    (void)state;
    mos_device *device = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(device, cases[i], ref_tolerance);
    support_close(&device);
}

static void cpu_equals_pytorch(void **state) {
    (void)state;
    mos_device *device = support_open_cpu(MOS_PRECISION_FP32);
    if (device == NULL) skip();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(device, cases[i], cpu_tolerance);
    support_close(&device);
}

static int read_golden(void **state) {
    (void)state;
    golden_read("optimizer_golden.txt", &golden);
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
