/* The configuration: every way to write it down wrong, where values come from, and the resolved
 * file that reads back to the same run. */
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config_struct.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <cmocka.h>

static char folder[64], path[128];

static int set_up(void **state) {
    (void)state;
    mos_log_set_level(MOS_LOG_ERROR);
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic_config_XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/c.yaml", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    return mos_remove_tree(folder) == MOSAIC_OK ? 0 : 1;
}

static mosaic_status read_text(const char *text, mos_config **out) {
    assert_int_equal(mos_atomic_write(path, text, strlen(text)), MOSAIC_OK);
    assert_int_equal(mos_config_create(out), MOSAIC_OK);
    mosaic_status status = mos_config_read(*out, path);
    return status == MOSAIC_OK ? mos_config_check(*out) : status;
}

static void assert_error(mosaic_status status, const char *part) {
    if (status != MOSAIC_ERR_USAGE || strstr(mosaic_error(), part) == NULL)
        fail_msg("status %s, error '%s'; wanted '%s'", mosaic_status_name(status), mosaic_error(),
                 part);
}

static void defaults(void **state) {
    (void)state;
    mos_config *config;
    assert_int_equal(read_text("data: {root: here}\n", &config), MOSAIC_OK);
    const mos_settings *s = &config->settings;
    assert_string_equal(config->methods[s->method], "mosaic-1");
    assert_int_equal(s->train.epochs, 100);
    assert_int_equal(s->train.batch, 512);
    assert_true(s->train.lr == 1e-3);
    assert_true(s->loss.tau_ntx == 0.5 && s->loss.tau_msc == 0.1);
    assert_int_equal(s->model.encoder, MOS_ENCODER_RESNET34);
    assert_int_equal(mos_config_optimizer(config), MOS_OPTIMIZER_ADAMW);
    /* a relative path is relative to the file's folder */
    char wanted[4096], *real = realpath(folder, NULL);
    (void)snprintf(wanted, sizeof wanted, "%s/here", real);
    free(real);
    assert_string_equal(config->data.root, wanted);
    mos_objective_options objective;
    assert_int_equal(mos_config_objective(config, &objective), MOSAIC_OK);
    assert_int_equal(objective.positives, MOS_POSITIVES_MULSUPCON);
    assert_int_equal(objective.msc_rows, 0);
    mos_config_destroy(&config);
}

/* The example of the documentation, word for word. */
static void documented_example(void **state) {
    (void)state;
    static const char text[] =
        "data:\n"
        "  format: bigearthnet-v2            # bigearthnet-v2 | csv\n"
        "  root: /data/BigEarthNet\n"
        "  modalities:\n"
        "    s1: {bands: [VV, VH]}\n"
        "    s2: {bands: [B02, B03, B04, B05, B06, B07, B08, B8A, B11, B12]}\n"
        "  labeled: {fraction: 0.1, seed: 0, use_unlabeled: true, per_batch: 0.25}\n"
        "model: {encoder: resnet34, fusion: concat}\n"
        "method: mosaic-1\n"
        "loss: {weights: {intra: 1, inter: 1, msc: 1, bce: 1}, tau_ntx: 0.5, tau_msc: 0.1, "
        "positives: mulsupcon}\n"
        "train: {epochs: 100, batch: 512, optimizer: adamw, lr: 1e-3, precision: bf16, seed: 0}\n";
    mos_config *config;
    assert_int_equal(read_text(text, &config), MOSAIC_OK);
    assert_true(config->settings.data.labeled_fraction == 0.1);
    assert_int_equal(config->modality_count, 2);
    assert_int_equal(config->modality[1].bands.count, 10);
    assert_string_equal(config->modality[1].bands.items[7], "B8A");
    assert_true(mos_config_is_radar(&config->modality[0]));
    assert_false(mos_config_is_radar(&config->modality[1]));
    mos_config_destroy(&config);
}

