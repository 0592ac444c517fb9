/* The whole model under a whole objective by finite differences in double: loss to every kind of
 * parameter, with absent rows, a second projector, and a stem without pooling.
 *
 * A step this long crosses next to no ReLU or maximum, and where central differences at h and h/2
 * disagree it did: the direction then says nothing and another one is drawn. */
#include "model/step_rig.h"

#include "base/rng.h"

enum { TRIES = 4 };
static const double step_h = 1e-7, kink = 2e-5, tolerance = 2e-5;

typedef struct check_rig {
    step_rig rig;
    double *point, *moved, *direction; /* of one tensor */
} check_rig;

static void *tensor_at(const step_rig *rig, void *block, const mos_parameter *item) {
    return (unsigned char *)block + (size_t)item->offset * rig->device->real_bytes;
}

/* Moves the tensor to point + t direction. */
static void move(check_rig *c, const mos_parameter *item, double t) {
    step_rig *rig = &c->rig;
    for (int64_t i = 0; i < item->count; i++)
        c->moved[i] = c->point[i] + t * c->direction[i];
    rig->device->ops->put_f64(rig->device, tensor_at(rig, mos_model_params(rig->model), item),
                              c->moved, item->count);
}

static double loss_at(check_rig *c, const mos_parameter *item, double t) {
    const mos_step_input input = step_input(&c->rig);
    mos_step_result result;
    move(c, item, t);
    assert_int_equal(mos_step_losses(&c->rig.step, &input, &result), MOSAIC_OK);
    return result.losses.total;
}

static double central(check_rig *c, const mos_parameter *item, double h) {
    return (loss_at(c, item, h) - loss_at(c, item, -h)) / (2 * h);
}

static void check_tensor(check_rig *c, const char *name, const double *gradient_block) {
    step_rig *rig = &c->rig;
    const mos_parameter *item = mos_model_find(rig->model, name);
    if (item == NULL) fail_msg("no parameter '%s'", name);
    const double *gradient = gradient_block + item->offset;
    size_t bytes = (size_t)item->count * sizeof(double);
    c->point = malloc(bytes);
    c->moved = malloc(bytes);
    c->direction = malloc(bytes);
    (void)!mos_get_f64(rig->device, tensor_at(rig, mos_model_params(rig->model), item), c->point,
                       item->count);
    bool conclusive = false;
    for (uint32_t tries = 0; tries < TRIES && !conclusive; tries++) {
        mos_rng rng = mos_rng_at(7, MOS_RNG_TEST, tries, formula_hash(name), 0);
        double analytic = 0, length = 0;
        for (int64_t i = 0; i < item->count; i++) {
            c->direction[i] = mos_rng_normal(&rng);
            analytic += gradient[i] * c->direction[i];
            length += gradient[i] * gradient[i];
        }
        assert_true(length > 0);
        double scale = fmax(fabs(analytic), sqrt(length));
        double coarse = central(c, item, step_h), fine = central(c, item, step_h / 2);
        conclusive = fabs(fine - coarse) <= kink * scale;
        if (conclusive) golden_near(name, fine, analytic, scale, tolerance);
    }
    if (!conclusive) fail_msg("%s: every direction met a kink", name);
    move(c, item, 0);
    free(c->point);
    free(c->moved);
    free(c->direction);
}

