/* Planning a sweep: what is expanded, what it is called, what is refused and where. */
#include "study/ready_sweeps.h"
#include "study/sweep_plan.h"
#include "study/sweep_results.h"
#include "study/sweep_run.h"

#include "base/file.h"
#include "config/config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[64];
static mos_sweep_plan *plan;

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic-plan-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    return mos_remove_tree(folder) != MOSAIC_OK;
}

static int drop_plan(void **state) {
    (void)state;
    mos_sweep_plan_destroy(&plan);
    return 0;
}

static const char *put(const char *name, const char *text) {
    static char path[256];
    assert_int_equal(mos_path_join(path, sizeof path, folder, name), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(path, text, strlen(text)), MOSAIC_OK);
    return path;
}

static mosaic_status plan_with(const char *text, const mos_sweep_choices *choices) {
    mos_sweep_plan_destroy(&plan);
    return mos_sweep_plan_make(put("my.yaml", text), choices, folder, &plan);
}

static mos_text_list list_of(const char *first, const char *second) {
    mos_text_list list = {0};
    assert_int_equal(mos_text_list_add(&list, first), MOSAIC_OK);
    if (second != NULL) assert_int_equal(mos_text_list_add(&list, second), MOSAIC_OK);
    return list;
}

static void plan_of(const char *text) {
    mosaic_status status = plan_with(text, &(mos_sweep_choices){0});
    if (status != MOSAIC_OK) print_error("%s\n", mosaic_error());
    assert_int_equal(status, MOSAIC_OK);
}

static void refused(const char *text, const char *wanted) {
    assert_int_equal(plan_with(text, &(mos_sweep_choices){0}), MOSAIC_ERR_USAGE);
    if (strstr(mosaic_error(), wanted) == NULL)
        print_error("wanted '%s' in: %s\n", wanted, mosaic_error());
    assert_non_null(strstr(mosaic_error(), wanted));
    assert_null(plan);
}

/* The value a run's resolved configuration has. */
static void run_has(int64_t run, const char *key, const char *wanted) {
    mos_config *config = NULL;
    mos_text text = {0};
    assert_int_equal(mos_config_create(&config), MOSAIC_OK);
    assert_int_equal(mos_config_read_text(config, plan->run[run].config, "run"), MOSAIC_OK);
    assert_int_equal(mos_config_get(config, key, &text), MOSAIC_OK);
    assert_string_equal(text.data, wanted);
    mos_text_release(&text);
    mos_config_destroy(&config);
}

static void a_grid_is_every_combination(void **state) {
    (void)state;
    plan_of("base: {method: mosaic-1}\n"
            "grid: {loss.tau_ntx: [0.1, 0.5], loss.positives: [any, all, jaccard]}\n"
            "fractions: [0.1, 1]\nseeds: [3, 4]\n");
    assert_int_equal(plan->settings, 6);
    assert_int_equal(plan->runs, 24);
    assert_int_equal(plan->unique, 24);
    assert_string_equal(plan->setting[0].label, "tau_ntx=0.1 positives=any");
    assert_string_equal(plan->setting[5].label, "tau_ntx=0.5 positives=jaccard");
    assert_string_equal(plan->run[0].name, "tau_ntx-0.1_positives-any_f0.1_s3");
    assert_string_equal(plan->run[23].name, "tau_ntx-0.5_positives-jaccard_f1_s4");
    run_has(23, "loss.tau_ntx", "0.5");
    run_has(23, "loss.positives", "jaccard");
    run_has(23, "data.labeled.fraction", "1");
    run_has(23, "data.labeled.seed", "4");
    run_has(23, "train.seed", "4");
    run_has(0, "train.seed", "3");
    for (int64_t r = 0; r < plan->runs; r++)
        for (int64_t i = 0; i < r; i++) {
            assert_string_not_equal(plan->run[r].hash, plan->run[i].hash);
            assert_string_not_equal(plan->run[r].name, plan->run[i].name);
        }
}

static void variants_lie_over_base_and_set(void **state) {
    (void)state;
    (void)put("base.yaml", "method: mosaic-1\nloss: {weights: {bce: 3, msc: 2}}\n");
    plan_of("base: base.yaml\nset: {train: {epochs: 7}, loss.weights.bce: 5}\n"
            "variants:\n  all: {}\n  without bce: {loss.weights.bce: 0}\n"
            "  radar: {method: supervised, data.modalities: {s1: }}\n");
    assert_int_equal(plan->runs, 3);
    run_has(0, "loss.weights.bce", "5");
    run_has(1, "loss.weights.bce", "0");
    run_has(1, "loss.weights.msc", "2");
    run_has(2, "train.epochs", "7");
    run_has(2, "method", "supervised");
    assert_non_null(strstr(plan->run[2].config, "\"s1\""));
    assert_string_equal(plan->run[1].name, "without_bce_f1_s0");
}

