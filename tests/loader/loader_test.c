#include "loader/loader.h"

#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loader/fake_dataset.h"

/* cmocka compares as float; this in double. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { BATCH = 5 };

static mos_loader_options make_options(const char *kinds, int threads) {
    mos_loader_options options = {.modalities = 2,
                                  .batch = BATCH,
                                  .height = FAKE_SIDE,
                                  .width = FAKE_SIDE,
                                  .seed = 7,
                                  .threads = threads,
                                  .prefetch = 2,
                                  .shuffle = true,
                                  .drop_last = true};
    options.modality[0] = (mos_loader_modality){
        .modality = 0, .bands = 2, .band = {0, 1}, .mean = {-12, -19}, .sd = {5, 4}, .radar = true};
    options.modality[1] = (mos_loader_modality){
        .modality = 1, .bands = 3, .band = {0, 1, 2}, .mean = {100, 110, 120}, .sd = {10, 20, 30}};
    options.views = (int64_t)strlen(kinds);
    memcpy(options.kinds, kinds, strlen(kinds));
    assert_int_equal(mos_options_init(&mos_augment_option_table, &options.augment), MOSAIC_OK);
    return options;
}

static void all_indices(int64_t index[FAKE_COUNT]) {
    for (int64_t i = 0; i < FAKE_COUNT; i++)
        index[i] = i;
}

static mos_loader *open_loader(mos_dataset *dataset, const mos_loader_options *options) {
    int64_t index[FAKE_COUNT];
    mos_loader *loader;
    all_indices(index);
    mosaic_status status = mos_loader_create(dataset, options, index, FAKE_COUNT, NULL, &loader);
    if (status != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return loader;
}

static mos_batch *next_batch(mos_loader *loader) {
    mos_batch *batch;
    if (mos_loader_next(loader, &batch) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return batch;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Everything a batch holds, as one number. */
static uint64_t hash_batch(const mos_loader_options *options, const mos_batch *batch) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int64_t m = 0; m < options->modalities; m++) {
        size_t values = (size_t)(options->views * options->batch * options->modality[m].bands *
                                 options->height * options->width);
        hash = mix(hash, batch->images[m], values * sizeof(float));
        hash = mix(hash, batch->present[m], (size_t)batch->count);
    }
    hash = mix(hash, batch->labels, (size_t)batch->count * FAKE_CLASSES);
    hash = mix(hash, batch->samples, (size_t)batch->count * sizeof(int64_t));
    return mix(hash, &batch->valid, sizeof batch->valid);
}

enum { MOST = 64 };

static int64_t hash_epoch(mos_dataset *dataset, const mos_loader_options *options, int64_t epoch,
                          int64_t first, uint64_t hashes[MOST]) {
    mos_loader *loader = open_loader(dataset, options);
    assert_int_equal(mos_loader_start(loader, epoch, first), MOSAIC_OK);
    int64_t count = 0;
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL; count++)
        hashes[count] = hash_batch(options, batch);
    mos_loader_destroy(&loader);
    assert_null(loader);
    return count;
}

static void the_thread_count_changes_nothing(void **state) {
    (void)state;
    static const int threads[] = {2, 4};
    mos_dataset dataset = fake_make();
    dataset.missing_s2 = 3;
    dataset.invalid_sample = 8;
    mos_loader_options options = make_options("ass", 1);
    uint64_t one[MOST], many[MOST];
    int64_t count = hash_epoch(&dataset, &options, 2, 0, one);
    assert_int_equal(count, FAKE_COUNT / BATCH);
    for (size_t t = 0; t < 2; t++) {
        options.threads = threads[t];
        options.prefetch = threads[t];
        assert_int_equal(hash_epoch(&dataset, &options, 2, 0, many), count);
        assert_memory_equal(one, many, (size_t)count * sizeof *one);
    }
    /* The hashes are worth something: another epoch and another seed differ. */
    assert_int_equal(hash_epoch(&dataset, &options, 3, 0, many), count);
    for (int64_t i = 0; i < count; i++)
        assert_true(one[i] != many[i]);
    options.seed = 8;
    (void)hash_epoch(&dataset, &options, 2, 0, many);
    for (int64_t i = 0; i < count; i++)
        assert_true(one[i] != many[i]);
}

