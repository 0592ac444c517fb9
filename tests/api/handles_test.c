/* Loaders, trainings and analyses as a program outside uses them. */
#include "mosaic/mosaic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 24, PATCHES = 24, BATCH = 4 };

static char folder[64], data_root[96];

static char *in_folder(const char *name) {
    static char path[16][128];
    static int at;
    char *out = path[at++ % 16];
    (void)snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

static int make_folder(void **state) {
    (void)state;
    mosaic_command *command = NULL;
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic-handles-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(data_root, sizeof data_root, "%s/data", folder);
    mosaic_set_verbosity(0);
    FILE *file = fopen(in_folder("c.yaml"), "w");
    if (file == NULL || fputs("method: mosaic-1\n", file) < 0 || fclose(file) != 0) return -1;
    mosaic_status status = mosaic_command_create("data synth", &command);
    if (status == MOSAIC_OK) status = mosaic_command_set(command, "patches", "24");
    if (status == MOSAIC_OK) status = mosaic_command_set(command, "size", "24");
    if (status == MOSAIC_OK) status = mosaic_command_set(command, "seed", "3");
    if (status == MOSAIC_OK) status = mosaic_command_add(command, data_root);
    if (status == MOSAIC_OK) status = mosaic_command_run_to(command, NULL, NULL);
    mosaic_command_destroy(&command);
    return status == MOSAIC_OK ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char text[128];
    (void)snprintf(text, sizeof text, "rm -rf '%s'", folder);
    return system(text);
}

#define COMMON                                                                                     \
    "data.root", data_root, "data.modalities.s1.bands", "[VV, VH]", "data.modalities.s2.bands",    \
        "[B02, B03, B08]", "model.encoder", "resnet10-narrow", "train.batch", "4", "train.epochs", \
        "2", "train.precision", "fp32", "train.seed", "5"

static mosaic_loader *open_loader(const char *threads, const char *rank, const char *ranks) {
    const char *options[] = {COMMON, "method", "simclr", "threads", threads,
                             "rank", rank,     "ranks",  ranks,     NULL};
    mosaic_loader *loader = NULL;
    if (mosaic_loader_open(options, &loader) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return loader;
}

static size_t image_floats(const mosaic_loader *loader, int64_t m) {
    return (size_t)(mosaic_loader_views(loader) * mosaic_loader_rows(loader) *
                    mosaic_loader_band_count(loader, m) * mosaic_loader_height(loader) *
                    mosaic_loader_width(loader));
}

static mosaic_batch *next(mosaic_loader *loader) {
    mosaic_batch *batch = NULL;
    if (mosaic_loader_next(loader, &batch) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return batch;
}

static void loaders_say_what_they_give(void **state) {
    (void)state;
    mosaic_loader *loader = open_loader("2", "0", "1");
    mosaic_batch *batch = NULL;
    assert_int_equal(mosaic_loader_modality_count(loader), 2);
    assert_string_equal(mosaic_loader_modality(loader, 1), "s2");
    assert_string_equal(mosaic_loader_band(loader, 1, 2), "B08");
    assert_null(mosaic_loader_band(loader, 1, 3));
    assert_null(mosaic_loader_modality(loader, 2));
    assert_int_equal(mosaic_loader_rows(loader), BATCH);
    assert_int_equal(mosaic_loader_height(loader), SIZE);
    assert_int_equal(mosaic_loader_views(loader), 2);
    assert_int_equal(mosaic_loader_view(loader, 0), 's');
    assert_int_equal(mosaic_loader_view(loader, 2), 0);
    assert_true(mosaic_loader_mean(loader, 0, 0) < 0 && mosaic_loader_sd(loader, 0, 0) > 0);
    assert_true(isnan(mosaic_loader_mean(loader, 0, 2)));
    assert_int_equal(mosaic_dataset_count(mosaic_loader_dataset(loader)), PATCHES);
    assert_int_equal(mosaic_loader_next(loader, &batch), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "mosaic_loader_start"));
    assert_int_equal(mosaic_loader_start(loader, 0, 99), MOSAIC_ERR_USAGE);
    mosaic_loader_close(&loader);
    mosaic_loader_close(&loader);
    const char *wrong[] = {"data.root", data_root, "train.bach", "4", NULL};
    assert_int_equal(mosaic_loader_open(wrong, &loader), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "train.batch"));
    const char *split[] = {COMMON, "split", "test", NULL};
    assert_int_equal(mosaic_loader_open(split, &loader), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "plain"));
    const char *ranks[] = {COMMON, "rank", "0", "ranks", "3", NULL};
    assert_int_equal(mosaic_loader_open(ranks, &loader), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "evenly"));
    assert_null(loader);
}

