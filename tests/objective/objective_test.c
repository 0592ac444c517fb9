/* The table of methods, which views they use, what is refused, and invariants of the losses
 * (docs/math.md). */
#include "golden/golden_file.h"

#include "base/memory.h"
#include "objective/objective.h"

enum { BATCH = 6, LATENT = 5, CLASSES = 4 };

static mos_objective_options options_for(const char *method) {
    mos_objective_options options = {.weight = {1, 1, 1, 1},
                                     .tau_ntx = 0.5,
                                     .tau_msc = 0.1,
                                     .positives = MOS_POSITIVES_MULSUPCON};
    assert_int_equal(mos_method_find(method, &options.method), MOSAIC_OK);
    return options;
}

static void the_table(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int intra, inter, msc, bce;
    } rows[] = {{"mosaic-1", 1, 1, MOS_MSC_CROSS, 1},
                {"mosaic-2", 0, 1, MOS_MSC_VIEWS | MOS_MSC_CROSS, 1},
                {"iai-simclr", 1, 1, 0, 0},
                {"simclr", 1, 0, 0, 0},
                {"dual-simclr", 0, 1, 0, 0},
                {"supcon", 0, 0, MOS_MSC_JOINT, 1},
                {"supervised", 0, 0, 0, 1}};
    size_t count = 0;
    for (; mos_methods[count].name != NULL; count++)
        assert_true(mos_methods[count].summary != NULL);
    assert_int_equal(count, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        const mos_method *method;
        assert_int_equal(mos_method_find(rows[i].name, &method), MOSAIC_OK);
        assert_string_equal(method->name, rows[i].name);
        assert_int_equal((method->terms >> MOS_TERM_INTRA) & 1, rows[i].intra);
        assert_int_equal((method->terms >> MOS_TERM_INTER) & 1, rows[i].inter);
        assert_int_equal((method->terms >> MOS_TERM_MSC) & 1, rows[i].msc != 0);
        assert_int_equal(method->msc, rows[i].msc);
        assert_int_equal((method->terms >> MOS_TERM_BCE) & 1, rows[i].bce);
        assert_int_equal((mos_method_needs(method) & MOS_NEEDS_ANY_LATENTS) != 0,
                         strcmp(rows[i].name, "supervised") != 0);
        assert_int_equal((mos_method_needs(method) & MOS_NEEDS_LOGITS) != 0, rows[i].bce);
    }
    const mos_method *method;
    assert_int_equal(mos_method_find("mosaic-3", &method), MOSAIC_ERR_USAGE);
    assert_null(method);
    assert_non_null(strstr(mosaic_error(), "mosaic-"));
    assert_int_equal(mos_method_find("", &method), MOSAIC_ERR_USAGE);
}

static void check_views(const mos_objective_options *options, const char *kinds, int64_t anchor) {
    mos_view_plan plan = mos_objective_views(options);
    assert_string_equal(plan.kinds, kinds);
    assert_int_equal(plan.views, strlen(kinds));
    assert_int_equal(plan.anchor, anchor);
}

static void view_sets(void **state) {
    (void)state;
    mos_objective_options options = options_for("mosaic-1");
    check_views(&options, "ssa", 2);
    options.shared_anchor = true;
    check_views(&options, "ss", 0);
    options.shared_anchor = false;
    options.weight[MOS_TERM_INTRA] = 0;
    check_views(&options, "a", 0);
    options = options_for("mosaic-2");
    check_views(&options, "ssa", 2);
    options.msc_rows = MOS_MSC_CROSS;
    check_views(&options, "a", 0);
    options = options_for("simclr");
    check_views(&options, "ss", 0);
    options = options_for("dual-simclr");
    options.shared_anchor = true;
    check_views(&options, "a", 0);
    options = options_for("supervised");
    check_views(&options, "a", 0);
}

static mosaic_status create(mos_device *device, const mos_objective_options *options,
                            int64_t modalities, int64_t classes) {
    mos_objective *objective;
    mosaic_status status =
        mos_objective_create(device, options, modalities, BATCH, classes, LATENT, &objective);
    assert_int_equal(objective != NULL, status == MOSAIC_OK);
    mos_objective_destroy(&objective);
    mos_objective_destroy(&objective);
    return status;
}

