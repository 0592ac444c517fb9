/* The public interface as a program outside uses it: commands by name, then data sets and models by
 * handle. */
#include "mosaic/command.h"
#include "mosaic/dataset.h"
#include "mosaic/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 24, PIXELS = SIZE * SIZE };

static char folder[64];

static mosaic_status run(const char *name, int argc, const char *const *words) {
    mosaic_command *command = NULL;
    char *argv[16];
    int shown = 0;
    for (int i = 0; i < argc; i++)
        argv[i] = strdup(words[i]);
    FILE *out = fopen("/dev/null", "w");
    mosaic_status status = mosaic_command_create(name, &command);
    if (status == MOSAIC_OK) status = mosaic_command_parse(command, argc, argv, out, &shown);
    if (status == MOSAIC_OK) status = mosaic_command_run(command, out);
    mosaic_command_destroy(&command);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    (void)fclose(out);
    return status;
}

static int make_folder(void **state) {
    (void)state;
    char data[128], config[128], model[128], root[160];
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic-api-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(data, sizeof data, "%s/data", folder);
    (void)snprintf(config, sizeof config, "%s/config.yaml", folder);
    (void)snprintf(model, sizeof model, "%s/run", folder);
    (void)snprintf(root, sizeof root, "data.root=%s", data);
    mosaic_set_verbosity(0);
    FILE *file = fopen(config, "w");
    if (!file) return -1;
    fputs("method: supervised\nmodel: {encoder: resnet10-narrow}\ntrain: {epochs: 1, batch: 4, lr: "
          "1e-3, "
          "precision: fp32}\n",
          file);
    if (fclose(file) != 0) return -1;
    const char *synth[] = {"--patches", "24",     "--size", "24", "--classes",
                           "4",         "--seed", "3",      data};
    const char *train[] = {"--out", model, "--set", root, config};
    return run("data synth", 9, synth) != MOSAIC_OK || run("train", 5, train) != MOSAIC_OK;
}

static int remove_folder(void **state) {
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void commands_are_listed_and_checked(void **state) {
    (void)state;
    mosaic_command *command = NULL;
    int count = 0;
    while (mosaic_command_name(count)) {
        assert_non_null(mosaic_command_summary(count));
        count++;
    }
    assert_true(count >= 10);
    assert_null(mosaic_command_name(-1));
    assert_int_equal(mosaic_command_create("data snyth", &command), MOSAIC_ERR_USAGE);
    assert_null(command);
    assert_non_null(strstr(mosaic_error(), "data synth"));
    assert_int_equal(mosaic_command_create("data synth", &command), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "patches", "many"), MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_command_set(command, "patchs", "5"), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "patches"));
    assert_int_equal(mosaic_command_set(command, "patches", "5"), MOSAIC_OK);
    assert_int_equal(mosaic_command_run(command, stdout), MOSAIC_ERR_USAGE); /* no folder given */
    mosaic_command_destroy(&command);
    mosaic_command_destroy(&command); /* NULL is fine */
    assert_int_equal(mosaic_exit_code(MOSAIC_ERR_USAGE), 2);
    assert_int_equal(mosaic_exit_code(MOSAIC_INTERRUPTED), 75);
}

static mosaic_dataset *open_data(void) {
    char root[128];
    mosaic_dataset *dataset = NULL;
    (void)snprintf(root, sizeof root, "%s/data", folder);
    const char *options[] = {"root", root, "format", "bigearthnet-v2-lmdb", NULL};
    assert_int_equal(mosaic_dataset_open(options, &dataset), MOSAIC_OK);
    return dataset;
}

