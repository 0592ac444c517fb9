/* The modes of a Python peer as cases of a run, beside ours. */
#ifndef MOS_BENCH_PEER_CASES_H
#define MOS_BENCH_PEER_CASES_H

#include "base/options.h"
#include "bench/bench_report.h"
#include "bench/peer.h"
#include "bench/step_rig.h"

/* What `bench step` and `bench infer` are asked for. */
typedef struct mos_peer_bench_options {
    mos_step_setting setting;
    int threads;
    int64_t rounds;
    bool fp32, bf16, layers;
    bool side_by_side;               /* bench step: encoders side by side too */
    const char *python;              /* interpreter with torch; NULL or "": no peer */
    const char *peer_server;         /* bench/peers/serve_step.py */
    const char *peer_module;         /* a file with build(mode, args) */
    const mos_text_list *peer_modes; /* "eager-nchw-fp32", ... */
    bool emulated_left_out;          /* peer_modes lacks the usual bf16 modes, see below */
} mos_peer_bench_options;

/* The modes asked for. "auto" alone stands for the usual ones, comma-separated, without those that
 * PyTorch only emulates on the instruction set used (bf16 before avx512_bf16): they take minutes, and
 * nobody would choose them. */
mosaic_status mos_peer_modes(const mos_text_list *asked, const char *usual, mos_text_list *out,
                             bool *left_out);

enum { MOS_PEER_CASES = 8 };
typedef struct mos_peer_cases {
    mos_peer peer;
    char note[400]; /* what the peer is, or why there is none */
    bool emulated_left_out;
    struct {
        struct mos_peer_cases *cases;
        const char *mode;
    } item[MOS_PEER_CASES];
    int first, count; /* numbers of the cases in the run */
} mos_peer_cases;

/* Starts the peer and adds its modes to the run. A peer that cannot be started is no error: the note
 * says why. A peer that trains another network is an error: `parameters` is how many ours trains, 0
 * where that is no measure of the work. Do not move *out until the run is over. */
mosaic_status mos_peer_cases_add(const mos_peer_bench_options *options, int64_t parameters,
                                 mos_bench_run *run, mos_peer_cases *out);
void mos_peer_cases_stop(mos_peer_cases *cases); /* takes an empty one */

/* Facts of the run, whether the peer's modes are fit to be compared with, a row per case with ms
 * per view, and how many times faster than each of the peer's modes ours are. views: in a case's
 * work; flops: of one view. */
void mos_peer_cases_report(const mos_peer_cases *peers, const mos_bench_run *run, double views,
                           double flops, mos_bench_report *report);

#endif
