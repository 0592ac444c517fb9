/* Recomputing and gradient caching change where numbers are kept, not what they are: whole steps of
 * every method in every mode against the plain step. */
#include "model/step_compare.h"

enum { BATCH = 8 };

static const step_shape plain_shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                                       .size = SIZE,
                                       .batch = BATCH,
                                       .modalities = 2,
                                       .bands = {2, 3},
                                       .hidden = 32,
                                       .latent = 16,
                                       .classes = CLASSES};

static step_result run(const char *device, mos_precision precision, const step_shape *shape,
                       const char *method, bool absent) {
    return step_run(device, precision, 2, shape, method, absent);
}

static void check_recompute(mos_precision precision, bool pool, bool absent) {
    step_shape shape = plain_shape;
    const bool emulated = getenv("MOSAIC_EMULATED") != NULL; /* slow: the smallest encoder */
    shape.encoder = pool || emulated ? MOS_ENCODER_RESNET10_NARROW : MOS_ENCODER_RESNET18;
    shape.no_pool = !pool;
    step_result want = run("cpu", precision, &shape, "mosaic-1", absent);
    assert_true(isfinite(want.losses.total));
    for (int mode = MOS_RECOMPUTE_NORM; mode <= MOS_RECOMPUTE_BLOCK; mode++) {
        shape.recompute = (mos_recompute)mode;
        step_result found = run("cpu", precision, &shape, "mosaic-1", absent);
        assert_same(&found, &want, mode == MOS_RECOMPUTE_NORM ? "norm" : "block");
        step_result_release(&found);
    }
    step_result_release(&want);
}

static void recompute_fp32(void **state) {
    (void)state;
    check_recompute(MOS_PRECISION_FP32, false, false);
}
static void recompute_bf16(void **state) {
    (void)state;
    check_recompute(MOS_PRECISION_BF16, true, true);
}

/* Gradient caching is the plain step whose batch norm takes the chunks one by one. The small maps
 * at the end have 4 values per channel here, whose statistics enlarge float's rounding, and Adam
 * makes a whole step of the sign of a gradient near 0; the judge computes in double. */
static void check_caching(const char *device, mos_precision precision, const char *method,
                          mos_recompute recompute, double tolerance) {
    step_shape shape = plain_shape;
    if (precision == MOS_PRECISION_FP64) shape.batch = 4;
    shape.norm_parts = 2;
    step_result want = run(device, precision, &shape, method, true);
    shape.norm_parts = 0;
    shape.chunk = shape.batch / 2;
    shape.recompute = recompute;
    step_result found = run(device, precision, &shape, method, true);
    assert_near(&found, &want, tolerance, method);
    step_result_release(&want);
    step_result_release(&found);
}

static void caching_in_double(void **state) {
    (void)state;
    check_caching("ref", MOS_PRECISION_FP64, "supervised", MOS_RECOMPUTE_NORM, 1e-10);
}
static void caching_joint_and_views(void **state) {
    (void)state;
    check_caching("cpu", MOS_PRECISION_FP32, "mosaic-2", MOS_RECOMPUTE_NONE, 2e-2);
}
static void caching_and_recomputing(void **state) {
    (void)state;
    check_caching("cpu", MOS_PRECISION_FP32, "mosaic-1", MOS_RECOMPUTE_BLOCK, 2e-2);
}

/* One chunk is the plain step to the bit. Of two, each counts once in the running statistics, not
 * again when it is repeated: with one view set they follow in the order of the plain parts. */
static void running_statistics(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    step_result want = run("cpu", MOS_PRECISION_FP32, &shape, "supervised", false);
    shape.chunk = BATCH;
    step_result found = run("cpu", MOS_PRECISION_FP32, &shape, "supervised", false);
    assert_same(&found, &want, "one chunk");
    step_result_release(&found);
    step_result_release(&want);
    shape.chunk = 0;
    shape.norm_parts = 2;
    want = run("cpu", MOS_PRECISION_FP32, &shape, "supervised", false);
    shape.norm_parts = 0;
    shape.chunk = BATCH / 2;
    found = run("cpu", MOS_PRECISION_FP32, &shape, "supervised", false);
    int64_t counters = 0;
    for (int64_t i = 0; i < want.state; i++) {
        double scale = 1e-2 + fabs(want.running[i]);
        if (!(fabs(found.running[i] - want.running[i]) < 2e-2 * scale))
            fail_msg("running statistic %lld is %g, want %g", (long long)i, found.running[i],
                     want.running[i]);
        counters += found.running[i] == 4; /* two steps of two chunks */
    }
    assert_int_equal(counters, 2 * 12); /* as many norms has an encoder */
    step_result_release(&found);
    step_result_release(&want);
}

