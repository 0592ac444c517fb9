/* The queue of labelled latents: what enters and what leaves, and the losses and gradients of
 * batches after one another against PyTorch (tests/golden/make_queue_golden.py). */
#include "golden/golden_file.h"

#include "base/memory.h"
#include "objective/objective.h"

enum { BATCH = 6, LATENT = 7, CLASSES = 4, STEPS = 3, MODALITIES = 3, VIEWS = 3 };
enum { ROWS = VIEWS * BATCH, VALUES = ROWS * LATENT };

typedef struct queue_case {
    const char *name;
    int64_t modalities;
    int absent[4][2], absent_count; /* modality, row */
    const char *method;
    mos_positives positives;
    bool anchor_weighting;
    double tau;
    int64_t queue;
} queue_case;

static const queue_case cases[] = {
    {"cross", 2, {{0}}, 0, "mosaic-1", MOS_POSITIVES_MULSUPCON, false, 0.1, 8},
    {"views", 2, {{0}}, 0, "mosaic-2", MOS_POSITIVES_MULSUPCON, false, 0.3, 4},
    {"joint",
     3,
     {{0, 1}, {1, 1}, {1, 4}, {2, 5}},
     4,
     "supcon",
     MOS_POSITIVES_MULSUPCON,
     false,
     0.1,
     10},
    {"soft", 2, {{0, 1}, {1, 4}}, 2, "mosaic-1", MOS_POSITIVES_SOFT, false, 0.1, 8},
    {"anchored", 2, {{0}}, 0, "mosaic-1", MOS_POSITIVES_JACCARD, true, 0.1, 100},
};

/* One batch on the device. */
typedef struct step_arrays {
    mos_device *device;
    void *z[MODALITIES], *dz[MODALITIES];
    int8_t labels[BATCH * CLASSES];
    uint8_t present[MODALITIES][BATCH];
    mos_objective_input input;
} step_arrays;

static void *device_values(mos_device *device, const double *host, int64_t count) {
    void *at = NULL;
    assert_int_equal(device->ops->alloc(device, (size_t)count * device->real_bytes, &at),
                     MOSAIC_OK);
    if (host != NULL) device->ops->put_f64(device, at, host, count);
    return at;
}

static void make_step(mos_device *device, const queue_case *c, int step, int64_t rows,
                      step_arrays *a) {
    char name[64];
    double host[VALUES];
    *a = (step_arrays){.device = device,
                       .input = {.modalities = c->modalities,
                                 .batch = BATCH,
                                 .classes = CLASSES,
                                 .latent = LATENT,
                                 .labels = a->labels}};
    memset(a->present, 1, sizeof a->present);
    for (int i = 0; i < c->absent_count; i++)
        a->present[c->absent[i][0]][c->absent[i][1]] = 0;
    for (int m = 0; m < c->modalities; m++) {
        (void)snprintf(name, sizeof name, "%s.%d.z%d", c->name, step, m);
        formula_unit_rows(name, rows, LATENT, host);
        a->input.z[m] = a->input.z_inter[m] = a->z[m] = device_values(device, host, rows * LATENT);
        a->input.dz[m] = a->input.dz_inter[m] = a->dz[m] =
            device_values(device, NULL, rows * LATENT);
        a->input.present[m] = a->present[m];
    }
    (void)snprintf(name, sizeof name, "%s.%d.labels", c->name, step);
    formula_labels(name, BATCH * CLASSES, a->labels);
    memset(a->labels + 3 * CLASSES, -1, CLASSES);
}

static void free_step(step_arrays *a) {
    for (int m = 0; m < MODALITIES; m++) {
        if (a->z[m] == NULL) continue;
        a->device->ops->free(a->device, a->z[m]);
        a->device->ops->free(a->device, a->dz[m]);
    }
}

static mos_objective *make_objective(mos_device *device, const queue_case *c, int64_t *rows) {
    mos_objective_options options = {.weight = {[MOS_TERM_MSC] = 1},
                                     .tau_ntx = 0.5,
                                     .tau_msc = c->tau,
                                     .positives = c->positives,
                                     .anchor_weighting = c->anchor_weighting,
                                     .msc_queue = c->queue};
    mos_objective *objective;
    assert_int_equal(mos_method_find(c->method, &options.method), MOSAIC_OK);
    assert_int_equal(
        mos_objective_create(device, &options, c->modalities, BATCH, CLASSES, LATENT, &objective),
        MOSAIC_OK);
    *rows = mos_objective_views(&options).views * BATCH;
    return objective;
}