static void data_sets_are_read_by_name(void **state) {
    (void)state;
    mosaic_dataset *dataset = open_data();
    mosaic_reader *reader = NULL;
    const float *data;
    int64_t width, height;
    assert_int_equal(mosaic_dataset_count(dataset), 24);
    assert_int_equal(mosaic_dataset_modality_count(dataset), 2);
    assert_string_equal(mosaic_dataset_modality(dataset, 0), "s1");
    assert_null(mosaic_dataset_modality(dataset, 2));
    assert_int_equal(mosaic_dataset_band_count(dataset, 1), 12);
    assert_true(mosaic_dataset_class_count(dataset) == 19);
    assert_true(mosaic_dataset_has(dataset, 0, 0) && mosaic_dataset_has(dataset, 0, 1));
    assert_true(mosaic_dataset_time(dataset, 0, 1) > 0);
    assert_null(mosaic_dataset_id(dataset, 24));
    int positives = 0;
    for (int l = 0; l < 19; l++)
        positives += mosaic_dataset_labels(dataset, 0)[l] == 1;
    assert_true(positives >= 1);
    assert_int_equal(mosaic_reader_open(dataset, &reader), MOSAIC_OK);
    assert_int_equal(mosaic_reader_band(reader, 0, "s1", "VV", &data, &width, &height), MOSAIC_OK);
    assert_true(width == SIZE && height == SIZE);
    assert_true(data[0] < 20 && data[0] > -60); /* dB */
    assert_int_equal(mosaic_reader_band(reader, 0, "s2", "B01", &data, &width, &height), MOSAIC_OK);
    assert_true(width == SIZE / 6 && height == SIZE / 6); /* native size */
    assert_int_equal(mosaic_reader_band(reader, 0, "s2", "B10", &data, &width, &height),
                     MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_reader_band(reader, 99, "s2", "B01", &data, &width, &height),
                     MOSAIC_ERR_USAGE);
    mosaic_reader_close(&reader);
    mosaic_dataset_close(&dataset);
    const char *wrong[] = {"rot", "x", NULL};
    assert_int_equal(mosaic_dataset_open(wrong, &dataset), MOSAIC_ERR_USAGE);
    assert_null(dataset);
}

/* Patches in the sensor's units: [3, bands, SIZE, SIZE]. */
static float *make_patches(int64_t bands, float centre, float spread) {
    float *patches = malloc((size_t)(3 * bands * PIXELS) * sizeof *patches);
    uint32_t s = 9;
    assert_non_null(patches);
    for (int64_t i = 0; i < 3 * bands * PIXELS; i++) {
        s = s * 1664525u + 1013904223u;
        patches[i] = centre + spread * ((float)(s >> 8) / 8388608.0f - 1);
    }
    return patches;
}

static void predictions_do_not_depend_on_company(void **state) {
    (void)state;
    char path[128];
    mosaic_model *model = NULL;
    (void)snprintf(path, sizeof path, "%s/run", folder);
    assert_int_equal(mosaic_model_open(path, "cpu", 1, &model), MOSAIC_OK);
    assert_int_equal(mosaic_model_modality_count(model), 2);
    assert_string_equal(mosaic_model_modality(model, 1), "s2");
    assert_int_equal(mosaic_model_height(model), SIZE);
    int64_t bands = mosaic_model_band_count(model, 1), classes = mosaic_model_class_count(model);
    int64_t size = mosaic_model_feature_size(model);
    float *s1 = make_patches(2, -14, 6), *s2 = make_patches(bands, 1500, 1200);
    float *together = calloc((size_t)(3 * classes), sizeof(float)),
          *alone = calloc((size_t)classes, sizeof(float));
    float *features = calloc((size_t)(3 * 2 * size), sizeof(float));
    const float *images[] = {s1, s2}, *third[] = {s1 + 2 * 2 * PIXELS, s2 + 2 * bands * PIXELS},
                *optical[] = {NULL, s2};
    s2[5] = NAN; /* an invalid pixel takes the band's mean */
    assert_int_equal(mosaic_model_predict(model, images, 3, together, features), MOSAIC_OK);
    assert_int_equal(mosaic_model_predict(model, third, 1, alone, NULL), MOSAIC_OK);
    assert_memory_equal(alone, together + 2 * classes, (size_t)classes * sizeof(float));
    for (int64_t k = 0; k < 3 * classes; k++)
        assert_true(together[k] > 0 && together[k] < 1);
    assert_int_equal(mosaic_model_predict(model, optical, 3, together, features), MOSAIC_OK);
    for (int64_t k = 0; k < size; k++)
        assert_true(features[k] == 0); /* S1 is missing */
    assert_true(mosaic_model_threshold(model, 0) > 0);
    free(s1);
    free(s2);
    free(together);
    free(alone);
    free(features);
    mosaic_model_close(&model);
    assert_int_equal(mosaic_model_open("/nonexistent", "cpu", 1, &model), MOSAIC_ERR_IO);
    assert_null(model);
}

