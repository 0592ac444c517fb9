/* Encoders side by side against encoders in turn: to the bit those of encoders with as many threads
 * each, and within rounding those with all threads; in every mode, with rows and whole modalities
 * missing. */
#include "model/step_compare.h"

enum { THREADS = 2, BATCH = 4 };

/* Small maps at the end have few values per channel, whose statistics enlarge float's rounding:
 * gradients were 0.006 apart with AVX2. */
static const double rounding = 1e-2;

static const step_shape plain_shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                                       .size = SIZE,
                                       .batch = BATCH,
                                       .modalities = 2,
                                       .bands = {2, 3, 1},
                                       .hidden = 32,
                                       .latent = 16,
                                       .classes = CLASSES};

/* Workers of one thread each are encoders on one thread, to the bit. */
static void check_bits(const char *device, mos_precision precision, step_shape shape,
                       const char *method, bool absent, const char *what) {
    shape.workers = 0;
    step_result want = step_run(device, precision, 1, &shape, method, absent);
    assert_true(isfinite(want.losses.total) && want.losses.total != 0);
    shape.workers = 2;
    step_result found = step_run(device, precision, THREADS, &shape, method, absent);
    assert_same(&found, &want, what);
    step_result_release(&found);
    step_result_release(&want);
}

static void two_modalities(void **state) {
    (void)state;
    check_bits("cpu", MOS_PRECISION_FP32, plain_shape, "mosaic-1", false, "fp32");
    check_bits("cpu", MOS_PRECISION_BF16, plain_shape, "mosaic-2", true, "bf16");
}

static void judged_in_double(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    shape.batch = 2;
    check_bits("ref", MOS_PRECISION_FP64, shape, "supervised", false, "ref");
}

/* Three on two workers: one waits for its turn. One of them is in no patch of the batch. */
static void three_modalities(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    shape.modalities = 3;
    shape.missing = MOS_MISSING_LEARNED;
    check_bits("cpu", MOS_PRECISION_FP32, shape, "mosaic-1", true, "three");
    shape.left_out = 1;
    check_bits("cpu", MOS_PRECISION_BF16, shape, "mosaic-1", true, "one left out");
}

static void modes(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    shape.recompute = MOS_RECOMPUTE_NORM;
    check_bits("cpu", MOS_PRECISION_FP32, shape, "mosaic-1", true, "recomputing");
    shape.recompute = MOS_RECOMPUTE_BLOCK;
    shape.chunk = BATCH / 2;
    check_bits("cpu", MOS_PRECISION_BF16, shape, "mosaic-1", true, "caching and recomputing");
}

/* Against encoders in turn on all threads: other partitions of the sums, the same numbers. */
static void near_in_turn(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    for (shape.modalities = 2; shape.modalities <= 3; shape.modalities++) {
        shape.workers = 0;
        step_result want = step_run("cpu", MOS_PRECISION_FP32, THREADS, &shape, "mosaic-1", true);
        shape.workers = shape.modalities;
        step_result found = step_run("cpu", MOS_PRECISION_FP32, THREADS, &shape, "mosaic-1", true);
        assert_near(&found, &want, rounding, "side by side");
        step_result_release(&found);
        step_result_release(&want);
    }
}

/* Five threads on two workers, on a machine with as many or not: teams of their own. */
static void uneven_teams(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    step_result want = step_run("cpu", MOS_PRECISION_FP32, 1, &shape, "mosaic-1", false);
    shape.workers = 8; /* as many as there are modalities */
    step_result found = step_run("cpu", MOS_PRECISION_FP32, 5, &shape, "mosaic-1", false);
    step_result again = step_run("cpu", MOS_PRECISION_FP32, 5, &shape, "mosaic-1", false);
    assert_near(&found, &want, rounding, "five threads");
    assert_same(&again, &found, "five threads again");
    step_result_release(&want);
    step_result_release(&found);
    step_result_release(&again);
}

/* What lies side by side cannot share: scratch twice, what is kept once. */
static void memory(void **state) {
    (void)state;
    mos_device *device;
    mos_model *model;
    mos_model_spec spec = full_spec;
    mos_model_plan plan = full_plan;
    spec.encoder = MOS_ENCODER_RESNET18;
    mos_memory_report turn, side, cached;
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_OK);
    assert_int_equal(mos_model_plan_measure(model, &plan, &turn), MOSAIC_OK);
    plan.workers = 2;
    assert_int_equal(mos_model_plan_measure(model, &plan, &side), MOSAIC_OK);
    assert_int_equal(side.activations, turn.activations);
    assert_int_equal(side.rows, turn.rows);
    assert_true(side.least >= turn.least && side.arena >= turn.arena);
    assert_true((double)(side.arena - side.rows) <= 1.06 * (double)side.least);
    assert_true((double)side.arena < 1.1 * (double)turn.arena);
    plan.chunk = 8;
    assert_int_equal(mos_model_plan_measure(model, &plan, &cached), MOSAIC_OK);
    assert_true(cached.arena < side.arena);
    plan.workers = -1;
    assert_int_equal(mos_model_plan_measure(model, &plan, &cached), MOSAIC_ERR_USAGE);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

/* For the thread sanitizer, which does not see through oneDNN's own threads: one thread per worker
 * and one for the rest. */
static void races(void **state) {
    (void)state;
    step_shape shape = plain_shape;
    shape.batch = 2;
    shape.chunk = 1;
    shape.workers = 2;
    shape.recompute = MOS_RECOMPUTE_NORM;
    step_result found = step_run("cpu", MOS_PRECISION_FP32, 1, &shape, "mosaic-1", true);
    assert_true(isfinite(found.losses.total));
    step_result_release(&found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(races),
        cmocka_unit_test(two_modalities),
        cmocka_unit_test(judged_in_double),
        cmocka_unit_test(three_modalities),
        cmocka_unit_test(modes),
        cmocka_unit_test(near_in_turn),
        cmocka_unit_test(uneven_teams),
        cmocka_unit_test(memory),
    };
#ifdef __SANITIZE_THREAD__
    cmocka_set_test_filter("races");
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