/* File, line, column, what was wanted, what was found, the nearest name. */
static void errors_say_where(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"train:\n  epocs: 3\n", "c.yaml:2:"},
        {"train:\n  epocs: 3\n", "did you mean 'train.epochs'?"},
        {"trian: {epochs: 3}\n", "c.yaml:1:"},
        {"train: {epochs: many}\n", "'train.epochs' wants a whole number from 1 to 1000000, found "
                                    "'many'"},
        {"train: {epochs: 1.5}\n", "whole number"},
        {"train: {epochs: 0}\n", "from 1 to"},
        {"train: {epochs: \"3\"}\n", "found the text \"3\""},
        {"train: {epochs: [3]}\n", "wants a value, found a list"},
        {"train: 3\n", "'train' is a group of keys, found a value"},
        {"train: {nesterov: maybe}\n", "true or false"},
        {"train: {lr: fast}\n", "'train.lr'"},
        {"train: {lr: -1}\n", "'train.lr'"},
        {"train: {lr: .nan}\n", "'train.lr'"},
        {"train: {optimizer: adamx}\n", "did you mean 'adam"},
        {"method: mosaik-1\n", "did you mean 'mosaic-1'?"},
        {"loss: {tau_ntx: 0}\n", "'loss.tau_ntx'"},
        {"loss: {msc_rows: [cross, sideways]}\n", "cross, views or joint, found 'sideways'"},
        {"loss: {pos_weight: [Pastures=2, x]}\n", "positive numbers, found 'x'"},
        {"loss: {pos_weight: [Pastures=-1]}\n", "CLASS=NUMBER"},
        {"loss: {pos_weight: []}\n", "'loss.pos_weight'"},
        {"loss: {weights: {intra: 0, inter: 0, msc: 0, bce: 0}}\n", "all its weights are 0"},
        {"train: {optimizer: sgd}\n", "no automatic value for sgd"},
        {"train: {beta1: 1}\n", "below 1"},
        {"model: {fusion: gate}\n", "did you mean 'gated'?"},
        {"model: {fusion: cross-attention, fusion_heads: 3}\n",
         "'model.fusion_heads' wants a divisor of 'model.fusion_dim' (512), found 3"},
        {"method: simclr\nmodel: {fusion: gated}\n", "method 'simclr' does not have; use concat"},
        {"loss: {weights: {bce: 0}}\nmodel: {fusion: bilinear}\n", "has at weight 0; use concat"},
        {"data: {modalities: {s1: {bands: VV}}}\n", "wants a list such as [VV, VH]"},
        {"data: {modalities: {s1: {bands: [VV, VV]}}}\n", "'VV' of 's1' is named twice"},
        {"data: {modalities: {s1: {band: [VV]}}}\n", "did you mean 'bands'?"},
        {"data: {modalities: {s1: {kind: radio}}}\n", "auto, optical, radar, found 'radio'"},
        {"data: {modalities: [s1]}\n", "names with their bands, found a list"},
        {"- a\n- b\n", "map of keys, found a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mos_config *config;
        assert_error(read_text(cases[i].text, &config), cases[i].part);
        mos_config_destroy(&config);
    }
    /* a key twice, and no YAML at all */
    mos_config *config;
    assert_true(read_text("train: {epochs: 3, epochs: 4}\n", &config) != MOSAIC_OK);
    assert_non_null(strstr(mosaic_error(), "c.yaml:1:"));
    mos_config_destroy(&config);
    assert_true(read_text("train: {epochs: 3\n", &config) != MOSAIC_OK);
    assert_non_null(strstr(mosaic_error(), "c.yaml:"));
    mos_config_destroy(&config);
}

static void assignments(void **state) {
    (void)state;
    mos_config *config;
    assert_int_equal(read_text("train: {epochs: 5, batch: 64}\n", &config), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "train.epochs=7"), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "loss.msc_rows=[cross, views]"), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "data.modalities.s2.bands=[B02, B03]"), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "data.modalities.s1.bands=[VH]"), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "loss.pos_weight=auto"), MOSAIC_OK);
    assert_int_equal(mos_config_check(config), MOSAIC_OK);
    assert_int_equal(config->settings.train.epochs, 7);
    assert_true(config->settings.train.lr == 1e-3 * 64 / 512);
    assert_int_equal(config->modality_count, 2);
    assert_string_equal(config->modality[0].name, "s2");
    assert_string_equal(config->modality[1].bands.items[0], "VH");
    mos_objective_options objective;
    assert_int_equal(mos_config_objective(config, &objective), MOSAIC_OK);
    assert_int_equal(objective.msc_rows, MOS_MSC_CROSS | MOS_MSC_VIEWS);
    assert_error(mos_config_set(config, "train.epochs"), "wants key=value");
    assert_error(mos_config_set(config, "train.epoch=3"), "did you mean 'train.epochs'?");
    assert_error(mos_config_set(config, "train.epochs=x"), "--set");
    assert_error(mos_config_set(config, "data.modalities.s1=[VV]"), "data.modalities.NAME.bands");
    mos_config_destroy(&config);
}

