/* Whole steps, and what they leave behind, compared. */
#ifndef TEST_MODEL_STEP_COMPARE_H
#define TEST_MODEL_STEP_COMPARE_H

#include "model/step_rig.h"

#include <math.h>

enum { SIZE = 32, CLASSES = 4 };

/* All that a step leaves behind. */
typedef struct step_result {
    mos_objective_result losses;
    int64_t params, state;
    double *grads, *running;
} step_result;

/* The size that memory is measured at. */
static const mos_model_spec full_spec __attribute__((unused)) = {
    .modalities = 2,
    .modality = {{.name = "s1", .bands = 2}, {.name = "s2", .bands = 12}},
    .stem_pool = true,
    .hidden = 512,
    .latent = 128,
    .classes = 19};
static const mos_model_plan full_plan __attribute__((unused)) = {
    .batch = 32, .views = {2, 2}, .height = 120, .width = 120, .train = true, .latents = true};

static inline void step_result_release(step_result *result) {
    free(result->grads);
    free(result->running);
}

static inline mos_objective_options options_of(const char *method) {
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.1,
                                     .positives = MOS_POSITIVES_MULSUPCON};
    assert_int_equal(mos_method_find(method, &options.method), MOSAIC_OK);
    return options;
}

static inline void fill_input(step_rig *rig, bool absent) {
    for (int64_t m = 0; m < rig->modalities; m++) {
        char name[32];
        (void)snprintf(name, sizeof name, "modes.%s", step_names[m]);
        formula_image(name, rig->views.views * rig->batch, rig->bands[m], SIZE, SIZE,
                      rig->images[m]);
        if (!absent) continue;
        rig->present[m] = malloc((size_t)rig->batch);
        for (int64_t i = 0; i < rig->batch; i++)
            rig->present[m][i] = i % 5 != m + 1; /* a chunk of four always has some */
    }
    for (int64_t i = 0; i < rig->batch * CLASSES; i++)
        rig->labels[i] = (int8_t)(i % 3 == 0 || i % 7 == 2);
}

static inline void leave_out(step_rig *rig, int64_t m) {
    rig->left_out[m] = true;
    free(rig->present[m]);
    rig->present[m] = calloc((size_t)rig->batch, 1);
}

/* Weights of about He's size, quickly: a network has eleven million. */
static inline void plain_weights(mos_model *model) {
    int64_t count;
    const mos_parameter *items = mos_model_parameters(model, &count);
    uint32_t state = 1;
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *item = &items[i];
        float *values = calloc((size_t)item->count, sizeof *values);
        double scale =
            item->rank < 2 ? 0.3 : 1.7 * sqrt((double)item->shape[0] / (double)item->count);
        for (int64_t k = 0; k < item->count && !item->counter; k++) {
            state = state * 1664525u + 1013904223u;
            values[k] =
                (float)(scale * ((double)(state >> 8) / 8388608.0 - 1) + (item->rank < 2 ? 1 : 0));
        }
        mos_model_put(model, item, values);
        free(values);
    }
    mos_model_refresh(model);
}

/* Two steps; the second one must not touch the heap. */
static inline step_result step_run(const char *device_name, mos_precision precision, int threads,
                                   const step_shape *shape, const char *method, bool absent) {
    mos_device *device;
    step_rig rig;
    step_result result;
    mos_objective_options options = options_of(method);
    assert_int_equal(mos_device_open(device_name, precision, threads, &device), MOSAIC_OK);
    step_rig_init(&rig, device, shape, &options);
    plain_weights(rig.model);
    fill_input(&rig, absent);
    if (shape->left_out > 0) leave_out(&rig, shape->left_out - 1);
    uint64_t allocations = 0;
    for (int step = 1; step <= 2; step++) {
        if (step == 2) allocations = mos_alloc_count();
        const mos_step_input input = step_input(&rig);
        const mos_step_rate rate = step_rate(step, 1e-4);
        mos_step_result found;
        assert_int_equal(mos_step_run(&rig.step, &input, &rate, &found), MOSAIC_OK);
        result.losses = found.losses;
    }
    assert_int_equal(mos_alloc_count(), allocations);
    result.params = mos_model_param_count(rig.model);
    result.state = mos_model_state_count(rig.model);
    result.grads = malloc((size_t)result.params * sizeof(double));
    result.running = malloc((size_t)result.state * sizeof(double));
    (void)!mos_get_f64(device, mos_model_grads(rig.model), result.grads, result.params);
    (void)!mos_get_f64(device, mos_model_state(rig.model), result.running, result.state);
    step_rig_release(&rig);
    mos_device_close(&device);
    return result;
}

static inline void assert_same(const step_result *found, const step_result *want,
                               const char *what) {
    assert_int_equal(found->params, want->params);
    if (found->losses.total != want->losses.total)
        fail_msg("%s: loss %.17g, want %.17g", what, found->losses.total, want->losses.total);
    for (int64_t i = 0; i < want->params; i++)
        if (found->grads[i] != want->grads[i])
            fail_msg("%s: gradient %lld is %.17g, want %.17g", what, (long long)i, found->grads[i],
                     want->grads[i]);
    for (int64_t i = 0; i < want->state; i++)
        if (found->running[i] != want->running[i])
            fail_msg("%s: running statistic %lld is %.17g, want %.17g", what, (long long)i,
                     found->running[i], want->running[i]);
}

/* Relative to the norm of all gradients. */
static inline void assert_near(const step_result *found, const step_result *want, double tolerance,
                               const char *what) {
    double square = 0, error = 0;
    for (int64_t i = 0; i < want->params; i++) {
        square += want->grads[i] * want->grads[i];
        error += (found->grads[i] - want->grads[i]) * (found->grads[i] - want->grads[i]);
    }
    assert_true(square > 0);
    if (!(sqrt(error / square) <= tolerance))
        fail_msg("%s: gradients differ by %.3g, at most %.3g", what, sqrt(error / square),
                 tolerance);
    if (!(fabs(found->losses.total - want->losses.total) <= tolerance * fabs(want->losses.total)))
        fail_msg("%s: loss %.12g, want %.12g", what, found->losses.total, want->losses.total);
}

#endif
