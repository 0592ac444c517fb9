/* A peer program measured beside ours: a child process that answers "MODE" on its standard input
 * with the seconds of one step. */
#ifndef MOS_BENCH_PEER_H
#define MOS_BENCH_PEER_H

#include "base/error.h"

#include <stdio.h>
#include <sys/types.h>

typedef struct mos_peer {
    pid_t pid;
    FILE *to, *from;
    char greeting[256]; /* what it said it is: "torch 1.13.1 threads 2 parameters 43271571" */
    int64_t parameters; /* that its network trains; 0: it did not say */
} mos_peer;

/* argv is NULL-terminated. The child gets our cap on the instruction set in PyTorch's terms. Waits
 * for the greeting ("ready ..."); a peer that ends instead is MOSAIC_ERR_RUNTIME. */
mosaic_status mos_peer_start(const char *const *argv, mos_peer *out);
mosaic_status mos_peer_step(mos_peer *peer, const char *mode, double *seconds);
void mos_peer_stop(mos_peer *peer); /* takes an empty one */

#endif
