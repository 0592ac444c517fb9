/* The model's table of tensors, starting values, plans and their errors, presence, and inference
 * that does not depend on company. */
#include "golden/golden_file.h"

#include "base/memory.h"
#include "model/model.h"

enum { SIZE = 32, BATCH = 4, LATENT = 16, CLASSES = 3 };

static mos_model_spec two_modalities(mos_encoder_kind encoder) {
    mos_model_spec spec = {.modalities = 2,
                           .modality = {{.name = "s1", .bands = 2}, {.name = "s2", .bands = 3}},
                           .encoder = encoder,
                           .stem_pool = true,
                           .hidden = 32,
                           .latent = LATENT,
                           .classes = CLASSES};
    return spec;
}

static mos_model_plan plan_of(int64_t batch, int64_t views, bool train) {
    mos_model_plan plan = {.batch = batch,
                           .views = {views, views},
                           .height = SIZE,
                           .width = SIZE,
                           .train = train,
                           .latents = true};
    return plan;
}

static mos_device *open_device(const char *name, mos_precision precision) {
    mos_device *device;
    assert_int_equal(mos_device_open(name, precision, 2, &device), MOSAIC_OK);
    return device;
}

static mos_model *create(mos_device *device, const mos_model_spec *spec, uint64_t seed) {
    mos_model *model;
    assert_int_equal(mos_model_create(device, spec, seed, &model), MOSAIC_OK);
    return model;
}

static float *make_images(const char *name, int64_t n, int64_t bands) {
    float *images = malloc((size_t)(n * bands * SIZE * SIZE) * sizeof *images);
    formula_image(name, n, bands, SIZE, SIZE, images);
    return images;
}

/* ---- tensors ---- */

static void table_has_torchvision_names(void **state) {
    (void)state;
    mos_device *device = open_device("cpu", MOS_PRECISION_FP32);
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET34);
    mos_model *model = create(device, &spec, 3);
    int64_t count, of_s1 = 0, values = 0, segments;
    const mos_parameter *items = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++) {
        if (strncmp(items[i].name, "backbones.s1.", 13) == 0) {
            of_s1++;
            if (items[i].trainable) values += items[i].count;
        }
        int64_t room =
            items[i].trainable ? mos_model_param_count(model) : mos_model_state_count(model);
        assert_true(items[i].offset >= 0 && items[i].offset + items[i].count <= room);
        assert_ptr_equal(mos_model_find(model, items[i].name), &items[i]);
        assert_int_equal(items[i].decay, items[i].rank > 1);
    }
    assert_int_equal(of_s1, 216); /* torchvision's ResNet-34 without fc */
    /* 21,284,672 with three bands and without fc; two bands have 64 * 49 weights fewer */
    assert_int_equal(values, 21284672 - 64 * 49);
    static const char *const some[] = {"backbones.s2.conv1.weight",
                                       "backbones.s2.bn1.num_batches_tracked",
                                       "backbones.s2.layer2.0.downsample.1.running_var",
                                       "backbones.s1.layer3.5.conv2.weight",
                                       "projectors.s1.0.weight",
                                       "projectors.s1.1.running_mean",
                                       "projectors.s1.3.bias",
                                       "head.weight",
                                       "head.bias"};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        if (mos_model_find(model, some[i]) == NULL) fail_msg("no '%s'", some[i]);
    assert_null(mos_model_find(model, "projectors.s1.0.bias"));
    assert_null(mos_model_find(model, "projectors_inter.s1.0.weight"));
    const mos_segment_range *ranges = mos_model_segments(model, &segments);
    int64_t end = 0;
    for (int64_t i = 0; i < segments; i++) {
        assert_true(ranges[i].offset >= end);
        end = ranges[i].offset + ranges[i].count;
    }
    assert_true(end <= mos_model_param_count(model));
    mos_model_destroy(&model);
    assert_null(model);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

typedef struct spread {
    double mean, sd, largest;
} spread;

static spread spread_of(mos_model *model, const char *name) {
    const mos_parameter *item = mos_model_find(model, name);
    assert_non_null(item);
    float *values = malloc((size_t)item->count * sizeof *values);
    assert_int_equal(mos_model_get(model, item, values), MOSAIC_OK);
    spread s = {0, 0, 0};
    for (int64_t i = 0; i < item->count; i++) {
        s.mean += (double)values[i];
        s.sd += (double)values[i] * (double)values[i];
        s.largest = fmax(s.largest, fabs((double)values[i]));
    }
    s.mean /= (double)item->count;
    s.sd = sqrt(s.sd / (double)item->count - s.mean * s.mean);
    free(values);
    return s;
}