/* The rows that ranks make of a batch are those one process makes, stand-ins of skipped samples
 * among them. */
static void ranks_make_their_rows_of_the_batch(void **state) {
    (void)state;
    enum { ROWS = 4 };
    mos_dataset dataset = fake_make();
    dataset.missing_s2 = 3;
    dataset.invalid_sample = 8;
    mos_loader_options options = make_options("as", 2);
    options.policy = MOS_LOADER_SKIP;
    options.batch = ROWS;
    mos_loader *all = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(all, 1, 0), MOSAIC_OK);
    for (int64_t b = 0; b < FAKE_COUNT / ROWS; b++) {
        mos_batch *whole = next_batch(all);
        mos_repairs sum = {0};
        for (int64_t rank = 0; rank < 2; rank++) {
            mos_loader_options part = options;
            part.batch = ROWS / 2;
            part.ranks = 2;
            part.rank = rank;
            mos_loader *loader = open_loader(&dataset, &part);
            assert_int_equal(mos_loader_batches(loader), FAKE_COUNT / ROWS);
            assert_int_equal(mos_loader_start(loader, 1, b), MOSAIC_OK);
            const mos_batch *own = next_batch(loader);
            assert_int_equal(own->count, ROWS / 2);
            assert_int_equal(own->valid, ROWS / 2);
            assert_memory_equal(own->samples, whole->samples + rank * own->count,
                                (size_t)own->count * sizeof *own->samples);
            assert_memory_equal(own->labels, whole->labels + rank * own->count * FAKE_CLASSES,
                                (size_t)own->count * FAKE_CLASSES);
            for (int64_t m = 0; m < options.modalities; m++) {
                const int64_t image = options.modality[m].bands * options.height * options.width;
                assert_memory_equal(own->present[m], whole->present[m] + rank * own->count,
                                    (size_t)own->count);
                for (int64_t v = 0; v < options.views; v++)
                    assert_memory_equal(own->images[m] + v * own->count * image,
                                        whole->images[m] + (v * ROWS + rank * own->count) * image,
                                        (size_t)(own->count * image) * sizeof(float));
            }
            mos_repairs_add(&sum, &own->repairs);
            mos_loader_destroy(&loader);
        }
        assert_memory_equal(&sum, &whole->repairs, sizeof sum);
    }
    mos_loader_destroy(&all);
    options.ranks = options.rank = 2;
    const int64_t index[1] = {0};
    assert_int_equal(mos_loader_create(&dataset, &options, index, 1, NULL, &all), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "rank 2 of 2"));
}

static void the_instruction_set_changes_nothing(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.invalid_sample = 8;
    mos_loader_options options = make_options("as", 2);
    uint64_t plain[MOST], fast[MOST];
    mos_simd_limit(MOS_SIMD_PLAIN);
    int64_t count = hash_epoch(&dataset, &options, 2, 0, plain);
    for (int level = MOS_SIMD_AVX2; level <= MOS_SIMD_AVX512; level++) {
        mos_simd_limit((mos_simd)level);
        assert_int_equal(hash_epoch(&dataset, &options, 2, 0, fast), count);
        assert_memory_equal(plain, fast, (size_t)count * sizeof *plain);
    }
}

static void an_epoch_begun_in_the_middle_is_the_same_epoch(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("as", 2);
    uint64_t whole[MOST], part[MOST];
    int64_t count = hash_epoch(&dataset, &options, 1, 0, whole);
    for (int64_t first = 0; first <= count; first++) {
        assert_int_equal(hash_epoch(&dataset, &options, 1, first, part), count - first);
        assert_memory_equal(whole + first, part, (size_t)(count - first) * sizeof *part);
    }
    /* On the same loader, abandoned at any point. */
    mos_loader *loader = open_loader(&dataset, &options);
    for (int64_t stop = 0; stop < count; stop++) {
        assert_int_equal(mos_loader_start(loader, 5, 0), MOSAIC_OK);
        for (int64_t i = 0; i < stop; i++)
            assert_non_null(next_batch(loader));
        assert_int_equal(mos_loader_start(loader, 1, stop), MOSAIC_OK);
        assert_true(hash_batch(&options, next_batch(loader)) == whole[stop]);
    }
    assert_int_equal(mos_loader_start(loader, 1, count + 1), MOSAIC_ERR_USAGE);
    mos_loader_destroy(&loader);
}

