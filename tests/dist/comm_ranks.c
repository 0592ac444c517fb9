/* What ranks.sh starts under mpirun. Every rank checks for itself:
 *
 *   comm_ranks all          every function of comm.h against what this rank can work out alone
 *   comm_ranks fail RANK    that rank fails, all agree: one message, its exit code
 *   comm_ranks leave RANK   that rank goes home with a failure the others do not know of
 *   comm_ranks kill RANK    that rank is killed */
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "dist/comm_buckets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            failures++;                                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition,      \
                          mosaic_error());                                                         \
        }                                                                                          \
    } while (0)
#define CHECK_OK(call) CHECK((call) == MOSAIC_OK)

/* Values whose sum depends on the order in which it is taken. */
static float value_of(int64_t rank, int64_t i) {
    uint64_t x = (uint64_t)(rank + 1) * 0x9e3779b97f4a7c15u + (uint64_t)i * 0xd1342543de82ef95u;
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 32;
    const float sign = (x & 1) != 0 ? -1.0f : 1.0f;
    const float scale = (x & 2) != 0 ? 1e7f : (x & 4) != 0 ? 1e-3f : 1.0f;
    return sign * scale * (float)(x >> 40) / 16777216.0f;
}

static float expected_sum(int64_t ranks, int64_t i) {
    double sum = 0;
    for (int64_t r = 0; r < ranks; r++)
        sum += (double)value_of(r, i);
    return (float)sum;
}

static void check_mean(mos_comm *comm, int64_t count) {
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    float *values = NULL;
    int64_t wrong = 0;
    CHECK_OK(mos_alloc((size_t)count + 1, sizeof *values, "values", &values));
    if (values == NULL) return;
    for (int64_t i = 0; i < count; i++)
        values[i] = value_of(rank, i);
    values[count] = 42;
    CHECK_OK(mos_comm_mean(comm, values, count));
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int64_t r = 0; r < ranks; r++)
            sum += (double)value_of(r, i);
        wrong += values[i] != (float)(sum / (double)ranks);
    }
    CHECK(wrong == 0);
    CHECK(values[count] == 42);
    mos_free(values);
}

static void check_sum_scatter(mos_comm *comm, int64_t count) {
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    float *all = NULL, *mine = NULL;
    int64_t wrong = 0;
    CHECK_OK(mos_alloc((size_t)(ranks * count), sizeof *all, "values", &all));
    CHECK_OK(mos_alloc((size_t)count + 1, sizeof *mine, "values", &mine));
    if (all == NULL || mine == NULL) return;
    for (int64_t i = 0; i < ranks * count; i++)
        all[i] = value_of(rank, i);
    mine[count] = 42;
    CHECK_OK(mos_comm_sum_scatter(comm, all, count, mine));
    for (int64_t i = 0; i < count; i++)
        wrong += mine[i] != expected_sum(ranks, rank * count + i);
    CHECK(wrong == 0);
    CHECK(mine[count] == 42);
    mos_free(all);
    mos_free(mine);
}

/* Sums that travel in buckets have the same bits, whichever are posted early and in what order. */
static void check_buckets(mos_comm *comm, int64_t count) {
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    mos_buckets buckets;
    int64_t wrong = 0;
    CHECK_OK(mos_buckets_init(&buckets, comm, count, NULL));
    for (int round = 0; round < 2; round++) {
        for (int64_t i = 0; i < count; i++)
            buckets.values[i] = value_of(rank, i);
        for (int64_t b = buckets.buckets - 1; b >= 0; b -= 1 + round) {
            CHECK_OK(mos_buckets_post(&buckets, b));
            CHECK_OK(mos_buckets_progress(&buckets));
        }
        CHECK_OK(mos_buckets_finish(&buckets));
        for (int64_t i = 0; i < count; i++)
            wrong += buckets.values[i] != expected_sum(ranks, i);
    }
    CHECK(wrong == 0);
    CHECK(buckets.summed == 2 * buckets.buckets);
    CHECK(buckets.early == buckets.buckets + (buckets.buckets + 1) / 2);
    CHECK(mos_comm_traffic_of(comm, MOS_COMM_SUMS).calls > 0);
    mos_buckets_release(&buckets);
}

static void check_gathers(mos_comm *comm) {
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    int64_t mine[2] = {rank, 10 * rank}, all[2 * 64] = {0};
    size_t bytes[64];
    unsigned char own[64], blocks[64 * 64];
    int64_t place = 0;
    CHECK_OK(mos_comm_gather(comm, mine, sizeof mine, all));
    for (int64_t r = 0; r < ranks; r++) {
        CHECK(all[2 * r] == r && all[2 * r + 1] == 10 * r);
        bytes[r] = (size_t)(r % 3) * 5; /* some have nothing */
    }
    memset(own, (int)rank + 1, sizeof own);
    CHECK_OK(mos_comm_gather_v(comm, own, bytes, blocks));
    for (int64_t r = 0; r < ranks; r++)
        for (size_t i = 0; i < bytes[r]; i++)
            CHECK(blocks[place++] == (unsigned char)(r + 1));
}

