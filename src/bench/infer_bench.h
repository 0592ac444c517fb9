/* `bench infer`: patches to features and class scores, with the norms folded in, against a peer. */
#ifndef MOS_BENCH_INFER_BENCH_H
#define MOS_BENCH_INFER_BENCH_H

#include "bench/peer_cases.h"

/* options: views and method mean nothing here; a view is one patch through one encoder. */
mosaic_status mos_infer_bench(const mos_peer_bench_options *options, mos_bench_report *report);

#endif