static void an_epoch_shows_every_sample_once(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("s", 2);
    options.drop_last = false;
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_batches(loader), 8);
    int64_t order[2][FAKE_COUNT];
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        int seen[FAKE_COUNT] = {0};
        int64_t count = 0;
        assert_int_equal(mos_loader_start(loader, epoch, 0), MOSAIC_OK);
        for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
            assert_int_equal(batch->count, BATCH);
            for (int64_t i = 0; i < batch->valid; i++) {
                seen[batch->samples[i]]++;
                order[epoch][count++] = batch->samples[i];
                int8_t labels[2][FAKE_CLASSES] = {{1, 0, 1}, {0, 1, 0}};
                assert_memory_equal(batch->labels + i * FAKE_CLASSES, labels[batch->samples[i] % 2],
                                    FAKE_CLASSES);
            }
        }
        assert_int_equal(count, FAKE_COUNT); /* the padding of the last batch is not counted */
        for (int64_t i = 0; i < FAKE_COUNT; i++)
            assert_int_equal(seen[i], 1);
    }
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    mos_loader_destroy(&loader);
}

static const float *plane_of(const mos_loader_options *options, const mos_batch *batch, int64_t m,
                             int64_t view, int64_t row, int64_t band) {
    int64_t bands = options->modality[m].bands;
    return batch->images[m] +
           ((view * options->batch + row) * bands + band) * options->height * options->width;
}

/* Evaluation: the list's own order, each native pixel replicated and standardised, nothing else. */
static void evaluation_is_resampling_and_standardising(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("e", 2);
    options.shuffle = options.drop_last = false;
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    int64_t expected = 0;
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
        for (int64_t row = 0; row < batch->valid; row++, expected++) {
            assert_int_equal(batch->samples[row], expected);
            for (int64_t m = 0; m < 2; m++) {
                for (int b = 0; b < options.modality[m].bands; b++) {
                    int64_t factor = FAKE_SIDE / fake_side(m, b);
                    const float *plane = plane_of(&options, batch, m, 0, row, b);
                    for (int64_t i = 0; i < FAKE_SIDE * FAKE_SIDE; i++) {
                        float raw = fake_value(expected, m, b, i / FAKE_SIDE / factor,
                                               i % FAKE_SIDE / factor);
                        float wanted =
                            (raw - options.modality[m].mean[b]) / options.modality[m].sd[b];
                        assert_near(plane[i], wanted, 2e-5);
                    }
                }
            }
        }
    }
    assert_int_equal(expected, FAKE_COUNT);
    mos_loader_destroy(&loader);
}

/* Bit-equal whatever the batch, the threads and the neighbours. */
static void evaluation_of_a_sample_is_the_same_everywhere(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("e", 3);
    options.shuffle = options.drop_last = false;
    options.height = options.width = 17; /* needs interpolation */
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 4), MOSAIC_OK);
    mos_batch *batch = next_batch(loader);
    assert_int_equal(batch->samples[2], 22);
    mos_loader_options alone_options = options;
    alone_options.batch = alone_options.threads = 1;
    int64_t index = 22;
    mos_loader *alone;
    assert_int_equal(mos_loader_create(&dataset, &alone_options, &index, 1, NULL, &alone),
                     MOSAIC_OK);
    assert_int_equal(mos_loader_start(alone, 9, 0), MOSAIC_OK);
    mos_batch *single = next_batch(alone);
    assert_memory_equal(plane_of(&options, batch, 1, 0, 2, 0), single->images[1],
                        3 * 17 * 17 * sizeof(float));
    mos_loader_destroy(&alone);
    mos_loader_destroy(&loader);
}

static int64_t invalid_of(const mos_batch *batch) {
    return batch->repairs.not_finite_pixels + batch->repairs.nodata_pixels;
}

