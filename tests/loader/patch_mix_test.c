/* augment.mix: which rows are mixed, with whom, in what proportion. */
#include "loader/loader.h"
#include "loader/patch_mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loader/fake_dataset.h"

enum { BATCH = 8, LABELED = 20, PIXELS = FAKE_SIDE * FAKE_SIDE };

/* Two views, of which the second is mixed; nothing is turned, so that a row is its patch. */
static mos_loader_options make_options(int mix, double alpha) {
    mos_loader_options options = {.modalities = 2,
                                  .batch = BATCH,
                                  .height = FAKE_SIDE,
                                  .width = FAKE_SIDE,
                                  .seed = 7,
                                  .threads = 2,
                                  .shuffle = true,
                                  .drop_last = true,
                                  .labeled_per_batch = 0.5,
                                  .views = 2,
                                  .kinds = "aa",
                                  .mixed_view = 1};
    options.modality[0] = (mos_loader_modality){
        .modality = 0, .bands = 2, .band = {0, 1}, .mean = {0, 0}, .sd = {1, 1}, .radar = true};
    options.modality[1] = (mos_loader_modality){
        .modality = 1, .bands = 2, .band = {0, 1}, .mean = {0, 0}, .sd = {1, 1}};
    assert_int_equal(mos_options_init(&mos_augment_option_table, &options.augment), MOSAIC_OK);
    options.augment.flip = options.augment.turn = false;
    options.augment.mix = mix;
    options.augment.mix_alpha = alpha;
    return options;
}

static mos_loader *open_loader(mos_dataset *dataset, const mos_loader_options *options,
                               int64_t first) {
    int64_t index[FAKE_COUNT];
    mos_loader *loader;
    for (int64_t i = 0; i < FAKE_COUNT; i++)
        index[i] = i;
    if (mos_loader_create(dataset, options, index, FAKE_COUNT, NULL, &loader) != MOSAIC_OK ||
        mos_loader_start(loader, 1, first) != MOSAIC_OK)
        fail_msg("%s", mosaic_error());
    return loader;
}

static mos_batch *next_batch(mos_loader *loader) {
    mos_batch *batch;
    if (mos_loader_next(loader, &batch) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return batch;
}

/* [2 bands, pixels] of a row in a view. */
static const float *image_of(const mos_batch *batch, int64_t m, int64_t view, int64_t row) {
    return batch->images[m] + (view * batch->count + row) * 2 * PIXELS;
}

/* A patch differs from another one by three times the difference of their numbers, everywhere. */
static void check_row(const mos_batch *batch, int64_t row, bool box) {
    const int8_t *labels = batch->labels + row * FAKE_CLASSES;
    const float *targets = batch->targets + row * FAKE_CLASSES;
    const float *own = image_of(batch, 0, 0, row), *mixed = image_of(batch, 0, 1, row);
    double most = 0, sum = 0;
    for (int i = 0; i < PIXELS; i++) {
        const double shift = (double)(mixed[i] - own[i]);
        sum += shift;
        most = fabs(shift) > fabs(most) ? shift : most;
        /* the other sensor and the other bands are mixed with the same pixels of the same patch */
        for (int64_t m = 0; m < 2; m++)
            for (int64_t b = 0; b < 2; b++) {
                const int64_t at = b * PIXELS + i;
                const double there =
                    (double)(image_of(batch, m, 1, row)[at] - image_of(batch, m, 0, row)[at]);
                assert_true(fabs(there - shift) < 1e-3);
            }
    }
    /* of a box all of the other patch, of all pixels a share; that is the targets' share */
    const double share = box && most != 0 ? sum / PIXELS / most : 0;
    for (int64_t l = 0; l < FAKE_CLASSES; l++) {
        const double moved = fabs((double)targets[l] - labels[l]);
        assert_true(moved <= 0.5 + 1e-6); /* the row stays mostly its own patch */
        if (box) assert_true(moved < 1e-6 || fabs(moved - share) < 1e-4);
        /* 3 (1 - lambda) times a whole number that tells the patches' labels apart if odd */
        if (box || moved < 0.01) continue;
        const double apart = most / 3 / moved;
        assert_true(fabs(apart - round(apart)) < 0.05 && (int64_t)fabs(round(apart)) % 2 == 1);
        assert_in_range((int64_t)round((double)batch->samples[row] + apart), 0, LABELED - 1);
    }
}

static void check_kind(int mix, double alpha) {
    mos_dataset dataset = fake_make();
    dataset.unlabeled_from = LABELED;
    const mos_loader_options options = make_options(mix, alpha);
    mos_loader *loader = open_loader(&dataset, &options, 0);
    int64_t mixed = 0, labeled = 0;
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;)
        for (int64_t row = 0; row < batch->count; row++) {
            const bool same = memcmp(image_of(batch, 1, 0, row), image_of(batch, 1, 1, row),
                                     2 * PIXELS * sizeof(float)) == 0;
            if (batch->labels[row * FAKE_CLASSES] < 0) {
                assert_true(same);
                assert_true(batch->targets[row * FAKE_CLASSES] < 0);
                continue;
            }
            labeled++;
            mixed += !same;
            check_row(batch, row, mix == MOS_MIX_CUTMIX);
        }
    assert_true(mixed > labeled / 3);
    mos_loader_destroy(&loader);
}