/* What is set wins over the preset, wherever it stands; the preset over the defaults. */
static void presets(void **state) {
    (void)state;
    mos_config *config;
    assert_int_equal(read_text("train: {batch: 48}\npreset: iai\n", &config), MOSAIC_OK);
    assert_int_equal(config->settings.train.batch, 48);
    assert_int_equal(mos_config_optimizer(config), MOS_OPTIMIZER_ADAM);
    assert_true(config->settings.train.lr == 1e-4);
    assert_int_equal(config->settings.model.encoder, MOS_ENCODER_RESNET18);
    assert_false(config->settings.model.stem_pool);
    assert_int_equal(config->settings.train.schedule, MOS_SCHEDULE_CONSTANT);
    assert_int_equal(mos_config_set(config, "model.encoder=resnet34"), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "preset=iai"), MOSAIC_OK);
    assert_int_equal(config->settings.model.encoder, MOS_ENCODER_RESNET34);
    mos_config_destroy(&config);
}

/* A later preset takes the place of an earlier one, none of all its values. */
static void preset_few_labels(void **state) {
    (void)state;
    mos_config *config;
    mos_text text = {0};
    assert_int_equal(read_text("preset: iai\nloss: {tau_ntx: 0.3}\n", &config), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "preset=few-labels"), MOSAIC_OK);
    const mos_settings *settings = &config->settings;
    assert_true(settings->data.labeled_per_batch == 0.5);
    assert_true(settings->loss.tau_ntx == 0.3);
    assert_true(settings->loss.weight[MOS_TERM_MSC] == 1);
    assert_int_equal(settings->loss.anchor, MOS_ANCHOR_SHARED);
    mos_objective_options objective;
    assert_int_equal(mos_config_objective(config, &objective), MOSAIC_OK);
    assert_int_equal(objective.positives, MOS_POSITIVES_SOFT);
    assert_int_equal(settings->model.encoder, MOS_ENCODER_RESNET34); /* no longer iai's */
    assert_int_equal(settings->train.batch, 512);
    assert_int_equal(mos_config_write(config, &text), MOSAIC_OK);
    assert_non_null(strstr(text.data, "positives: soft # preset few-labels\n"));
    assert_non_null(strstr(text.data, "encoder: resnet34 # default [paper]\n"));
    assert_int_equal(mos_config_set(config, "preset=none"), MOSAIC_OK);
    assert_true(settings->data.labeled_per_batch == 0.25);
    assert_true(settings->loss.tau_ntx == 0.3);
    assert_int_equal(settings->loss.anchor, MOS_ANCHOR_SEPARATE);
    mos_text_release(&text);
    mos_config_destroy(&config);
}

static void assert_round_trip(const char *text) {
    mos_config *first, *second;
    mos_text once = {0}, twice = {0}, difference = {0};
    int64_t differing;
    assert_int_equal(read_text(text, &first), MOSAIC_OK);
    assert_int_equal(mos_config_write(first, &once), MOSAIC_OK);
    assert_int_equal(read_text(once.data, &second), MOSAIC_OK);
    assert_int_equal(mos_config_compare(first, second, &difference, &differing), MOSAIC_OK);
    if (differing != 0) fail_msg("differs: %s", difference.data);
    /* and the second writing gives the same values, comments aside */
    assert_int_equal(mos_config_write(second, &twice), MOSAIC_OK);
    char *a = once.data, *b = twice.data;
    while (a != NULL && b != NULL) {
        size_t la = strcspn(a, "#\n"), lb = strcspn(b, "#\n");
        assert_int_equal(la, lb);
        assert_memory_equal(a, b, la);
        a = strchr(a, '\n');
        b = strchr(b, '\n');
        if (a != NULL) a++;
        if (b != NULL) b++;
    }
    assert_true(a == NULL && b == NULL);
    mos_text_release(&once);
    mos_text_release(&twice);
    mos_text_release(&difference);
    mos_config_destroy(&first);
    mos_config_destroy(&second);
}

static void resolved_file_reads_back(void **state) {
    (void)state;
    assert_round_trip("");
    assert_round_trip("preset: iai\n");
    assert_round_trip("preset: few-labels\n");
    assert_round_trip("data: {root: \"a b: #c\", countries: [Austria, \"Ireland, north\"], "
                      "modalities: {s2: {bands: [B8A, B02], kind: optical}, \"x y\": {bands: [A]}},"
                      " labeled: {fraction: 0.01}}\n"
                      "loss: {weights: {msc: 0.1}, msc_rows: [joint], pos_weight: [\"Beaches, "
                      "dunes, sands=1.5\", a=2]}\n"
                      "train: {lr: 0.3333333333333333, optimizer: lars, clip: 1e-7}\n");
}

static void origins_are_told(void **state) {
    (void)state;
    mos_config *config;
    mos_text text = {0};
    assert_int_equal(read_text("train:\n  epochs: 5\n", &config), MOSAIC_OK);
    assert_int_equal(mos_config_set(config, "train.seed=3"), MOSAIC_OK);
    assert_int_equal(mos_config_write(config, &text), MOSAIC_OK);
    assert_non_null(strstr(text.data, "c.yaml:2:"));
    assert_non_null(strstr(text.data, "seed: 3 # --set"));
    assert_non_null(strstr(text.data, "tau_msc: 0.1 # default [inherited (from MulSupCon)]"));
    assert_non_null(strstr(text.data, "lr: 0.001 # derived: 1e-3 * batch / 512"));
    mos_text_release(&text);
    mos_config_destroy(&config);
}