static void starting_values(void **state) {
    (void)state;
    mos_device *device = open_device("ref", MOS_PRECISION_FP64);
    mos_model_spec spec =
        two_modalities(MOS_ENCODER_RESNET10_NARROW); /* quickly drawn, in an emulator too */
    mos_model *model = create(device, &spec, 3), *same = create(device, &spec, 3),
              *other = create(device, &spec, 4);
    const char *conv = "backbones.s2.layer3.0.conv2.weight";
    spread s = spread_of(model, conv);
    double want = sqrt(2.0 / (64 * 9));
    assert_true(fabs(s.mean) < 5 * want / sqrt(64.0 * 64 * 9));
    assert_true(fabs(s.sd / want - 1) < 0.02);
    assert_true(s.largest > 3.5 * want); /* a normal has tails */
    s = spread_of(model, "projectors.s1.0.weight");
    want = 1 / sqrt(128.0);
    assert_true(s.largest <= want && fabs(s.sd / (want / sqrt(3.0)) - 1) < 0.02);
    s = spread_of(model, "head.bias");
    assert_true(s.largest > 0 && s.largest <= 1 / sqrt(256.0));
    s = spread_of(model, "backbones.s1.bn1.weight");
    assert_true(s.mean == 1 && s.sd == 0);
    s = spread_of(model, "projectors.s1.1.weight");
    assert_true(s.mean == 1 && s.sd == 0);
    assert_true(spread_of(model, "projectors.s1.1.bias").largest == 0);
    assert_true(spread_of(model, "backbones.s1.bn1.running_var").mean == 1);
    assert_true(spread_of(model, "backbones.s1.bn1.running_mean").largest == 0);
    assert_true(spread_of(model, "backbones.s1.bn1.num_batches_tracked").largest == 0);
    assert_true(spread_of(model, conv).sd == spread_of(same, conv).sd);
    assert_true(spread_of(model, conv).sd != spread_of(other, conv).sd);
    assert_true(spread_of(model, conv).sd !=
                spread_of(model, "backbones.s1.layer3.0.conv2.weight").sd);
    mos_model_destroy(&model);
    mos_model_destroy(&same);
    mos_model_destroy(&other);
    mos_device_close(&device);
}

/* ---- errors ---- */

static void bad_descriptions_are_refused(void **state) {
    (void)state;
    mos_device *device = open_device("ref", MOS_PRECISION_FP64);
    mos_model *model;
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    spec.modalities = 0;
    assert_int_equal(mos_model_create(device, &spec, 0, &model), MOSAIC_ERR_USAGE);
    assert_null(model);
    spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    spec.modality[1].bands = 65;
    assert_int_equal(mos_model_create(device, &spec, 0, &model), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "'s2'"));
    spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    (void)snprintf(spec.modality[1].name, sizeof spec.modality[1].name, "s1");
    assert_int_equal(mos_model_create(device, &spec, 0, &model), MOSAIC_ERR_USAGE);
    spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    spec.latent = 0;
    assert_int_equal(mos_model_create(device, &spec, 0, &model), MOSAIC_ERR_USAGE);
    mos_device_close(&device);
}

static void passes_need_a_plan(void **state) {
    (void)state;
    mos_device *device = open_device("ref", MOS_PRECISION_FP64);
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    mos_model *model = create(device, &spec, 1);
    float *images = make_images("plan", 1, 2);
    assert_int_equal(mos_model_infer(model, 0, images), MOSAIC_ERR_USAGE);
    mos_model_plan plan = plan_of(1, 1, false);
    plan.views[1] = 0;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    assert_int_equal(mos_model_infer(model, 0, images), MOSAIC_OK);
    assert_int_equal(mos_model_infer(model, 1, images), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "'s2'"));
    assert_int_equal(mos_model_infer(model, 2, images), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_model_forward(model, 0, images, NULL), MOSAIC_ERR_USAGE);
    plan.views[0] = 0;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_ERR_USAGE);
    plan.views[0] = 1;
    plan.batch = 0;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_ERR_USAGE);
    free(images);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

/* Every allocation of creating and planning fails once; nothing leaks, nothing is left half made.
 */
