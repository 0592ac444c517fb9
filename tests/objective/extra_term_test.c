/* A loss term is one file and one line of a list (objective/term.h): a term that only this program
 * has is planned, checked, run and summed by the objective as it stands. */
#include "golden/golden_file.h"

#include "objective/objective.h"

enum { BATCH = 4, LATENT = 6, MODALITIES = 2, CLASSES = 3 };

static const mos_method alone = {"mean", 1u << MOS_TERM_MEAN, 0, "the test's term alone"};
static const mos_method together = {"mean-bce", 1u << MOS_TERM_MEAN | 1u << MOS_TERM_BCE, 0,
                                    "the test's term and classification"};

static mos_objective_options options_for(const mos_method *method) {
    mos_objective_options options = {.method = method, .tau_ntx = 0.5, .tau_msc = 0.1};
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        options.weight[t] = 1;
    options.weight[MOS_TERM_MEAN] = 0.25;
    return options;
}

static void the_list_is_longer(void **state) {
    (void)state;
    assert_int_equal(MOS_TERM_COUNT, MOS_TERM_BCE + 2);
    assert_string_equal(mos_terms[MOS_TERM_MEAN]->name, "mean");
    mos_objective_options options = options_for(&alone);
    assert_true(mos_objective_uses(&options, MOS_TERM_MEAN));
    assert_false(mos_objective_uses(&options, MOS_TERM_BCE));
    assert_int_equal(mos_objective_needs(&options), MOS_NEEDS_ANCHOR | MOS_NEEDS_LATENTS_INTER);
    assert_string_equal(mos_objective_views(&options).kinds, "a");
    options.weight[MOS_TERM_MEAN] = 0;
    assert_int_equal(mos_objective_needs(&options), 0);
    options = options_for(&together);
    assert_int_equal(mos_objective_needs(&options) & MOS_NEEDS_LOGITS, MOS_NEEDS_LOGITS);
    for (const mos_method *method = mos_methods; method->name != NULL; method++)
        assert_int_equal(method->terms & 1u << MOS_TERM_MEAN, 0);
}

static void run(mos_device *device, const mos_method *method) {
    mos_objective_options options = options_for(method);
    mos_objective *objective;
    mos_objective_result result;
    double z[MODALITIES][BATCH * LATENT], dz[BATCH * LATENT], mean = 0;
    void *memory[2 * MODALITIES + 2];
    for (int i = 0; i < 2 * MODALITIES + 2; i++)
        assert_int_equal(device->ops->alloc(device, sizeof z, &memory[i]), MOSAIC_OK);
    int8_t labels[BATCH * CLASSES] = {1};
    const bool bce = (method->terms & 1u << MOS_TERM_BCE) != 0;
    mos_objective_input in = {.modalities = MODALITIES,
                              .batch = BATCH,
                              .classes = CLASSES,
                              .latent = LATENT,
                              .logits = bce ? memory[2 * MODALITIES] : NULL,
                              .dlogits = bce ? memory[2 * MODALITIES + 1] : NULL,
                              .labels = labels};
    for (int m = 0; m < MODALITIES; m++) {
        formula_unit_rows(m == 0 ? "extra.z0" : "extra.z1", BATCH, LATENT, z[m]);
        for (int i = 0; i < BATCH * LATENT; i++)
            mean += z[m][i] / (MODALITIES * BATCH * LATENT);
        device->ops->put_f64(device, memory[m], z[m], BATCH * LATENT);
        in.z_inter[m] = memory[m];
        in.dz_inter[m] = memory[MODALITIES + m];
    }
    assert_int_equal(
        mos_objective_create(device, &options, MODALITIES, BATCH, CLASSES, LATENT, &objective),
        MOSAIC_OK);
    assert_int_equal(mos_objective_run(objective, &in, &result), MOSAIC_OK);
    assert_true(fabs(mean) > 1e-3);
    assert_true(fabs(result.term[MOS_TERM_MEAN] - mean) < 1e-12);
    double classification = bce ? log(2) : 0; /* of logits 0 */
    assert_true(fabs(result.term[MOS_TERM_BCE] - classification) < 1e-12);
    assert_true(fabs(result.total - (0.25 * mean + classification)) < 1e-12);
    assert_int_equal(mos_get_f64(device, memory[MODALITIES + 1], dz, BATCH * LATENT), MOSAIC_OK);
    for (int i = 0; i < BATCH * LATENT; i++)
        assert_true(fabs(dz[i] - 0.25 / (MODALITIES * BATCH * LATENT)) < 1e-15);
    in.dz_inter[1] = NULL;
    assert_int_equal(mos_objective_run(objective, &in, &result), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "modality 1 has no latents"));
    mos_objective_destroy(&objective);
    assert_int_equal(
        mos_objective_create(device, &options, MODALITIES, BATCH, CLASSES, LATENT + 1, &objective),
        MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "the mean term wants an even width"));
    for (int i = 0; i < 2 * MODALITIES + 2; i++)
        device->ops->free(device, memory[i]);
}

static void it_runs(void **state) {
    (void)state;
    mos_device *device;
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    run(device, &alone);
    run(device, &together);
    mos_device_close(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_longer),
        cmocka_unit_test(it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
