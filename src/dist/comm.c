/* Opening, closing and agreeing. Moving numbers is comm_sum.c's. */
#include "dist/comm.h"

#include "base/log.h"
#include "base/memory.h"
#include "dist/comm_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WORDS = 2048 };

/* A rank that waits longer for others sleeps between two looks. */
static const int64_t awake_ns = 2000000;
static const struct timespec pause = {.tv_nsec = 200000};

/* ---- life ---- */

/* Which module: the caller's choice, the launcher's, or the first that is there. */
static mosaic_status load_table(const mos_comm_options *options, const mos_launch *launch,
                                const mos_comm_table **out) {
    const char *name = options->module;
    if (name == NULL && options->communicator != NULL) name = mos_comm_module_present();
    if (name == NULL) name = launch->module;
    if (name != NULL) return mos_comm_module_load(name, out);
    mosaic_status status = MOSAIC_ERR_UNSUPPORTED;
    for (size_t i = 0; mos_comm_modules[i] != NULL && status != MOSAIC_OK; i++)
        status = mos_comm_module_load(mos_comm_modules[i], out);
    return status;
}

mosaic_status mos_comm_check(mos_comm *comm, int failed, const char *what) {
    if (failed == 0) return MOSAIC_OK;
    comm->broken = true;
    return mos_fail(MOSAIC_ERR_RUNTIME, "%s between ranks failed: %s", what, comm->table->words());
}

mosaic_status mos_comm_count(mos_comm *comm, mos_comm_kind kind, size_t sent, int failed,
                             const char *what) {
    mos_comm_traffic *traffic = &comm->traffic[kind];
    traffic->ns += mos_now_ns() - comm->since_ns;
    traffic->calls++;
    traffic->bytes += (int64_t)sent;
    return mos_comm_check(comm, failed, what);
}

static void count_hosts(mos_comm *comm) {
    int64_t hosts = 0;
    for (int64_t r = 0; r < comm->size; r++) {
        bool seen = false;
        for (int64_t k = 0; k < r && !seen; k++)
            seen = strcmp(comm->host[r], comm->host[k]) == 0;
        hosts += !seen;
    }
    (void)snprintf(comm->description, sizeof comm->description,
                   "%lld rank%s on %lld host%s, %.120s", (long long)comm->size,
                   comm->size == 1 ? "" : "s", (long long)hosts, hosts == 1 ? "" : "s",
                   comm->table->library());
}

static mosaic_status check_size(const mos_comm *comm, const mos_comm_options *options,
                                const mos_launch *launch) {
    if (options->communicator != NULL || launch->size < 2 || comm->size == launch->size)
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_RUNTIME,
                    "%s started %lld ranks, but %s finds %lld: each would train alone. Under Slurm "
                    "choose the plugin that fits (srun --mpi=pmix or --mpi=pmi2), or start with "
                    "mpirun of that MPI",
                    launch->by, (long long)launch->size, comm->table->library(),
                    (long long)comm->size);
}

static mosaic_status meet(mos_comm *comm, const mos_comm_options *options,
                          const mos_launch *launch) {
    char host[MOS_COMM_HOST_SIZE] = "";
    int rank = 0, size = 1;
    MOS_TRY(mos_comm_check(comm, comm->table->open(options->communicator, &rank, &size, host),
                           "meeting"));
    comm->opened = true;
    comm->rank = rank;
    comm->size = size;
    MOS_TRY(check_size(comm, options, launch));
    MOS_TRY(mos_alloc((size_t)size, sizeof *comm->host, "names of hosts", &comm->host));
    MOS_TRY(mos_alloc((size_t)size, sizeof *comm->words, "statuses", &comm->words));
    MOS_TRY(mos_alloc((size_t)size, sizeof *comm->number, "numbers", &comm->number));
    MOS_TRY(mos_comm_check(comm, comm->table->all_gather(host, sizeof host, comm->host),
                           "gathering names"));
    count_hosts(comm);
    return MOSAIC_OK;
}

