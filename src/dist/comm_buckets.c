/* A bucket is summed in two steps, as every sum here (comm_sum.c): part r of all ranks goes to rank r,
 * which adds them up in rank order, and the sums are gathered. MPI_Iallreduce would leave the order of
 * the additions to the implementation, the algorithm and the network.
 *
 * Non-blocking calls must come in one order on all ranks, and a rank that is ahead must not begin the
 * second step of a bucket where another begins the first of the next: so the second step of a bucket
 * begins when the next is posted, or at the end. */
#include "dist/comm_buckets.h"

#include "base/memory.h"
#include "dist/comm_internal.h"

#include <string.h>

enum {
    USUAL = 1 << 20,           /* values of a bucket: 4 MiB, some milliseconds of a network */
    LEAST = 8,                 /* buckets of a small model */
    ATTEMPTS = 32,             /* to move on, whenever the caller has a moment */
    LINE = 16,                 /* values that parts are made of: no two ranks share a cache line */
    MOST = MOS_COMM_SLOTS - 1, /* one slot is for the parts on their way, and each bucket has one */
};

mosaic_status mos_buckets_init(mos_buckets *buckets, mos_comm *comm, int64_t count, float *values) {
    const int64_t ranks = mos_comm_size(comm), whole = ranks * LINE;
    int64_t size = (count + MOST - 1) / MOST;
    const int64_t usual = count < LEAST * USUAL ? (count + LEAST - 1) / LEAST : USUAL;
    if (size < usual) size = usual;
    size = (size + whole - 1) / whole * whole;
    *buckets = (mos_buckets){.comm = comm,
                             .count = count,
                             .size = size,
                             .part = size / ranks,
                             .values = values,
                             .in_hand = -1,
                             .passed = -1};
    buckets->buckets = (count + size - 1) / size;
    if (values == NULL)
        MOS_TRY(mos_alloc((size_t)count, sizeof(float), "gradients for ranks", &buckets->own));
    if (values == NULL) buckets->values = buckets->own;
    MOS_TRY(mos_alloc((size_t)size, sizeof(float), "gradients for ranks", &buckets->tail));
    MOS_TRY(mos_alloc((size_t)size, sizeof(float), "gradients of ranks", &buckets->in));
    return mos_alloc((size_t)buckets->buckets, sizeof *buckets->posted, "buckets",
                     &buckets->posted);
}

void mos_buckets_release(mos_buckets *buckets) {
    mos_free(buckets->own);
    mos_free(buckets->tail);
    mos_free(buckets->in);
    mos_free(buckets->posted);
    *buckets = (mos_buckets){0};
}

static size_t part_bytes(const mos_buckets *buckets) {
    return (size_t)buckets->part * sizeof(float);
}

/* How many of the values of a bucket there are: all but in the last one. */
static size_t filled(const mos_buckets *buckets, int64_t index) {
    const int64_t left = buckets->count - index * buckets->size;
    return (size_t)(left < buckets->size ? left : buckets->size);
}

/* Where a bucket of `values` lies as a whole: the last one, which is not full, in the tail. */
static float *enter(const mos_buckets *buckets, float *values, int64_t index) {
    float *at = values + index * buckets->size;
    const size_t count = filled(buckets, index), size = (size_t)buckets->size;
    if (count == size) return at;
    memcpy(buckets->tail, at, count * sizeof *at);
    memset(buckets->tail + count, 0, (size - count) * sizeof *at);
    return buckets->tail;
}

static float *whole_bucket(const mos_buckets *buckets, float *values, int64_t index) {
    return filled(buckets, index) < (size_t)buckets->size ? buckets->tail
                                                          : values + index * buckets->size;
}

/* What has come of a bucket is in `values` too. */
static void leave(const mos_buckets *buckets, float *values, int64_t index) {
    float *at = values + index * buckets->size;
    if (filled(buckets, index) < (size_t)buckets->size)
        memcpy(at, buckets->tail, filled(buckets, index) * sizeof *at);
}

int64_t mos_buckets_own(const mos_buckets *buckets, int64_t index, int64_t *end) {
    const int64_t first = index * buckets->size + buckets->comm->rank * buckets->part;
    *end = first + buckets->part < buckets->count ? first + buckets->part : buckets->count;
    return first < *end ? first : *end;
}

