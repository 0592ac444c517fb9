/* Whole training steps against PyTorch in float64 (tests/golden/make_step_golden.py): losses,
 * gradients of every parameter, AdamW's moves, running statistics; with absent modalities, a third
 * modality and a second projector. */
#include "model/step_rig.h"

enum { HIDDEN = 32, LATENT = 16, CLASSES = 5, TEN = 10 };

typedef struct scenario {
    const char *name, *method;
    step_shape shape;
    int steps;
    double lr;
    bool absent, shared_anchor;
    bool where_slow; /* by the judge and in an emulator too: those that differ in the model, the
                        losses have a golden of their own */
} scenario;

#define SMALL(kind)                                                                                \
    .encoder = kind, .hidden = HIDDEN, .latent = LATENT, .classes = CLASSES, .modalities = 2

static const scenario small[] = {
    {.name = "mosaic-1",
     .where_slow = true,
     .method = "mosaic-1",
     .shape = {SMALL(MOS_ENCODER_RESNET18), .size = 32, .batch = 4, .bands = {2, 3}},
     .steps = 2,
     .lr = 1e-3},
    {.name = "mosaic-2",
     .method = "mosaic-2",
     .shape = {SMALL(MOS_ENCODER_RESNET18), .size = 32, .batch = 4, .bands = {2, 3}},
     .steps = 1},
    {.name = "iai-simclr",
     .where_slow = true,
     .method = "iai-simclr",
     .shape = {SMALL(MOS_ENCODER_RESNET18), .size = 32, .batch = 4, .bands = {2, 3}, .inter = true},
     .steps = 1},
    {.name = "supcon",
     .method = "supcon",
     .shape = {SMALL(MOS_ENCODER_RESNET18), .size = 32, .batch = 4, .bands = {2, 3}},
     .steps = 1},
    {.name = "absent",
     .where_slow = true,
     .method = "mosaic-1",
     .shape = {.encoder = MOS_ENCODER_RESNET18,
               .hidden = HIDDEN,
               .latent = LATENT,
               .classes = CLASSES,
               .modalities = 3,
               .size = 32,
               .batch = 5,
               .bands = {2, 3, 1}},
     .steps = 1,
     .absent = true,
     .shared_anchor = true},
};
static const scenario ten = {
    .name = "ten",
    .method = "mosaic-1",
    .shape = {SMALL(MOS_ENCODER_RESNET34), .size = 64, .batch = 8, .bands = {2, 10}},
    .steps = TEN,
    .lr = 1e-3 * 8 / 512}; /* the default 1e-3 at batch 512, scaled */

static const scenario bottleneck = {
    .name = "bottleneck",
    .method = "mosaic-1",
    .shape = {SMALL(MOS_ENCODER_RESNET50), .size = 64, .batch = 4, .bands = {2, 3}},
    .steps = 1};

/* How far a run may be from float64, as shares of what is compared (sketches: of the tensor's
 * norm). */
typedef struct tolerance {
    /* term: of the loss, after the first step; last: of the loss after the last */
    double first_loss, term, loss, last, gradient, moved, state;
} tolerance;
static const tolerance on_ref = {1e-9, 1e-8, 1e-8, 1e-8, 1e-8, 1e-6, 1e-9};
/* No ReLU of these first steps is near 0 (tests/golden/margin.py): gradients are up to 7e-5 from
 * float64 with SSE2, AVX2 and NEON. One ReLU on the other side moves them by up to 1.3e-2. Where a
 * gradient is about 0 Adam makes its sign a whole step: moves of PyTorch's own float32 are up to
 * 0.15 off. */
static const tolerance on_cpu = {1e-5, 1e-3, 1e-3, 1e-3, 5e-4, 0.15, 1e-3};
/* Here ReLUs may fall on the other side, as in PyTorch's own float32. The supervised contrast divides
 * by a temperature of 0.1: a single ReLU moves it by 1e-4. The loss before the last is 0.9e-4 to
 * 1.02e-4 off, by compiler flags and threads, the last one 0.6e-4. */
static const tolerance ten_on_cpu = {1e-5, 1e-3, 2e-4, 1e-4, 1e-2, 0.15, 1e-3};
/* Fifty random layers on small maps: PyTorch's own float32 latents are 2e-4 from float64 here.
 * Gradients are as far off as ReLUs fall on the other side: 0.031 with direct products alone, up to
 * 0.052 (AVX2) with Winograd's F(4x4). */
static const tolerance deep_on_cpu = {1e-3, 1e-3, 1e-3, 1e-3, 1e-1, 0.15, 1e-3};
/* bf16 keeps 8 bits: gradients of a random deep network point the same way, no more. */
static const tolerance in_bf16 = {5e-2, 5e-2, 5e-2, 5e-2, 1, 1, 1};