static void comparison(void **state) {
    (void)state;
    mos_config *a, *b;
    mos_text text = {0};
    int64_t differing;
    assert_int_equal(read_text("train: {epochs: 5, workers: 1}\ndata: {root: here}\n", &a),
                     MOSAIC_OK);
    assert_int_equal(
        read_text("train: {epochs: 6, workers: 4, seed: 2}\ndata: {root: there}\n", &b), MOSAIC_OK);
    assert_int_equal(mos_config_compare(a, b, &text, &differing), MOSAIC_OK);
    assert_int_equal(differing, 2); /* workers and paths cannot change results */
    assert_non_null(strstr(text.data, "train.epochs: 5, was 6"));
    assert_non_null(strstr(text.data, "train.seed: 0, was 2"));
    mos_text_release(&text);
    mos_config_destroy(&a);
    mos_config_destroy(&b);
}

static void any_locale(void **state) {
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE") == NULL) {
        print_message("skipped: no German locale\n");
        skip();
    }
    mos_config *config;
    mos_text text = {0};
    assert_int_equal(read_text("train: {lr: 0.25}\nloss: {pos_weight: [a=1.5]}\n", &config),
                     MOSAIC_OK);
    assert_true(config->settings.train.lr == 0.25);
    assert_int_equal(mos_config_write(config, &text), MOSAIC_OK);
    assert_non_null(strstr(text.data, "lr: 0.25 "));
    assert_round_trip("train: {lr: 0.125, eps: 1e-9}\n");
    mos_text_release(&text);
    mos_config_destroy(&config);
    (void)setlocale(LC_ALL, "C");
}

/* Schema and docs come from the same tables: every key is in both. */
static void documents(void **state) {
    (void)state;
    mos_config *config;
    mos_text schema = {0}, table = {0};
    assert_int_equal(mos_config_create(&config), MOSAIC_OK);
    assert_int_equal(mos_config_schema(&schema), MOSAIC_OK);
    assert_int_equal(mos_config_markdown(&table), MOSAIC_OK);
    json_t *root = json_loads(schema.data, 0, NULL);
    assert_non_null(root);
    for (size_t i = 0; i < config->table.count; i++) {
        char key[160], quoted[170];
        (void)snprintf(key, sizeof key, "%s", config->options[i].key);
        const json_t *at = root;
        for (char *part = strtok(key, "."); part != NULL; part = strtok(NULL, "."))
            at = json_object_get(json_object_get(at, "properties"), part);
        assert_non_null(at);
        (void)snprintf(quoted, sizeof quoted, "| `%s` |", config->options[i].key);
        assert_non_null(strstr(table.data, quoted));
        assert_non_null(config->options[i].help);
    }
    const json_t *data = json_object_get(json_object_get(root, "properties"), "data");
    assert_non_null(json_object_get(json_object_get(data, "properties"), "modalities"));
    assert_non_null(strstr(table.data, "data.modalities.NAME.bands"));
    json_decref(root);
    mos_text_release(&schema);
    mos_text_release(&table);
    mos_config_destroy(&config);
}

static void failing_allocations(void **state) {
    (void)state;
    static const char text[] = "data: {root: a, modalities: {s2: {bands: [B02]}}}\n"
                               "method: supervised\ntrain: {epochs: 2}\n";
    assert_int_equal(mos_atomic_write(path, text, strlen(text)), MOSAIC_OK);
    bool failed = true;
    for (uint64_t n = 1; failed && n < 5000; n++) {
        mos_config *config = NULL;
        uint64_t before = mos_alloc_count();
        mos_alloc_fail_at(n);
        mosaic_status status = mos_config_create(&config);
        if (status == MOSAIC_OK) status = mos_config_read(config, path);
        if (status == MOSAIC_OK) status = mos_config_check(config);
        failed = mos_alloc_count() - before >= n;
        mos_alloc_fail_at(0);
        if (!failed) assert_int_equal(status, MOSAIC_OK);
        mos_config_destroy(&config);
    }
    assert_false(failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(documented_example),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(assignments),
        cmocka_unit_test(presets),
        cmocka_unit_test(preset_few_labels),
        cmocka_unit_test(resolved_file_reads_back),
        cmocka_unit_test(origins_are_told),
        cmocka_unit_test(comparison),
        cmocka_unit_test(any_locale),
        cmocka_unit_test(documents),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
