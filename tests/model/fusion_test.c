/* Every fusion under a linear head against PyTorch (tests/golden/make_fusion_golden.py), on both
 * backends, with one to three modalities of which samples lack some; and what a missing modality
 * may not do. */
#include "golden/golden_file.h"

#include "model/head.h"

enum { BATCH = 6, SIZE = 10, CLASSES = 3, DIM = 8, RANK = 3, HEADS = 2, MOST = 3 };
enum { ROWS = BATCH * SIZE };
static const char *const modality_names[] = {"s1", "s2", "dem"};

/* A head on its own: weights, arena, features. */
typedef struct head_rig {
    mos_device *device;
    mos_head head;
    mos_parameter_table table;
    mos_weights weights;
    void *arena, *h[MOST], *dh[MOST];
    uint8_t present[MOST][BATCH];
    int64_t modalities;
} head_rig;

static void *device_bytes(mos_device *device, size_t bytes) {
    void *at = NULL;
    assert_int_equal(device->ops->alloc(device, bytes, &at), MOSAIC_OK);
    return at;
}

static void rig_init(head_rig *rig, mos_device *device, mos_fusion_id kind, int64_t modalities) {
    mos_model_spec spec = {.modalities = modalities,
                           .classes = CLASSES,
                           .fusion = kind,
                           .fusion_dim = DIM,
                           .fusion_rank = RANK,
                           .fusion_heads = HEADS};
    *rig = (head_rig){.device = device, .modalities = modalities};
    for (int64_t m = 0; m < modalities; m++)
        (void)snprintf(spec.modality[m].name, sizeof spec.modality[m].name, "%s",
                       modality_names[m]);
    assert_int_equal(mos_head_init(&rig->head, &rig->table, &spec, SIZE), MOSAIC_OK);
    mos_parameter_finish(&rig->table);
    size_t bytes = (size_t)rig->table.param_count * device->real_bytes;
    rig->weights = (mos_weights){.device = device,
                                 .params = device_bytes(device, bytes),
                                 .grads = device_bytes(device, bytes)};
    for (int64_t i = 0; i < rig->table.count; i++) {
        const mos_parameter *item = &rig->table.items[i];
        float values[1024];
        assert_true(item->count <= 1024);
        formula_parameter(item->name, item->rank, item->shape, item->count, values);
        device->ops->put_f32(device, mos_param_at(&rig->weights, item->offset), values,
                             item->count);
    }
    assert_int_equal(mos_head_plan(&rig->head, BATCH), MOSAIC_OK);
    mos_arena arena = {0};
    mos_head_place(&rig->head, device, &arena, true);
    rig->arena = device_bytes(device, arena.used);
    arena = (mos_arena){.base = rig->arena, .size = arena.used};
    mos_head_place(&rig->head, device, &arena, true);
    for (int64_t m = 0; m < modalities; m++) {
        rig->h[m] = device_bytes(device, ROWS * device->real_bytes);
        rig->dh[m] = device_bytes(device, ROWS * device->real_bytes);
    }
}

static void rig_release(head_rig *rig) {
    void *blocks[] = {rig->weights.params, rig->weights.grads, rig->arena};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        rig->device->ops->free(rig->device, blocks[i]);
    for (int64_t m = 0; m < rig->modalities; m++) {
        rig->device->ops->free(rig->device, rig->h[m]);
        rig->device->ops->free(rig->device, rig->dh[m]);
    }
    mos_head_unplan(&rig->head);
    mos_head_unplan(&rig->head);
    mos_parameter_release(&rig->table);
}

/* Sample 1 has the first alone; where `absent`, nobody has the second. */
static void set_presence(head_rig *rig, bool absent) {
    memset(rig->present, 1, sizeof rig->present);
    for (int m = 1; m < rig->modalities; m++)
        for (int i = 1; i < BATCH; i++)
            rig->present[m][i] = i > 1 && (m + i) % 3 != 0;
    if (rig->modalities > 1) {
        rig->present[0][3] = 0;
        rig->present[1][3] = 1;
    }
    if (absent) {
        memset(rig->present[1], 0, BATCH);
        rig->present[0][3] = 1;
    }
}

static void put_features(head_rig *rig, const char *name) {
    char key[64];
    double host[ROWS];
    for (int m = 0; m < rig->modalities; m++) {
        (void)snprintf(key, sizeof key, "%s.h%d", name, m);
        const uint64_t hash = formula_hash(key);
        for (int i = 0; i < ROWS; i++)
            host[i] = (float)(2 * formula_uniform(hash, i));
        rig->device->ops->put_f64(rig->device, rig->h[m], host, ROWS);
        rig->device->ops->zero(rig->device, rig->dh[m], ROWS * rig->device->real_bytes);
        rig->head.fusion.input[m] =
            (mos_fusion_input){rig->h[m], rig->dh[m], rig->modalities > 1 ? rig->present[m] : NULL};
    }
}

static void run_head(head_rig *rig, const char *name) {
    char key[64];
    double host[BATCH * CLASSES];
    (void)snprintf(key, sizeof key, "%s.dlogits", name);
    for (int i = 0; i < BATCH * CLASSES; i++)
        host[i] = formula_uniform(formula_hash(key), i);
    rig->device->ops->put_f64(rig->device, rig->head.dlogits, host, BATCH * CLASSES);
    rig->device->ops->zero(rig->device, rig->weights.grads,
                           (size_t)rig->table.param_count * rig->device->real_bytes);
    mos_head_forward(&rig->head, &rig->weights);
    mos_head_backward(&rig->head, &rig->weights);
}

