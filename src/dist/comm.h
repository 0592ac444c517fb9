/* Ranks: processes that train one model together. One rank (`self`) needs no MPI anywhere; several
 * speak over MPI, whose module is loaded when it is needed.
 *
 * Every function says whether it is collective: "Collective" is called by all ranks, in the same
 * order, with the same sizes. A collective function fails on every rank or on none, but for a rank
 * that dies. Calls come from the thread that opened the communicator (MPI_THREAD_FUNNELED). */
#ifndef MOS_DIST_COMM_H
#define MOS_DIST_COMM_H

#include "base/error.h"
#include "dist/launch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mos_comm mos_comm;

/* ---- life ---- */

typedef struct mos_comm_options {
    bool mpi;                 /* use MPI also where this process was started alone */
    const char *module;       /* "openmpi", "mpich" or a path; NULL: what fits the launcher */
    const void *communicator; /* address of an MPI_Comm; NULL: all ranks that were started */
    int64_t patience_ms;      /* how long a rank that failed waits for the others; 0: 3000 */
} mos_comm_options;

/* Collective. A process that was started alone is one rank without MPI, unless the options ask for
 * MPI; they may be NULL. MPI is initialised only when the process has not done so. Fewer ranks than the
 * launcher says are refused: each of them would train alone. */
mosaic_status mos_comm_open(const mos_comm_options *options, mos_comm **out);
/* Collective. Finalises what open initialised. `status` is how the work ended. A failure that the
 * others did not learn of in mos_comm_agree ends all ranks at once with its exit code, after a line in
 * the log; otherwise they would wait for ever. */
void mos_comm_close(mos_comm **comm, mosaic_status status);

/* ---- who is there: not collective ---- */

int64_t mos_comm_rank(const mos_comm *comm); /* NULL, here and below: rank 0 of 1 */
int64_t mos_comm_size(const mos_comm *comm);
const char *mos_comm_host(const mos_comm *comm, int64_t rank);
/* How many ranks are on this one's host. */
int64_t mos_comm_neighbours(const mos_comm *comm);
/* "4 ranks on 2 hosts, Open MPI v4.1.4" */
const char *mos_comm_description(const mos_comm *comm);

/* What this rank has sent, and how long calls took until they came back, waiting for other ranks included;
 * since the opening. */
typedef enum mos_comm_kind {
    MOS_COMM_SUMS,    /* sums and means */
    MOS_COMM_GATHERS, /* gathers, and agreements */
    MOS_COMM_ROWS,    /* sums of what belongs to the rows of a batch */
    MOS_COMM_GROUPS,  /* gathers in a group */
    MOS_COMM_OTHERS,
    MOS_COMM_KINDS
} mos_comm_kind;
typedef struct mos_comm_traffic {
    int64_t calls, bytes, ns;
} mos_comm_traffic;
mos_comm_traffic mos_comm_traffic_of(const mos_comm *comm, mos_comm_kind kind);

/* ---- agreeing ---- */

/* Collective. MOSAIC_OK when all ranks say so. Else every rank gets the status of the first rank that
 * failed, and its message with the rank and its host before it; stops on request count only
 * where nobody failed. With one rank status and message stay as they are. A rank that failed waits for
 * a while only (patience_ms), because the others may be at work for an hour; then it has its own status, and
 * closing ends all. Ranks that wait long are asleep. */
mosaic_status mos_comm_agree(mos_comm *comm, mosaic_status status);
/* Collective. The same, with word of a signal that asks a rank to stop: *stop is this rank's, 0: none,
 * and then the largest of all ranks'. It matches mos_comm_agree of other ranks, but they do not hear of
 * the stop, so only a rank that failed may call that. */
mosaic_status mos_comm_agree_or_stop(mos_comm *comm, mosaic_status status, int *stop);
/* Not collective. Has an agreement ended in a failure, so that every rank knows of it? */
bool mos_comm_failure_agreed(const mos_comm *comm);
/* Collective. All-reduce: the largest of the ranks' values. */
mosaic_status mos_comm_most(mos_comm *comm, int64_t value, int64_t *most);
/* Collective. A failure unless all ranks have the same bytes; the message names `what` and the
 * first rank whose bytes differ from rank 0's. */
mosaic_status mos_comm_same(mos_comm *comm, const void *data, size_t bytes, const char *what);

/* ---- moving data ---- */

/* Collective. */
mosaic_status mos_comm_barrier(mos_comm *comm);
/* Collective. A barrier at which ranks that wait sleep, so that another can be measured alone; MPI's own
 * waits keep a processor busy. */
mosaic_status mos_comm_rest(mos_comm *comm);
mosaic_status mos_comm_broadcast(mos_comm *comm, void *data, size_t bytes, int64_t root);
/* Collective. All-gather: all [ranks, bytes], in rank order. */
mosaic_status mos_comm_gather(mos_comm *comm, const void *mine, size_t bytes, void *all);
/* Collective. All-gather of blocks of different sizes, which every rank knows: bytes [ranks]. */
mosaic_status mos_comm_gather_v(mos_comm *comm, const void *mine, const size_t *bytes, void *all);
/* Collective. The ranks' blocks to rank 0 alone, in rank order: bytes [ranks], which every rank knows;
 * all is rank 0's. Blocks may be of any size. */
mosaic_status mos_comm_collect(mos_comm *comm, const void *mine, const size_t *bytes, void *all);
/* Collective. Makes groups of `ranks` consecutive ranks; `ranks` divides the number of all. */
mosaic_status mos_comm_group(mos_comm *comm, int64_t ranks);
/* Both collective. An all-gather inside the own group, all [ranks of the group, bytes], in two halves,
 * between which a rank has other work: slot below MOS_COMM_GROUPS_AT_ONCE, one gather in each at a time;
 * mine and all stay until the end. */
enum { MOS_COMM_GROUPS_AT_ONCE = 8 };
mosaic_status mos_comm_group_gather_begin(mos_comm *comm, int slot, const void *mine, size_t bytes,
                                          void *all);
mosaic_status mos_comm_group_gather_end(mos_comm *comm, int slot);
/* Collective. All-reduce to the mean over ranks: the sum is taken in double and in rank order, so that it
 * has the same bits on every rank, whatever the network does, and in every run with so many ranks. Values
 * that are equal on all ranks keep their bits. Sums beside other work: comm_buckets.h. */
mosaic_status mos_comm_mean(mos_comm *comm, float *values, int64_t count);
/* Collective. All-reduce to the sum, in the same way, of what belongs to the rows of a batch. */
mosaic_status mos_comm_sum(mos_comm *comm, float *values, int64_t count);
/* Collective. Reduce-scatter: all [ranks, count] is summed in the same way, and rank r gets row r
 * of the sum, mine [count]. */
mosaic_status mos_comm_sum_scatter(mos_comm *comm, const float *all, int64_t count, float *mine);
/* Collective. All-reduce of a few doubles: every rank adds all of them, in rank order. */
mosaic_status mos_comm_sum_f64(mos_comm *comm, double *values, int64_t count);

#endif