mosaic_status mos_comm_open(const mos_comm_options *given, mos_comm **out) {
    const mos_comm_options options = given == NULL ? (mos_comm_options){0} : *given;
    const mos_launch launch = mos_launch_detect();
    mos_comm *comm = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_GOTO(mos_alloc(1, sizeof *comm, "a communicator", &comm));
    comm->table = &mos_comm_self;
    comm->group = 1;
    comm->patience_ns = (options.patience_ms > 0 ? options.patience_ms : 3000) * 1000000;
    if (options.mpi || options.communicator != NULL || launch.size > 1)
        MOS_GOTO(load_table(&options, &launch, &comm->table));
    MOS_GOTO(meet(comm, &options, &launch));
    *out = comm;
    return MOSAIC_OK;
done:
    if (launch.by != NULL)
        (void)mos_context(status, "rank %lld of %lld, started by %s", (long long)launch.rank,
                          (long long)launch.size, launch.by);
    mos_comm_close(&comm, status);
    return status;
}

void mos_comm_close(mos_comm **slot, mosaic_status status) {
    mos_comm *comm = *slot;
    if (comm == NULL) return;
    *slot = NULL;
    const bool alone = comm->size < 2;
    const bool unheard = !alone && (comm->broken || (status != MOSAIC_OK && !comm->agreed_failure));
    if (unheard) {
        mos_log(MOS_LOG_ERROR, "rank %lld of %lld (%s): %s", (long long)comm->rank,
                (long long)comm->size, mos_comm_host(comm, comm->rank), mosaic_error());
        comm->table->abort(mosaic_exit_code(status == MOSAIC_OK ? MOSAIC_ERR_RUNTIME : status));
    }
    /* No rank exits before rank 0 has written its last file: when one rank exits, some launchers
     * end the others. */
    if (!unheard && !alone && comm->host != NULL) (void)comm->table->barrier();
    if (comm->opened) comm->table->close();
    mos_free(comm->host);
    mos_free(comm->words);
    mos_free(comm->number);
    mos_free(comm->out);
    mos_free(comm->in);
    mos_free(comm->sums);
    mos_free(comm->wide);
    mos_free(comm);
}

bool mos_comm_failure_agreed(const mos_comm *comm) {
    return comm->agreed_failure;
}

/* ---- who is there ---- */

int64_t mos_comm_rank(const mos_comm *comm) {
    return comm == NULL ? 0 : comm->rank;
}

int64_t mos_comm_size(const mos_comm *comm) {
    return comm == NULL ? 1 : comm->size;
}

const char *mos_comm_host(const mos_comm *comm, int64_t rank) {
    return comm == NULL || comm->host == NULL ? "" : comm->host[rank];
}

int64_t mos_comm_neighbours(const mos_comm *comm) {
    int64_t same = 0;
    for (int64_t r = 0; r < mos_comm_size(comm); r++)
        same += strcmp(mos_comm_host(comm, r), mos_comm_host(comm, mos_comm_rank(comm))) == 0;
    return same;
}

const char *mos_comm_description(const mos_comm *comm) {
    return comm == NULL ? "1 rank" : comm->description;
}

mos_comm_traffic mos_comm_traffic_of(const mos_comm *comm, mos_comm_kind kind) {
    return comm == NULL ? (mos_comm_traffic){0} : comm->traffic[kind];
}

/* ---- agreeing ---- */

/* Bytes of a block that go to every other rank. */
static size_t to_others(const mos_comm *comm, size_t bytes) {
    return bytes * (size_t)(comm->size - 1);
}

/* The rank whose status all take: the first failure, else the first stop; -1: none. */
static int64_t find_cause(const mos_comm *comm) {
    int64_t stopped = -1;
    for (int64_t r = 0; r < comm->size; r++) {
        if (comm->words[r].code == MOSAIC_OK) continue;
        if (comm->words[r].code != MOSAIC_INTERRUPTED) return r;
        if (stopped < 0) stopped = r;
    }
    return stopped;
}