/* All batches of an epoch held at once are the ones that are read one by one; threads do not matter;
 * batches outlive the loader. */
static void batches_are_their_holders(void **state) {
    (void)state;
    mosaic_loader *many = open_loader("2", "0", "1"), *one = open_loader("1", "0", "1");
    const int64_t count = mosaic_loader_batches(many), classes = 19;
    mosaic_batch *held[16] = {NULL};
    const size_t floats = image_floats(many, 1);
    assert_true(count >= 2 && count <= 16);
    assert_int_equal(mosaic_loader_start(many, 1, 0), MOSAIC_OK);
    assert_int_equal(mosaic_loader_start(one, 1, 0), MOSAIC_OK);
    for (int64_t b = 0; b < count; b++)
        assert_non_null(held[b] = next(many));
    assert_null(next(many));
    mosaic_loader_close(&many);
    for (int64_t b = 0; b < count; b++) {
        mosaic_batch *again = next(one);
        assert_int_equal(mosaic_batch_valid(again), BATCH);
        assert_memory_equal(mosaic_batch_images(held[b], 1), mosaic_batch_images(again, 1),
                            floats * sizeof(float));
        assert_memory_equal(mosaic_batch_samples(held[b]), mosaic_batch_samples(again),
                            BATCH * sizeof(int64_t));
        for (int64_t row = 0; row < BATCH; row++) {
            const int64_t sample = mosaic_batch_samples(again)[row];
            assert_memory_equal(mosaic_batch_labels(again) + row * classes,
                                mosaic_dataset_labels(mosaic_loader_dataset(one), sample),
                                (size_t)classes);
            assert_int_equal(mosaic_batch_present(again, 0)[row], 1);
        }
        mosaic_batch_release(&again);
        mosaic_batch_release(&held[b]);
        assert_null(held[b]);
    }
    assert_int_equal(mosaic_loader_start(one, 0, 0), MOSAIC_OK);
    held[0] = next(one);
    assert_null(mosaic_batch_images(held[0], 2));
    mosaic_batch_release(&held[0]);
    mosaic_loader_close(&one);
}

/* Two ranks share the batches of one. */
static void ranks_share_a_batch(void **state) {
    (void)state;
    mosaic_loader *whole = open_loader("1", "0", "1"), *rank[2];
    const int64_t part = BATCH / 2;
    assert_int_equal(mosaic_loader_start(whole, 0, 1), MOSAIC_OK);
    mosaic_batch *all = next(whole);
    for (int r = 0; r < 2; r++) {
        rank[r] = open_loader("1", r == 0 ? "0" : "1", "2");
        assert_int_equal(mosaic_loader_rows(rank[r]), part);
        assert_int_equal(mosaic_loader_start(rank[r], 0, 1), MOSAIC_OK);
        mosaic_batch *own = next(rank[r]);
        const size_t row = image_floats(whole, 0) / BATCH / 2; /* of one view */
        for (int view = 0; view < 2; view++)
            assert_memory_equal(mosaic_batch_images(own, 0) + (size_t)(view * part) * row,
                                mosaic_batch_images(all, 0) +
                                    (size_t)(view * BATCH + r * part) * row,
                                (size_t)part * row * sizeof(float));
        mosaic_batch_release(&own);
        mosaic_loader_close(&rank[r]);
    }
    mosaic_batch_release(&all);
    mosaic_loader_close(&whole);
}