static void check_all(mos_comm *comm) {
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    const int64_t counts[] = {1, ranks - 1, ranks, ranks + 1, 1000, (5 << 18) + 7};
    double sums[2] = {(double)rank, 1};
    int stop = rank == ranks - 1 ? 12 : 3 * (rank == 0);
    int64_t most = -1, number = rank == ranks - 1 ? 77 : 0;
    for (int64_t r = 0; r < ranks; r++)
        CHECK(mos_comm_host(comm, r)[0] != '\0');
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        check_mean(comm, counts[i]);
        check_sum_scatter(comm, counts[i]);
        if (counts[i] > 0) check_buckets(comm, counts[i]);
    }
    check_gathers(comm);
    CHECK_OK(mos_comm_sum_f64(comm, sums, 2));
    CHECK(sums[0] == (double)(ranks * (ranks - 1) / 2) && sums[1] == (double)ranks);
    CHECK_OK(mos_comm_broadcast(comm, &number, sizeof number, ranks - 1));
    CHECK(number == 77);
    CHECK_OK(mos_comm_most(comm, 100 - rank, &most));
    CHECK(most == 100);
    CHECK_OK(mos_comm_same(comm, &number, sizeof number, "number"));
    CHECK_OK(mos_comm_agree(comm, MOSAIC_OK));
    CHECK_OK(mos_comm_agree_or_stop(comm, MOSAIC_OK, &stop));
    CHECK(stop == 12);
    stop = 0;
    CHECK_OK(mos_comm_agree_or_stop(comm, MOSAIC_OK, &stop));
    CHECK(stop == 0);
    CHECK_OK(mos_comm_barrier(comm));
    if (rank == 0) (void)printf("%s\n", mos_comm_description(comm));
}

/* Some stop on request, one fails: the failure is what all hear of. */
static mosaic_status fail_together(mos_comm *comm, int64_t culprit) {
    mosaic_status status = MOSAIC_OK;
    if (mos_comm_rank(comm) == culprit)
        status = mos_fail(MOSAIC_ERR_DATA, "record 'x' is unreadable");
    else if (mos_comm_rank(comm) == 0)
        status = mos_fail(MOSAIC_INTERRUPTED, "asked to stop");
    status = mos_comm_agree(comm, status);
    (void)fprintf(stderr, "heard: %s\n", mosaic_error());
    return status;
}

/* The others wait for it in a collective call. */
static mosaic_status lose_one(mos_comm *comm, int64_t culprit, bool killed) {
    if (mos_comm_rank(comm) != culprit) return mos_comm_barrier(comm);
    if (killed) (void)raise(SIGKILL);
    return mos_fail(MOSAIC_ERR_NUMERIC, "a number that only this rank saw");
}

/* The others are at work, and ask nobody, for longer than the test has time. */
static mosaic_status fail_alone(mos_comm *comm, int64_t culprit) {
    const struct timespec long_work = {.tv_sec = 600};
    mosaic_status status = MOSAIC_OK;
    if (mos_comm_rank(comm) == culprit)
        status = mos_fail(MOSAIC_ERR_DATA, "record 'y' is unreadable");
    else
        (void)nanosleep(&long_work, NULL);
    return mos_comm_agree(comm, status);
}

static void show(void *context, mos_log_level level, const char *text) {
    (void)context;
    (void)level;
    (void)fprintf(stderr, "%s\n", text);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "all";
    const char *module = argc > 3 ? argv[3] : NULL;
    const mos_comm_options options = {
        .mpi = true, .module = module, .patience_ms = strcmp(what, "work") == 0 ? 100 : 0};
    const mos_log_sink sink = {.line = show};
    int64_t culprit = 0;
    mos_comm *comm = NULL;
    mos_log_set_sink(&sink);
    if (argc > 2) (void)mos_parse_int(argv[2], &culprit);
    mosaic_status status = mos_comm_open(&options, &comm);
    if (status != MOSAIC_OK) {
        (void)fprintf(stderr, "open: %s\n", mosaic_error());
        return mosaic_exit_code(status);
    }
    if (strcmp(what, "fail") == 0)
        status = fail_together(comm, culprit);
    else if (strcmp(what, "work") == 0)
        status = fail_alone(comm, culprit);
    else if (strcmp(what, "all") == 0)
        check_all(comm);
    else
        status = lose_one(comm, culprit, strcmp(what, "kill") == 0);
    mos_comm_close(&comm, status);
    return failures > 0 ? 99 : mosaic_exit_code(status);
}
