#include "loader/epoch_order.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

static mosaic_status split_lists(mos_epoch_order *order, const int64_t *index,
                                 const uint8_t *is_labeled, int64_t count, double share) {
    int64_t known = 0;
    for (int64_t i = 0; is_labeled != NULL && i < count; i++)
        known += is_labeled[i] != 0;
    bool mixed = share > 0 && known > 0 && known < count;
    if (mixed) {
        order->labeled_rows = (int64_t)llround(share * (double)order->batch);
        if (order->labeled_rows < 1) order->labeled_rows = 1;
        if (order->labeled_rows > order->batch) order->labeled_rows = order->batch;
    }
    MOS_TRY(mos_alloc((size_t)count, sizeof *order->labeled, "labelled samples", &order->labeled));
    MOS_TRY(mos_alloc((size_t)count, sizeof *order->others, "samples", &order->others));
    for (int64_t i = 0; i < count; i++) {
        if (mixed && is_labeled[i])
            order->labeled[order->labeled_count++] = index[i];
        else
            order->others[order->other_count++] = index[i];
    }
    return MOSAIC_OK;
}

mosaic_status mos_epoch_order_init(mos_epoch_order *order, const int64_t *index,
                                   const uint8_t *is_labeled, int64_t count, double share) {
    MOS_TRY(split_lists(order, index, is_labeled, count, share));
    int64_t rows = order->batch - order->labeled_rows;
    /* An epoch is one pass over the unlabelled samples, or over the labelled ones when they fill
     * the batch. */
    int64_t length = rows > 0 ? order->other_count : order->labeled_count;
    int64_t per_batch = rows > 0 ? rows : order->batch;
    order->batches = order->drop_last ? length / per_batch : (length + per_batch - 1) / per_batch;
    if (order->batches == 0 && count > 0)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "an epoch has no batch: %lld samples to draw from, %lld wanted for each batch of %lld",
            (long long)length, (long long)per_batch, (long long)order->batch);
    MOS_TRY(mos_alloc((size_t)(order->batches * order->batch), sizeof *order->draws,
                      "the order of an epoch", &order->draws));
    size_t longest = (size_t)(order->labeled_count > order->other_count ? order->labeled_count
                                                                        : order->other_count);
    if (longest > UINT32_MAX)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "%zu samples in one epoch; at most 4294967295",
                        longest);
    return mos_alloc(longest, sizeof *order->places, "the order of an epoch", &order->places);
}

void mos_epoch_order_release(mos_epoch_order *order) {
    mos_free(order->labeled);
    mos_free(order->others);
    mos_free(order->draws);
    mos_free(order->places);
    memset(order, 0, sizeof *order);
}

static void shuffle_places(mos_epoch_order *order, int64_t count, int64_t epoch, uint64_t cycle,
                           uint32_t list) {
    for (int64_t i = 0; i < count; i++)
        order->places[i] = (uint32_t)i;
    if (!order->shuffle) return;
    mos_rng rng = mos_rng_at(order->seed, MOS_RNG_SHUFFLE, (uint32_t)epoch, cycle, list);
    mos_rng_shuffle(&rng, order->places, (size_t)count);
}

/* Put `list` into rows [first, first + rows) of every batch, going round it as often as it takes,
 * shuffled anew each time. Returns how many draws belong to the first round. */
static int64_t lay_out(mos_epoch_order *order, const int64_t *list, int64_t count, int64_t first,
                       int64_t rows, int64_t epoch, uint32_t number) {
    int64_t wanted = order->batches * rows;
    if (count == 0 || rows == 0) return 0;
    for (int64_t k = 0; k < wanted; k++) {
        int64_t cycle = k / count;
        if (k % count == 0) shuffle_places(order, count, epoch, (uint64_t)cycle, number);
        order->draws[k / rows * order->batch + first + k % rows] =
            (mos_draw){.sample = list[order->places[k % count]], .repeat = (uint32_t)cycle};
    }
    return count < wanted ? count : wanted;
}

void mos_epoch_order_make(mos_epoch_order *order, int64_t epoch) {
    int64_t rows = order->batch - order->labeled_rows;
    (void)lay_out(order, order->labeled, order->labeled_count, 0, order->labeled_rows, epoch, 1);
    int64_t fresh =
        lay_out(order, order->others, order->other_count, order->labeled_rows, rows, epoch, 0);
    /* With labelled rows in every batch the repeats that fill the last one are as good as any. */
    order->valid = order->labeled_rows > 0 ? order->batches * order->batch : fresh;
}