static void a_missing_modality_is_marked_and_zero(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.missing_s2 = 11;
    mos_loader_options options = make_options("as", 2);
    mos_loader *loader = open_loader(&dataset, &options);
    int found = 0;
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        assert_int_equal(mos_loader_start(loader, epoch, 0), MOSAIC_OK);
        for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
            bool here = false;
            for (int64_t row = 0; row < BATCH; row++) {
                assert_int_equal(batch->present[0][row], 1);
                assert_int_equal(batch->present[1][row], batch->samples[row] != 11);
                if (batch->samples[row] != 11) continue;
                here = true;
                for (int64_t v = 0; v < 2; v++) {
                    for (int64_t i = 0; i < 3 * FAKE_SIDE * FAKE_SIDE; i++)
                        assert_true(plane_of(&options, batch, 1, v, row, 0)[i] == 0);
                }
            }
            found += here;
            assert_true(batch->all_present[0]);
            assert_int_equal(batch->all_present[1], !here);
            assert_int_equal(invalid_of(batch), 0); /* absent is not invalid */
        }
    }
    assert_true(found > 0);
    mos_loader_destroy(&loader);
}

static void a_dropped_modality_is_one_of_two_and_no_fault(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.missing_s2 = 11; /* its only modality stays */
    mos_loader_options options = make_options("as", 1);
    options.modality_dropout = 0.5;
    mos_loader *loader = open_loader(&dataset, &options);
    int64_t rows = 0, dropped[2] = {0}, seen[FAKE_COUNT] = {0};
    for (int64_t epoch = 0; epoch < 40; epoch++) {
        assert_int_equal(mos_loader_start(loader, epoch, 0), MOSAIC_OK);
        for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
            int64_t lacking = 0;
            for (int64_t row = 0; row < BATCH; row++, rows++) {
                int64_t sample = batch->samples[row];
                bool s1 = batch->present[0][row] == 1, s2 = batch->present[1][row] == 1;
                assert_true(s1 || s2);
                lacking += sample == 11;
                if (sample == 11) {
                    assert_true(s1 && !s2);
                    continue;
                }
                dropped[0] += !s1;
                dropped[1] += !s2;
                seen[sample] |= 1 << (s1 + 2 * s2);
                for (int64_t v = 0; v < 2 && !s2; v++)
                    assert_true(plane_of(&options, batch, 1, v, row, 0)[5] == 0);
            }
            /* What is left out on purpose is no repair. */
            assert_int_equal(batch->repairs.absent_modalities, lacking);
        }
    }
    /* A half of the rows; either modality as often: four standard deviations around 0.25. */
    double sd = sqrt(0.25 * 0.75 * (double)rows);
    assert_near(dropped[0], 0.25 * (double)rows, 4 * sd);
    assert_near(dropped[1], 0.25 * (double)rows, 4 * sd);
    for (int64_t i = 0; i < FAKE_COUNT; i++) /* each patch in all three ways in the end */
        assert_int_equal(seen[i], i == 11 ? 0 : 1 << 1 | 1 << 2 | 1 << 3);
    mos_loader_destroy(&loader);
}

static int64_t count_zeros(const float *plane) {
    int64_t zeros = 0;
    for (int64_t i = 0; i < FAKE_SIDE * FAKE_SIDE; i++)
        zeros += plane[i] == 0;
    return zeros;
}

static void invalid_pixels_are_masked_in_every_view(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        mos_dataset dataset = fake_make();
        dataset.invalid_sample = 2;
        dataset.invalid_kind = kind;
        mos_loader_options options = make_options("ase", 2);
        options.shuffle = false;
        mos_loader *loader = open_loader(&dataset, &options);
        assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
        mos_batch *batch = next_batch(loader);
        assert_int_equal(invalid_of(batch), 4);
        assert_int_equal(batch->repairs.skipped, 0);
        assert_int_equal(batch->present[0][2], 1);
        for (int64_t v = 0; v < 3; v++) {
            for (int64_t i = 0; i < 2 * FAKE_SIDE * FAKE_SIDE; i++)
                assert_true(isfinite(plane_of(&options, batch, 0, v, 2, 0)[i]));
        }
        assert_int_equal(count_zeros(plane_of(&options, batch, 0, 0, 2, 1)),
                         4); /* turned, but four */
        const float *plain = plane_of(&options, batch, 0, 2, 2, 1);
        for (int64_t x = 0; x < FAKE_SIDE; x++)
            assert_int_equal(plain[5 * FAKE_SIDE + x] == 0, x >= 3 && x < 7);
        assert_int_equal(invalid_of(next_batch(loader)), 0);
        mos_loader_destroy(&loader);
    }
}