static void check_step(const golden_file *golden, const queue_case *c, int step, int64_t rows,
                       const step_arrays *a, const mos_objective_result *found, double tolerance) {
    char key[64];
    double host[VALUES];
    (void)snprintf(key, sizeof key, "%s.%d.report", c->name, step);
    const double *want = golden_find(golden, key)->values;
    golden_near(key, found->term[MOS_TERM_MSC], want[0], fabs(want[0]), tolerance);
    golden_near(key, found->msc_floor, want[1], fabs(want[1]), tolerance);
    assert_int_equal(found->anchors_used, (int64_t)want[2]);
    assert_int_equal(found->anchors_without_positive, (int64_t)want[3]);
    if ((found->queue_positives > 0) != (step > 0))
        fail_msg("%s: %lld positives in the queue", key, (long long)found->queue_positives);
    assert_true(found->positives > found->queue_positives);
    for (int m = 0; m < c->modalities; m++) {
        (void)snprintf(key, sizeof key, "%s.%d.dz%d", c->name, step, m);
        (void)!mos_get_f64(a->device, a->dz[m], host, rows * LATENT);
        golden_check_sketch(golden, key, key, host, rows * LATENT, tolerance, 0);
    }
}

static void run_all(const char *name, double tolerance) {
    golden_file golden;
    mos_device *device;
    golden_read("queue_golden.txt", &golden);
    if (mos_device_open(name, MOS_PRECISION_FP32, 2, &device) == MOSAIC_ERR_UNSUPPORTED) skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t rows;
        mos_objective *objective = make_objective(device, &cases[i], &rows);
        for (int step = 0; step < STEPS; step++) {
            step_arrays a;
            mos_objective_result found;
            make_step(device, &cases[i], step, rows, &a);
            uint64_t before = mos_alloc_count();
            assert_int_equal(mos_objective_run(objective, &a.input, &found), MOSAIC_OK);
            assert_int_equal(mos_alloc_count(), before);
            check_step(&golden, &cases[i], step, rows, &a, &found, tolerance);
            free_step(&a);
        }
        mos_objective_destroy(&objective);
    }
    mos_device_close(&device);
    golden_release(&golden);
}

static void queue_on_ref(void **state) {
    (void)state;
    run_all("ref", 1e-9);
}

static void queue_on_cpu(void **state) {
    (void)state;
    run_all("cpu", 1e-6);
}

/* ---- the ring itself ---- */

/* Rows are (10 * modality + number); labels of even numbers are known. */
static void push_numbers(mos_label_queue *queue, int first, int count) {
    double rows[2][16];
    int8_t labels[16];
    uint8_t present[16];
    for (int i = 0; i < count; i++) {
        rows[0][i] = first + i;
        rows[1][i] = 10 + first + i;
        labels[i] = (first + i) % 2 == 0 ? 1 : -1;
        present[i] = (first + i) % 4 == 0;
    }
    const void *z[2] = {NULL};
    for (int m = 0; m < 2 && queue->size > 0; m++)
        z[m] = device_values(queue->device, rows[m], count);
    const uint8_t *const exists[] = {NULL, present};
    mos_label_queue_push(queue, count, z, labels, exists);
    for (int m = 0; m < 2 && queue->size > 0; m++)
        queue->device->ops->free(queue->device, (void *)(uintptr_t)z[m]);
}

/* What the queue holds of modality m, on the host. */
static int64_t held(mos_label_queue *queue, int64_t m, double *rows, int8_t *labels,
                    uint8_t *present) {
    mos_device *device = queue->device;
    void *to = device_values(device, NULL, 4), *to_labels = device_values(device, NULL, 1),
         *to_present = device_values(device, NULL, 1);
    const int64_t count = mos_label_queue_copy(queue, m, to, to_labels, to_present);
    assert_int_equal(mos_get_f64(device, to, rows, count), MOSAIC_OK);
    assert_int_equal(mos_get_bytes(device, to_labels, labels, (size_t)count), MOSAIC_OK);
    assert_int_equal(mos_get_bytes(device, to_present, present, (size_t)count), MOSAIC_OK);
    device->ops->free(device, to);
    device->ops->free(device, to_labels);
    device->ops->free(device, to_present);
    return count;
}