static void failed_allocations(void **state) {
    (void)state;
    mos_device *device = open_device("ref", MOS_PRECISION_FP64);
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    spec.modalities = 1;
    mos_model *model = NULL;
    uint64_t before = mos_alloc_count();
    assert_int_equal(mos_model_create(device, &spec, 1, &model), MOSAIC_OK);
    uint64_t create_calls = mos_alloc_count() - before;
    mos_model_destroy(&model);
    for (uint64_t n = 1; n <= create_calls; n++) {
        mos_alloc_fail_at(n);
        assert_int_equal(mos_model_create(device, &spec, 1, &model), MOSAIC_ERR_MEMORY);
        assert_null(model);
    }
    mos_alloc_fail_at(0);
    model = create(device, &spec, 1);
    mos_model_plan plan = plan_of(2, 1, true);
    before = mos_alloc_count();
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    uint64_t plan_calls = mos_alloc_count() - before;
    for (uint64_t n = 1; n < plan_calls; n++) { /* the gradients are there by now: one call less */
        mos_alloc_fail_at(n);
        assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_ERR_MEMORY);
    }
    mos_alloc_fail_at(0);
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

static void memory_is_reported(void **state) {
    (void)state;
    mos_device *device = open_device("cpu", MOS_PRECISION_FP32);
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET34);
    mos_model *model = create(device, &spec, 1);
    mos_memory_report train, infer;
    mos_model_plan plan = plan_of(8, 2, true);
    plan.height = plan.width = 120;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    mos_model_memory(model, &train);
    /* 9.1 MB of activations per view in float32 are written, two modalities of 16; the stem's and
     * the skip paths' last ones (1.1 MB) are not kept, the image is */
    assert_in_range(train.activations, 32 * 8000000, 32 * 8400000);
    assert_int_equal(train.arena, train.activations + train.rows + train.workspace);
    /* all gradients lie where activations lay; what is needed at the turn stays little */
    assert_true(train.arena - train.rows >= train.least);
    assert_true((double)(train.arena - train.rows) <= 1.06 * (double)train.least);
    assert_true((double)train.workspace < 0.2 * (double)train.activations);
    assert_true(train.parameters > (size_t)mos_model_param_count(model) * 4);
    assert_int_equal(train.gradients, (size_t)mos_model_param_count(model) * 4);
    assert_true(train.total >= train.parameters + train.gradients + train.activations);
    plan = plan_of(16, 1, false);
    plan.height = plan.width = 120;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    mos_model_memory(model, &infer);
    assert_true(infer.arena < train.arena / 4);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

/* ---- inference ---- */

typedef struct outputs {
    float features[512], latents[LATENT], logits[CLASSES];
} outputs;

/* Sample `sample` of a set stands at `position` of the batch, others (or nothing but zeros) around
 * it. */
static outputs infer_one(mos_model *model, const float *const *sets, int sample, int position,
                         bool alone) {
    mos_device *device = mos_model_device(model);
    const mos_model_spec *spec = mos_model_get_spec(model);
    for (int64_t m = 0; m < spec->modalities; m++) {
        size_t values = (size_t)(spec->modality[m].bands * SIZE * SIZE);
        float *batch = calloc(BATCH * values, sizeof *batch);
        for (int k = 0; k < BATCH; k++) {
            int from = (sample + k - position + 2 * BATCH) % BATCH;
            if (k == position || !alone)
                memcpy(batch + (size_t)k * values, sets[m] + (size_t)from * values,
                       values * sizeof *batch);
        }
        assert_int_equal(mos_model_infer(model, m, batch), MOSAIC_OK);
        assert_int_equal(mos_settle(device), MOSAIC_OK);
        free(batch);
    }
    int64_t view[2] = {0, 0};
    mos_model_head_forward(model, view, NULL);
    float rows[BATCH * 512];
    outputs out;
    (void)!mos_get_f32(device, mos_model_features(model, 1), rows, BATCH * 512);
    memcpy(out.features, rows + position * 512, sizeof out.features);
    (void)!mos_get_f32(device, mos_model_latents(model, 1), rows, BATCH * LATENT);
    memcpy(out.latents, rows + position * LATENT, sizeof out.latents);
    (void)!mos_get_f32(device, mos_model_logits(model), rows, BATCH * CLASSES);
    memcpy(out.logits, rows + position * CLASSES, sizeof out.logits);
    return out;
}

static void check_company(const char *name, mos_precision precision) {
    mos_device *device = open_device(name, precision);
    if (device->precision != precision) { /* it would be fp32 once more */
        print_message("skipped: %s has no bf16 on this processor\n", name);
        mos_device_close(&device);
        return;
    }
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET18);
    mos_model *model = create(device, &spec, 5);
    mos_model_plan plan = plan_of(BATCH, 1, false);
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    float *sets[2] = {make_images("company.s1", BATCH, 2), make_images("company.s2", BATCH, 3)};
    const float *const given[2] = {sets[0], sets[1]};
    outputs first = infer_one(model, given, 1, 0, true);
    double size = 0;
    for (int i = 0; i < 512; i++)
        size += fabs((double)first.features[i]);
    assert_true(size > 0 && isfinite(size));
    static const struct {
        int position;
        bool alone;
    } places[] = {{0, false}, {3, true}, {2, false}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        outputs other = infer_one(model, given, 1, places[i].position, places[i].alone);
        assert_memory_equal(&other, &first, sizeof first);
    }
    outputs different = infer_one(model, given, 2, 0, true);
    assert_memory_not_equal(&different, &first, sizeof first);
    free(sets[0]);
    free(sets[1]);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