static void load_step(step_rig *rig, const scenario *s, int step) {
    char name[96];
    for (int64_t m = 0; m < rig->modalities; m++) {
        (void)snprintf(name, sizeof name, "%s.images%d.%s", s->name, step, step_names[m]);
        formula_image(name, rig->views.views * rig->batch, rig->bands[m], rig->size, rig->size,
                      rig->images[m]);
    }
    (void)snprintf(name, sizeof name, "%s.labels%d", s->name, step);
    formula_labels(name, rig->batch * CLASSES, rig->labels);
}

static void check_sketch(const golden_file *golden, const scenario *s, const char *kind,
                         const mos_parameter *item, const double *values, double share) {
    char name[256];
    double found[4];
    (void)snprintf(name, sizeof name, "%s.%s.%s", s->name, kind, item->name);
    const golden_entry *entry = golden_find(golden, name);
    formula_sketch(item->name, values, item->count, found);
    for (int k = 0; k < 2; k++)
        golden_near(name, found[k], entry->values[k], entry->values[0] + 1e-12, share);
}

/* What a parameter starts from: the formula's numbers, but for those that the golden moved so that
 * rounding takes no ReLU of the first step to its other side (tests/golden/margin.py). */
static void start_values(const golden_file *golden, const scenario *s, const mos_parameter *item,
                         float *start) {
    char name[256];
    formula_parameter(item->name, item->rank, item->shape, item->count, start);
    (void)snprintf(name, sizeof name, "%s.start.%s", s->name, item->name);
    for (int64_t i = 0; i < golden->count; i++) {
        const golden_entry *entry = &golden->entries[i];
        if (strcmp(entry->name, name) != 0) continue;
        for (int64_t k = 0; k < entry->count; k += 2) {
            assert_true(entry->values[k] >= 0 && entry->values[k] < (double)item->count);
            start[(int64_t)entry->values[k]] = (float)entry->values[k + 1];
        }
    }
}

static void put_start(mos_model *model, const golden_file *golden, const scenario *s) {
    int64_t count;
    const mos_parameter *items = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++) {
        if (items[i].counter) continue;
        float *start = malloc((size_t)items[i].count * sizeof *start);
        start_values(golden, s, &items[i], start);
        mos_model_put(model, &items[i], start);
        free(start);
    }
    mos_model_refresh(model);
}

static void *block_at(const step_rig *rig, void *block, const mos_parameter *item) {
    return (unsigned char *)block + (size_t)item->offset * rig->device->real_bytes;
}

/* Every trainable tensor of a flat block, less that of `start` when given. */
static void check_block(const step_rig *rig, const golden_file *golden, const scenario *s,
                        const char *kind, void *block, bool less_start, double share) {
    int64_t count;
    const mos_parameter *items = mos_model_parameters(rig->model, &count);
    for (int64_t i = 0; i < count; i++) {
        bool state = strcmp(kind, "state") == 0;
        if (items[i].trainable == state) continue;
        double *values = malloc((size_t)items[i].count * sizeof *values);
        float *start = malloc((size_t)items[i].count * sizeof *start);
        (void)!mos_get_f64(rig->device, block_at(rig, block, &items[i]), values, items[i].count);
        if (less_start) {
            start_values(golden, s, &items[i], start);
            for (int64_t k = 0; k < items[i].count; k++)
                values[k] -= (double)start[k];
        }
        check_sketch(golden, s, kind, &items[i], values, share);
        free(values);
        free(start);
    }
}

static void check_losses(const golden_file *golden, const scenario *s, int step,
                         const mos_objective_result *found, const tolerance *allowed) {
    char name[96];
    (void)snprintf(name, sizeof name, "%s.report%d", s->name, step);
    const double *want = golden_find(golden, name)->values;
    const double first = allowed->first_loss;
    const double loss = step == 0 ? first : step == s->steps - 1 ? allowed->last : allowed->loss;
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        golden_near(name, found->term[t], want[t], want[t], step == 0 ? first : allowed->term);
    golden_near(name, found->total, want[4], want[4], loss);
    golden_near(name, found->msc_floor, want[5], want[5], loss);
    assert_int_equal(found->anchors_used, (int64_t)want[6]);
    assert_int_equal(found->anchors_without_positive, (int64_t)want[7]);
    assert_int_equal(found->known_labels, (int64_t)want[8]);
}