static void invalid_pixels_are_filled_with_the_patch_mean(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.invalid_sample = 2;
    mos_loader_options options = make_options("e", 2);
    options.shuffle = false;
    options.policy = MOS_LOADER_FILL_MEAN;
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    mos_batch *batch = next_batch(loader);
    double sum = 0;
    for (int64_t i = 0; i < FAKE_SIDE * FAKE_SIDE; i++) {
        bool invalid = fake_is_invalid(&dataset, 2, 0, 1, i / FAKE_SIDE, i % FAKE_SIDE);
        sum += invalid ? 0 : (double)fake_value(2, 0, 1, i / FAKE_SIDE, i % FAKE_SIDE);
    }
    double wanted = (sum / (FAKE_SIDE * FAKE_SIDE - 4) + 19) / 4;
    assert_near(plane_of(&options, batch, 0, 0, 2, 1)[5 * FAKE_SIDE + 4], wanted, 1e-5);
    assert_int_equal(invalid_of(batch), 4);
    mos_loader_destroy(&loader);
}

static void the_next_sample_stands_in_for_a_skipped_one(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("s", 3);
    options.policy = MOS_LOADER_SKIP;
    int64_t order[FAKE_COUNT], skipped = 0, place = 0, bad_place = -1;
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 4, 0), MOSAIC_OK);
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
        memcpy(order + place, batch->samples, sizeof(int64_t) * BATCH);
        place += BATCH;
    }
    dataset.invalid_sample = order[6];
    assert_int_equal(mos_loader_start(loader, 4, 0), MOSAIC_OK);
    place = 0;
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
        skipped += batch->repairs.skipped;
        for (int64_t row = 0; row < BATCH; row++, place++) {
            if (batch->samples[row] != order[place]) bad_place = place;
            assert_int_not_equal(batch->samples[row], dataset.invalid_sample);
            assert_int_equal(batch->present[0][row], 1);
        }
        if (bad_place == 6) assert_int_equal(batch->samples[6 % BATCH], order[7]);
        if (bad_place == 6) bad_place = -2;
    }
    assert_int_equal(bad_place, -2);
    assert_int_equal(skipped, 1);
    mos_loader_destroy(&loader);
}

static void evaluation_marks_a_skipped_sample_absent(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.invalid_sample = 2;
    mos_loader_options options = make_options("e", 2);
    options.shuffle = options.drop_last = false;
    options.policy = MOS_LOADER_SKIP;
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    mos_batch *batch = next_batch(loader);
    assert_int_equal(batch->samples[2], 2);
    assert_int_equal(batch->present[0][2] + batch->present[1][2], 0);
    assert_int_equal(batch->present[0][1] + batch->present[1][1], 2);
    assert_int_equal(batch->repairs.skipped, 1);
    assert_int_equal(count_zeros(plane_of(&options, batch, 1, 0, 2, 0)), FAKE_SIDE * FAKE_SIDE);
    mos_loader_destroy(&loader);
}

