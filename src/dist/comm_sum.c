/* All-reduce whose bits do not depend on the network. A slice of the values is cut in `size` equal
 * parts. Part r of every rank is sent to rank r, which adds them in double in rank order and sends the
 * sum to all. Each value is sent and received about twice, as in any all-reduce. The next slice is
 * sent while one is added up. */
#include "dist/comm_internal.h"

#include "base/memory.h"

#include <string.h>

enum { SLICE = 1 << 18, SLOTS = 2 }; /* values of a part at most */

typedef struct slice {
    int64_t first, count, part; /* of the values; part: of each rank, the last one filled up */
} slice;

static slice slice_at(const mos_comm *comm, int64_t number, int64_t count) {
    const int64_t whole = SLICE * comm->size;
    slice it = {.first = number * whole};
    it.count = count - it.first < whole ? count - it.first : whole;
    it.part = (it.count + comm->size - 1) / comm->size;
    return it;
}

static mosaic_status reserve(mos_comm *comm, int64_t count) {
    const slice largest = slice_at(comm, 0, count);
    const size_t values = SLOTS * (size_t)(largest.part * comm->size);
    MOS_TRY(mos_grow(&comm->out, &comm->out_size, values, sizeof(float), "values for ranks"));
    MOS_TRY(mos_grow(&comm->in, &comm->in_size, values, sizeof(float), "values of ranks"));
    return mos_grow(&comm->sums, &comm->sums_size, (size_t)largest.part, sizeof(float), "sums");
}

static float *slot_of(const mos_comm *comm, float *buffer, size_t size, int64_t number) {
    (void)comm;
    return buffer + (size_t)(number % SLOTS) * (size / SLOTS);
}

/* A reduction: what its traffic counts as, and what sums are divided by. */
typedef struct reduction {
    mos_comm *comm;
    mos_comm_kind kind;
    double divisor;
} reduction;

static mosaic_status begin(const reduction *it_is, const float *values, int64_t count,
                           int64_t number) {
    mos_comm *comm = it_is->comm;
    const slice it = slice_at(comm, number, count);
    float *out = slot_of(comm, comm->out, comm->out_size, number);
    float *in = slot_of(comm, comm->in, comm->in_size, number);
    const size_t filled = (size_t)(it.part * comm->size);
    memcpy(out, values + it.first, (size_t)it.count * sizeof *out);
    memset(out + it.count, 0, (filled - (size_t)it.count) * sizeof *out);
    const size_t bytes = (size_t)it.part * sizeof *out;
    return MOS_COMM_CALL(comm, it_is->kind, bytes * (size_t)(comm->size - 1),
                         comm->table->exchange_begin((int)(number % SLOTS), out, bytes, in),
                         "a sum");
}

void mos_comm_add_up(const float *in, int64_t ranks, int64_t part, double divisor, float *sums) {
    for (int64_t i = 0; i < part; i++) {
        double sum = 0;
        for (int64_t r = 0; r < ranks; r++)
            sum += (double)in[r * part + i];
        sums[i] = (float)(sum / divisor);
    }
}

static mosaic_status finish(const reduction *it_is, float *values, int64_t count, int64_t number) {
    mos_comm *comm = it_is->comm;
    const slice it = slice_at(comm, number, count);
    float *in = slot_of(comm, comm->in, comm->in_size, number);
    const size_t bytes = (size_t)it.part * sizeof *in;
    MOS_TRY(
        MOS_COMM_CALL(comm, it_is->kind, 0, comm->table->finish((int)(number % SLOTS)), "a sum"));
    mos_comm_add_up(in, comm->size, it.part, it_is->divisor, comm->sums);
    MOS_TRY(MOS_COMM_CALL(comm, it_is->kind, bytes * (size_t)(comm->size - 1),
                          comm->table->all_gather(comm->sums, bytes, in), "a sum"));
    memcpy(values + it.first, in, (size_t)it.count * sizeof *in);
    return MOSAIC_OK;
}

static mosaic_status all_reduce(const reduction *it_is, float *values, int64_t count) {
    mos_comm *comm = it_is->comm;
    if (mos_comm_size(comm) < 2 || count < 1) return MOSAIC_OK;
    const int64_t slices = (count + SLICE * comm->size - 1) / (SLICE * comm->size);
    MOS_TRY(reserve(comm, count));
    MOS_TRY(begin(it_is, values, count, 0));
    for (int64_t s = 0; s < slices; s++) {
        if (s + 1 < slices) MOS_TRY(begin(it_is, values, count, s + 1));
        MOS_TRY(finish(it_is, values, count, s));
    }
    return MOSAIC_OK;
}

mosaic_status mos_comm_mean(mos_comm *comm, float *values, int64_t count) {
    const reduction mean = {comm, MOS_COMM_SUMS, (double)mos_comm_size(comm)};
    return all_reduce(&mean, values, count);
}

mosaic_status mos_comm_sum(mos_comm *comm, float *values, int64_t count) {
    const reduction sum = {comm, MOS_COMM_ROWS, 1};
    return all_reduce(&sum, values, count);
}

mosaic_status mos_comm_sum_scatter(mos_comm *comm, const float *all, int64_t count, float *mine) {
    if (mos_comm_size(comm) < 2) {
        memcpy(mine, all, (size_t)count * sizeof *mine);
        return MOSAIC_OK;
    }
    for (int64_t first = 0; first < count; first += SLICE) {
        const int64_t part = count - first < SLICE ? count - first : SLICE;
        MOS_TRY(reserve(comm, part * comm->size));
        for (int64_t r = 0; r < comm->size; r++)
            memcpy(comm->out + r * part, all + r * count + first, (size_t)part * sizeof *mine);
        const size_t bytes = (size_t)part * sizeof *mine;
        MOS_TRY(MOS_COMM_CALL(comm, MOS_COMM_SUMS, bytes * (size_t)(comm->size - 1),
                              comm->table->exchange_begin(0, comm->out, bytes, comm->in), "a sum"));
        MOS_TRY(MOS_COMM_CALL(comm, MOS_COMM_SUMS, 0, comm->table->finish(0), "a sum"));
        mos_comm_add_up(comm->in, comm->size, part, 1, mine + first);
    }
    return MOSAIC_OK;
}

mosaic_status mos_comm_sum_f64(mos_comm *comm, double *values, int64_t count) {
    if (mos_comm_size(comm) < 2 || count < 1) return MOSAIC_OK;
    const size_t all = (size_t)(comm->size * count);
    MOS_TRY(mos_grow(&comm->wide, &comm->wide_size, all, sizeof *comm->wide, "values of ranks"));
    MOS_TRY(mos_comm_gather(comm, values, (size_t)count * sizeof *values, comm->wide));
    for (int64_t i = 0; i < count; i++) {
        values[i] = 0;
        for (int64_t r = 0; r < comm->size; r++)
            values[i] += comm->wide[r * count + i];
    }
    return MOSAIC_OK;
}
