/* The training step: what stops it, what clipping and groups of weights do. */
#include "model/step_rig.h"

#include <math.h>

static const step_shape shape = {.encoder = MOS_ENCODER_RESNET18,
                                 .size = 16,
                                 .batch = 4,
                                 .modalities = 2,
                                 .bands = {2, 3},
                                 .hidden = 16,
                                 .latent = 8,
                                 .classes = 3};

typedef struct fixture {
    mos_device *device;
    step_rig rig;
    int64_t count;
    float *before, *after;
} fixture;

static void begin(fixture *it) {
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.1,
                                     .positives = MOS_POSITIVES_MULSUPCON};
    assert_int_equal(mos_method_find("mosaic-1", &options.method), MOSAIC_OK);
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 1, &it->device), MOSAIC_OK);
    step_rig_init(&it->rig, it->device, &shape, &options);
    step_formula_weights(it->rig.model);
    for (int64_t m = 0; m < 2; m++)
        formula_image(step_names[m], it->rig.views.views * shape.batch, shape.bands[m], shape.size,
                      shape.size, it->rig.images[m]);
    for (int64_t i = 0; i < shape.batch * shape.classes; i++)
        it->rig.labels[i] = i % 2 == 0;
    it->count = mos_model_param_count(it->rig.model);
    it->before = malloc((size_t)it->count * sizeof(float));
    it->after = malloc((size_t)it->count * sizeof(float));
    (void)!mos_get_f32(it->device, mos_model_params(it->rig.model), it->before, it->count);
}

static void end(fixture *it) {
    free(it->before);
    free(it->after);
    step_rig_release(&it->rig);
    mos_device_close(&it->device);
}

static mosaic_status run(fixture *it, const mos_step_rate *rate, mos_step_result *result) {
    const mos_step_input input = step_input(&it->rig);
    mosaic_status status = mos_step_run(&it->rig.step, &input, rate, result);
    (void)!mos_get_f32(it->device, mos_model_params(it->rig.model), it->after, it->count);
    return status;
}

static void not_a_number_leaves_the_weights(void **state) {
    (void)state;
    fixture it;
    mos_step_result result;
    const mos_step_rate rate = step_rate(1, 1e-3);
    begin(&it);
    it.rig.images[1][7] = NAN;
    assert_int_equal(run(&it, &rate, &result), MOSAIC_ERR_NUMERIC);
    assert_string_equal(result.not_finite, "loss");
    assert_non_null(strstr(mosaic_error(), "the loss of a training step is not finite"));
    assert_memory_equal(it.before, it.after, (size_t)it.count * sizeof(float));
    end(&it);
}

/* A loss times 1e38 is finite in double; over a temperature of 1e-3 its gradient in float is not.
 */
static void the_gradient_is_measured(void **state) {
    (void)state;
    fixture it;
    mos_step_result result;
    const mos_step_rate rate = step_rate(1, 1e-3);
    begin(&it);
    mos_objective_settings(it.rig.objective)->weight[MOS_TERM_INTRA] = 1e38;
    mos_objective_settings(it.rig.objective)->tau_ntx = 1e-3;
    assert_int_equal(run(&it, &rate, &result), MOSAIC_ERR_NUMERIC);
    assert_true(isfinite(result.losses.total));
    assert_string_equal(result.not_finite, "gradient");
    assert_memory_equal(it.before, it.after, (size_t)it.count * sizeof(float));
    end(&it);
}

/* Plain SGD moves by lr times the gradient: after clipping, by lr times the norm allowed. */
static void clipping_bounds_the_move(void **state) {
    (void)state;
    for (int clipped = 0; clipped < 2; clipped++) {
        fixture it;
        mos_step_result result;
        double moved = 0;
        begin(&it);
        const mos_step_rate rate = {.optimizer = {.kind = MOS_OPTIMIZER_SGD, .step = 1, .lr = 0.5},
                                    .clip = clipped ? 0.25 : 0};
        assert_int_equal(run(&it, &rate, &result), MOSAIC_OK);
        for (int64_t i = 0; i < it.count; i++)
            moved += ((double)it.after[i] - (double)it.before[i]) *
                     ((double)it.after[i] - (double)it.before[i]);
        double want = 0.5 * (clipped ? 0.25 : result.norm);
        assert_true(result.norm > 0.25 && result.norm < 1e6);
        if (!(fabs(sqrt(moved) - want) < 1e-2 * want))
            fail_msg("moved by %g, want %g", sqrt(moved), want);
        end(&it);
    }
}

static bool is_moved(const fixture *it, const char *name) {
    const mos_parameter *item = mos_model_find(it->rig.model, name);
    assert_non_null(item);
    return memcmp(it->before + item->offset, it->after + item->offset,
                  (size_t)item->count * sizeof(float)) != 0;
}

static void groups_freeze_and_slow(void **state) {
    (void)state;
    fixture it;
    mos_step_result result;
    const mos_step_rate rate = step_rate(1, 1e-3);
    begin(&it);
    assert_int_equal(mos_step_group(&it.rig.step, 0.125, 2, true), MOSAIC_OK);
    assert_int_equal(run(&it, &rate, &result), MOSAIC_OK);
    assert_false(is_moved(&it, "backbones.s1.conv1.weight"));          /* stage 1 */
    assert_false(is_moved(&it, "backbones.s2.layer1.0.conv1.weight")); /* stage 2 */
    assert_true(is_moved(&it, "backbones.s2.layer2.0.conv1.weight"));
    assert_false(is_moved(&it, "backbones.s2.layer2.0.bn1.weight")); /* a norm */
    assert_true(is_moved(&it, "head.weight"));
    /* Adam's first step is the rate times the sign. */
    const mos_parameter *encoder =
        mos_model_find(it.rig.model, "backbones.s1.layer4.0.conv1.weight");
    double most = 0;
    for (int64_t i = encoder->offset; i < encoder->offset + encoder->count; i++)
        most = fmax(most, fabs((double)it.after[i] - (double)it.before[i] * (1 - 1.25e-6)));
    assert_true(most > 1.2e-4 && most < 1.3e-4);
    end(&it);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_number_leaves_the_weights),
        cmocka_unit_test(the_gradient_is_measured),
        cmocka_unit_test(clipping_bounds_the_move),
        cmocka_unit_test(groups_freeze_and_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
