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
    MOST = MOS_COMM_SLOTS - 1, /* one slot is for the parts on their way, and each bucket has one */
};

mosaic_status mos_buckets_init(mos_buckets *buckets, mos_comm *comm, int64_t count) {
    const int64_t ranks = mos_comm_size(comm);
    int64_t size = (count + MOST - 1) / MOST;
    const int64_t usual = count < LEAST * USUAL ? (count + LEAST - 1) / LEAST : USUAL;
    if (size < usual) size = usual;
    size = (size + ranks - 1) / ranks * ranks;
    *buckets =
        (mos_buckets){.comm = comm, .count = count, .size = size, .in_hand = -1, .passed = -1};
    buckets->buckets = (count + size - 1) / size;
    const size_t all = (size_t)(buckets->buckets * size);
    MOS_TRY(mos_alloc(all, sizeof(float), "gradients for ranks", &buckets->values));
    MOS_TRY(mos_alloc((size_t)size, sizeof(float), "gradients of ranks", &buckets->in));
    MOS_TRY(mos_alloc(all / (size_t)ranks, sizeof(float), "sums of gradients", &buckets->sums));
    return mos_alloc((size_t)buckets->buckets, sizeof *buckets->posted, "buckets",
                     &buckets->posted);
}

void mos_buckets_release(mos_buckets *buckets) {
    mos_free(buckets->values);
    mos_free(buckets->in);
    mos_free(buckets->sums);
    mos_free(buckets->posted);
    *buckets = (mos_buckets){0};
}

static size_t part_bytes(const mos_buckets *buckets) {
    return (size_t)(buckets->size / buckets->comm->size) * sizeof(float);
}

/* The bucket in hand: its parts are here, their sums go to all. */
static mosaic_status pass_on(mos_buckets *buckets) {
    mos_comm *comm = buckets->comm;
    const int64_t index = buckets->in_hand, part = buckets->size / comm->size;
    const size_t bytes = part_bytes(buckets);
    if (index < 0) return MOSAIC_OK;
    buckets->in_hand = -1;
    buckets->passed = index;
    float *sums = buckets->sums + index * part;
    MOS_TRY(MOS_COMM_CALL(comm, MOS_COMM_SUMS, 0, comm->table->finish(0), "a sum"));
    mos_comm_add_up(buckets->in, comm->size, part, 1, sums);
    return MOS_COMM_CALL(comm, MOS_COMM_SUMS, bytes * (size_t)(comm->size - 1),
                         comm->table->gather_begin((int)index + 1, sums, bytes,
                                                   buckets->values + index * buckets->size),
                         "a sum");
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
        comm->table->exchange_begin(0, buckets->values + index * buckets->size, bytes, buckets->in),
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
    const mos_comm_table *table = buckets->comm->table;
    const int64_t begun = mos_now_ns();
    count_early(buckets);
    for (int64_t i = 0; i < buckets->buckets; i++)
        if (!buckets->posted[i]) MOS_TRY(mos_buckets_post(buckets, i));
    MOS_TRY(pass_on(buckets));
    for (int64_t i = 0; i < buckets->buckets; i++)
        MOS_TRY(MOS_COMM_CALL(buckets->comm, MOS_COMM_SUMS, 0, table->finish((int)i + 1), "a sum"));
    buckets->passed = -1;
    memset(buckets->posted, 0, (size_t)buckets->buckets * sizeof *buckets->posted);
    buckets->waited_ns += mos_now_ns() - begun;
    return MOSAIC_OK;
}
