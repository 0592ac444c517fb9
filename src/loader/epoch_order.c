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
    if (order->labeled_only && known == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "none of the %lld samples to draw from has a label",
                        (long long)count);
    bool mixed = known > 0 && known < count;
    if (mixed && share > 0) {
        order->labeled_least = (int64_t)llround(share * (double)order->batch);
        if (order->labeled_least < 1) order->labeled_least = 1;
        if (order->labeled_least > order->batch) order->labeled_least = order->batch;
    }
    mixed = mixed && (order->labeled_only || order->labeled_least > 0);
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

/* Do the labelled samples have to come round more than once to keep the least share? */
static bool is_scarce(const mos_epoch_order *order) {
    return order->labeled_count * order->batch <
           order->labeled_least * (order->labeled_count + order->other_count);
}

mosaic_status mos_epoch_order_init(mos_epoch_order *order, const int64_t *index,
                                   const uint8_t *is_labeled, int64_t count, double share) {
    if (count > INT32_MAX)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "%lld samples in one epoch; at most %d",
                        (long long)count, INT32_MAX);
    MOS_TRY(split_lists(order, index, is_labeled, count, share));
    /* One pass over all samples. Where the labelled ones are scarce they come round more often, and
     * the pass is over the others; where they fill every batch it is over them. */
    int64_t length = count, per_batch = order->batch;
    if (is_scarce(order)) {
        bool full = order->labeled_least == order->batch;
        length = full ? order->labeled_count : order->other_count;
        if (!full) per_batch = order->batch - order->labeled_least;
    }
    order->batches = order->drop_last ? length / per_batch : (length + per_batch - 1) / per_batch;
    if (order->batches == 0 && count > 0)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "an epoch has no batch: %lld samples to draw from, %lld wanted for each batch of %lld",
            (long long)length, (long long)per_batch, (long long)order->batch);
    MOS_TRY(mos_alloc((size_t)(order->batches * order->batch), sizeof *order->draws,
                      "the order of an epoch", &order->draws));
    return mos_alloc((size_t)count, sizeof *order->shuffled, "the order of an epoch",
                     &order->shuffled);
}

void mos_epoch_order_release(mos_epoch_order *order) {
    mos_free(order->labeled);
    mos_free(order->others);
    mos_free(order->draws);
    mos_free(order->shuffled);
    memset(order, 0, sizeof *order);
}

static void shuffle_list(mos_epoch_order *order, int64_t count, int64_t epoch, uint64_t cycle,
                         uint32_t list) {
    for (int64_t i = 0; i < count; i++)
        order->shuffled[i] = (uint32_t)i;
    if (!order->shuffle) return;
    mos_rng rng = mos_rng_at(order->seed, MOS_RNG_SHUFFLE, (uint32_t)epoch, cycle, list);
    mos_rng_shuffle(&rng, order->shuffled, (size_t)count);
}

/* Labelled rows of the batches before `batch`. Scarce ones are as many in every batch; others are
 * spread evenly, so that no batch has fewer than the least that are wanted. */
static int64_t labeled_before(const mos_epoch_order *order, int64_t batch) {
    if (order->labeled_count == 0) return 0;
    if (order->labeled_only) return batch * order->batch;
    if (is_scarce(order)) return batch * order->labeled_least;
    uint64_t rows = (uint64_t)batch * (uint64_t)order->batch;
    return (int64_t)(rows * (uint64_t)order->labeled_count /
                     (uint64_t)(order->labeled_count + order->other_count));
}

/* The labelled samples into the first rows of every batch, or the others into the rest, going round
 * them as often as it takes, shuffled anew each time. Returns how many draws belong to the first
 * round. */
static int64_t lay_out(mos_epoch_order *order, bool labeled, int64_t epoch) {
    const int64_t *list = labeled ? order->labeled : order->others;
    int64_t count = labeled ? order->labeled_count : order->other_count, k = 0;
    if (count == 0) return 0;
    for (int64_t b = 0; b < order->batches; b++) {
        int64_t split = labeled_before(order, b + 1) - labeled_before(order, b);
        int64_t end = labeled ? split : order->batch;
        for (int64_t row = labeled ? 0 : split; row < end; row++, k++) {
            int64_t cycle = k / count;
            if (k % count == 0) shuffle_list(order, count, epoch, (uint64_t)cycle, labeled);
            order->draws[b * order->batch + row] =
                (mos_draw){.sample = list[order->shuffled[k % count]], .repeat = (uint32_t)cycle};
        }
    }
    return count < k ? count : k;
}

void mos_epoch_order_make(mos_epoch_order *order, int64_t epoch) {
    (void)lay_out(order, true, epoch);
    int64_t fresh = lay_out(order, false, epoch);
    /* With labelled rows in every batch the repeats that fill the last one are as good as any. */
    order->valid = order->labeled_count > 0 ? order->batches * order->batch : fresh;
}

int64_t mos_epoch_order_labeled(const mos_epoch_order *order) {
    return labeled_before(order, order->batches);
}
