/* Which rows an epoch draws, counted: every labelled fraction, with and without the others. */
#include "loader/epoch_order.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 400, BATCH = 16, LEAST = 4, FIRST = 1000 };

static uint8_t is_labeled[COUNT];
static int64_t sample_numbers[COUNT];

/* Every k-th sample is labelled until there are `labeled` of them. */
static void plant(int64_t labeled) {
    int64_t left = labeled;
    memset(is_labeled, 0, sizeof is_labeled);
    for (int64_t i = 0; i < COUNT; i++)
        sample_numbers[i] = FIRST + i;
    for (int64_t i = 0; left > 0; i = (i + 7) % COUNT)
        if (!is_labeled[i]) is_labeled[i] = 1, left--;
}

static mos_epoch_order make(double share, bool labeled_only, bool drop_last) {
    mos_epoch_order order = {.seed = 3,
                             .shuffle = true,
                             .drop_last = drop_last,
                             .labeled_only = labeled_only,
                             .batch = BATCH};
    if (mos_epoch_order_init(&order, sample_numbers, is_labeled, COUNT, share) != MOSAIC_OK)
        fail_msg("%s", mosaic_error());
    return order;
}

typedef struct counts {
    int64_t fewest, most;                   /* labelled rows of a batch */
    int64_t labeled, others;                /* rows of the epoch */
    int64_t labeled_seen[2], other_seen[2]; /* how often a sample was drawn: least, most */
} counts;

static void widen(int64_t range[2], int64_t value) {
    if (value < range[0]) range[0] = value;
    if (value > range[1]) range[1] = value;
}

static counts count_draws(mos_epoch_order *order, int64_t epoch) {
    counts c = {.fewest = BATCH, .labeled_seen = {INT64_MAX, 0}, .other_seen = {INT64_MAX, 0}};
    int64_t seen[COUNT] = {0};
    mos_epoch_order_make(order, epoch);
    for (int64_t b = 0; b < order->batches; b++) {
        int64_t known = 0;
        for (int64_t row = 0; row < BATCH; row++) {
            const mos_draw *draw = &order->draws[b * BATCH + row];
            int64_t i = draw->sample - FIRST;
            assert_true(i >= 0 && i < COUNT);
            assert_int_equal(draw->repeat, seen[i]); /* so that its views differ */
            seen[i]++;
            known += is_labeled[i];
        }
        c.labeled += known;
        c.others += BATCH - known;
        if (known < c.fewest) c.fewest = known;
        if (known > c.most) c.most = known;
    }
    for (int64_t i = 0; i < COUNT; i++)
        widen(is_labeled[i] ? c.labeled_seen : c.other_seen, seen[i]);
    return c;
}

/* 400 samples in batches of 16, at least 4 of them labelled. */
static void a_share_is_the_least(void **state) {
    (void)state;
    static const struct {
        int64_t labeled, batches, fewest, most, rows, seen[2], other[2];
    } wanted[] = {
        {4, 33, 4, 4, 132, {33, 33}, {1, 1}},   /*  1 %: 396 others, 12 a batch */
        {40, 30, 4, 4, 120, {3, 3}, {1, 1}},    /* 10 % */
        {100, 25, 4, 4, 100, {1, 1}, {1, 1}},   /* 25 %: where both rules meet */
        {200, 25, 8, 8, 200, {1, 1}, {1, 1}},   /* 50 % */
        {360, 25, 14, 15, 360, {1, 1}, {1, 1}}, /* 90 %: one pass, not ten rows of others */
        {380, 25, 15, 16, 380, {1, 1}, {1, 1}}, /* 95 % */
        {399, 25, 15, 16, 399, {1, 1}, {1, 1}},
    };
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        plant(wanted[k].labeled);
        mos_epoch_order order = make(0.25, false, true);
        assert_int_equal(order.batches, wanted[k].batches);
        for (int64_t epoch = 0; epoch < 2; epoch++) {
            counts c = count_draws(&order, epoch);
            assert_int_equal(c.fewest, wanted[k].fewest);
            assert_int_equal(c.most, wanted[k].most);
            assert_int_equal(c.labeled, wanted[k].rows);
            assert_int_equal(c.labeled, mos_epoch_order_labeled(&order));
            assert_int_equal(c.labeled_seen[0], wanted[k].seen[0]);
            assert_int_equal(c.labeled_seen[1], wanted[k].seen[1]);
            assert_int_equal(c.other_seen[0], wanted[k].other[0]);
            assert_int_equal(c.other_seen[1], wanted[k].other[1]);
            assert_int_equal(order.valid, order.batches * BATCH);
        }
        mos_epoch_order_release(&order);
    }
}