static void chunks_must_fit(void **state) {
    (void)state;
    mos_device *device;
    mos_model *model;
    mos_memory_report report;
    mos_model_spec spec = {.modalities = 1,
                           .modality = {{.name = "s1", .bands = 2}},
                           .encoder = MOS_ENCODER_RESNET10_NARROW,
                           .stem_pool = true,
                           .hidden = 8,
                           .latent = 8,
                           .classes = 2};
    mos_model_plan plan = {
        .batch = 8, .views = {1}, .height = SIZE, .width = SIZE, .train = true, .chunk = 3};
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 1, &device), MOSAIC_OK);
    assert_int_equal(mos_model_create(device, &spec, 1, &model), MOSAIC_OK);
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "chunks of 3"));
    plan.chunk = 4;
    plan.norm_parts = 3;
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_ERR_USAGE);
    plan.norm_parts = 0;
    assert_int_equal(mos_model_plan_measure(model, &plan, &report), MOSAIC_OK);
    assert_true(report.arena > 0);
    float image[1] = {0};
    assert_int_equal(mos_model_forward(model, 0, image, NULL), MOSAIC_ERR_USAGE); /* no plan */
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    mos_memory_report made;
    mos_model_memory(model, &made);
    assert_memory_equal(&made, &report, sizeof made);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

/* Memory of a large batch: flat in the batch but for the rows behind the encoders. */
static void memory_of_modes(void **state) {
    (void)state;
    mos_device *device;
    mos_model *model;
    mos_model_spec spec = full_spec;
    mos_model_plan plan = full_plan;
    spec.encoder = MOS_ENCODER_RESNET34;
    mos_memory_report report[3], cached[2];
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_OK);
    for (int mode = 0; mode < 3; mode++) {
        plan.recompute = (mos_recompute)mode;
        assert_int_equal(mos_model_plan_measure(model, &plan, &report[mode]), MOSAIC_OK);
        assert_true((double)(report[mode].arena - report[mode].rows) <=
                    1.06 * (double)report[mode].least);
    }
    assert_true((double)report[1].activations < 0.79 * (double)report[0].activations);
    assert_true((double)report[2].activations < 0.37 * (double)report[0].activations);
    /* 9.08 MB per view in fp32 are what the passes write */
    double model_bytes = 128 * 9.08e6 + 4.0 * (double)report[0].gradients;
    assert_true((double)report[0].total + 2.0 * (double)report[0].gradients < 1.05 * model_bytes);
    assert_int_equal(report[0].packed, 0);
    plan.recompute = MOS_RECOMPUTE_NONE;
    plan.freeze.stages = MOS_ENCODER_STAGES - 1; /* only layer4 goes backward, and keeps anything */
    mos_memory_report frozen;
    assert_int_equal(mos_model_plan_measure(model, &plan, &frozen), MOSAIC_OK);
    assert_true((double)frozen.activations < 0.1 * (double)report[0].activations);
    plan.freeze.stages = 0;
    plan.chunk = 32;
    for (int k = 0; k < 2; k++) {
        plan.batch = k == 0 ? 512 : 4096;
        assert_int_equal(mos_model_plan_measure(model, &plan, &cached[k]), MOSAIC_OK);
    }
    assert_int_equal(cached[0].arena - cached[0].rows, cached[1].arena - cached[1].rows);
    assert_true(cached[0].activations < report[0].activations); /* encoders take turns */
    assert_true(cached[1].rows < 300u << 20);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recompute_fp32),          cmocka_unit_test(recompute_bf16),
        cmocka_unit_test(caching_in_double),       cmocka_unit_test(caching_joint_and_views),
        cmocka_unit_test(caching_and_recomputing), cmocka_unit_test(running_statistics),
        cmocka_unit_test(chunks_must_fit),         cmocka_unit_test(memory_of_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
