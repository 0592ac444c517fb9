/* Every handle, opened and closed again and again. LeakSanitizer looks on where it is linked (tests.cmake), and resident memory may
 * not grow once the first cycles are over. MOSAIC_HANDLE_CYCLES: so many cycles of each, in place of what the normal suite has time
 * for. */
#include "mosaic/mosaic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], data_root[96], run[96], again[96];

#define DATA                                                                                       \
    "data.root", data_root, "data.modalities.s2.bands", "[B02, B03, B08]", "model.encoder",        \
        "resnet10-narrow", "method", "supervised", "train.batch", "2", "train.epochs", "1",        \
        "train.precision", "fp32", "threads", "1"

static void must(mosaic_status status) {
    if (status != MOSAIC_OK) fail_msg("%s", mosaic_error());
}

/* ---- one life of each ---- */

static void command_life(void) {
    mosaic_command *command = NULL;
    must(mosaic_command_create("predict", &command));
    must(mosaic_command_set(command, "stride", "3"));
    must(mosaic_command_add(command, "nothing"));
    mosaic_command_destroy(&command);
}

static void data_set_life(void) {
    const char *options[] = {"root", data_root, NULL};
    mosaic_dataset *dataset = NULL;
    mosaic_reader *reader = NULL;
    const float *pixels;
    const uint8_t *valid;
    int64_t width, height, invalid;
    must(mosaic_dataset_open(options, &dataset));
    must(mosaic_reader_open(dataset, &reader));
    must(mosaic_reader_masked(reader, 0, "s2", "B02", &pixels, &valid, &width, &height, &invalid));
    mosaic_reader_close(&reader);
    mosaic_dataset_close(&dataset);
}

/* The batch outlives its loader. */
static void loader_life(void) {
    const char *options[] = {DATA, NULL};
    mosaic_loader *loader = NULL;
    mosaic_batch *batch = NULL;
    must(mosaic_loader_open(options, &loader));
    must(mosaic_loader_start(loader, 0, 0));
    must(mosaic_loader_next(loader, &batch));
    assert_non_null(batch);
    mosaic_loader_close(&loader);
    mosaic_batch_release(&batch);
}

static void model_life(void) {
    const char *options[] = {"threads", "1", NULL};
    mosaic_model *model = NULL;
    must(mosaic_model_open_with(run, options, &model));
    mosaic_model_close(&model);
}

static void training_life(void) {
    const char *options[] = {DATA, "out", again, "overwrite", "true", NULL};
    mosaic_training *training = NULL;
    must(mosaic_training_open(options, &training));
    mosaic_training_close(&training);
}

/* ---- many ---- */

static double resident_bytes(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* What the heap has given away: a leak shows there before resident memory grows. Sanitizers have heaps of their own, which keep what was
 * freed for a while. */
#if defined(__GLIBC__) && !defined(MOSAIC_TEST_ALLOCATOR)
#include <malloc.h>
enum { KNOWS_MEMORY = 1 };
static double used_bytes(void) {
    const struct mallinfo2 heap = mallinfo2();
    return (double)heap.uordblks + (double)heap.hblkhd;
}
#else
enum { KNOWS_MEMORY = 0 };
static double used_bytes(void) {
    return 0;
}
#endif

static void live(const char *name, void (*life)(void), int warm, int cycles) {
    const char *given = getenv("MOSAIC_HANDLE_CYCLES");
    double used = 0, resident = 0;
    if (given != NULL) {
        cycles = (int)strtol(given, NULL, 10);
        warm = cycles / 10;
    }
    for (int i = 0; i < cycles; i++) {
        if (i == warm) {
            used = used_bytes();
            resident = resident_bytes();
        }
        life();
    }
    used = used_bytes() - used;
    resident = resident_bytes() - resident;
    print_message(
        "%s: %d cycles; after %d of them %.0f bytes more in use, %.0f KiB more resident\n", name,
        cycles, warm, used, resident / 1024);
    /* some KiB come and go with the caches of malloc itself */
    if (KNOWS_MEMORY) assert_true(used < 64 * 1024 && resident < 256 * 1024);
}

static void commands(void **state) {
    (void)state;
    live("commands", command_life, 100, 1000);
}

static void data_sets_and_readers(void **state) {
    (void)state;
    live("data sets and readers", data_set_life, 100, 1000);
}

static void loaders_and_batches(void **state) {
    (void)state;
    live("loaders and batches", loader_life, 40, 120);
}

static void models(void **state) {
    (void)state;
    live("models", model_life, 40, 120);
}

static void trainings(void **state) {
    (void)state;
    live("trainings", training_life, 10, 30);
}

static int make_folder(void **state) {
    (void)state;
    mosaic_command *command = NULL;
    mosaic_training *training = NULL;
    mosaic_step step = {.struct_size = sizeof step};
    const char *model;
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic-lives-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(data_root, sizeof data_root, "%s/data", folder);
    (void)snprintf(run, sizeof run, "%s/run", folder);
    (void)snprintf(again, sizeof again, "%s/again", folder);
    mosaic_set_verbosity(0);
    const char *options[] = {DATA, "out", run, "max-steps", "1", NULL};
    mosaic_status status = mosaic_command_create("data synth", &command);
    if (status == MOSAIC_OK) status = mosaic_command_set(command, "patches", "8");
    if (status == MOSAIC_OK) status = mosaic_command_set(command, "size", "24");
    if (status == MOSAIC_OK) status = mosaic_command_add(command, data_root);
    if (status == MOSAIC_OK) status = mosaic_command_run_to(command, NULL, NULL);
    mosaic_command_destroy(&command);
    if (status == MOSAIC_OK) status = mosaic_training_open(options, &training);
    if (status == MOSAIC_OK) status = mosaic_training_step(training, &step);
    if (status == MOSAIC_OK) status = mosaic_training_finish(training, &model);
    mosaic_training_close(&training);
    if (status != MOSAIC_OK) print_error("%s\n", mosaic_error());
    return status == MOSAIC_OK ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char text[128];
    (void)snprintf(text, sizeof text, "rm -rf '%s'", folder);
    return system(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(data_sets_and_readers),
        cmocka_unit_test(loaders_and_batches),
        cmocka_unit_test(models),
        cmocka_unit_test(trainings),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
