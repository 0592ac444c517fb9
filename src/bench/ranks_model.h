/* What a step takes on more ranks than there are to measure: times of one core and of a network to the time
 * of a step. The formulas are in the comments of ranks_model.c, and in docs/cluster.md. */
#ifndef MOS_BENCH_RANKS_MODEL_H
#define MOS_BENCH_RANKS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* Collective calls of a step: how many, and bytes of one rank's block in all of them. */
typedef struct mos_ranks_calls {
    double calls, bytes;
} mos_ranks_calls;

/* Seconds are those of one core. */
typedef struct mos_ranks_measured {
    double encode; /* a row of the batch through the encoders, both ways */
    double behind
        [3]; /* [0] + [1] B: what every rank does for all B rows; [2] r B: for its r anchors */
    double sum_calls, values; /* gradients and running statistics: bytes of all, once */
    mos_ranks_calls gathers;  /* features and labels; bytes: of one row */
    mos_ranks_calls norms;    /* of norms over all ranks */
    double hidden;            /* share of the sums' time behind the backward pass, 0 to 1 */
} mos_ranks_measured;

typedef struct mos_ranks_cluster {
    int64_t ranks, rows;        /* rows: of a rank */
    double cores, thread_share; /* of a rank; of its cores' time that threads keep */
    double latency, bytes;      /* of the network: s a message, bytes a second and rank */
    bool norms;                 /* over all ranks, else each takes its own */
} mos_ranks_cluster;

/* Fits behind[] and `encode` to steps of one core: seconds[i] is that of a batch of batch[i] rows of which
 * `few` were encoded; `whole` that of `batch_whole` rows of which `rows` were. */
typedef struct mos_ranks_steps {
    int64_t count, batch[8];
    double seconds[8];
    int64_t few, rows, batch_whole;
    double whole;
} mos_ranks_steps;
void mos_ranks_fit(const mos_ranks_steps *steps, mos_ranks_measured *out);

double mos_ranks_step(const mos_ranks_measured *measured, const mos_ranks_cluster *cluster);
/* Time of a step of one rank with as many rows over that of all ranks. */
double mos_ranks_efficiency(const mos_ranks_measured *measured, const mos_ranks_cluster *cluster);

/* A line through times of blocks, latency + bytes / rate, with relative errors; *error: the largest. */
void mos_ranks_line(const double *bytes, const double *seconds, int64_t count, double *latency,
                    double *rate, double *error);

#endif
