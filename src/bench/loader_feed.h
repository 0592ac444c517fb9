/* A data set and a loader on it, for benchmarks: the one asked for, or a procedural one that is
 * made in a temporary folder and removed afterwards. */
#ifndef MOS_BENCH_LOADER_FEED_H
#define MOS_BENCH_LOADER_FEED_H

#include "bench/bench_list.h"
#include "bench/step_rig.h"
#include "loader/loader.h"

typedef struct mos_feed {
    char folder[4096]; /* "" when there is none to remove */
    mos_data_options data;
    mos_dataset *dataset;
    mos_loader *loader;
    mos_loader_options options;
    int64_t epoch;
    bool started;
    /* Sums over the batches taken since the last reset. */
    int64_t samples, wait_ns, read_ns, augment_ns;
} mos_feed;

/* layout: 0 packed, 1 a tree of files; used when a set is made. workers: of the loader. */
mosaic_status mos_feed_open(const mos_bench_settings *settings, int layout, int workers,
                            mos_feed *feed);
void mos_feed_close(mos_feed *feed); /* takes an empty or half-open one */
/* Next batch, epoch after epoch. */
mosaic_status mos_feed_next(mos_feed *feed, mos_batch **batch);
/* Take over what the loader has counted since its start. */
void mos_feed_count(mos_feed *feed);
/* A step that takes this loader's batches. */
mos_step_setting mos_feed_step(const mos_bench_settings *settings, const mos_feed *feed);

#endif