/* Band 0 of s2 of sample 2 is 77 everywhere: counted whatever is done, and only where it is. */
static void a_constant_band_is_kept_or_masked_and_counted(void **state) {
    (void)state;
    for (int gap = 0; gap < 2; gap++) {
        mos_dataset dataset = fake_make();
        dataset.constant_sample = 2;
        dataset.constant_with_gap = gap == 1;
        mos_loader_options options = make_options("ase", 2);
        options.shuffle = false;
        for (int choice = MOS_LOADER_CONSTANT_KEEP; choice <= MOS_LOADER_CONSTANT_MASK; choice++) {
            options.constant_bands = choice;
            mos_loader *loader = open_loader(&dataset, &options);
            assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
            mos_batch *batch = next_batch(loader);
            assert_int_equal(batch->repairs.constant_bands, 1);
            assert_int_equal(batch->repairs.constant_skipped + batch->repairs.skipped, 0);
            assert_int_equal(invalid_of(batch), gap); /* masked or not */
            assert_int_equal(batch->present[1][2], 1);
            bool masked = choice == MOS_LOADER_CONSTANT_MASK;
            for (int64_t v = 0; v < 3; v++) {
                int64_t zeros = count_zeros(plane_of(&options, batch, 1, v, 2, 0));
                assert_true(masked ? zeros == FAKE_SIDE * FAKE_SIDE
                                   : zeros <= 64 * gap); /* the gap, enlarged by a crop */
                assert_true(count_zeros(plane_of(&options, batch, 1, v, 2, 1)) < 64);
                assert_true(count_zeros(plane_of(&options, batch, 1, v, 1, 0)) < 64);
            }
            const float *plain = plane_of(&options, batch, 1, 2, 2, 0);
            if (!masked) assert_near(plain[FAKE_SIDE + 1], (77 - 100) / 10.0, 1e-5);
            assert_int_equal(next_batch(loader)->repairs.constant_bands, 0);
            mos_loader_destroy(&loader);
        }
    }
}

/* Nothing of a sample that goes is counted but that it went: not its gaps in an earlier band. */
static void a_constant_band_throws_its_sample_out(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.constant_sample = dataset.invalid_sample = 2;
    mos_loader_options options = make_options("e", 2);
    options.shuffle = options.drop_last = false;
    options.constant_bands = MOS_LOADER_CONSTANT_SKIP;
    mos_loader *loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    mos_batch *batch = next_batch(loader);
    assert_int_equal(batch->present[0][2] + batch->present[1][2], 0);
    assert_int_equal(batch->present[0][1] + batch->present[1][1], 2);
    assert_int_equal(batch->repairs.skipped, 1);
    assert_int_equal(batch->repairs.constant_skipped, 1);
    assert_int_equal(batch->repairs.constant_bands + batch->repairs.unreadable, 0);
    assert_int_equal(invalid_of(batch), 0);
    mos_loader_destroy(&loader);

    options.shuffle = options.drop_last = true;
    loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    int64_t skipped = 0;
    while ((batch = next_batch(loader)) != NULL) {
        skipped += batch->repairs.constant_skipped;
        for (int64_t row = 0; row < BATCH; row++)
            assert_int_not_equal(batch->samples[row], 2);
    }
    assert_true(skipped <= 1); /* it may be among the rows that do not fill a batch */
    mos_loader_destroy(&loader);

    options.constant_bands = MOS_LOADER_CONSTANT_REFUSE;
    options.shuffle = false;
    loader = open_loader(&dataset, &options);
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    assert_int_equal(mos_loader_next(loader, &batch), MOSAIC_ERR_DATA);
    assert_string_equal(mosaic_error(), "sample \"p2\": s2 band B02 has one value in all its valid "
                                        "pixels, and data.constant_bands is refuse");
    mos_loader_destroy(&loader);
}

static void a_refused_sample_is_named(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.invalid_sample = 2;
    mos_loader_options options = make_options("s", 4);
    options.shuffle = false;
    options.policy = MOS_LOADER_REFUSE;
    mos_loader *loader = open_loader(&dataset, &options);
    mos_batch *batch;
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    assert_int_equal(mos_loader_next(loader, &batch), MOSAIC_ERR_DATA);
    assert_null(batch);
    assert_string_equal(mosaic_error(),
                        "sample \"p2\": s1 band VH has 4 invalid pixels (NaN, Inf or no-data)");
    mos_loader_destroy(&loader);
}