static void refusals(void **state) {
    (void)state;
    mos_device *device;
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    mos_objective_options options = options_for("mosaic-1");
    assert_int_equal(create(device, &options, 2, CLASSES), MOSAIC_OK);
    assert_int_equal(create(device, &options, 1, CLASSES), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "inter"));
    options.weight[MOS_TERM_INTER] = 0;
    assert_int_equal(create(device, &options, 1, CLASSES), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "msc"));
    options.weight[MOS_TERM_MSC] = 0;
    assert_int_equal(create(device, &options, 1, CLASSES), MOSAIC_OK);
    assert_int_equal(create(device, &options, 1, 0), MOSAIC_ERR_USAGE);
    options.weight[MOS_TERM_BCE] = -1;
    assert_int_equal(create(device, &options, 1, CLASSES), MOSAIC_ERR_USAGE);
    options = options_for("supervised");
    options.weight[MOS_TERM_BCE] = 0;
    assert_int_equal(create(device, &options, 2, CLASSES), MOSAIC_ERR_USAGE);
    options = options_for("supcon");
    options.tau_msc = 0;
    assert_int_equal(create(device, &options, 2, CLASSES), MOSAIC_ERR_USAGE);
    options.tau_msc = 0.1;
    options.positives = MOS_POSITIVES_PARTNER;
    assert_int_equal(create(device, &options, 2, CLASSES), MOSAIC_ERR_USAGE);
    options = options_for("iai-simclr");
    assert_int_equal(create(device, &options, 2, 0), MOSAIC_OK);
    for (uint64_t n = 1; n <= 7; n++) {
        mos_alloc_fail_at(n);
        assert_int_equal(create(device, &options, 2, 0), MOSAIC_ERR_MEMORY);
    }
    mos_alloc_fail_at(0);
    mos_device_close(&device);
}

/* ---- invariants ---- */

enum { ROWS = 3 * BATCH * LATENT };
typedef struct batch {
    double z[2][3 * BATCH * LATENT], logits[BATCH * CLASSES];
    int8_t labels[BATCH * CLASSES];
    float targets[BATCH * CLASSES]; /* with `mixed` */
    bool mixed;
    uint8_t present[2][BATCH];
} batch;

typedef struct outcome {
    mos_objective_result result;
    double dz[2][3 * BATCH * LATENT], dlogits[BATCH * CLASSES];
} outcome;

static void fill(batch *b) {
    formula_unit_rows("invariant.z0", 3 * BATCH, LATENT, b->z[0]);
    formula_unit_rows("invariant.z1", 3 * BATCH, LATENT, b->z[1]);
    for (int i = 0; i < BATCH * CLASSES; i++)
        b->logits[i] = formula_uniform(formula_hash("invariant.logits"), i);
    formula_labels("invariant.labels", BATCH * CLASSES, b->labels);
    for (int i = 0; i < BATCH * CLASSES; i++)
        b->targets[i] = b->labels[i];
    b->mixed = false;
    memset(b->present, 1, sizeof b->present);
}

/* Doubles on the device ref; NULL: zeros. */
static void *values_on(mos_device *device, const double *host, int64_t count) {
    void *at = NULL;
    assert_int_equal(device->ops->alloc(device, (size_t)count * sizeof *host, &at), MOSAIC_OK);
    if (host != NULL) device->ops->put_f64(device, at, host, count);
    return at;
}

static mosaic_status run(const mos_objective_options *options, const batch *b, int64_t rows,
                         bool with_labels, outcome *out) {
    mos_device *device;
    mos_objective *objective;
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    assert_int_equal(mos_objective_create(device, options, 2, BATCH, CLASSES, LATENT, &objective),
                     MOSAIC_OK);
    memset(out, 0, sizeof *out);
    void *given = values_on(device, b->logits, BATCH * CLASSES);
    mos_objective_input input = {.modalities = 2,
                                 .batch = rows,
                                 .classes = CLASSES,
                                 .latent = LATENT,
                                 .logits = given,
                                 .dlogits = values_on(device, NULL, BATCH * CLASSES),
                                 .labels = with_labels ? b->labels : NULL,
                                 .targets = b->mixed ? b->targets : NULL};
    void *z[2], *logits = input.dlogits;
    for (int m = 0; m < 2; m++) {
        input.z[m] = input.z_inter[m] = z[m] = values_on(device, b->z[m], ROWS);
        input.dz[m] = input.dz_inter[m] = values_on(device, NULL, ROWS);
        input.present[m] = b->present[m];
    }
    mosaic_status status = mos_objective_run(objective, &input, &out->result);
    for (int m = 0; m < 2; m++) {
        assert_int_equal(mos_get_f64(device, input.dz[m], out->dz[m], ROWS), MOSAIC_OK);
        device->ops->free(device, input.dz[m]);
        device->ops->free(device, z[m]);
    }
    assert_int_equal(mos_get_f64(device, logits, out->dlogits, BATCH * CLASSES), MOSAIC_OK);
    device->ops->free(device, logits);
    device->ops->free(device, given);
    mos_objective_destroy(&objective);
    mos_device_close(&device);
    return status;
}

