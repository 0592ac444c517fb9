/* `bench step`: the whole training step against the processor's roof and a PyTorch peer, taken in
 * turn in one run. */
#ifndef MOS_BENCH_STEP_BENCH_H
#define MOS_BENCH_STEP_BENCH_H

#include "base/options.h"
#include "bench/synthetic_step.h"

typedef struct mos_step_bench_options {
    mos_step_setting setting;
    int threads;
    int64_t rounds;
    bool fp32, bf16, layers, json;
    const char *python;              /* interpreter with torch; NULL or "": no peer */
    const char *peer_server;         /* bench/peers/serve_step.py */
    const char *peer_module;         /* a file with build(mode, args); NULL: the server's own */
    const mos_text_list *peer_modes; /* "eager-nchw-fp32", ... */
} mos_step_bench_options;

/* The report as text, or as one JSON line. When the roof moved by more than 15 % between rounds the
 * figures are refused: MOSAIC_ERR_RUNTIME, with the report still in `out`, marked unsteady. A peer
 * that cannot be started is said in the report, not an error. */
mosaic_status mos_step_bench(const mos_step_bench_options *options, mos_text *out);

#endif