static void a_failing_read_surfaces_with_its_words(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.failing_sample = 7;
    mos_loader_options options = make_options("s", 4);
    options.shuffle = false;
    mos_loader *loader = open_loader(&dataset, &options);
    mos_batch *batch;
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    assert_int_equal(mos_loader_next(loader, &batch), MOSAIC_OK);
    assert_int_equal(mos_loader_next(loader, &batch), MOSAIC_ERR_DATA);
    assert_null(batch);
    assert_string_equal(mosaic_error(), "record of sample 7 is cut short");
    /* What follows is whole, and the loader can start again. */
    assert_int_equal(next_batch(loader)->samples[0], 10);
    while (next_batch(loader) != NULL) { /* until nobody reads the data set */
    }
    dataset.failing_sample = -1;
    assert_int_equal(mos_loader_start(loader, 0, 1), MOSAIC_OK);
    assert_int_equal(next_batch(loader)->samples[2], 7);
    mos_loader_destroy(&loader);
}

static void each_batch_holds_its_share_of_labelled_samples(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.unlabeled_from = 7;
    mos_loader_options options = make_options("s", 2);
    options.labeled_per_batch = 0.4;
    mos_loader *loader = open_loader(&dataset, &options);
    /* 30 unlabelled, 3 a batch: one pass over them. */
    assert_int_equal(mos_loader_batches(loader), 10);
    int seen[FAKE_COUNT] = {0};
    uint64_t views[FAKE_COUNT] = {0};
    int repeated = 0;
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
        assert_int_equal(batch->valid, BATCH);
        for (int64_t row = 0; row < BATCH; row++) {
            int64_t sample = batch->samples[row];
            assert_int_equal(sample < 7, row < 2);
            assert_int_equal(batch->labels[row * FAKE_CLASSES] < 0, row >= 2);
            seen[sample]++;
            uint64_t hash = mix(1, plane_of(&options, batch, 1, 0, row, 0),
                                sizeof(float) * FAKE_SIDE * FAKE_SIDE);
            if (seen[sample] > 1) {
                repeated++;
                assert_true(hash != views[sample]); /* drawn again, seen differently */
            }
            views[sample] = hash;
        }
    }
    for (int64_t i = 0; i < FAKE_COUNT; i++) /* 20 rows over 7 samples: each twice or three times */
        assert_true(i < 7 ? seen[i] == 2 || seen[i] == 3 : seen[i] == 1);
    assert_int_equal(repeated, 13);
    mos_loader_destroy(&loader);
}

static void given_labels_replace_the_data_sets(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("s", 1);
    options.labeled_per_batch = 0.2;
    int8_t labels[FAKE_COUNT * FAKE_CLASSES];
    memset(labels, -1, sizeof labels);
    memset(labels + 4 * FAKE_CLASSES, 1, FAKE_CLASSES);
    int64_t index[FAKE_COUNT];
    all_indices(index);
    mos_loader *loader;
    assert_int_equal(mos_loader_create(&dataset, &options, index, FAKE_COUNT, labels, &loader),
                     MOSAIC_OK);
    memset(labels, 0, sizeof labels); /* they were copied */
    assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;) {
        assert_int_equal(batch->samples[0], 4);
        for (int64_t i = 0; i < BATCH * FAKE_CLASSES; i++)
            assert_int_equal(batch->labels[i], i < FAKE_CLASSES ? 1 : -1);
    }
    mos_loader_destroy(&loader);
}

static void no_heap_call_after_the_first_batches(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.invalid_sample = 5;
    mos_loader_options options = make_options("ass", 1);
    mos_loader *loader = open_loader(&dataset, &options);
    uint64_t before = 0;
    for (int64_t epoch = 0; epoch < 4; epoch++) {
        if (epoch == 2) before = mos_alloc_count();
        assert_int_equal(mos_loader_start(loader, epoch, 0), MOSAIC_OK);
        while (next_batch(loader) != NULL) {
        }
    }
    assert_int_equal(mos_alloc_count(), before);
    int64_t wait_ns, read_ns, augment_ns;
    mos_loader_times(loader, &wait_ns, &read_ns, &augment_ns);
    assert_true(wait_ns > 0 && read_ns > 0 && augment_ns > 0);
    mos_loader_destroy(&loader);
}