/* Plain batches are the data set's own pixels, standardised, in its order. */
static void plain_batches_are_the_data(void **state) {
    (void)state;
    const char *options[] = {COMMON, "split", "all", "views", "plain", "train.batch", "5", NULL};
    const char *open_data[] = {"root", data_root, NULL};
    mosaic_loader *loader = NULL;
    mosaic_dataset *dataset = NULL;
    mosaic_reader *reader = NULL;
    mosaic_batch *batch;
    int64_t sample = 0, width, height, invalid;
    const float *pixels;
    const uint8_t *valid;
    assert_int_equal(mosaic_loader_open(options, &loader), MOSAIC_OK);
    assert_int_equal(mosaic_dataset_open(open_data, &dataset), MOSAIC_OK);
    assert_int_equal(mosaic_reader_open(dataset, &reader), MOSAIC_OK);
    assert_int_equal(mosaic_loader_start(loader, 0, 0), MOSAIC_OK);
    while ((batch = next(loader)) != NULL) {
        assert_int_equal(mosaic_batch_rows(batch), 5);
        for (int64_t row = 0; row < mosaic_batch_valid(batch); row++, sample++) {
            assert_int_equal(mosaic_batch_samples(batch)[row], sample);
            assert_int_equal(mosaic_reader_masked(reader, sample, "s1", "VH", &pixels, &valid,
                                                  &width, &height, &invalid),
                             MOSAIC_OK);
            assert_int_equal(invalid, 0);
            const float *image = mosaic_batch_images(batch, 0) + (row * 2 + 1) * SIZE * SIZE;
            for (int64_t p = 0; p < SIZE * SIZE; p += 7) {
                const double wanted = ((double)pixels[p] - mosaic_loader_mean(loader, 0, 1)) /
                                      mosaic_loader_sd(loader, 0, 1);
                assert_true(fabs((double)image[p] - wanted) < 1e-4 && valid[p] == 1);
            }
        }
        mosaic_batch_release(&batch);
    }
    assert_int_equal(sample, PATCHES);
    assert_int_equal(mosaic_dataset_find(dataset, mosaic_dataset_id(dataset, 7)), 7);
    assert_int_equal(mosaic_dataset_find(dataset, "none"), -1);
    assert_true(mosaic_dataset_resolution(dataset, 0, 0) == 10);
    mosaic_place place;
    assert_int_equal(mosaic_dataset_place(dataset, PATCHES, &place), 0);
    mosaic_reader_close(&reader);
    mosaic_dataset_close(&dataset);
    mosaic_loader_close(&loader);
}

/* ---- training ---- */

static mosaic_training *open_training(const char *out, const char *resume) {
    const char *options[] = {
        COMMON, "config", in_folder("c.yaml"), "out", out, "threads", "1", "resume", resume, NULL};
    mosaic_training *training = NULL;
    if (mosaic_training_open(options, &training) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return training;
}

static void read_model(const char *run, char **bytes, long *size) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/model/model.safetensors", run);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    (void)fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    *bytes = malloc((size_t)*size);
    assert_int_equal(fread(*bytes, 1, (size_t)*size, file), *size);
    (void)fclose(file);
}

static void assert_same_model(const char *a, const char *b) {
    char *one, *two;
    long first, second;
    read_model(a, &one, &first);
    read_model(b, &two, &second);
    assert_int_equal(first, second);
    assert_memory_equal(one, two, (size_t)first);
    free(one);
    free(two);
}

/* Step by step, asked for scores in between, left and resumed: the model of `mosaic train`. */
static void trainings_are_the_commands(void **state) {
    (void)state;
    mosaic_command *command = NULL;
    mosaic_step step = {.struct_size = sizeof step};
    mosaic_metrics metrics = {.struct_size = sizeof metrics};
    const char *config = in_folder("c.yaml"), *model = NULL, *common[] = {COMMON};
    const char *by_hand = in_folder("by-hand");
    char set[1024] = "";
    size_t size = 0;
    for (size_t i = 0; i + 1 < sizeof common / sizeof *common; i += 2)
        size += (size_t)snprintf(set + size, sizeof set - size, "%s%s=%s", i ? "," : "", common[i],
                                 common[i + 1]);
    assert_int_equal(mosaic_command_create("train", &command), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "out", in_folder("by-command")), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "threads", "1"), MOSAIC_OK);
    assert_int_equal(mosaic_command_set(command, "set", set), MOSAIC_OK);
    assert_int_equal(mosaic_command_add(command, config), MOSAIC_OK);
    if (mosaic_command_run_to(command, NULL, NULL) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    mosaic_command_destroy(&command);

    mosaic_training *training = open_training(by_hand, "false"), *second = NULL;
    const char *other[] = {COMMON, "out", in_folder("other"), NULL};
    assert_int_equal(mosaic_training_open(other, &second), MOSAIC_ERR_UNSUPPORTED);
    assert_string_equal(mosaic_training_term(training, 0), "intra");
    assert_string_equal(mosaic_training_term(training, 3), "bce");
    assert_null(mosaic_training_term(training, 4));
    assert_int_equal(mosaic_training_step(training, &step), MOSAIC_OK);
    assert_int_equal(step.step, 1);
    assert_true(step.done && !step.over && isnan(step.score));
    /* weights 1, 1, 0.3, 10; that of the supervised term warms up */
    const double others = step.term[0] + step.term[1] + 10 * step.term[3];
    assert_true(step.loss > 0.9999 * others && step.loss < others + 0.3 * step.term[2]);
    assert_true(step.gradient_norm > 0);
    assert_int_equal(mosaic_training_validate(training, &metrics), MOSAIC_OK);
    assert_true(metrics.known > 0 && metrics.macro.average_precision >= 0);
    assert_int_equal(mosaic_training_checkpoint(training), MOSAIC_OK);
    mosaic_training_close(&training);

    training = open_training(by_hand, "true");
    int epochs = 0;
    do {
        assert_int_equal(mosaic_training_step(training, &step), MOSAIC_OK);
        epochs += step.epoch_ended;
        if (step.epoch_ended) assert_true(step.score_is_loss || step.score >= 0);
    } while (!step.over);
    assert_int_equal(epochs, 2);
    assert_int_equal(step.step, step.steps);
    assert_int_equal(mosaic_training_finish(training, &model), MOSAIC_OK);
    assert_non_null(strstr(model, "model.safetensors"));
    assert_int_equal(mosaic_training_step(training, &step), MOSAIC_ERR_USAGE);
    mosaic_training_close(&training);
    mosaic_training_close(&training);
    assert_same_model(in_folder("by-command"), by_hand);
}