/* A variant that names a modality without bands keeps the bands the base gave it, and drops others.
 */
static void a_modality_keeps_its_bands(void **state) {
    (void)state;
    plan_of("base: {data: {modalities: {s1: {bands: [VH]}, s2: {bands: [B02, B03]}}}}\n"
            "variants:\n  one: {method: supervised, data.modalities: {s1: }}\n"
            "  other: {method: supervised, data.modalities: {s2: {bands: [B04]}}}\n  both: {}\n");
    assert_non_null(strstr(plan->run[0].config, "\"s1\": {bands: [\"VH\"]"));
    assert_null(strstr(plan->run[0].config, "B02"));
    assert_non_null(strstr(plan->run[1].config, "\"s2\": {bands: [\"B04\"]"));
    assert_null(strstr(plan->run[1].config, "VH\""));
    assert_non_null(strstr(plan->run[2].config, "\"s2\": {bands: [\"B02\", \"B03\"]"));
}

static void equal_configurations_are_trained_once(void **state) {
    (void)state;
    plan_of("variants:\n  a: {loss.tau_ntx: 0.5}\n  b: {loss.tau_ntx: 0.50}\n"
            "  c: {loss.tau_ntx: 0.6}\n");
    assert_int_equal(plan->runs, 3);
    assert_int_equal(plan->unique, 2);
    assert_string_equal(plan->run[0].hash, plan->run[1].hash);
    assert_int_equal(plan->run[1].twin, 0);
    assert_int_equal(plan->run[2].twin, -1);
}

/* What cannot change a result does not change the hash. */
static void the_hash_is_of_what_matters(void **state) {
    (void)state;
    char first[65];
    plan_of("base: {train: {keep: 1, epochs: 3}}\n");
    memcpy(first, plan->run[0].hash, sizeof first);
    plan_of("base: {train: {epochs: 3}, data: {root: elsewhere}}\n");
    assert_string_equal(plan->run[0].hash, first);
    plan_of("base: {train: {epochs: 4}}\n");
    assert_string_not_equal(plan->run[0].hash, first);
}

static void the_command_line_is_over_the_file(void **state) {
    (void)state;
    mos_text_list list_set = list_of("train.epochs=9", "loss.weights.bce=4"),
                  list_grid = list_of("loss.tau_ntx=[0.2, 0.3]", NULL),
                  list_seeds = list_of("5", NULL), list_fractions = list_of("0.2", NULL),
                  list_variants = list_of("b", NULL);
    const mos_sweep_choices choices = {.set = &list_set,
                                       .grid = &list_grid,
                                       .seeds = &list_seeds,
                                       .fractions = &list_fractions,
                                       .variants = &list_variants};
    static const char text[] = "seeds: [0, 1]\nfractions: [0.1, 1]\nreference: a\n"
                               "grid: {loss.tau_ntx: [0.1]}\n"
                               "variants: {a: {}, b: {loss.weights.bce: 0}}\n";
    assert_int_equal(plan_with(text, &choices), MOSAIC_OK);
    assert_int_equal(plan->runs, 2);
    run_has(1, "train.epochs", "9");
    run_has(1, "loss.tau_ntx", "0.3");
    run_has(1, "loss.weights.bce", "0"); /* a variant is what it says */
    run_has(1, "train.seed", "5");
    run_has(1, "data.labeled.fraction", "0.2");
    mos_text_list list_clash = list_of("loss.tau_ntx=0.4", NULL);
    assert_int_equal(plan_with(text, &(mos_sweep_choices){.set = &list_clash}), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "loss.tau_ntx"));
    mos_text_list *const lists[] = {&list_set,       &list_grid,     &list_seeds,
                                    &list_fractions, &list_variants, &list_clash};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        mos_text_list_release(lists[i]);
}

static void a_training_configuration_is_a_base(void **state) {
    (void)state;
    mos_text_list list = list_of("train.batch=[16, 32]", NULL);
    assert_int_equal(
        plan_with("method: simclr\ntrain: {epochs: 2}\n", &(mos_sweep_choices){.grid = &list}),
        MOSAIC_OK);
    assert_int_equal(plan->runs, 2);
    run_has(1, "method", "simclr");
    run_has(1, "train.batch", "32");
    mos_text_list_release(&list);
}

