/* The loader on stored data: procedural patches as packed records and as a tree of GeoTIFFs. */
#include "loader/loader.h"

#include "base/file.h"
#include "base/memory.h"
#include "prepare/synth/synth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATCHES = 40, SIDE = 48, BATCH = 8, MOST = 16 };

static char root[] = "/tmp/mosaic-loader-XXXXXX";
static const char *const layouts[2] = {"lmdb", "tree"};

static int write_sets(void **state) {
    (void)state;
    if (mkdtemp(root) == NULL) return 1;
    for (int k = 0; k < 2; k++) {
        char folder[100];
        mos_synth_options options = {0};
        if (mos_options_init(&mos_synth_option_table, &options) != MOSAIC_OK) return 1;
        options.patches = PATCHES;
        options.size = SIDE;
        options.missing_s2 = 0.1;
        options.progress = false;
        options.layout = k;
        (void)snprintf(folder, sizeof folder, "%s/%s", root, layouts[k]);
        if (mos_synth_write(&options, folder, false) != MOSAIC_OK) return 1;
    }
    return 0;
}

static int remove_sets(void **state) {
    (void)state;
    return mos_remove_tree(root) != MOSAIC_OK;
}

static mos_dataset *open_set(const char *name) {
    char folder[100];
    mos_data_options options = {0};
    mos_dataset *dataset;
    (void)snprintf(folder, sizeof folder, "%s/%s", root, name);
    assert_int_equal(mos_options_init(&mos_data_option_table, &options), MOSAIC_OK);
    assert_int_equal(
        mos_options_set(&mos_data_option_table, &options, "data.root", folder, false, "test"),
        MOSAIC_OK);
    if (mos_dataset_open(&options, &dataset) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    mos_options_release(&mos_data_option_table, &options);
    assert_int_equal(mos_dataset_count(dataset), PATCHES);
    return dataset;
}

static int64_t find_band(const mos_modality *modality, const char *name) {
    for (int64_t b = 0; b < modality->band_count; b++) {
        if (strcmp(modality->bands[b].name, name) == 0) return b;
    }
    fail_msg("no band %s", name);
    return -1;
}

/* VV, VH; B02, B05, B09: one of each resolution, by name. */
static mos_loader_options make_options(const mos_dataset *dataset, const char *kinds, int threads) {
    static const char *const names[2][3] = {{"VV", "VH", NULL}, {"B02", "B05", "B09"}};
    mos_loader_options options = {.modalities = 2,
                                  .batch = BATCH,
                                  .height = SIDE,
                                  .width = SIDE,
                                  .seed = 3,
                                  .threads = threads,
                                  .prefetch = 2,
                                  .shuffle = true};
    const mos_modality *modalities;
    assert_int_equal(mos_dataset_modalities(dataset, &modalities), 2);
    for (int64_t m = 0; m < 2; m++) {
        mos_loader_modality *modality = &options.modality[m];
        modality->modality = m;
        modality->radar = strcmp(modalities[m].name, "s1") == 0;
        for (const char *const *name = names[modality->radar ? 0 : 1];
             modality->bands < 3 && *name != NULL; name++) {
            int64_t b = modality->bands++;
            modality->band[b] = (int)find_band(&modalities[m], *name);
            modality->mean[b] = modality->radar ? -15 : 1200 + 100 * (float)b;
            modality->sd[b] = modality->radar ? 5 : 700;
        }
    }
    options.views = (int64_t)strlen(kinds);
    memcpy(options.kinds, kinds, strlen(kinds));
    assert_int_equal(mos_options_init(&mos_augment_option_table, &options.augment), MOSAIC_OK);
    return options;
}

static mos_loader *open_loader(mos_dataset *dataset, const mos_loader_options *options) {
    int64_t index[PATCHES];
    mos_loader *loader;
    for (int64_t i = 0; i < PATCHES; i++)
        index[i] = i;
    if (mos_loader_create(dataset, options, index, PATCHES, NULL, &loader) != MOSAIC_OK)
        fail_msg("%s", mosaic_error());
    return loader;
}

static int64_t hash_epoch(mos_dataset *dataset, const mos_loader_options *options,
                          char hashes[MOST][2][65]) {
    int64_t count = 0;
    mos_loader *loader = open_loader(dataset, options);
    assert_int_equal(mos_loader_start(loader, 1, 0), MOSAIC_OK);
    for (mos_batch *batch;; count++) {
        if (mos_loader_next(loader, &batch) != MOSAIC_OK) fail_msg("%s", mosaic_error());
        if (batch == NULL) break;
        for (int64_t m = 0; m < 2; m++)
            mos_sha256(batch->images[m],
                       sizeof(float) * (size_t)(options->views * BATCH *
                                                options->modality[m].bands * SIDE * SIDE),
                       hashes[count][m]);
    }
    mos_loader_destroy(&loader);
    return count;
}

static void stored_data_gives_the_same_views_for_any_thread_count_and_layout(void **state) {
    (void)state;
    static char first[MOST][2][65], other[MOST][2][65];
    for (int k = 0; k < 2; k++) {
        mos_dataset *dataset = open_set(layouts[k]);
        for (int threads = 1; threads <= 4; threads *= 2) {
            mos_loader_options options = make_options(dataset, "ass", threads);
            bool is_first = k == 0 && threads == 1;
            assert_int_equal(hash_epoch(dataset, &options, is_first ? first : other),
                             PATCHES / BATCH);
            if (!is_first) assert_memory_equal(first, other, sizeof first);
        }
        mos_dataset_close(&dataset);
    }
}

/* The batch holds what the reader reads. */
static void evaluation_is_what_the_reader_reads(void **state) {
    (void)state;
    mos_dataset *dataset = open_set("lmdb");
    mos_loader_options options = make_options(dataset, "e", 2);
    mos_reader *reader;
    mos_batch *batch;
    options.shuffle = false;
    mos_loader *loader = open_loader(dataset, &options);
    assert_int_equal(mos_reader_open(dataset, &reader), MOSAIC_OK);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    int64_t absent = 0;
    while (mos_loader_next(loader, &batch) == MOSAIC_OK && batch != NULL) {
        for (int64_t row = 0; row < batch->valid; row++) {
            mos_sample sample;
            assert_int_equal(mos_dataset_sample(dataset, batch->samples[row], &sample), MOSAIC_OK);
            assert_memory_equal(batch->labels + row * 19, sample.labels, 19);
            for (int64_t m = 0; m < 2; m++) {
                const mos_loader_modality *modality = &options.modality[m];
                mos_patch patch;
                bool there = sample.present >> m & 1;
                absent += !there;
                assert_int_equal(batch->present[m][row], there);
                if (!there) continue;
                assert_int_equal(mos_reader_read(reader, batch->samples[row], m, modality->band,
                                                 modality->bands, &patch),
                                 MOSAIC_OK);
                for (int64_t b = 0; b < modality->bands; b++) {
                    const float *plane =
                        batch->images[m] + (row * modality->bands + b) * SIDE * SIDE;
                    int64_t factor = SIDE / patch.band[b].width;
                    for (int64_t i = 0; i < SIDE * SIDE; i++) {
                        float raw =
                            patch.band[b]
                                .data[i / SIDE / factor * patch.band[b].width + i % SIDE / factor];
                        double wanted =
                            ((double)raw - (double)modality->mean[b]) / (double)modality->sd[b];
                        assert_true(fabs((double)plane[i] - wanted) < 1e-5);
                    }
                }
            }
        }
    }
    assert_true(absent > 0);
    mos_reader_close(&reader);
    mos_loader_destroy(&loader);
    mos_dataset_close(&dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_data_gives_the_same_views_for_any_thread_count_and_layout),
        cmocka_unit_test(evaluation_is_what_the_reader_reads),
    };
    return cmocka_run_group_tests(tests, write_sets, remove_sets);
}