static void check_model(const step_shape *shape, const mos_objective_options *options, bool absent,
                        const char *const *names) {
    mos_device *device;
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 2, &device), MOSAIC_OK);
    check_rig c = {0};
    step_rig *rig = &c.rig;
    step_rig_init(rig, device, shape, options);
    step_formula_weights(rig->model);
    for (int64_t m = 0; m < rig->modalities; m++) {
        char name[32];
        (void)snprintf(name, sizeof name, "check.%s", step_names[m]);
        formula_image(name, rig->views.views * rig->batch, rig->bands[m], rig->size, rig->size,
                      rig->images[m]);
    }
    formula_labels("check.labels", rig->batch * shape->classes, rig->labels);
    rig->labels[0] = rig->labels[shape->classes] = 1; /* a positive pair for sure */
    if (absent) {
        rig->present[1] = malloc((size_t)rig->batch);
        memset(rig->present[1], 1, (size_t)rig->batch);
        rig->present[1][rig->batch - 1] = 0;
    }
    const mos_step_input input = step_input(rig);
    mos_step_result result;
    assert_int_equal(mos_step_gradients(&rig->step, &input, &result), MOSAIC_OK);
    int64_t count = mos_model_param_count(rig->model);
    double *gradient = malloc((size_t)count * sizeof *gradient);
    (void)!mos_get_f64(device, mos_model_grads(rig->model), gradient, count);
    for (int i = 0; names[i] != NULL; i++)
        check_tensor(&c, names[i], gradient);
    free(gradient);
    step_rig_release(rig);
    mos_device_close(&device);
}

static mos_objective_options make_options(const char *method) {
    mos_objective_options options = {.weight = {1, 0.7, 0.5, 2},
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.2,
                                     .positives = MOS_POSITIVES_MULSUPCON};
    assert_int_equal(mos_method_find(method, &options.method), MOSAIC_OK);
    return options;
}

static void pooled_model(void **state) {
    (void)state;
    static const char *const names[] = {
        "backbones.s1.conv1.weight", "backbones.s2.layer2.0.downsample.0.weight",
        "backbones.s1.layer3.0.bn2.weight", "projectors.s2.0.weight", NULL};
    step_shape shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                        .size = 16,
                        .batch = 5,
                        .modalities = 2,
                        .bands = {2, 3},
                        .hidden = 16,
                        .latent = 8,
                        .classes = 3};
    mos_objective_options options = make_options("supcon");
    check_model(&shape, &options, true, names);
}

static void model_without_pool(void **state) {
    (void)state;
    static const char *const names[] = {"backbones.s2.bn1.weight", "projectors_inter.s1.0.weight",
                                        NULL};
    step_shape shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                        .size = 16,
                        .batch = 3,
                        .modalities = 2,
                        .bands = {1, 2},
                        .hidden = 16,
                        .latent = 8,
                        .classes = 3,
                        .inter = true,
                        .no_pool = true};
    mos_objective_options options = make_options("mosaic-2");
    options.shared_anchor = true;
    check_model(&shape, &options, false, names);
}

/* Through every fusion down to an encoder, with a sample that lacks a modality. */
static void fused_models(void **state) {
    (void)state;
    static const char *const names[MOS_FUSION_KINDS][2] = {
        [MOS_FUSION_GATED] = {"fusion.s2.gate.bias", NULL},
        [MOS_FUSION_BILINEAR] = {"fusion.s2.factor.weight", NULL},
        [MOS_FUSION_ATTENTION] = {"backbones.s1.bn1.weight", NULL}};
    mos_objective_options options = make_options("supervised");
    for (int kind = MOS_FUSION_GATED; kind < MOS_FUSION_KINDS; kind++) {
        step_shape shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                            .size = 16,
                            .batch = 3,
                            .modalities = 2,
                            .bands = {1, 2},
                            .hidden = 8,
                            .latent = 4,
                            .classes = 3,
                            .fusion = (mos_fusion_id)kind};
        check_model(&shape, &options, true, names[kind]);
    }
}

/* Learned stand-ins for what is absent: their own gradient, and that of what they meet in the head.
 */
static void learned_missing(void **state) {
    (void)state;
    static const char *const names[] = {"missing.s2", "head.weight",
                                        "backbones.s2.layer4.0.bn2.bias", NULL};
    step_shape shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                        .size = 16,
                        .batch = 4,
                        .modalities = 2,
                        .bands = {2, 3},
                        .hidden = 16,
                        .latent = 8,
                        .classes = 3,
                        .missing = MOS_MISSING_LEARNED};
    mos_objective_options options = make_options("mosaic-1");
    check_model(&shape, &options, true, names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooled_model),
        cmocka_unit_test(model_without_pool),
        cmocka_unit_test(fused_models),
        cmocka_unit_test(learned_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
