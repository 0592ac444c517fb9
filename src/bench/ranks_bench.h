/* `bench ranks`: a step that several ranks share against the same step on one rank with all their threads and
 * against PyTorch's DDP, in turn in one run; what its messages take; and a model of more ranks. */
#ifndef MOS_BENCH_RANKS_BENCH_H
#define MOS_BENCH_RANKS_BENCH_H

#include "bench/peer_cases.h"
#include "bench/ranks_model.h"

typedef struct mos_ranks_bench_options {
    mos_peer_bench_options peer; /* setting.batch: of all ranks together; threads: of a rank */
    mos_comm *comm;
    int processors; /* that this process may use */
    bool model;     /* also work out what more ranks would take */
    /* The machine the model is asked about: cores of a rank, ranks of a node, percent of the cores' time
     * that threads keep, microseconds of a message, rows of a rank. */
    int64_t cores, node_ranks, thread_percent, latency_us, rows;
} mos_ranks_bench_options;

/* Collective; rank 0 alone has a report. The ranks must be on one machine. */
mosaic_status mos_ranks_bench(const mos_ranks_bench_options *options, mos_bench_report *report);

#endif
