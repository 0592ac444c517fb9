/* `bench step`: the whole training step against the processor's roof and a PyTorch peer, taken in
 * turn in one run. */
#ifndef MOS_BENCH_STEP_BENCH_H
#define MOS_BENCH_STEP_BENCH_H

#include "bench/peer_cases.h"

/* options: views is 2 or 3; the peer defaults to bench/peers/torch_mosaic1.py. */
mosaic_status mos_step_bench(const mos_peer_bench_options *options, mos_bench_report *report);

#endif