static void errors_say_where_and_what_is_near(void **state) {
    (void)state;
    refused("sedes: [1]\nbase: {}\n",
            "my.yaml:1:1: unknown key 'sedes' in a sweep, did you mean 'seeds'");
    refused("base: {}\ngrid:\n  loss.tau_nxt: [0.1]\n", "did you mean 'loss.tau_ntx'");
    refused("base: {}\ngrid:\n  loss.tau_ntx: [0.1, -3]\n", "my.yaml:3:");
    refused("base: {}\nvariants:\n  a: {loss: {wieghts: {bce: 1}}}\n", "my.yaml:3:");
    refused("base: {}\nvariants:\n  a: {method: mosiac-1}\n", "did you mean 'mosaic-1'");
    refused("base: {}\ngrid: {loss.tau_ntx: 0.1}\n", "wants a list of values");
    refused("base: {}\nfractions: [0]\n", "my.yaml:2:13: 'fractions' wants numbers above 0");
    refused("base: {}\nseeds: [1, 1]\n", "seed 1 is there twice");
    refused("base: {}\nevaluate: [tset]\n", "did you mean 'test'");
    refused("base: {}\nvariants: {mosaic-1: {}, b: {}}\nreference: mosaic1\n",
            "did you mean 'mosaic-1'");
    refused("base: {}\nsynth: {pathces: 3}\n", "my.yaml:2:");
    assert_int_equal(plan_with("base: nowhere.yaml\n", &(mos_sweep_choices){0}), MOSAIC_ERR_IO);
    assert_non_null(strstr(mosaic_error(), "nowhere.yaml"));
    refused("base: {}\nseeds: [0]\ngrid: {train.seed: [1]}\n", "set by 'fractions' or 'seeds'");
    /* a variant that makes no sense is refused before anything is trained */
    refused("base: {method: supervised}\nvariants: {a: {}, none: {loss.weights.bce: 0}}\n",
            "none: method 'supervised' has no term left");
}

static void the_reference_is_at_the_same_point(void **state) {
    (void)state;
    plan_of("variants: {a: {}, b: {loss.weights.bce: 2}}\ngrid: {loss.tau_ntx: [0.1, 0.2]}\n"
            "reference: b\n");
    assert_int_equal(mos_sweep_plan_reference(plan, 0), 2);
    assert_int_equal(mos_sweep_plan_reference(plan, 1), 3);
    assert_int_equal(mos_sweep_plan_reference(plan, 2), -1);
    plan_of("variants: {a: {}, b: {loss.weights.bce: 2}}\ngrid: {loss.tau_ntx: [0.1, 0.2]}\n"
            "reference: b tau_ntx=0.2\n");
    assert_int_equal(mos_sweep_plan_reference(plan, 0), 3);
    assert_int_equal(mos_sweep_plan_reference(plan, 3), -1);
}

/* Every run that is trained belongs to exactly one part. */
static void parts_cover_everything_once(void **state) {
    (void)state;
    plan_of("grid: {loss.tau_ntx: [0.1, 0.10, 0.2, 0.3, 0.4]}\nseeds: [0, 1, 2]\n");
    assert_int_equal(plan->unique, 12);
    for (int64_t count = 1; count <= 14; count++) {
        for (int64_t r = 0; r < plan->runs; r++) {
            int owners = 0;
            for (int64_t index = 0; index < count; index++)
                owners += mos_sweep_is_mine(plan, r, index, count);
            assert_int_equal(owners, plan->run[r].twin < 0);
        }
    }
}

/* Fine-tuning after a run of another variant: at the same point, fraction and seed. */
static void runs_start_from_others(void **state) {
    (void)state;
    plan_of(
        "variants: {a: {method: iai-simclr}, b: {method: supervised}, c: {method: supervised}}\n"
        "start_from: {c: b, b: a}\n"
        "fractions: [0.1, 1]\nseeds: [0, 1]\n");
    assert_int_equal(plan->runs, 12);
    assert_int_equal(plan->unique, 12); /* b and c have one configuration and other weights */
    for (int64_t r = 0; r < 12; r++) {
        assert_int_equal(plan->run[r].start, r < 4 ? -1 : r - 4);
        for (int64_t count = 1; count < 5; count++)
            for (int64_t index = 0; index < count; index++)
                assert_int_equal(mos_sweep_is_mine(plan, r, index, count),
                                 mos_sweep_is_mine(plan, r % 4, index, count));
    }
    assert_true(strncmp(plan->run[8].config, "# starts from the encoders of b_f0.1_s0\n", 40) == 0);
    refused("variants: {a: {}, b: {loss.weights.bce: 2}}\nstart_from: {a: b, b: a}\n",
            "goes in a circle at 'a'");
    refused("variants: {a: {}, b: {loss.weights.bce: 2}}\nstart_from: {b: z}\n", "'z' is none");
    mos_text_list only = list_of("b", NULL);
    assert_int_equal(plan_with("variants: {a: {}, b: {loss.weights.bce: 2}}\nstart_from: {b: a}\n",
                               &(mos_sweep_choices){.variants = &only}),
                     MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "'a' is none among the chosen ones"));
    mos_text_list_release(&only);
    mos_text_list first =
        list_of("a", NULL); /* with a reference or without: what starts is left out */
    for (int named = 0; named < 2; named++)
        assert_int_equal(
            plan_with("variants: {a: {}, b: {loss.weights.bce: 2}}\nstart_from: {b: a}\n",
                      &(mos_sweep_choices){.variants = &first, .reference = named ? "a" : NULL}),
            MOSAIC_OK);
    mos_text_list_release(&first);
}

