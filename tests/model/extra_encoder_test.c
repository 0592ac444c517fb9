/* An encoder is one file and one line of a list (model/encoder.h): one that only this program has is
 * described, planned, placed, trained and run by the model as it stands. */
#include "model/step_compare.h"

#include "model/resnet.h"

static const step_shape shape = {.encoder = MOS_ENCODER_STEM,
                                 .size = 16,
                                 .batch = 4,
                                 .modalities = 2,
                                 .bands = {2, 3},
                                 .hidden = 16,
                                 .latent = 8,
                                 .classes = 3};

static mos_objective_options supervised(void) {
    mos_objective_options options = {.weight = {1, 1, 1, 1}, .tau_ntx = 0.5, .tau_msc = 0.2};
    assert_int_equal(mos_method_find("supervised", &options.method), MOSAIC_OK);
    return options;
}

static void fill(step_rig *rig) {
    step_formula_weights(rig->model);
    for (int64_t m = 0; m < rig->modalities; m++)
        formula_image(step_names[m], rig->views.views * rig->batch, rig->bands[m], rig->size,
                      rig->size, rig->images[m]);
    formula_labels("extra.labels", rig->batch * shape.classes, rig->labels);
    rig->labels[0] = 1;
}

static void the_list_is_longer(void **state) {
    (void)state;
    assert_int_equal(MOS_ENCODER_COUNT, MOS_ENCODER_RESNET10_NARROW + 2);
    assert_string_equal(mos_encoder_names[MOS_ENCODER_STEM], "stem");
    assert_null(mos_encoder_names[MOS_ENCODER_COUNT]);
    assert_null(mos_resnet_shape_of(MOS_ENCODER_STEM));
    assert_non_null(mos_resnet_shape_of(MOS_ENCODER_RESNET34));
}

/* The loss along one direction of the convolution's weights, against the gradient. */
static void its_gradient_is_right(void **state) {
    (void)state;
    mos_device *device;
    step_rig rig;
    mos_step_result result;
    const mos_objective_options options = supervised();
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    step_rig_init(&rig, device, &shape, &options);
    fill(&rig);
    const mos_parameter *item = mos_model_find(rig.model, "backbones.s2.conv1.weight");
    assert_non_null(item);
    assert_int_equal(item->stage, 1);
    assert_int_equal(item->count, 16 * 3 * 7 * 7);
    double *point = malloc((size_t)item->count * sizeof *point);
    double *gradient = malloc((size_t)item->count * sizeof *gradient);
    double *moved = malloc((size_t)item->count * sizeof *moved), loss[2], along = 0;
    const size_t at = (size_t)item->offset * device->real_bytes;
    unsigned char *weights = (unsigned char *)mos_model_params(rig.model) + at;
    const unsigned char *grads = (const unsigned char *)mos_model_grads(rig.model) + at;
    const mos_step_input input = step_input(&rig);
    assert_int_equal(mos_step_gradients(&rig.step, &input, &result), MOSAIC_OK);
    assert_int_equal(mos_get_f64(device, weights, point, item->count), MOSAIC_OK);
    assert_int_equal(mos_get_f64(device, grads, gradient, item->count), MOSAIC_OK);
    for (int side = 0; side < 2; side++) {
        for (int64_t i = 0; i < item->count; i++)
            moved[i] = point[i] + (side == 0 ? -1e-6 : 1e-6) * (i % 3 == 0 ? 1 : -0.5);
        device->ops->put_f64(device, weights, moved, item->count);
        assert_int_equal(mos_step_losses(&rig.step, &input, &result), MOSAIC_OK);
        loss[side] = result.losses.total;
    }
    for (int64_t i = 0; i < item->count; i++)
        along += gradient[i] * (i % 3 == 0 ? 1 : -0.5);
    assert_true(fabs(along) > 1e-6);
    golden_near("stem", (loss[1] - loss[0]) / 2e-6, along, fabs(along), 1e-4);
    free(point);
    free(gradient);
    free(moved);
    step_rig_release(&rig);
    mos_device_close(&device);
}

/* Placed by its own lifetimes: the step is the same with the image made again. */
static void its_memory_is_planned(void **state) {
    (void)state;
    step_shape other = shape;
    other.size = SIZE;
    other.classes = CLASSES;
    step_result want = step_run("cpu", MOS_PRECISION_FP32, 2, &other, "supervised", true);
    assert_true(isfinite(want.losses.total));
    other.recompute = MOS_RECOMPUTE_NORM;
    step_result found = step_run("cpu", MOS_PRECISION_FP32, 2, &other, "supervised", true);
    assert_same(&found, &want, "image again");
    step_result_release(&found);
    step_result_release(&want);
}

/* Frozen, it has fixed statistics and no gradient; inference on cpu is that of the reference. */
static void it_infers(void **state) {
    (void)state;
    double features[2][4 * 16];
    for (int k = 0; k < 2; k++) {
        mos_device *device;
        step_rig rig;
        const mos_objective_options options = supervised();
        assert_int_equal(mos_device_open(k == 0 ? "cpu" : "ref", MOS_PRECISION_FP32, 1, &device),
                         MOSAIC_OK);
        step_rig_init(&rig, device, &shape, &options);
        mos_model_plan plan = {.batch = 4, .views = {1, 1}, .height = 16, .width = 16};
        plan.train = true;
        plan.freeze.stages = 1;
        mos_memory_report frozen, trained;
        assert_int_equal(mos_model_plan_measure(rig.model, &plan, &frozen), MOSAIC_OK);
        plan.freeze.stages = 0;
        assert_int_equal(mos_model_plan_measure(rig.model, &plan, &trained), MOSAIC_OK);
        assert_int_equal(frozen.activations, 0);
        assert_true(trained.activations > 0);
        plan.train = false;
        assert_int_equal(mos_model_plan_make(rig.model, &plan), MOSAIC_OK);
        fill(&rig);
        assert_int_equal(mos_model_feature_size(rig.model), 16);
        assert_int_equal(mos_model_infer(rig.model, 0, rig.images[0]), MOSAIC_OK);
        assert_int_equal(mos_get_f64(device, mos_model_features(rig.model, 0), features[k], 4 * 16),
                         MOSAIC_OK);
        step_rig_release(&rig);
        mos_device_close(&device);
    }
    double sum = 0;
    for (int i = 0; i < 4 * 16; i++) {
        sum += features[1][i];
        assert_true(fabs(features[0][i] - features[1][i]) < 1e-4);
    }
    assert_true(sum > 1e-3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_longer),
        cmocka_unit_test(its_gradient_is_right),
        cmocka_unit_test(its_memory_is_planned),
        cmocka_unit_test(it_infers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
