/* A communicator's insides, for the files of this room. */
#ifndef MOS_DIST_COMM_INTERNAL_H
#define MOS_DIST_COMM_INTERNAL_H

#include "base/log.h"
#include "dist/comm.h"
#include "dist/comm_module.h"

/* What a rank tells in an agreement: its status, and the signal that asks it to stop. */
typedef struct mos_comm_word {
    int32_t code, stop;
} mos_comm_word;

struct mos_comm {
    const mos_comm_table *table;
    bool opened;
    bool broken; /* a call failed or the others were not heard: nothing can be agreed any more */
    bool agreed_failure;              /* every rank knows that the work is over */
    int64_t rank, size, group;        /* group: ranks of one, 1 before mos_comm_group */
    char (*host)[MOS_COMM_HOST_SIZE]; /* [size] */
    mos_comm_word *words;             /* [size] of the last agreement */
    int64_t *number;                  /* [size] */
    char description[256];
    mos_comm_traffic traffic[MOS_COMM_KINDS];
    int64_t since_ns;    /* when the call that runs began */
    int64_t patience_ns; /* of a rank that failed */
    /* comm_sum.c: a slice on its way in each slot, and sums */
    float *out, *in, *sums;
    double *wide;
    size_t out_size, in_size, sums_size, wide_size;
};

/* comm_sum.c. sums[i] = sum over r of in[r][i], in the order of r, over `divisor`. */
void mos_comm_add_up(const float *in, int64_t ranks, int64_t part, double divisor, float *sums);

/* A failed call of the table as a status; one that worked counts. */
mosaic_status mos_comm_check(mos_comm *comm, int failed, const char *what);
mosaic_status mos_comm_count(mos_comm *comm, mos_comm_kind kind, size_t sent, int failed,
                             const char *what);
/* The call begins when the macro does; `sent`: bytes that go to other ranks. */
#define MOS_COMM_CALL(comm, kind, sent, call, what)                                                \
    ((comm)->since_ns = mos_now_ns(), mos_comm_count((comm), (kind), (sent), (call), (what)))

#endif
