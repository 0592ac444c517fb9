/* Every public function with NULL and zero: refused with the argument's name, answered as out of
 * range, or taken where the header says so. A function of the headers that this walk leaves out fails
 * it. */
#include "mosaic/mosaic.h"

#include <ctype.h>
#include <dirent.h>
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

enum { MOST_NAMES = 256 };

static char walked[MOST_NAMES][64];
static int walked_count;

static bool was_walked(const char *name) {
    for (int i = 0; i < walked_count; i++)
        if (strcmp(walked[i], name) == 0) return true;
    return false;
}

/* The function's name of a call as it is written. */
static void note(const char *call) {
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(call, "("), call);
    if (was_walked(name)) return;
    assert_true(walked_count < MOST_NAMES);
    (void)snprintf(walked[walked_count++], sizeof walked[0], "%s", name);
}

static void expect_refusal(const char *call, const char *argument, mosaic_status status) {
    char text[128];
    note(call);
    (void)snprintf(text, sizeof text, "'%s' is NULL", argument);
    if (status != MOSAIC_ERR_USAGE || strstr(mosaic_error(), text) == NULL)
        fail_msg("%s: status %d, message '%s', wanted '%s'", call, (int)status, mosaic_error(),
                 text);
}

/* The call is refused, and the message names the argument that is NULL. */
#define REFUSES(argument, call) expect_refusal(#call, argument, call)
/* What a question answers. */
#define ANSWERS(call, value)                                                                       \
    do {                                                                                           \
        note(#call);                                                                               \
        if (!((call) == (value))) fail_msg("%s: not %s", #call, #value);                           \
    } while (0)
#define DOES_NOTHING(call)                                                                         \
    do {                                                                                           \
        note(#call);                                                                               \
        call;                                                                                      \
    } while (0)

static void status_and_version(void **state) {
    (void)state;
    const mosaic_status none = (mosaic_status)99;
    note("mosaic_error()");
    assert_non_null(mosaic_error());
    note("mosaic_status_name()");
    assert_non_null(mosaic_status_name(none));
    ANSWERS(mosaic_exit_code(none), 1);
    note("mosaic_version()");
    assert_non_null(mosaic_version());
    ANSWERS(mosaic_version_number(), MOSAIC_VERSION_NUMBER);
}

static void commands(void **state) {
    (void)state;
    mosaic_command *command = NULL;
    int shown = 7;
    FILE *out = fopen("/dev/null", "w");
    assert_non_null(out);
    ANSWERS(mosaic_command_name(-1), NULL);
    ANSWERS(mosaic_command_summary(9999), NULL);
    REFUSES("out", mosaic_command_create("train", NULL));
    REFUSES("name", mosaic_command_create(NULL, &command));
    DOES_NOTHING(mosaic_command_destroy(NULL));
    DOES_NOTHING(mosaic_command_destroy(&command));
    assert_int_equal(mosaic_command_create("protocol list", &command), MOSAIC_OK);
    REFUSES("command", mosaic_command_set(NULL, "out", "x"));
    REFUSES("key", mosaic_command_set(command, NULL, "x"));
    REFUSES("value", mosaic_command_set(command, "out", NULL));
    REFUSES("command", mosaic_command_add(NULL, "x"));
    REFUSES("argument", mosaic_command_add(command, NULL));
    REFUSES("command", mosaic_command_parse(NULL, 0, NULL, out, &shown));
    REFUSES("argv", mosaic_command_parse(command, 1, NULL, out, &shown));
    REFUSES("out", mosaic_command_parse(command, 0, NULL, NULL, &shown));
    REFUSES("shown", mosaic_command_parse(command, 0, NULL, out, NULL));
    assert_int_equal(mosaic_command_parse(command, -1, NULL, out, &shown), MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_command_parse(command, 0, NULL, out, &shown), MOSAIC_OK);
    assert_int_equal(shown, 0);
    REFUSES("command", mosaic_command_run(NULL, out));
    REFUSES("out", mosaic_command_run(command, NULL));
    REFUSES("command", mosaic_command_run_to(NULL, NULL, NULL));
    REFUSES("command", mosaic_command_usage(NULL, NULL, NULL));
    assert_int_equal(mosaic_command_usage(command, NULL, NULL), MOSAIC_OK);
    DOES_NOTHING(mosaic_command_set_communicator(NULL, NULL));
    DOES_NOTHING(mosaic_command_set_communicator(command, NULL));
    DOES_NOTHING(mosaic_command_set_hooks(NULL, NULL, NULL));
    DOES_NOTHING(mosaic_command_set_hooks(command, NULL, NULL));
    assert_int_equal(mosaic_command_run_to(command, NULL, NULL), MOSAIC_OK);
    mosaic_command_destroy(&command);
    assert_null(command);
    REFUSES("out", mosaic_config_schema(NULL));
    REFUSES("out", mosaic_config_markdown(NULL));
    REFUSES("topic", mosaic_config_help(NULL, out));
    REFUSES("out", mosaic_config_help("loss", NULL));
    REFUSES("folder", mosaic_pages_write(NULL));
    ANSWERS(mosaic_topic_name(-1), NULL);
    ANSWERS(mosaic_topic_summary(9999), NULL);
    REFUSES("name", mosaic_topic_print(NULL, out));
    REFUSES("out", mosaic_topic_print("maps", NULL));
    REFUSES("out", mosaic_topics_markdown(NULL));
    note("mosaic_set_isa()");
    assert_int_equal(mosaic_set_isa(NULL), MOSAIC_OK);
    assert_int_equal(mosaic_set_isa(""), MOSAIC_ERR_USAGE);
    (void)fclose(out);
}

static int heard;

static void hear(void *context, mosaic_log_level level, const char *text) {
    (void)context;
    (void)level;
    (void)text;
    heard++;
}

static void watch(void *context, const mosaic_progress *progress) {
    (void)context;
    (void)progress;
    heard++;
}

/* A command that tells something, with the hooks as they are. */
static void make_data(const char *folder) {
    mosaic_command *command = NULL;
    assert_int_equal(mosaic_command_create("data synth", &command), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "patches", "2"), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "size", "24"), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "threads", "1"), MOSAIC_OK);
    assert_int_equal(mosaic_command_add(command, folder), MOSAIC_OK);
    if (mosaic_command_run_to(command, NULL, NULL) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    mosaic_command_destroy(&command);
}

static void hooks(void **state) {
    (void)state;
    const mosaic_log_hooks log = {NULL, hear, watch}, empty = {0};
    const mosaic_stop_hooks stop = {0};
    char folder[] = "/tmp/mosaic-null-XXXXXX", text[64];
    assert_non_null(mkdtemp(folder));
    DOES_NOTHING(mosaic_set_verbosity(2));
    DOES_NOTHING(mosaic_set_log_hooks(&log));
    (void)snprintf(text, sizeof text, "%s/a", folder);
    make_data(text);
    assert_true(heard > 0);
    heard = 0;
    DOES_NOTHING(mosaic_set_log_hooks(NULL));
    DOES_NOTHING(mosaic_set_stop_hooks(&stop));
    DOES_NOTHING(mosaic_set_stop_hooks(NULL));
    DOES_NOTHING(mosaic_set_thread_hooks(&log, &stop));
    DOES_NOTHING(mosaic_set_thread_hooks(NULL, NULL));
    (void)snprintf(text, sizeof text, "%s/b", folder);
    make_data(text);
    assert_int_equal(heard, 0); /* nobody hears any more */
    mosaic_set_log_hooks(&empty);
    mosaic_set_verbosity(0);
    (void)snprintf(text, sizeof text, "rm -rf '%s'", folder);
    assert_int_equal(system(text), 0);
}

static void data_sets(void **state) {
    (void)state;
    mosaic_dataset *dataset = NULL;
    mosaic_reader *reader = NULL;
    mosaic_place place = {.x = 1};
    const float *data;
    int64_t width, height;
    REFUSES("out", mosaic_dataset_open(NULL, NULL));
    assert_true(mosaic_dataset_open(NULL, &dataset) != MOSAIC_OK); /* there is no root */
    DOES_NOTHING(mosaic_dataset_close(NULL));
    DOES_NOTHING(mosaic_dataset_close(&dataset));
    ANSWERS(mosaic_dataset_count(NULL), 0);
    ANSWERS(mosaic_dataset_modality_count(NULL), 0);
    ANSWERS(mosaic_dataset_modality(NULL, 0), NULL);
    ANSWERS(mosaic_dataset_band_count(NULL, 0), 0);
    ANSWERS(mosaic_dataset_band(NULL, 0, 0), NULL);
    ANSWERS(mosaic_dataset_class_count(NULL), 0);
    ANSWERS(mosaic_dataset_class(NULL, 0), NULL);
    ANSWERS(mosaic_dataset_id(NULL, 0), NULL);
    note("mosaic_dataset_split()");
    assert_string_equal(mosaic_dataset_split(NULL, 0), "none");
    ANSWERS(mosaic_dataset_labels(NULL, 0), NULL);
    ANSWERS(mosaic_dataset_time(NULL, 0, 0), INT64_MIN);
    ANSWERS(mosaic_dataset_has(NULL, 0, 0), 0);
    ANSWERS(mosaic_dataset_find(NULL, "a"), -1);
    ANSWERS(mosaic_dataset_country(NULL, 0), NULL);
    ANSWERS(mosaic_dataset_format(NULL), NULL);
    ANSWERS(mosaic_dataset_root(NULL), NULL);
    ANSWERS(mosaic_dataset_resolution(NULL, 0, 0), 0);
    ANSWERS(mosaic_dataset_place(NULL, 0, &place), 0);
    assert_true(place.crs == NULL && place.x == 0);
    ANSWERS(mosaic_dataset_place(NULL, 0, NULL), 0);
    REFUSES("out", mosaic_reader_open(NULL, NULL));
    REFUSES("dataset", mosaic_reader_open(NULL, &reader));
    DOES_NOTHING(mosaic_reader_close(NULL));
    DOES_NOTHING(mosaic_reader_close(&reader));
    REFUSES("reader", mosaic_reader_band(NULL, 0, "s1", "VV", &data, &width, &height));
    REFUSES("reader", mosaic_reader_masked(NULL, 0, "s1", "VV", NULL, NULL, &width, &height, NULL));
}

static void loaders(void **state) {
    (void)state;
    mosaic_loader *loader = NULL;
    mosaic_batch *batch = NULL;
    REFUSES("out", mosaic_loader_open(NULL, NULL));
    assert_true(mosaic_loader_open(NULL, &loader) != MOSAIC_OK);
    DOES_NOTHING(mosaic_loader_close(NULL));
    DOES_NOTHING(mosaic_loader_close(&loader));
    ANSWERS(mosaic_loader_batches(NULL), 0);
    ANSWERS(mosaic_loader_rows(NULL), 0);
    ANSWERS(mosaic_loader_views(NULL), 0);
    ANSWERS(mosaic_loader_height(NULL), 0);
    ANSWERS(mosaic_loader_width(NULL), 0);
    ANSWERS(mosaic_loader_modality_count(NULL), 0);
    ANSWERS(mosaic_loader_modality(NULL, 0), NULL);
    ANSWERS(mosaic_loader_band_count(NULL, 0), 0);
    ANSWERS(mosaic_loader_band(NULL, 0, 0), NULL);
    ANSWERS(mosaic_loader_view(NULL, 0), 0);
    note("mosaic_loader_mean()");
    assert_true(isnan(mosaic_loader_mean(NULL, 0, 0)));
    note("mosaic_loader_sd()");
    assert_true(isnan(mosaic_loader_sd(NULL, 0, 0)));
    ANSWERS(mosaic_loader_dataset(NULL), NULL);
    REFUSES("loader", mosaic_loader_start(NULL, 0, 0));
    REFUSES("out", mosaic_loader_next(NULL, NULL));
    REFUSES("loader", mosaic_loader_next(NULL, &batch));
    DOES_NOTHING(mosaic_batch_release(NULL));
    DOES_NOTHING(mosaic_batch_release(&batch));
    ANSWERS(mosaic_batch_rows(NULL), 0);
    ANSWERS(mosaic_batch_valid(NULL), 0);
    ANSWERS(mosaic_batch_images(NULL, 0), NULL);
    ANSWERS(mosaic_batch_present(NULL, 0), NULL);
    ANSWERS(mosaic_batch_labels(NULL), NULL);
    ANSWERS(mosaic_batch_samples(NULL), NULL);
}

static void trainings(void **state) {
    (void)state;
    mosaic_training *training = NULL;
    mosaic_step step = {.struct_size = sizeof step};
    mosaic_metrics metrics = {.struct_size = sizeof metrics};
    REFUSES("out", mosaic_training_open(NULL, NULL));
    assert_int_equal(mosaic_training_open(NULL, &training), MOSAIC_ERR_USAGE);
    DOES_NOTHING(mosaic_training_close(NULL));
    DOES_NOTHING(mosaic_training_close(&training));
    ANSWERS(mosaic_training_term(NULL, 0), NULL);
    REFUSES("training", mosaic_training_step(NULL, &step));
    REFUSES("training", mosaic_training_validate(NULL, &metrics));
    REFUSES("training", mosaic_training_checkpoint(NULL));
    REFUSES("training", mosaic_training_finish(NULL, NULL));
}

static void models(void **state) {
    (void)state;
    mosaic_model *model = NULL;
    const mosaic_inference io = {.struct_size = sizeof io};
    REFUSES("out", mosaic_model_open("x", "cpu", 1, NULL));
    REFUSES("path", mosaic_model_open(NULL, "cpu", 1, &model));
    REFUSES("device", mosaic_model_open("x", NULL, 1, &model));
    REFUSES("out", mosaic_model_open_in("x", "cpu", "fp32", 1, NULL));
    REFUSES("path", mosaic_model_open_in(NULL, "cpu", "fp32", 1, &model));
    REFUSES("device", mosaic_model_open_in("x", NULL, "fp32", 1, &model));
    REFUSES("precision", mosaic_model_open_in("x", "cpu", NULL, 1, &model));
    REFUSES("out", mosaic_model_open_with("x", NULL, NULL));
    REFUSES("path", mosaic_model_open_with(NULL, NULL, &model));
    assert_true(mosaic_model_open_with("/nonexistent/mosaic", NULL, &model) != MOSAIC_OK);
    DOES_NOTHING(mosaic_model_close(NULL));
    DOES_NOTHING(mosaic_model_close(&model));
    ANSWERS(mosaic_model_modality_count(NULL), 0);
    ANSWERS(mosaic_model_modality(NULL, 0), NULL);
    ANSWERS(mosaic_model_band_count(NULL, 0), 0);
    ANSWERS(mosaic_model_band(NULL, 0, 0), NULL);
    ANSWERS(mosaic_model_class_count(NULL), 0);
    ANSWERS(mosaic_model_class(NULL, 0), NULL);
    ANSWERS(mosaic_model_threshold(NULL, 0), 0.5);
    ANSWERS(mosaic_model_precision(NULL), NULL);
    ANSWERS(mosaic_model_threshold_precision(NULL), NULL);
    ANSWERS(mosaic_model_height(NULL), 0);
    ANSWERS(mosaic_model_width(NULL), 0);
    ANSWERS(mosaic_model_feature_size(NULL), 0);
    ANSWERS(mosaic_model_latent_size(NULL), 0);
    REFUSES("model", mosaic_model_check_dataset(NULL, NULL));
    REFUSES("model", mosaic_model_infer(NULL, &io));
    REFUSES("model", mosaic_model_predict(NULL, NULL, 0, NULL, NULL));
}

static void arrays(void **state) {
    (void)state;
    const float p[2] = {0.5f, 0.5f};
    const int8_t y[2] = {0, 1};
    double own[2], all, points[2];
    mosaic_metrics metrics = {.struct_size = sizeof metrics};
    mosaic_bootstrap bootstrap = {.struct_size = sizeof bootstrap};
    mosaic_clusters clusters = {.struct_size = sizeof clusters};
    mosaic_tsne_report report = {.struct_size = sizeof report};
    REFUSES("out", mosaic_metrics_compute(p, y, 1, 2, NULL, NULL, NULL));
    REFUSES("probability", mosaic_metrics_compute(NULL, y, 1, 2, NULL, &metrics, NULL));
    REFUSES("labels", mosaic_metrics_compute(p, NULL, 1, 2, NULL, &metrics, NULL));
    assert_int_equal(mosaic_metrics_compute(NULL, NULL, 0, 2, NULL, &metrics, NULL), MOSAIC_OK);
    assert_true(metrics.known == 0 && isnan(metrics.micro.f1));
    assert_int_equal(mosaic_metrics_compute(p, y, INT64_MAX / 2, 3, NULL, &metrics, NULL),
                     MOSAIC_ERR_USAGE);
    REFUSES("per_class", mosaic_thresholds_tune(p, y, 1, 2, NULL, &all));
    REFUSES("global", mosaic_thresholds_tune(p, y, 1, 2, own, NULL));
    REFUSES("probability", mosaic_thresholds_tune(NULL, y, 1, 2, own, &all));
    REFUSES("labels", mosaic_thresholds_tune(p, NULL, 1, 2, own, &all));
    assert_int_equal(mosaic_thresholds_tune(NULL, NULL, 0, 2, own, &all), MOSAIC_OK);
    assert_true(all == 0.5 && own[0] == 0.5 && own[1] == 0.5);
    REFUSES("out", mosaic_bootstrap_scores(p, y, 1, 2, NULL, 9, 0.9, 1, 1, NULL));
    REFUSES("probability", mosaic_bootstrap_scores(NULL, y, 1, 2, NULL, 9, 0.9, 1, 1, &bootstrap));
    REFUSES("labels", mosaic_bootstrap_scores(p, NULL, 1, 2, NULL, 9, 0.9, 1, 1, &bootstrap));
    REFUSES("a", mosaic_bootstrap_paired(NULL, p, y, 1, 2, NULL, 9, 0.9, 1, 1, &bootstrap));
    REFUSES("b", mosaic_bootstrap_paired(p, NULL, y, 1, 2, NULL, 9, 0.9, 1, 1, &bootstrap));
    REFUSES("out", mosaic_bootstrap_paired(p, p, y, 1, 2, NULL, 9, 0.9, 1, 1, NULL));
    REFUSES("x", mosaic_clusters_measure(NULL, NULL, y, 1, 2, 2, 1, 1, 1, &clusters));
    REFUSES("labels", mosaic_clusters_measure(p, NULL, NULL, 1, 2, 2, 1, 1, 1, &clusters));
    REFUSES("out", mosaic_clusters_measure(p, NULL, y, 1, 2, 2, 1, 1, 1, NULL));
    REFUSES("x", mosaic_tsne(NULL, 12, 2, 0, 0, 1, points, &report));
    REFUSES("points", mosaic_tsne(p, 12, 2, 0, 0, 1, NULL, &report));
    REFUSES("out", mosaic_tsne(p, 12, 2, 0, 0, 1, points, NULL));
}

static void expect_numeric(mosaic_status status, const char *wanted) {
    if (status != MOSAIC_ERR_NUMERIC || strstr(mosaic_error(), wanted) == NULL)
        fail_msg("status %d, message '%s', wanted '%s'", (int)status, mosaic_error(), wanted);
}

/* Every array, with one value that is not finite: named with its row and class. */
static void what_is_not_finite_is_named(void **state) {
    (void)state;
    enum { N = 14, L = 3 };
    float good[N * L], bad[N * L];
    int8_t y[N * L], wrong[N * L];
    double own[L], all, points[2 * N], threshold[L] = {0.5, 0.5, 0.5}, no_threshold[L];
    mosaic_metrics metrics = {.struct_size = sizeof metrics};
    mosaic_bootstrap bootstrap = {.struct_size = sizeof bootstrap};
    mosaic_clusters clusters = {.struct_size = sizeof clusters};
    mosaic_tsne_report report = {.struct_size = sizeof report};
    for (int k = 0; k < N * L; k++) {
        good[k] = bad[k] = 0.1f + 0.02f * (float)((k * 7) % 40);
        y[k] = wrong[k] = (int8_t)(k * 5 % 3 - 1);
    }
    memcpy(no_threshold, threshold, sizeof threshold);
    no_threshold[1] = (double)INFINITY;
    bad[9 * L + 2] = -INFINITY;
    wrong[4 * L + 1] = 2;
    expect_numeric(mosaic_thresholds_tune(bad, y, N, L, own, &all), "row 9, class 2");
    expect_numeric(mosaic_metrics_compute(bad, y, N, L, NULL, &metrics, NULL), "row 9, class 2");
    expect_numeric(mosaic_bootstrap_scores(bad, y, N, L, NULL, 9, 0.9, 1, 1, &bootstrap),
                   "row 9, class 2");
    expect_numeric(mosaic_bootstrap_paired(good, bad, y, N, L, NULL, 9, 0.9, 1, 1, &bootstrap),
                   "row 9, class 2");
    expect_numeric(mosaic_clusters_measure(bad, NULL, y, N, L, L, 2, 2, 1, &clusters), "row 9");
    expect_numeric(mosaic_clusters_measure(good, bad, y, N, L, L, 2, 2, 1, &clusters), "row 9");
    expect_numeric(mosaic_tsne(bad, N, L, 0, 1, 1, points, &report), "row 9");
    expect_numeric(mosaic_metrics_compute(good, y, N, L, no_threshold, &metrics, NULL), "class 1");
    expect_numeric(mosaic_bootstrap_scores(good, y, N, L, no_threshold, 9, 0.9, 1, 1, &bootstrap),
                   "class 1");
    assert_int_equal(mosaic_metrics_compute(good, wrong, N, L, threshold, &metrics, NULL),
                     MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "label of row 4, class 1 is 2, want 1, 0 or -1"));
    assert_int_equal(mosaic_thresholds_tune(good, wrong, N, L, own, &all), MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_clusters_measure(good, NULL, wrong, N, L, L, 2, 2, 1, &clusters),
                     MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_thresholds_tune(good, y, N, L, own, &all), MOSAIC_OK);
}