static void run_scenario(mos_device *device, const golden_file *golden, const scenario *s,
                         const tolerance *allowed) {
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.1,
                                     .positives = MOS_POSITIVES_MULSUPCON,
                                     .shared_anchor = s->shared_anchor};
    assert_int_equal(mos_method_find(s->method, &options.method), MOSAIC_OK);
    step_rig rig;
    step_rig_init(&rig, device, &s->shape, &options);
    put_start(rig.model, golden, s);
    if (s->absent) {
        for (int m = 0; m < 2; m++) {
            rig.present[m] = malloc((size_t)rig.batch);
            memset(rig.present[m], 1, (size_t)rig.batch);
        }
        rig.present[0][3] = rig.present[1][1] = 0;
    }
    uint64_t heap = 0;
    for (int step = 0; step < s->steps; step++) {
        load_step(&rig, s, step);
        if (step == 1) heap = mos_alloc_count();
        const mos_step_input input = step_input(&rig);
        const mos_step_rate rate = step_rate(step + 1, s->lr);
        mos_step_result found;
        assert_int_equal(mos_step_run(&rig.step, &input, &rate, &found), MOSAIC_OK);
        check_losses(golden, s, step, &found.losses, allowed);
        if (step == 0)
            check_block(&rig, golden, s, "grad", mos_model_grads(rig.model), false,
                        allowed->gradient);
    }
    if (s->steps > 1) {
        assert_int_equal(mos_alloc_count(), heap); /* steps do not touch the heap */
        check_block(&rig, golden, s, "moved", mos_model_params(rig.model), true, allowed->moved);
    }
    if (strcmp(s->name, ten.name) != 0 || s->steps == TEN) /* the golden's are after all steps */
        check_block(&rig, golden, s, "state", mos_model_state(rig.model), false, allowed->state);
    step_rig_release(&rig);
}

/* Too slow in an emulator: the judge, whose C is the same on any processor, two cases whose layers
 * others have, and the ten steps, half of all that this test multiplies, whose layers are those of
 * ResNet-18 on larger maps, are left out there, no kind of layer of the cpu's. */
static bool is_emulated(const char *what) {
    if (getenv("MOSAIC_EMULATED") == NULL) return false;
    print_message("skipped: %s, too slow in an emulator\n", what);
    return true;
}

static void run_small(const char *device_name, const tolerance *allowed) {
    const bool slow =
        strcmp(device_name, "ref") == 0 || is_emulated("methods with losses of their own");
    golden_file golden;
    mos_device *device;
    golden_read("step_golden.txt", &golden);
    assert_int_equal(mos_device_open(device_name, MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (!slow || small[i].where_slow) run_scenario(device, &golden, &small[i], allowed);
    mos_device_close(&device);
    golden_release(&golden);
}

static void steps_on_ref(void **state) {
    (void)state;
    if (is_emulated("the judge in double")) skip();
    run_small("ref", &on_ref);
}

static void steps_on_cpu(void **state) {
    (void)state;
    run_small("cpu", &on_cpu);
}

static void run_ten(mos_precision precision, int steps, const tolerance *allowed) {
    golden_file golden;
    mos_device *device;
    scenario s = ten;
    s.steps = steps;
    golden_read("ten_step_golden.txt", &golden);
    assert_int_equal(mos_device_open("cpu", precision, 2, &device), MOSAIC_OK);
    if (device->precision == precision)
        run_scenario(device, &golden, &s, allowed);
    else
        print_message("skipped: this processor has no bf16\n");
    mos_device_close(&device);
    golden_release(&golden);
}

static void ten_steps_on_cpu(void **state) {
    (void)state;
    if (is_emulated("ten steps of ResNet-34")) skip();
    run_ten(MOS_PRECISION_FP32, TEN, &ten_on_cpu);
}

static void first_step_in_bf16(void **state) {
    (void)state;
    run_ten(MOS_PRECISION_BF16, 1, &in_bf16);
}

static void run_bottleneck(const char *name, mos_precision precision, const tolerance *allowed) {
    golden_file golden;
    mos_device *device;
    golden_read("bottleneck_golden.txt", &golden);
    assert_int_equal(mos_device_open(name, precision, 2, &device), MOSAIC_OK);
    run_scenario(device, &golden, &bottleneck, allowed);
    mos_device_close(&device);
    golden_release(&golden);
}

static void bottlenecks_on_ref(void **state) {
    (void)state;
    if (is_emulated("the judge in double")) skip();
    run_bottleneck("ref", MOS_PRECISION_FP64, &on_ref);
}

static void bottlenecks_on_cpu(void **state) {
    (void)state;
    run_bottleneck("cpu", MOS_PRECISION_FP32, &deep_on_cpu);
}

int main(int argc, char **argv) {
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_on_ref),       cmocka_unit_test(steps_on_cpu),
        cmocka_unit_test(ten_steps_on_cpu),   cmocka_unit_test(first_step_in_bf16),
        cmocka_unit_test(bottlenecks_on_ref), cmocka_unit_test(bottlenecks_on_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