/* All ranks' words, asleep once the others are late. A rank that failed waits for the others for a
 * while only: they may be at work for an hour before they ask, and *heard is then false. */
static mosaic_status exchange_words(mos_comm *comm, const mos_comm_word *mine, bool *heard) {
    const int64_t begun = mos_now_ns();
    int done = 0;
    MOS_TRY(mos_comm_check(comm, comm->table->gather_begin(0, mine, sizeof *mine, comm->words),
                           "agreeing"));
    for (;;) {
        MOS_TRY(mos_comm_check(comm, comm->table->test(0, &done), "agreeing"));
        const int64_t waited = mos_now_ns() - begun;
        *heard = done != 0;
        if (done || (mine->code != MOSAIC_OK && waited > comm->patience_ns)) return MOSAIC_OK;
        if (waited > awake_ns) (void)nanosleep(&pause, NULL);
    }
}

mosaic_status mos_comm_agree_or_stop(mos_comm *comm, mosaic_status status, int *stop) {
    char words[WORDS] = "";
    const mos_comm_word mine = {(int32_t)status, stop == NULL ? 0 : *stop};
    bool heard = false;
    if (mos_comm_size(comm) < 2) return status;
    if (comm->agreed_failure || comm->broken) return status; /* the others no longer answer */
    mos_error_copy(words, sizeof words);
    comm->since_ns = mos_now_ns();
    mosaic_status failed = exchange_words(comm, &mine, &heard);
    MOS_TRY(mos_comm_count(comm, MOS_COMM_GATHERS, to_others(comm, sizeof mine),
                           failed != MOSAIC_OK, "agreeing"));
    if (!heard) { /* closing ends the others */
        comm->broken = true;
        mos_error_restore(words);
        return status;
    }
    for (int64_t r = 0; stop != NULL && r < comm->size; r++)
        if (comm->words[r].stop > *stop) *stop = comm->words[r].stop;
    const int64_t cause = find_cause(comm);
    if (cause < 0) return MOSAIC_OK;
    MOS_TRY(mos_comm_broadcast(comm, words, sizeof words, cause));
    comm->agreed_failure = true;
    return mos_fail((mosaic_status)comm->words[cause].code, "rank %lld of %lld (%s): %s",
                    (long long)cause, (long long)comm->size, comm->host[cause], words);
}

mosaic_status mos_comm_agree(mos_comm *comm, mosaic_status status) {
    return mos_comm_agree_or_stop(comm, status, NULL);
}

mosaic_status mos_comm_most(mos_comm *comm, int64_t value, int64_t *most) {
    *most = value;
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    MOS_TRY(mos_comm_gather(comm, &value, sizeof value, comm->number));
    for (int64_t r = 0; r < comm->size; r++)
        if (comm->number[r] > *most) *most = comm->number[r];
    return MOSAIC_OK;
}

mosaic_status mos_comm_same(mos_comm *comm, const void *data, size_t bytes, const char *what) {
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    unsigned char *all = NULL;
    MOS_TRY(mos_alloc((size_t)comm->size, bytes, what, &all));
    mosaic_status status = mos_comm_gather(comm, data, bytes, all);
    for (int64_t r = 1; status == MOSAIC_OK && r < comm->size; r++) {
        if (memcmp(all, all + (size_t)r * bytes, bytes) == 0) continue;
        comm->agreed_failure = true; /* every rank comes to this result */
        status = mos_fail(MOSAIC_ERR_RUNTIME, "rank %lld (%s) has another %s than rank 0 (%s)",
                          (long long)r, comm->host[r], what, comm->host[0]);
    }
    mos_free(all);
    return status;
}

/* ---- moving data ---- */

mosaic_status mos_comm_barrier(mos_comm *comm) {
    if (comm == NULL) return MOSAIC_OK;
    return MOS_COMM_CALL(comm, MOS_COMM_OTHERS, 0, comm->table->barrier(), "a barrier");
}