static void bad_options_are_named(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options good = make_options("as", 1), options;
    int64_t index[2] = {0, 1};
    mos_loader *loader;
#define REFUSED(change, text)                                                                      \
    do {                                                                                           \
        options = good;                                                                            \
        options.change;                                                                            \
        assert_int_not_equal(mos_loader_create(&dataset, &options, index, 2, NULL, &loader),       \
                             MOSAIC_OK);                                                           \
        assert_null(loader);                                                                       \
        if (strstr(mosaic_error(), text) == NULL) fail_msg("%s", mosaic_error());                  \
    } while (0)
    REFUSED(kinds[1] = 'x', "'x'");
    REFUSED(modality[1].sd[2] = 0, "s2 band B01");
    REFUSED(modality[1].band[0] = 3, "band 3 of s2");
    REFUSED(modality[0].modality = 2, "number 2");
    REFUSED(augment.anchor_area_min = 0.7, "0.8 to 1");
    REFUSED(augment.area_min = 0.95, "area_min 0.95");
    REFUSED(labeled_per_batch = 1.5, "1.5");
    REFUSED(modality_dropout = 1.5, "modality dropout of 1.5");
    REFUSED(batch = 3, "no batch");
    REFUSED(policy = 4, "policy 4");
    REFUSED(views = 0, "0 views");
#undef REFUSED
    index[1] = FAKE_COUNT;
    assert_int_equal(mos_loader_create(&dataset, &good, index, 2, NULL, &loader), MOSAIC_ERR_USAGE);
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    mos_loader_options options = make_options("as", 2);
    int64_t index[FAKE_COUNT];
    all_indices(index);
    for (uint64_t n = 1;; n++) {
        mos_loader *loader;
        assert_true(n < 200);
        mos_alloc_fail_at(n);
        mosaic_status status =
            mos_loader_create(&dataset, &options, index, FAKE_COUNT, NULL, &loader);
        mos_batch *batch = NULL;
        if (status == MOSAIC_OK) {
            /* The workers' scratch: fails in a batch, not for good. */
            assert_int_equal(mos_loader_start(loader, 0, 0), MOSAIC_OK);
            int failures = 0;
            for (int64_t i = 0; i < mos_loader_batches(loader); i++)
                failures += mos_loader_next(loader, &batch) == MOSAIC_ERR_MEMORY;
            mos_loader_destroy(&loader);
            mos_alloc_fail_at(0);
            if (failures == 0) return;
            assert_int_equal(failures, 1);
            continue;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
        assert_null(loader);
    }
}

static void workers_leave_the_processors_to_the_step(void **state) {
    (void)state;
    static const int wanted[][2] = {{1, 1}, {2, 1}, {4, 1}, {8, 2}, {31, 7}, {64, 8}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_int_equal(mos_loader_workers(wanted[i][0]), wanted[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_thread_count_changes_nothing),
        cmocka_unit_test(ranks_make_their_rows_of_the_batch),
        cmocka_unit_test(the_instruction_set_changes_nothing),
        cmocka_unit_test(an_epoch_begun_in_the_middle_is_the_same_epoch),
        cmocka_unit_test(an_epoch_shows_every_sample_once),
        cmocka_unit_test(evaluation_is_resampling_and_standardising),
        cmocka_unit_test(evaluation_of_a_sample_is_the_same_everywhere),
        cmocka_unit_test(a_missing_modality_is_marked_and_zero),
        cmocka_unit_test(a_dropped_modality_is_one_of_two_and_no_fault),
        cmocka_unit_test(invalid_pixels_are_masked_in_every_view),
        cmocka_unit_test(invalid_pixels_are_filled_with_the_patch_mean),
        cmocka_unit_test(the_next_sample_stands_in_for_a_skipped_one),
        cmocka_unit_test(evaluation_marks_a_skipped_sample_absent),
        cmocka_unit_test(a_constant_band_is_kept_or_masked_and_counted),
        cmocka_unit_test(a_constant_band_throws_its_sample_out),
        cmocka_unit_test(a_refused_sample_is_named),
        cmocka_unit_test(a_failing_read_surfaces_with_its_words),
        cmocka_unit_test(each_batch_holds_its_share_of_labelled_samples),
        cmocka_unit_test(given_labels_replace_the_data_sets),
        cmocka_unit_test(no_heap_call_after_the_first_batches),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(workers_leave_the_processors_to_the_step),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