static int stop_at_once(void *context) {
    (void)context;
    return 15;
}

static void trainings_stop_when_asked(void **state) {
    (void)state;
    const mosaic_stop_hooks stop = {.stop = stop_at_once}, none = {.stop = NULL};
    mosaic_training *training = open_training(in_folder("stopped"), "false");
    mosaic_step step = {.struct_size = sizeof step}, short_step = {.struct_size = 8};
    assert_int_equal(mosaic_training_step(training, &short_step), MOSAIC_ERR_USAGE);
    mosaic_set_stop_hooks(&stop);
    assert_int_equal(mosaic_training_step(training, &step), MOSAIC_INTERRUPTED);
    mosaic_set_stop_hooks(&none);
    assert_int_equal(mosaic_training_step(training, &step), MOSAIC_ERR_USAGE);
    mosaic_training_close(&training);
    const char *nowhere[] = {COMMON, NULL};
    assert_int_equal(mosaic_training_open(nowhere, &training), MOSAIC_ERR_USAGE);
    assert_null(training);
}

/* ---- models ---- */

static void models_take_presence_by_row(void **state) {
    (void)state;
    enum { N = 3 };
    mosaic_model *model = NULL;
    const char *options[] = {"threads", "1", "batch", "2", "latents", "true", NULL};
    const char *wrong[] = {"bach", "2", NULL};
    assert_int_equal(mosaic_model_open_with(in_folder("by-hand"), wrong, &model), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "'bach'"));
    assert_int_equal(mosaic_model_open_with(in_folder("by-hand"), options, &model), MOSAIC_OK);
    const int64_t classes = mosaic_model_class_count(model),
                  latent = mosaic_model_latent_size(model), size = mosaic_model_feature_size(model);
    float *s1 = calloc((size_t)(N * 2 * SIZE * SIZE), sizeof *s1),
          *s2 = calloc((size_t)(N * 3 * SIZE * SIZE), sizeof *s2),
          *some = calloc((size_t)(N * classes), sizeof *some),
          *without = calloc((size_t)(N * classes), sizeof *without),
          *features = calloc((size_t)(N * 2 * size), sizeof *features),
          *latents = calloc((size_t)(N * 2 * latent), sizeof *latents);
    for (int i = 0; i < N * 2 * SIZE * SIZE; i++)
        s1[i] = -15 + (float)(i % 13);
    for (int i = 0; i < N * 3 * SIZE * SIZE; i++)
        s2[i] = 900 + (float)(i % 977);
    const uint8_t has[N] = {1, 0, 1}, *present[] = {has, NULL};
    const float *both[] = {s1, s2}, *optical[] = {NULL, s2};
    const mosaic_inference io = {.struct_size = sizeof io,
                                 .n = N,
                                 .images = both,
                                 .present = present,
                                 .probability = some,
                                 .features = features,
                                 .latents = latents};
    assert_int_equal(mosaic_model_infer(model, &io), MOSAIC_OK);
    assert_int_equal(mosaic_model_predict(model, optical, N, without, NULL), MOSAIC_OK);
    assert_memory_equal(some + classes, without + classes, (size_t)classes * sizeof(float));
    assert_memory_not_equal(some, without, (size_t)classes * sizeof(float));
    for (int64_t i = 0; i < N; i++) {
        double length = 0;
        for (int64_t k = 0; k < latent; k++) {
            const double z = (double)latents[i * 2 * latent + k];
            length += z * z;
        }
        assert_true(fabs(length - (has[i] ? 1 : 0)) < 1e-4);
        assert_true(has[i] || features[i * 2 * size] == 0);
    }
    const mosaic_stop_hooks stop = {.stop = stop_at_once};
    mosaic_set_thread_hooks(NULL, &stop);
    assert_int_equal(mosaic_model_infer(model, &io), MOSAIC_INTERRUPTED);
    assert_non_null(strstr(mosaic_error(), "after 0 of 3"));
    mosaic_set_thread_hooks(NULL, NULL);
    assert_int_equal(mosaic_model_infer(model, &io), MOSAIC_OK);
    mosaic_model_close(&model);
    free(s1);
    free(s2);
    free(some);
    free(without);
    free(features);
    free(latents);
}