static void check_case(const golden_file *golden, mos_device *device, mos_fusion_id kind,
                       int64_t modalities, bool absent, double tolerance) {
    char name[64], key[256];
    double host[1024];
    head_rig rig;
    rig_init(&rig, device, kind, modalities);
    (void)snprintf(name, sizeof name, "%s.%d%s", mos_fusion_names[kind], (int)modalities,
                   absent ? "absent" : "");
    set_presence(&rig, absent);
    put_features(&rig, name);
    run_head(&rig, name);
    (void)snprintf(key, sizeof key, "%s.logits", name);
    (void)!mos_get_f64(device, rig.head.logits, host, BATCH * CLASSES);
    golden_check_all(golden, key, host, tolerance);
    for (int m = 0; m < modalities; m++) {
        (void)snprintf(key, sizeof key, "%s.dh%d", name, m);
        (void)!mos_get_f64(device, rig.dh[m], host, ROWS);
        golden_check_sketch(golden, key, key, host, ROWS, tolerance, 1e-12);
    }
    for (int64_t i = 0; i < rig.table.count; i++) {
        const mos_parameter *item = &rig.table.items[i];
        (void)snprintf(key, sizeof key, "%s.%s", name, item->name);
        (void)!mos_get_f64(device, mos_grad_at(&rig.weights, item->offset), host, item->count);
        golden_check_sketch(golden, key, item->name, host, item->count, tolerance, 1e-12);
    }
    rig_release(&rig);
}

static void check_all(const char *device_name, double tolerance) {
    golden_file golden;
    mos_device *device;
    golden_read("fusion_golden.txt", &golden);
    assert_int_equal(mos_device_open(device_name, MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    for (int kind = 0; kind < MOS_FUSION_KINDS; kind++) {
        for (int64_t modalities = 1; modalities <= MOST; modalities++)
            check_case(&golden, device, (mos_fusion_id)kind, modalities, false, tolerance);
        check_case(&golden, device, (mos_fusion_id)kind, 3, true, tolerance);
    }
    mos_device_close(&device);
    golden_release(&golden);
}

static void fusions_on_ref(void **state) {
    (void)state;
    check_all("ref", 1e-11);
}

static void fusions_on_cpu(void **state) {
    (void)state;
    check_all("cpu", 3e-6);
}

/* What a sample lacks may hold anything finite and changes nothing, a sample without any modality
 * gets finite logits and no gradient, and a sample's logits are the same wherever it stands. */
static void missing_modalities(void **state) {
    (void)state;
    mos_device *device;
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    for (int kind = 0; kind < MOS_FUSION_KINDS; kind++) {
        head_rig rig;
        float logits[BATCH * CLASSES], again[BATCH * CLASSES], rows[ROWS];
        rig_init(&rig, device, (mos_fusion_id)kind, 2);
        memset(rig.present, 1, sizeof rig.present);
        rig.present[0][0] = rig.present[1][0] = 0; /* nothing at all */
        rig.present[1][2] = 0;
        put_features(&rig, "missing");
        run_head(&rig, "missing");
        (void)!mos_get_f32(device, rig.head.logits, logits, BATCH * CLASSES);
        for (int l = 0; l < CLASSES; l++)
            assert_true(isfinite(logits[l]));
        for (int m = 0; m < 2; m++) {
            (void)!mos_get_f32(device, rig.dh[m], rows, ROWS);
            for (int k = 0; k < SIZE; k++)
                assert_true(rows[k] == 0 && (rows[2 * SIZE + k] == 0) == (m == 1));
        }
        (void)!mos_get_f32(device, rig.h[1], rows, ROWS);
        for (int k = 0; k < SIZE; k++)
            rows[2 * SIZE + k] = 1e30F;
        device->ops->put_f32(device, rig.h[1], rows, ROWS);
        run_head(&rig, "missing");
        (void)!mos_get_f32(device, rig.head.logits, again, BATCH * CLASSES);
        assert_memory_equal(logits, again, sizeof logits);
        /* sample 4 in the place of sample 0, all present */
        memset(rig.present, 1, sizeof rig.present);
        for (int m = 0; m < 2; m++) {
            (void)!mos_get_f32(device, rig.h[m], rows, ROWS);
            memcpy(rows, rows + 4 * SIZE, SIZE * sizeof *rows);
            device->ops->put_f32(device, rig.h[m], rows, ROWS);
        }
        rig.present[1][2] = 0;
        run_head(&rig, "missing");
        (void)!mos_get_f32(device, rig.head.logits, again, BATCH * CLASSES);
        assert_memory_equal(again, logits + 4 * CLASSES, CLASSES * sizeof *again);
        rig_release(&rig);
    }
    mos_device_close(&device);
}

static void refusals(void **state) {
    (void)state;
    mos_device *device;
    mos_model *model;
    mos_model_spec spec = {.modalities = 1,
                           .modality = {{.name = "s1", .bands = 2}},
                           .hidden = 8,
                           .latent = 4,
                           .classes = 2,
                           .fusion = MOS_FUSION_ATTENTION,
                           .fusion_dim = 6,
                           .fusion_rank = 1,
                           .fusion_heads = 4};
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "multiple of its heads, found 6 and 4"));
    spec.fusion_dim = 0;
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_ERR_USAGE);
    spec.fusion = MOS_FUSION_BILINEAR;
    spec.fusion_dim = 4;
    spec.fusion_rank = 0;
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "rank"));
    spec.fusion = MOS_FUSION_KINDS;
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_ERR_USAGE);
    mos_device_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fusions_on_ref),
        cmocka_unit_test(fusions_on_cpu),
        cmocka_unit_test(missing_modalities),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