/* All rows equal: every NT-Xent is log(2B - 1), the cross term log B. */
static void identical_embeddings(void **state) {
    (void)state;
    batch b;
    outcome out;
    mos_objective_options options = options_for("mosaic-1");
    fill(&b);
    for (int m = 0; m < 2; m++)
        for (int i = 0; i < 3 * BATCH * LATENT; i++)
            b.z[m][i] = i % LATENT == 1;
    for (int i = 0; i < BATCH; i++)
        b.labels[i * CLASSES] = 1;
    assert_int_equal(run(&options, &b, BATCH, true, &out), MOSAIC_OK);
    golden_near("intra", out.result.term[MOS_TERM_INTRA], 2 * log(2 * BATCH - 1), 1, 1e-12);
    golden_near("inter", out.result.term[MOS_TERM_INTER], log(2 * BATCH - 1), 1, 1e-12);
    golden_near("msc", out.result.term[MOS_TERM_MSC], log(BATCH), 1, 1e-12);
}

/* The order of the samples changes neither losses nor anyone's gradient. */
static void permutation(void **state) {
    (void)state;
    static const int order[BATCH] = {3, 0, 5, 1, 4, 2};
    static const char *const methods[] = {"mosaic-1", "mosaic-2", "supcon"};
    for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
        mos_objective_options options = options_for(methods[k]);
        int64_t views = mos_objective_views(&options).views;
        batch a, b;
        outcome out_a, out_b;
        fill(&a);
        a.present[1][4] = 0;
        fill(&b);
        for (int i = 0; i < BATCH; i++) {
            for (int m = 0; m < 2; m++) {
                b.present[m][i] = a.present[m][order[i]];
                for (int64_t v = 0; v < views; v++)
                    memcpy(b.z[m] + (v * BATCH + i) * LATENT,
                           a.z[m] + (v * BATCH + order[i]) * LATENT, LATENT * sizeof(double));
            }
            memcpy(b.labels + i * CLASSES, a.labels + order[i] * CLASSES, CLASSES);
            memcpy(b.logits + i * CLASSES, a.logits + order[i] * CLASSES, CLASSES * sizeof(double));
        }
        assert_int_equal(run(&options, &a, BATCH, true, &out_a), MOSAIC_OK);
        assert_int_equal(run(&options, &b, BATCH, true, &out_b), MOSAIC_OK);
        golden_near(methods[k], out_b.result.total, out_a.result.total, 1, 1e-12);
        for (int i = 0; i < BATCH; i++)
            for (int m = 0; m < 2; m++)
                for (int64_t v = 0; v < views; v++)
                    for (int d = 0; d < LATENT; d++)
                        golden_near("gradient", out_b.dz[m][(v * BATCH + i) * LATENT + d],
                                    out_a.dz[m][(v * BATCH + order[i]) * LATENT + d], 1, 1e-12);
    }
}

/* An absent row gets no gradient and what stands in it changes nothing; an unknown label's logit
 * gets none either. */
static void what_is_not_there(void **state) {
    (void)state;
    mos_objective_options options = options_for("mosaic-1");
    batch b;
    outcome out, other;
    fill(&b);
    b.present[0][2] = 0;
    b.labels[1] = -1;
    b.labels[CLASSES] = 1;
    assert_int_equal(run(&options, &b, BATCH, true, &out), MOSAIC_OK);
    for (int v = 0; v < 3; v++)
        for (int d = 0; d < LATENT; d++) {
            assert_true(out.dz[0][(v * BATCH + 2) * LATENT + d] == 0);
            b.z[0][(v * BATCH + 2) * LATENT + d] = 0.3;
        }
    assert_true(out.dlogits[1] == 0);
    assert_true(out.dlogits[CLASSES] != 0);
    int64_t known = 0;
    for (int i = 0; i < BATCH * CLASSES; i++)
        known += b.labels[i] >= 0;
    assert_int_equal(out.result.known_labels, known);
    assert_int_equal(run(&options, &b, BATCH, true, &other), MOSAIC_OK);
    assert_memory_equal(out.dz, other.dz, sizeof out.dz);
    assert_true(out.result.total == other.result.total);
    /* nothing is labelled: the supervised terms are 0, the anchors are counted */
    memset(b.labels, -1, sizeof b.labels);
    assert_int_equal(run(&options, &b, BATCH, true, &out), MOSAIC_OK);
    assert_true(out.result.term[MOS_TERM_MSC] == 0 && out.result.term[MOS_TERM_BCE] == 0);
    assert_int_equal(out.result.anchors_used, 0);
    assert_int_equal(out.result.anchors_without_positive, 2 * BATCH - 1);
    assert_int_equal(out.result.known_labels, 0);
    assert_true(out.result.term[MOS_TERM_INTRA] > 0);
}

