/* The transport over MPI: one small shared object for each MPI that the build found, because Open MPI
 * and MPICH agree on source text and not on binaries. It uses nothing of the library's. */
#include "dist/comm_table.h"
#include "mosaic/status.h"

#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct {
    MPI_Comm all, group;
    int began, grouped; /* MPI was initialised here; there is a group */
    MPI_Request request[MOS_COMM_SLOTS + MOS_COMM_GROUP_SLOTS];
    char words[MPI_MAX_ERROR_STRING + 64], library[MPI_MAX_LIBRARY_VERSION_STRING + 1];
} state;

static const char *last_words(void) {
    return state.words;
}

/* The first line, without the date or the configuration that some libraries append. */
static const char *library_name(void) {
    int size = 0;
    if (state.library[0] == '\0' && MPI_Get_library_version(state.library, &size) == MPI_SUCCESS)
        state.library[strcspn(state.library, ",\n")] = '\0';
    for (char *at = state.library; *at != '\0'; at++)
        if (*at == '\t') *at = ' ';
    return state.library;
}

static int check(int code, const char *call) {
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int size = 0;
    if (code == MPI_SUCCESS) return 0;
    (void)MPI_Error_string(code, text, &size);
    (void)snprintf(state.words, sizeof state.words, "%s: %s", call, text);
    return 1;
}

static int refuse(const char *words) {
    (void)snprintf(state.words, sizeof state.words, "%s", words);
    return 1;
}

static int initialise(void) {
    int done = 0, level = 0;
    if (check(MPI_Finalized(&done), "MPI_Finalized")) return 1;
    if (done) return refuse("MPI was finalised before: a process can use it once");
    if (check(MPI_Initialized(&done), "MPI_Initialized")) return 1;
    if (!done) {
        /* One call at a time, but a host program may run commands on one thread after another. */
        if (check(MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level), "MPI_Init_thread"))
            return 1;
        state.began = 1;
    }
    if (check(MPI_Query_thread(&level), "MPI_Query_thread")) return 1;
    if (level < MPI_THREAD_FUNNELED)
        return refuse("MPI was initialised without MPI_THREAD_FUNNELED");
    return 0;
}