static void company_on_ref(void **state) {
    (void)state;
    check_company("ref", MOS_PRECISION_FP64);
}
static void company_on_cpu(void **state) {
    (void)state;
    check_company("cpu", MOS_PRECISION_FP32);
}
static void company_on_cpu_bf16(void **state) {
    (void)state;
    check_company("cpu", MOS_PRECISION_BF16);
}

/* A pass wants the plan made for it: an inference plan has the norms folded in, a training plan has
 * not. */
static void plans_are_for_one_purpose(void **state) {
    (void)state;
    mos_device *device = open_device("ref", MOS_PRECISION_FP64);
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    mos_model *model = create(device, &spec, 5);
    float *images = make_images("plans", 2, 2);
    for (int train = 0; train < 2; train++) {
        mos_model_plan plan = plan_of(2, 1, train == 1);
        plan.views[1] = 0;
        assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
        assert_int_equal(mos_model_infer(model, 0, images), train ? MOSAIC_ERR_USAGE : MOSAIC_OK);
        assert_int_equal(mos_model_forward(model, 0, images, NULL),
                         train ? MOSAIC_OK : MOSAIC_ERR_USAGE);
    }
    free(images);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

/* ---- presence ---- */

/* What an absent sample's images hold changes nothing, not even NaN-free garbage; a mask of ones is
 * no mask. */
static void absent_rows_do_not_count(void **state) {
    (void)state;
    mos_device *device = open_device("cpu", MOS_PRECISION_FP32);
    mos_model_spec spec = two_modalities(MOS_ENCODER_RESNET10_NARROW);
    mos_model *model = create(device, &spec, 5);
    mos_model_plan plan = plan_of(BATCH, 2, true);
    plan.views[1] = 0;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    uint8_t present[BATCH] = {1, 1, 0, 1};
    size_t values = 2 * SIZE * SIZE;
    double totals[2];
    int64_t count = mos_model_param_count(model);
    float *gradients[2];
    for (int run = 0; run < 2; run++) {
        float *images = make_images("absent", 2 * BATCH, 2);
        for (size_t i = 0; i < values && run == 1; i++)
            images[2 * values + i] = images[(BATCH + 2) * values + i] = 1e3F * (float)(i % 7);
        mos_model_begin(model);
        assert_int_equal(mos_model_forward(model, 0, images, present), MOSAIC_OK);
        float *ones = malloc((size_t)(2 * BATCH * LATENT) * sizeof *ones);
        for (int i = 0; i < 2 * BATCH * LATENT; i++)
            ones[i] = (float)(i % 5) - 2;
        device->ops->put_f32(device, mos_model_dlatents(model, 0), ones, 2 * BATCH * LATENT);
        assert_int_equal(mos_model_backward(model, 0), MOSAIC_OK);
        gradients[run] = malloc((size_t)count * sizeof(float));
        (void)!mos_get_f32(device, mos_model_grads(model), gradients[run], count);
        void *at;
        mos_measure_result found;
        assert_int_equal(device->ops->alloc(device, sizeof found, &at), MOSAIC_OK);
        device->ops->measure(device, mos_model_grads(model), count, at);
        assert_int_equal(mos_get_bytes(device, at, &found, sizeof found), MOSAIC_OK);
        device->ops->free(device, at);
        assert_int_equal(found.not_finite, 0);
        totals[run] = found.sum_of_squares;
        free(images);
        free(ones);
    }
    assert_true(totals[0] > 0);
    assert_memory_equal(gradients[0], gradients[1], (size_t)count * sizeof(float));
    free(gradients[0]);
    free(gradients[1]);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_torchvision_names),
        cmocka_unit_test(starting_values),
        cmocka_unit_test(bad_descriptions_are_refused),
        cmocka_unit_test(passes_need_a_plan),
        cmocka_unit_test(failed_allocations),
        cmocka_unit_test(memory_is_reported),
        cmocka_unit_test(company_on_ref),
        cmocka_unit_test(company_on_cpu),
        cmocka_unit_test(company_on_cpu_bf16),
        cmocka_unit_test(plans_are_for_one_purpose),
        cmocka_unit_test(absent_rows_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