static mosaic_status begin_gather(mos_buckets *buckets, float *bucket, int64_t index) {
    mos_comm *comm = buckets->comm;
    const size_t bytes = part_bytes(buckets);
    return MOS_COMM_CALL(comm, MOS_COMM_SUMS, bytes * (size_t)(comm->size - 1),
                         comm->table->gather_begin(
                             (int)index + 1, bucket + comm->rank * buckets->part, bytes, bucket),
                         "a sum");
}

static mosaic_status finish_gathers(mos_buckets *buckets, float *values) {
    for (int64_t i = 0; i < buckets->buckets; i++) {
        MOS_TRY(MOS_COMM_CALL(buckets->comm, MOS_COMM_SUMS, 0,
                              buckets->comm->table->finish((int)i + 1), "a sum"));
        leave(buckets, values, i);
    }
    return MOSAIC_OK;
}

/* The bucket in hand: its parts are here, their sums take the place of this rank's own and, but where
 * they are kept, go to all. */
static mosaic_status pass_on(mos_buckets *buckets) {
    mos_comm *comm = buckets->comm;
    const int64_t index = buckets->in_hand;
    if (index < 0) return MOSAIC_OK;
    buckets->in_hand = -1;
    float *bucket = whole_bucket(buckets, buckets->values, index);
    MOS_TRY(MOS_COMM_CALL(comm, MOS_COMM_SUMS, 0, comm->table->finish(0), "a sum"));
    mos_comm_add_up(buckets->in, comm->size, buckets->part, 1, bucket + comm->rank * buckets->part);
    if (buckets->kept) {
        leave(buckets, buckets->values, index);
        return MOSAIC_OK;
    }
    buckets->passed = index;
    return begin_gather(buckets, bucket, index);
}

mosaic_status mos_buckets_post(mos_buckets *buckets, int64_t index) {
    mos_comm *comm = buckets->comm;
    const size_t bytes = part_bytes(buckets);
    MOS_TRY(pass_on(buckets));
    buckets->posted[index] = true;
    buckets->in_hand = index;
    buckets->here = false;
    return MOS_COMM_CALL(
        comm, MOS_COMM_SUMS, bytes * (size_t)(comm->size - 1),
        comm->table->exchange_begin(0, enter(buckets, buckets->values, index), bytes, buckets->in),
        "a sum");
}

/* A test moves a piece of a message at most. */
static mosaic_status try_slot(mos_buckets *buckets, int slot, int *done) {
    mos_comm *comm = buckets->comm;
    *done = 0;
    for (int i = 0; i < ATTEMPTS && !*done; i++)
        MOS_TRY(MOS_COMM_CALL(comm, MOS_COMM_SUMS, 0, comm->table->test(slot, done), "a sum"));
    return MOSAIC_OK;
}

mosaic_status mos_buckets_progress(mos_buckets *buckets) {
    int done;
    if (buckets->in_hand >= 0 && !buckets->here) {
        MOS_TRY(try_slot(buckets, 0, &done));
        buckets->here = done != 0;
    } else if (buckets->passed >= 0) {
        MOS_TRY(try_slot(buckets, (int)buckets->passed + 1, &done));
        if (done) buckets->passed = -1;
    }
    return MOSAIC_OK;
}

static void count_early(mos_buckets *buckets) {
    buckets->summed += buckets->buckets;
    for (int64_t i = 0; i < buckets->buckets; i++)
        buckets->early += buckets->posted[i];
}

mosaic_status mos_buckets_finish(mos_buckets *buckets) {
    const int64_t begun = mos_now_ns();
    count_early(buckets);
    for (int64_t i = 0; i < buckets->buckets; i++)
        if (!buckets->posted[i]) MOS_TRY(mos_buckets_post(buckets, i));
    MOS_TRY(pass_on(buckets));
    if (!buckets->kept) MOS_TRY(finish_gathers(buckets, buckets->values));
    buckets->passed = -1;
    memset(buckets->posted, 0, (size_t)buckets->buckets * sizeof *buckets->posted);
    buckets->waited_ns += mos_now_ns() - begun;
    return MOSAIC_OK;
}

mosaic_status mos_buckets_gather(mos_buckets *buckets, float *values) {
    const int64_t begun = mos_now_ns();
    for (int64_t i = 0; i < buckets->buckets; i++)
        MOS_TRY(begin_gather(buckets, enter(buckets, values, i), i));
    MOS_TRY(finish_gathers(buckets, values));
    buckets->waited_ns += mos_now_ns() - begun;
    return MOSAIC_OK;
}
