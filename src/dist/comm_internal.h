/* A communicator's insides, for the files of this room. */
#ifndef MOS_DIST_COMM_INTERNAL_H
#define MOS_DIST_COMM_INTERNAL_H

#include "dist/comm.h"
#include "dist/comm_module.h"

struct mos_comm {
    const mos_comm_table *table;
    bool opened;
    bool broken;         /* a call failed: nothing can be agreed any more */
    bool agreed_failure; /* every rank knows that the work is over */
    int64_t rank, size;
    char (*host)[MOS_COMM_HOST_SIZE]; /* [size] */
    int32_t *code;                    /* [size] statuses of the last agreement */
    int64_t *number;                  /* [size] */
    char description[256];
    /* comm_sum.c: a slice on its way in each slot, and sums */
    float *out, *in, *sums;
    size_t out_size, in_size, sums_size;
};

/* comm_sum.c. sums[i] = sum over r of in[r][i], in the order of r, over `divisor`. */
void mos_comm_add_up(const float *in, int64_t ranks, int64_t part, double divisor, float *sums);

/* A failed call of the table as a status. */
mosaic_status mos_comm_check(mos_comm *comm, int failed, const char *what);

#endif