static void first_in_first_out(void **state) {
    (void)state;
    mos_device *device;
    mos_label_queue queue;
    double rows[4];
    int8_t labels[4];
    uint8_t present[4];
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    assert_int_equal(mos_label_queue_init(&queue, device, 4, 2, 1, 1), MOSAIC_OK);
    assert_int_equal(held(&queue, 0, rows, labels, present), 0);
    push_numbers(&queue, 0, 5); /* 0 2 4 */
    assert_int_equal(held(&queue, 0, rows, labels, present), 3);
    assert_true(rows[0] == 0 && rows[1] == 2 && rows[2] == 4);
    push_numbers(&queue, 5, 6); /* 6, and over the oldest 8 10 */
    assert_int_equal(held(&queue, 0, rows, labels, present), 4);
    assert_true(rows[0] == 8 && rows[1] == 10 && rows[2] == 4 && rows[3] == 6);
    assert_true(labels[0] == 1 && present[0] == 1 && present[1] == 1);
    assert_int_equal(held(&queue, 1, rows, labels, present), 4);
    assert_true(rows[0] == 18 && rows[1] == 0 && rows[2] == 14 && rows[3] == 0);
    assert_true(present[0] == 1 && present[1] == 0 && present[2] == 1 && present[3] == 0);
    assert_true(queue.cursor[0] == 4 && queue.cursor[1] == 2);
    mos_label_queue_release(&queue);
    mos_label_queue_release(&queue);
    assert_int_equal(mos_label_queue_init(&queue, device, 0, 2, 1, 1), MOSAIC_OK);
    push_numbers(&queue, 0, 4);
    assert_int_equal(mos_label_queue_copy(&queue, 0, NULL, NULL, NULL), 0);
    mos_label_queue_release(&queue);
    mos_device_close(&device);
}

/* A term that waits for its warm-up fills the queue; a method without the term has none. */
static void filled_before_it_counts(void **state) {
    (void)state;
    mos_device *device;
    int64_t rows;
    step_arrays a;
    mos_objective_result found;
    queue_case other = cases[0];
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    mos_objective *objective = make_objective(device, &cases[0], &rows);
    make_step(device, &cases[0], 0, rows, &a);
    mos_objective_settings(objective)->weight[MOS_TERM_MSC] = 0;
    assert_int_equal(mos_objective_run(objective, &a.input, &found), MOSAIC_OK);
    assert_true(found.total == 0 && found.positives == 0);
    assert_int_equal(mos_objective_queue(objective)->cursor[0], BATCH - 1);
    mos_objective_destroy(&objective);
    free_step(&a);
    other.method = "supervised";
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .tau_ntx = 1,
                                     .tau_msc = 1,
                                     .positives = MOS_POSITIVES_MULSUPCON,
                                     .msc_queue = 5};
    assert_int_equal(mos_method_find(other.method, &options.method), MOSAIC_OK);
    assert_int_equal(mos_objective_create(device, &options, 2, BATCH, CLASSES, LATENT, &objective),
                     MOSAIC_OK);
    assert_int_equal(mos_objective_queue(objective)->size, 0);
    mos_objective_destroy(&objective);
    options.msc_queue = -1;
    assert_int_equal(mos_objective_create(device, &options, 2, BATCH, CLASSES, LATENT, &objective),
                     MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "queue"));
    mos_device_close(&device);
}

static void memory_runs_out(void **state) {
    (void)state;
    mos_device *device;
    mos_objective *objective;
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .tau_ntx = 1,
                                     .tau_msc = 1,
                                     .positives = MOS_POSITIVES_MULSUPCON,
                                     .msc_queue = 5};
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    assert_int_equal(mos_method_find("mosaic-1", &options.method), MOSAIC_OK);
    mosaic_status status = MOSAIC_ERR_MEMORY;
    uint64_t n = 1;
    for (; status == MOSAIC_ERR_MEMORY && n < 50; n++) {
        mos_alloc_fail_at(n);
        status = mos_objective_create(device, &options, 2, BATCH, CLASSES, LATENT, &objective);
        assert_int_equal(objective == NULL, status != MOSAIC_OK);
    }
    mos_alloc_fail_at(0);
    assert_int_equal(status, MOSAIC_OK);
    assert_true(n > 10);
    mos_objective_destroy(&objective);
    mos_device_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out), cmocka_unit_test(queue_on_ref),
        cmocka_unit_test(queue_on_cpu),       cmocka_unit_test(filled_before_it_counts),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