static int open_all(const void *communicator, int *rank, int *size, char host[MOS_COMM_HOST_SIZE]) {
    char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
    int used = 0;
    MPI_Comm from;
    if (initialise()) return 1;
    for (int i = 0; i < MOS_COMM_SLOTS + MOS_COMM_GROUP_SLOTS; i++)
        state.request[i] = MPI_REQUEST_NULL;
    from = MPI_COMM_WORLD;
    if (communicator != NULL) memcpy(&from, communicator, sizeof from);
    if (check(MPI_Comm_dup(from, &state.all), "MPI_Comm_dup")) return 1;
    if (check(MPI_Comm_set_errhandler(state.all, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"))
        return 1;
    if (check(MPI_Comm_rank(state.all, rank), "MPI_Comm_rank") ||
        check(MPI_Comm_size(state.all, size), "MPI_Comm_size") ||
        check(MPI_Get_processor_name(name, &used), "MPI_Get_processor_name"))
        return 1;
    (void)snprintf(host, MOS_COMM_HOST_SIZE, "%.*s", MOS_COMM_HOST_SIZE - 1, name);
    return 0;
}

static void close_all(void) {
    int over = 0;
    if (MPI_Finalized(&over) != MPI_SUCCESS || over) return;
    if (state.grouped) (void)MPI_Comm_free(&state.group);
    state.grouped = 0;
    (void)MPI_Comm_free(&state.all);
    if (state.began) (void)MPI_Finalize();
    state.began = 0;
}

static void abort_all(int code) {
    /* Hydra forwards what a rank has written, and on MPI_Abort drops what it has not read yet: the
     * line that says why. */
    const struct timespec moment = {.tv_nsec = 300000000};
    (void)nanosleep(&moment, NULL);
    (void)MPI_Abort(MPI_COMM_WORLD, code);
}

/* MPI counts in int. */
static int too_large(size_t bytes) {
    if (bytes <= INT_MAX) return 0;
    (void)snprintf(state.words, sizeof state.words, "a block of %zu bytes, at most %d", bytes,
                   INT_MAX);
    return 1;
}

static int barrier(void) {
    return check(MPI_Barrier(state.all), "MPI_Barrier");
}

static int broadcast(void *data, size_t bytes, int root) {
    if (too_large(bytes)) return 1;
    return check(MPI_Bcast(data, (int)bytes, MPI_BYTE, root, state.all), "MPI_Bcast");
}

static int all_gather(const void *mine, size_t bytes, void *all) {
    if (too_large(bytes)) return 1;
    return check(MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, state.all),
                 "MPI_Allgather");
}

enum { MOST_RANKS = 65536, MOST_BYTES = 1 << 30 };

static int all_gather_v(const void *mine, const size_t *bytes, void *all) {
    static int counts[MOST_RANKS], places[MOST_RANKS]; /* calls come from one thread */
    int ranks = 0, rank = 0;
    size_t place = 0;
    if (check(MPI_Comm_size(state.all, &ranks), "MPI_Comm_size") ||
        check(MPI_Comm_rank(state.all, &rank), "MPI_Comm_rank"))
        return 1;
    if (ranks > MOST_RANKS) return refuse("more ranks than MPI_Allgatherv has tables for here");
    for (int r = 0; r < ranks; r++) {
        if (too_large(place + bytes[r])) return 1;
        counts[r] = (int)bytes[r];
        places[r] = (int)place;
        place += bytes[r];
    }
    return check(
        MPI_Allgatherv(mine, counts[rank], MPI_BYTE, all, counts, places, MPI_BYTE, state.all),
        "MPI_Allgatherv");
}

static int send_block(const void *data, size_t bytes, int to) {
    for (size_t at = 0; at < bytes; at += MOST_BYTES) {
        const size_t part = bytes - at < MOST_BYTES ? bytes - at : MOST_BYTES;
        if (check(MPI_Send((const char *)data + at, (int)part, MPI_BYTE, to, 0, state.all),
                  "MPI_Send"))
            return 1;
    }
    return 0;
}

static int receive_block(void *data, size_t bytes, int from) {
    for (size_t at = 0; at < bytes; at += MOST_BYTES) {
        const size_t part = bytes - at < MOST_BYTES ? bytes - at : MOST_BYTES;
        if (check(MPI_Recv((char *)data + at, (int)part, MPI_BYTE, from, 0, state.all,
                           MPI_STATUS_IGNORE),
                  "MPI_Recv"))
            return 1;
    }
    return 0;
}

static int exchange_begin(int slot, const void *out, size_t bytes, void *in) {
    if (too_large(bytes)) return 1;
    return check(MPI_Ialltoall(out, (int)bytes, MPI_BYTE, in, (int)bytes, MPI_BYTE, state.all,
                               &state.request[slot]),
                 "MPI_Ialltoall");
}

static int gather_begin(int slot, const void *mine, size_t bytes, void *all) {
    int rank = 0;
    if (too_large(bytes) || check(MPI_Comm_rank(state.all, &rank), "MPI_Comm_rank")) return 1;
    const void *from = mine == (char *)all + (size_t)rank * bytes ? MPI_IN_PLACE : mine;
    return check(MPI_Iallgather(from, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, state.all,
                                &state.request[slot]),
                 "MPI_Iallgather");
}

static int test(int slot, int *done) {
    return check(MPI_Test(&state.request[slot], done, MPI_STATUS_IGNORE), "MPI_Test");
}

static int finish(int slot) {
    return check(MPI_Wait(&state.request[slot], MPI_STATUS_IGNORE), "MPI_Wait");
}

static int group(int ranks) {
    int rank = 0;
    if (check(MPI_Comm_rank(state.all, &rank), "MPI_Comm_rank")) return 1;
    if (state.grouped) (void)MPI_Comm_free(&state.group);
    state.grouped = 0;
    if (check(MPI_Comm_split(state.all, rank / ranks, rank, &state.group), "MPI_Comm_split"))
        return 1;
    state.grouped = 1;
    return check(MPI_Comm_set_errhandler(state.group, MPI_ERRORS_RETURN),
                 "MPI_Comm_set_errhandler");
}

static int group_gather_begin(int slot, const void *mine, size_t bytes, void *all) {
    if (too_large(bytes)) return 1;
    return check(MPI_Iallgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, state.group,
                                &state.request[MOS_COMM_SLOTS + slot]),
                 "MPI_Iallgather");
}

MOSAIC_API const mos_comm_table *mosaic_comm_module(void);
const mos_comm_table *mosaic_comm_module(void) {
    static const mos_comm_table table = {
        .version = MOS_COMM_TABLE_VERSION,
#if defined(OPEN_MPI)
        .name = "openmpi",
#else
        .name = "mpich",
#endif
        .words = last_words,
        .library = library_name,
        .open = open_all,
        .close = close_all,
        .abort = abort_all,
        .barrier = barrier,
        .broadcast = broadcast,
        .all_gather = all_gather,
        .all_gather_v = all_gather_v,
        .send = send_block,
        .receive = receive_block,
        .exchange_begin = exchange_begin,
        .gather_begin = gather_begin,
        .test = test,
        .finish = finish,
        .group = group,
        .group_gather_begin = group_gather_begin
    };
    return &table;
}