/* Targets are the cross entropy's alone: of a patch that is half another one it is half of both, and the
 * other terms stay as they were. */
static void mixed_targets(void **state) {
    (void)state;
    mos_objective_options options = options_for("mosaic-1");
    batch b;
    outcome plain, same, half, other;
    fill(&b);
    memset(b.labels, 0, sizeof b.labels);
    b.labels[0] = 1;
    assert_int_equal(run(&options, &b, BATCH, true, &plain), MOSAIC_OK);
    b.mixed = true;
    memset(b.targets, 0, sizeof b.targets);
    b.targets[0] = 1;
    assert_int_equal(run(&options, &b, BATCH, true, &same), MOSAIC_OK);
    assert_memory_equal(&plain, &same, sizeof plain);
    b.targets[0] = 0;
    assert_int_equal(run(&options, &b, BATCH, true, &other), MOSAIC_OK);
    b.targets[0] = 0.5F;
    assert_int_equal(run(&options, &b, BATCH, true, &half), MOSAIC_OK);
    for (int t = 0; t < MOS_TERM_BCE; t++)
        assert_true(half.result.term[t] == plain.result.term[t]);
    assert_memory_equal(half.dz, plain.dz, sizeof half.dz);
    golden_near("loss", half.result.term[MOS_TERM_BCE],
                (plain.result.term[MOS_TERM_BCE] + other.result.term[MOS_TERM_BCE]) / 2, 1, 1e-12);
    golden_near("gradient", half.dlogits[0], (plain.dlogits[0] + other.dlogits[0]) / 2, 1, 1e-12);
    assert_true(half.dlogits[0] != plain.dlogits[0]);
}

/* loss.weighting says what it leaves alone (docs/configuration.md): where an anchor's positives
 * share a weight of 1, there is nothing to weigh. */
static void weighting_has_its_kinds(void **state) {
    (void)state;
    static const struct {
        mos_positives positives;
        bool heeds;
    } cases[] = {{MOS_POSITIVES_MULSUPCON, true},
                 {MOS_POSITIVES_SOFT, true},
                 {MOS_POSITIVES_ALL, false},
                 {MOS_POSITIVES_ANY, false},
                 {MOS_POSITIVES_JACCARD, false}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        mos_objective_options options = options_for("supcon");
        batch b;
        outcome pair, anchor;
        options.positives = cases[k].positives;
        fill(&b);
        memcpy(b.labels + CLASSES, b.labels, CLASSES); /* equal sets, for all */
        b.labels[0] = b.labels[CLASSES] = 1;
        assert_int_equal(run(&options, &b, BATCH, true, &pair), MOSAIC_OK);
        options.anchor_weighting = true;
        assert_int_equal(run(&options, &b, BATCH, true, &anchor), MOSAIC_OK);
        assert_true(pair.result.term[MOS_TERM_MSC] > 0);
        bool differs = pair.result.term[MOS_TERM_MSC] != anchor.result.term[MOS_TERM_MSC] ||
                       memcmp(pair.dz, anchor.dz, sizeof pair.dz) != 0;
        if (differs != cases[k].heeds) fail_msg("case %zu: weighting matters: %d", k, differs);
    }
}

static void wrong_input(void **state) {
    (void)state;
    mos_objective_options options = options_for("mosaic-1");
    batch b;
    outcome out;
    fill(&b);
    assert_int_equal(run(&options, &b, BATCH, false, &out), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "labels"));
    assert_int_equal(run(&options, &b, BATCH + 1, true, &out), MOSAIC_ERR_USAGE);
    assert_int_equal(run(&options, &b, BATCH - 2, true, &out), MOSAIC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixed_targets),
        cmocka_unit_test(the_table),
        cmocka_unit_test(view_sets),
        cmocka_unit_test(refusals),
        cmocka_unit_test(identical_embeddings),
        cmocka_unit_test(permutation),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(wrong_input),
        cmocka_unit_test(weighting_has_its_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