static void the_arithmetic_is_chosen(void **state) {
    (void)state;
    char path[128];
    mosaic_model *model = NULL;
    (void)snprintf(path, sizeof path, "%s/run", folder);
    assert_int_equal(mosaic_model_open_in(path, "cpu", "fp33", 1, &model), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "found 'fp33', want auto, fp32 or bf16"));
    assert_null(model);
    assert_int_equal(mosaic_model_open_in(path, "cpu", "fp32", 1, &model), MOSAIC_OK);
    assert_string_equal(mosaic_model_precision(model), "fp32");
    assert_string_equal(mosaic_model_threshold_precision(model), "fp32");
    mosaic_model_close(&model);
    assert_int_equal(mosaic_model_open_in(path, "cpu", "bf16", 1, &model), MOSAIC_OK);
    const char *found = mosaic_model_precision(model);
    const char *cap = getenv("MOSAIC_ISA");
    const bool capped = (cap != NULL && cap[0] != '\0' && strcmp(cap, "avx512_bf16") != 0) ||
                        mosaic_set_isa("avx512_bf16") != MOSAIC_OK; /* the processor lacks it */
    assert_string_equal(found, capped ? "fp32" : "bf16");
    mosaic_model_close(&model);
    assert_int_equal(mosaic_model_open_in(path, "ref", "auto", 1, &model), MOSAIC_OK);
    assert_string_equal(mosaic_model_precision(model), "fp64");
    mosaic_model_close(&model);
}

/* What stops evaluation on the command line stops here too, and is accepted in the same way. */
static void data_sets_are_held_against_models(void **state) {
    (void)state;
    char path[128], root[128];
    mosaic_model *model = NULL;
    mosaic_dataset *dataset = open_data();
    (void)snprintf(path, sizeof path, "%s/run", folder);
    (void)snprintf(root, sizeof root, "%s/data", folder);
    assert_int_equal(mosaic_model_open(path, "cpu", 1, &model), MOSAIC_OK);
    assert_int_equal(mosaic_model_check_dataset(model, dataset), MOSAIC_OK);
    mosaic_dataset_close(&dataset);
    (void)snprintf(path, sizeof path, "%s/data/bands.csv", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("modality,band,resolution_m,source_format,classes,role,named_by,unit,unit_by,scale,"
          "offset,scale_by,nodata,nodata_by,level,level_by\n",
          file);
    for (int b = 0; b < 2; b++)
        fprintf(file, "s1,%s,10,csv,given,,a guess,,,1,0,,,,,\n", b == 0 ? "VV" : "VH");
    assert_int_equal(fclose(file), 0);
    dataset = open_data();
    assert_int_equal(mosaic_model_check_dataset(model, dataset), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "guessed-bands"));
    mosaic_dataset_close(&dataset);
    const char *accepting[] = {"root", root, "accept", "guessed-bands", NULL};
    assert_int_equal(mosaic_dataset_open(accepting, &dataset), MOSAIC_OK);
    assert_int_equal(mosaic_model_check_dataset(model, dataset), MOSAIC_OK);
    mosaic_dataset_close(&dataset);
    mosaic_model_close(&model);
    assert_int_equal(remove(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_listed_and_checked),
        cmocka_unit_test(data_sets_are_read_by_name),
        cmocka_unit_test(predictions_do_not_depend_on_company),
        cmocka_unit_test(the_arithmetic_is_chosen),
        cmocka_unit_test(data_sets_are_held_against_models),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