mosaic_status mos_comm_rest(mos_comm *comm) {
    int done = 0;
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    /* a byte to each rank, which nobody looks at */
    MOS_TRY(
        mos_comm_check(comm, comm->table->exchange_begin(0, comm->words, 1, comm->number), "rest"));
    while (!done) {
        MOS_TRY(mos_comm_check(comm, comm->table->test(0, &done), "rest"));
        if (!done) (void)nanosleep(&pause, NULL);
    }
    return MOSAIC_OK;
}

mosaic_status mos_comm_broadcast(mos_comm *comm, void *data, size_t bytes, int64_t root) {
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    return MOS_COMM_CALL(comm, MOS_COMM_OTHERS, comm->rank == root ? bytes : 0,
                         comm->table->broadcast(data, bytes, (int)root), "a broadcast");
}

mosaic_status mos_comm_gather(mos_comm *comm, const void *mine, size_t bytes, void *all) {
    if (comm == NULL) return mos_comm_self.all_gather(mine, bytes, all), MOSAIC_OK;
    return MOS_COMM_CALL(comm, MOS_COMM_GATHERS, to_others(comm, bytes),
                         comm->table->all_gather(mine, bytes, all), "gathering");
}

mosaic_status mos_comm_gather_v(mos_comm *comm, const void *mine, const size_t *bytes, void *all) {
    if (comm == NULL) return mos_comm_self.all_gather_v(mine, bytes, all), MOSAIC_OK;
    return MOS_COMM_CALL(comm, MOS_COMM_GATHERS, to_others(comm, bytes[comm->rank]),
                         comm->table->all_gather_v(mine, bytes, all), "gathering");
}

mosaic_status mos_comm_group(mos_comm *comm, int64_t ranks) {
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    if (ranks < 1 || comm->size % ranks != 0)
        return mos_fail(MOSAIC_ERR_USAGE, "%lld ranks do not make groups of %lld",
                        (long long)comm->size, (long long)ranks);
    comm->group = ranks;
    return mos_comm_check(comm, comm->table->group((int)ranks), "grouping");
}

_Static_assert((int)MOS_COMM_GROUPS_AT_ONCE == (int)MOS_COMM_GROUP_SLOTS, "slots of groups");

mosaic_status mos_comm_group_gather_begin(mos_comm *comm, int slot, const void *mine, size_t bytes,
                                          void *all) {
    if (comm == NULL) return mos_comm_self.all_gather(mine, bytes, all), MOSAIC_OK;
    return MOS_COMM_CALL(comm, MOS_COMM_GROUPS, bytes * (size_t)(comm->group - 1),
                         comm->table->group_gather_begin(slot, mine, bytes, all),
                         "gathering in a group");
}

mosaic_status mos_comm_group_gather_end(mos_comm *comm, int slot) {
    if (comm == NULL) return MOSAIC_OK;
    comm->traffic[MOS_COMM_GROUPS].calls--; /* the two halves are one call */
    return MOS_COMM_CALL(comm, MOS_COMM_GROUPS, 0, comm->table->finish(MOS_COMM_SLOTS + slot),
                         "gathering in a group");
}

mosaic_status mos_comm_collect(mos_comm *comm, const void *mine, const size_t *bytes, void *all) {
    const mos_comm_table *table = comm == NULL ? &mos_comm_self : comm->table;
    const int64_t rank = mos_comm_rank(comm);
    size_t at = bytes[0];
    if (rank > 0)
        return MOS_COMM_CALL(comm, MOS_COMM_OTHERS, bytes[rank], table->send(mine, bytes[rank], 0),
                             "collecting");
    if (bytes[0] > 0 && all != mine) memcpy(all, mine, bytes[0]);
    for (int64_t r = 1; r < mos_comm_size(comm); at += bytes[r], r++)
        MOS_TRY(MOS_COMM_CALL(comm, MOS_COMM_OTHERS, 0,
                              table->receive((char *)all + at, bytes[r], (int)r), "collecting"));
    return MOSAIC_OK;
}