/* Once a fraction and seed, at the reference, whose data the others are compared on; at the run that
 * is trained, where the reference's is another's twin. */
static void floors_are_at_the_reference(void **state) {
    (void)state;
    char file[512];
    for (int k = 0; k < 3; k++) { /* 24 runs: 8 a variant, 4 a point */
        (void)snprintf(
            file, sizeof file,
            "variants: {one sensor: {data.modalities: {s2: }}, both: {}, again: {method: "
            "mosaic-1}}\ngrid: {train.epochs: [1, 2]}\nfractions: [0.1, 1]\nseeds: [0, "
            "1]\nreference: %s\nfloors: %s\n",
            k == 1 ? "again" : "both", k == 2 ? "false" : "true");
        plan_of(file);
        assert_int_equal(plan->unique, 16);
        for (int64_t r = 0; r < plan->runs; r++)
            assert_int_equal(mos_sweep_has_floors(plan, r), k < 2 && r >= 8 && r < 12);
    }
    assert_int_equal(mos_sweep_floor_run(plan, 1, 1), 11);
    refused("floors: yes please\n", "true or false");
}

static void the_ready_ones_resolve(void **state) {
    (void)state;
    for (const mos_ready_sweep *sweep = mos_ready_sweeps; sweep->name != NULL; sweep++) {
        bool paper = strcmp(sweep->name, "paper") == 0; /* has no data of its own */
        const mos_sweep_choices choices = {.data = paper ? folder : NULL};
        mosaic_status status = mos_sweep_plan_make(sweep->name, &choices, folder, &plan);
        if (status != MOSAIC_OK) print_error("%s: %s\n", sweep->name, mosaic_error());
        assert_int_equal(status, MOSAIC_OK);
        assert_int_equal(plan->spec.has_synth, !paper);
        for (int64_t r = 0; r < plan->runs; r++)
            assert_true(plan->run[r].has_data);
        assert_int_equal(plan->unique, plan->runs);
        mos_sweep_plan_destroy(&plan);
    }
}

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02 */
static void holm_steps_down(void **state) {
    (void)state;
    const double p[] = {0.01, NAN, 0.04, 0.03, 0.005}, wanted[] = {0.03, NAN, 0.06, 0.06, 0.02};
    double got[5];
    mos_holm_adjust(p, 5, got);
    for (int i = 0; i < 5; i++)
        if (i == 1)
            assert_true(isnan(got[i]));
        else
            assert_true(fabs(got[i] - wanted[i]) < 1e-12);
}

/* Between two ends of runs the time left only falls, also when a run takes longer than the mean. */
static void time_left_counts_down(void **state) {
    (void)state;
    double before = INFINITY;
    for (int second = 0; second < 30; second++) {
        const double age[2] = {second, second + 3};
        double left = mos_sweep_seconds_left(10, 3, age, 2, 2);
        assert_true(left <= before);
        before = left;
    }
    assert_true(before == 15);
    const double age[1] = {4};
    assert_true(mos_sweep_seconds_left(10, 0, age, 1, 1) == 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_grid_is_every_combination, drop_plan),
        cmocka_unit_test_teardown(variants_lie_over_base_and_set, drop_plan),
        cmocka_unit_test_teardown(a_modality_keeps_its_bands, drop_plan),
        cmocka_unit_test_teardown(equal_configurations_are_trained_once, drop_plan),
        cmocka_unit_test_teardown(the_hash_is_of_what_matters, drop_plan),
        cmocka_unit_test_teardown(the_command_line_is_over_the_file, drop_plan),
        cmocka_unit_test_teardown(a_training_configuration_is_a_base, drop_plan),
        cmocka_unit_test_teardown(errors_say_where_and_what_is_near, drop_plan),
        cmocka_unit_test_teardown(the_reference_is_at_the_same_point, drop_plan),
        cmocka_unit_test_teardown(parts_cover_everything_once, drop_plan),
        cmocka_unit_test_teardown(runs_start_from_others, drop_plan),
        cmocka_unit_test_teardown(floors_are_at_the_reference, drop_plan),
        cmocka_unit_test_teardown(the_ready_ones_resolve, drop_plan),
        cmocka_unit_test(holm_steps_down),
        cmocka_unit_test(time_left_counts_down),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