/* The names that MOSAIC_API stands before, of one header. */
static int look_up(const char *path) {
    int count = 0;
    char text[1 << 15];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_true(feof(file));
    (void)fclose(file);
    for (char *at = text; (at = strstr(at, "\nMOSAIC_API ")) != NULL;) {
        char name[64] = "";
        at = strchr(at, '(');
        assert_non_null(at);
        const char *begin = at;
        while (begin[-1] == '_' || isalnum((unsigned char)begin[-1]))
            begin--;
        (void)snprintf(name, sizeof name, "%.*s", (int)(at - begin), begin);
        if (!was_walked(name)) fail_msg("%s: %s is not walked", path, name);
        count++;
    }
    return count;
}

static void nothing_is_left_out(void **state) {
    (void)state;
    const char *folder = MOSAIC_SOURCE_DIR "/include/mosaic";
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[1024];
        if (strstr(entry->d_name, ".h") == NULL) continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count += look_up(path);
    }
    (void)closedir(dir);
    assert_int_equal(count, walked_count);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_and_version),
        cmocka_unit_test(commands),
        cmocka_unit_test(hooks),
        cmocka_unit_test(data_sets),
        cmocka_unit_test(loaders),
        cmocka_unit_test(trainings),
        cmocka_unit_test(models),
        cmocka_unit_test(arrays),
        cmocka_unit_test(what_is_not_finite_is_named),
        cmocka_unit_test(nothing_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
