/* `bench infer`: patches to features and class scores, with the norms folded in, against a peer. */
#ifndef MOS_BENCH_INFER_BENCH_H
#define MOS_BENCH_INFER_BENCH_H

#include "bench/peer_cases.h"

/* options: views and method mean nothing here; a view is one patch through one encoder. */
mosaic_status mos_infer_bench(const mos_peer_bench_options *options, mos_bench_report *report);

/* Its own way alone: batches of synthetic images, features and head. */
typedef struct mos_infer_rig mos_infer_rig;
mosaic_status mos_infer_rig_create(const mos_step_setting *setting, mos_precision precision,
                                   int threads, mos_infer_rig **out);
mosaic_status mos_infer_rig_run(mos_infer_rig *rig, double *seconds); /* one batch */
void mos_infer_rig_destroy(mos_infer_rig **rig);

#endif