/* Labelled samples alone fill the batches, as many as with the others. */
static void labelled_alone(void **state) {
    (void)state;
    static const int64_t labeled[] = {4, 40, 200, 360, 380, 399};
    for (size_t k = 0; k < sizeof labeled / sizeof labeled[0]; k++) {
        plant(labeled[k]);
        mos_epoch_order with = make(0.25, false, true), alone = make(0.25, true, true);
        assert_int_equal(alone.batches, with.batches);
        counts c = count_draws(&alone, 1);
        int64_t rows = alone.batches * BATCH;
        assert_int_equal(c.fewest, BATCH);
        assert_int_equal(c.labeled, rows);
        assert_int_equal(mos_epoch_order_labeled(&alone), rows);
        assert_int_equal(c.others, 0);
        assert_int_equal(c.labeled_seen[0], rows / labeled[k]);
        assert_int_equal(c.labeled_seen[1], (rows + labeled[k] - 1) / labeled[k]);
        mos_epoch_order_release(&with);
        mos_epoch_order_release(&alone);
    }
    plant(40); /* without a share, an epoch is as long as one pass */
    mos_epoch_order alone = make(0, true, true);
    assert_int_equal(alone.batches, COUNT / BATCH);
    assert_int_equal(count_draws(&alone, 0).others, 0);
    mos_epoch_order_release(&alone);
}

/* All labelled, none, or no share asked for: one list in its own order, as without labels. */
static void without_regard_to_labels(void **state) {
    (void)state;
    mos_epoch_order plain = {.seed = 3, .shuffle = true, .drop_last = true, .batch = BATCH};
    plant(COUNT);
    assert_int_equal(mos_epoch_order_init(&plain, sample_numbers, NULL, COUNT, 0), MOSAIC_OK);
    mos_epoch_order_make(&plain, 5);
    static const struct {
        int64_t labeled;
        double share;
        bool alone;
    } same[] = {{COUNT, 0.25, false}, {COUNT, 0.25, true}, {0, 0.25, false}, {40, 0, false}};
    for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
        plant(same[k].labeled);
        mos_epoch_order order = make(same[k].share, same[k].alone, true);
        mos_epoch_order_make(&order, 5);
        assert_int_equal(order.batches, plain.batches);
        assert_int_equal(mos_epoch_order_labeled(&order), 0);
        assert_memory_equal(order.draws, plain.draws,
                            (size_t)(plain.batches * BATCH) * sizeof *plain.draws);
        mos_epoch_order_release(&order);
    }
    mos_epoch_order_release(&plain);
}

/* Without drop_last the last batch is filled up, and still no sample is left out. */
static void a_filled_last_batch(void **state) {
    (void)state;
    static const int64_t labeled[] = {4, 41, 201, 363};
    for (size_t k = 0; k < sizeof labeled / sizeof labeled[0]; k++) {
        plant(labeled[k]);
        mos_epoch_order order = make(0.3, false, false); /* 5 rows */
        counts c = count_draws(&order, 2);
        assert_true(c.fewest >= 5);
        assert_true(c.labeled_seen[0] >= 1);
        assert_true(c.other_seen[0] >= 1);
        mos_epoch_order_release(&order);
    }
}

static void what_cannot_be_drawn(void **state) {
    (void)state;
    mos_epoch_order order = {.batch = BATCH, .labeled_only = true, .drop_last = true};
    plant(0);
    assert_int_equal(mos_epoch_order_init(&order, sample_numbers, is_labeled, COUNT, 0.25),
                     MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "none of the 400 samples"));
    mos_epoch_order_release(&order);
    plant(40); /* batches of labelled rows alone: a pass over the labelled ones */
    order = make(1, false, true);
    assert_int_equal(order.batches, 40 / BATCH);
    assert_int_equal(count_draws(&order, 0).others, 0);
    mos_epoch_order_release(&order);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_the_least),     cmocka_unit_test(labelled_alone),
        cmocka_unit_test(without_regard_to_labels), cmocka_unit_test(a_filled_last_batch),
        cmocka_unit_test(what_cannot_be_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