/* ---- analyses ---- */

static void arrays_are_analysed(void **state) {
    (void)state;
    enum { N = 40, D = 3, L = 2 };
    float x[N * D], probability[N * L], worse[N * L];
    int8_t labels[N * L];
    double per_class[L], global, points[2 * N];
    mosaic_bootstrap bootstrap = {.struct_size = sizeof bootstrap};
    mosaic_clusters clusters = {.struct_size = sizeof clusters};
    mosaic_tsne_report tsne = {.struct_size = sizeof tsne};
    for (int i = 0; i < N; i++) {
        const int side = i % 2;
        labels[i * L] = (int8_t)side;
        labels[i * L + 1] = (int8_t)!side;
        for (int d = 0; d < D; d++)
            x[i * D + d] = (d == side ? 1.0f : 0.0f) + 0.01f * (float)((i * 7 + d * 3) % 11);
        for (int l = 0; l < L; l++) {
            probability[i * L + l] = (labels[i * L + l] ? 0.6f : 0.2f) + 0.001f * (float)i;
            worse[i * L + l] = 0.25f + 0.01f * (float)((i * 13 + l) % 50);
        }
    }
    assert_int_equal(mosaic_thresholds_tune(probability, labels, N, L, per_class, &global),
                     MOSAIC_OK);
    assert_true(per_class[0] > 0.239 && per_class[0] < 0.641);
    assert_int_equal(
        mosaic_bootstrap_scores(probability, labels, N, L, NULL, 200, 0.9, 1, 1, &bootstrap),
        MOSAIC_OK);
    assert_true(bootstrap.macro_ap.value > 0.999 && bootstrap.macro_f1.low <= 1);
    assert_int_equal(
        mosaic_bootstrap_paired(probability, worse, labels, N, L, NULL, 200, 0.9, 1, 1, &bootstrap),
        MOSAIC_OK);
    assert_true(bootstrap.macro_ap.low > 0 && bootstrap.macro_ap.p < 0.05);
    assert_int_equal(
        mosaic_bootstrap_scores(probability, labels, N, L, NULL, 200, 1.5, 1, 1, &bootstrap),
        MOSAIC_ERR_USAGE);
    assert_int_equal(mosaic_clusters_measure(x, NULL, labels, N, D, L, 10, 5, 1, &clusters),
                     MOSAIC_OK);
    assert_true(clusters.silhouette > 0.9 && clusters.neighbour_jaccard > 0.99 &&
                clusters.sets == 2);
    assert_int_equal(mosaic_tsne(x, N, D, 5, 250, 1, points, &tsne), MOSAIC_OK);
    assert_true(tsne.iterations == 250 && tsne.trustworthiness > 0.8);
    assert_int_equal(mosaic_tsne(x, 5, D, 5, 250, 1, points, &tsne), MOSAIC_ERR_USAGE);
    tsne.struct_size = 4;
    assert_int_equal(mosaic_tsne(x, N, D, 5, 250, 1, points, &tsne), MOSAIC_ERR_USAGE);
}

static void the_version_is_one(void **state) {
    (void)state;
    char text[32];
    (void)snprintf(text, sizeof text, "%d.%d.%d", MOSAIC_VERSION_MAJOR, MOSAIC_VERSION_MINOR,
                   MOSAIC_VERSION_PATCH);
    assert_string_equal(text, mosaic_version());
    assert_int_equal(mosaic_version_number(), MOSAIC_VERSION_NUMBER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loaders_say_what_they_give),  cmocka_unit_test(batches_are_their_holders),
        cmocka_unit_test(ranks_share_a_batch),         cmocka_unit_test(plain_batches_are_the_data),
        cmocka_unit_test(trainings_are_the_commands),  cmocka_unit_test(trainings_stop_when_asked),
        cmocka_unit_test(models_take_presence_by_row), cmocka_unit_test(arrays_are_analysed),
        cmocka_unit_test(the_version_is_one),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