static void labelled_rows_are_mixed_with_labelled_patches(void **state) {
    (void)state;
    check_kind(MOS_MIX_MIXUP, 1);
    check_kind(MOS_MIX_MIXUP, 0.2);
    check_kind(MOS_MIX_CUTMIX, 1);
}

/* The rows of a batch do not depend on how many processes or threads make it, nor on where an epoch was
 * begun. */
static void mixtures_follow_from_seed_epoch_and_sample(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.unlabeled_from = LABELED;
    const mos_loader_options options = make_options(MOS_MIX_MIXUP, 1);
    mos_loader *all = open_loader(&dataset, &options, 0);
    for (int64_t b = 0; b < mos_loader_batches(all); b++) {
        const mos_batch *whole = next_batch(all);
        for (int64_t rank = 0; rank < 2; rank++) {
            mos_loader_options part = options;
            part.batch = BATCH / 2;
            part.ranks = 2;
            part.rank = rank;
            part.threads = 1;
            mos_loader *loader = open_loader(&dataset, &part, b);
            const mos_batch *own = next_batch(loader);
            assert_memory_equal(own->targets, whole->targets + rank * own->count * FAKE_CLASSES,
                                (size_t)(own->count * FAKE_CLASSES) * sizeof *own->targets);
            for (int64_t row = 0; row < own->count; row++)
                assert_memory_equal(image_of(own, 1, 1, row),
                                    image_of(whole, 1, 1, rank * own->count + row),
                                    2 * PIXELS * sizeof(float));
            mos_loader_destroy(&loader);
        }
    }
    mos_loader_destroy(&all);
}

/* A pair is not mixed with half a pair. */
static void a_partner_without_a_modality_is_not_mixed_in(void **state) {
    (void)state;
    mos_dataset dataset = fake_make();
    dataset.unlabeled_from = 2;
    dataset.missing_s2 = 1;
    const mos_loader_options options = make_options(MOS_MIX_MIXUP, 1);
    mos_loader *loader = open_loader(&dataset, &options, 0);
    for (mos_batch *batch; (batch = next_batch(loader)) != NULL;)
        for (int64_t row = 0; row < batch->count; row++)
            for (int i = 0; i < PIXELS && batch->samples[row] == 0; i++)
                assert_true(fabs((double)(image_of(batch, 0, 1, row)[i] -
                                          image_of(batch, 0, 0, row)[i])) < 1e-3);
    mos_loader_destroy(&loader);
}

static void what_cannot_be_mixed_is_refused(void **state) {
    (void)state;
    const int64_t index[] = {0, 1, 2, 3, 4, 5, 6, 7};
    mos_dataset dataset = fake_make();
    mos_loader *loader;
    mos_loader_options options = make_options(MOS_MIX_CUTMIX, 0);
    assert_int_equal(mos_loader_create(&dataset, &options, index, BATCH, NULL, &loader),
                     MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "alpha 0"));
    options = make_options(MOS_MIX_CUTMIX, 1);
    options.mixed_view = 2;
    assert_int_equal(mos_loader_create(&dataset, &options, index, BATCH, NULL, &loader),
                     MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "view 2 of 2"));
}

static void what_either_does_not_know_stays_unknown(void **state) {
    (void)state;
    const mos_patch_mix mix = {.own = 0.75};
    const int8_t other[] = {1, 1, 0, -1, 1};
    float own[] = {1, 0, 1, 1, -1};
    const float wanted[] = {1, 0.25F, 0.75F, -1, -1};
    mos_patch_mix_targets(&mix, other, 5, own);
    assert_memory_equal(own, wanted, sizeof own);
}

/* E max(l, 1 - l) of Beta(a, a): 3/4 for a = 1; variance of l is 1 / (4 (2a + 1)). */
static void shares_are_of_the_beta_distribution(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    static const double alphas[] = {0.2, 1, 3};
    for (int k = 0; k < 3; k++) {
        mos_augment_options options;
        assert_int_equal(mos_options_init(&mos_augment_option_table, &options), MOSAIC_OK);
        options.mix = MOS_MIX_MIXUP;
        options.mix_alpha = alphas[k];
        double mean = 0, squares = 0;
        for (int64_t i = 0; i < DRAWS; i++) {
            const mos_view_key key = {.seed = 3, .epoch = 2, .sample = i};
            mos_patch_mix mix;
            mos_patch_mix_draw(&options, &key, 10, 8, 8, &mix);
            mean += mix.own / DRAWS;
            squares += (mix.own - 0.5) * (mix.own - 0.5) / DRAWS;
            assert_in_range(mix.other.sample, 0, 9);
        }
        assert_true(fabs(squares - 1 / (4 * (2 * alphas[k] + 1))) < 0.01);
        if (k == 1) assert_true(fabs(mean - 0.75) < 0.01);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labelled_rows_are_mixed_with_labelled_patches),
        cmocka_unit_test(mixtures_follow_from_seed_epoch_and_sample),
        cmocka_unit_test(a_partner_without_a_modality_is_not_mixed_in),
        cmocka_unit_test(what_cannot_be_mixed_is_refused),
        cmocka_unit_test(what_either_does_not_know_stays_unknown),
        cmocka_unit_test(shares_are_of_the_beta_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
