/* Which samples make up the batches of an epoch, in order. */
#ifndef MOS_LOADER_EPOCH_ORDER_H
#define MOS_LOADER_EPOCH_ORDER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_draw {
    int64_t sample;  /* data set index */
    uint32_t repeat; /* how often it was drawn before in this epoch */
} mos_draw;

typedef struct mos_epoch_order {
    /* Set once. */
    uint64_t seed;
    bool shuffle, drop_last;
    bool labeled_only; /* draw labelled samples alone, for as many batches as with the others */
    int64_t batch, labeled_least; /* labelled rows of each batch, at least */
    int64_t *labeled, *others;    /* data set indices as given; all in `others` when they are drawn
                                     without regard to labels */
    int64_t labeled_count, other_count;
    int64_t batches;
    /* Of the current epoch. */
    mos_draw *draws;    /* [batches * batch] */
    int64_t valid;      /* draws that are not padding */
    uint32_t *shuffled; /* scratch: a permutation */
} mos_epoch_order;

/* index [count]: data set rows. is_labeled [count]: whether each of them has a known label, or
 * NULL. share: least share of a batch that is labelled. An epoch is one pass over all samples. Each
 * is drawn once; only labelled samples that are too few for their share are drawn more often. With
 * share 0, or where all samples are of one kind, labels play no part. */
mosaic_status mos_epoch_order_init(mos_epoch_order *order, const int64_t *index,
                                   const uint8_t *is_labeled, int64_t count, double share);
void mos_epoch_order_release(mos_epoch_order *order);
/* Fill `draws` for an epoch; no heap call. */
void mos_epoch_order_make(mos_epoch_order *order, int64_t epoch);
/* How many of an epoch's draws are labelled samples; 0 when they are drawn without regard to
 * labels. */
int64_t mos_epoch_order_labeled(const mos_epoch_order *order);

#endif
