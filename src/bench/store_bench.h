/* `bench pack` and `bench read`: packing a GeoTIFF tree and reading the pack back, against opening
 * every band through GDAL, in turn in one run. */
#ifndef MOS_BENCH_STORE_BENCH_H
#define MOS_BENCH_STORE_BENCH_H

#include "base/text.h"

#include <stdbool.h>

typedef struct mos_store_bench_options {
    int64_t patches, size, rounds; /* patches: pairs of S1 and S2; size: of a 10 m band, px */
    int threads;                   /* of the packing; the naive way has one */
    const char *folder;            /* where the trees and stores are made, and removed again */
    bool json;
} mos_store_bench_options;

/* Reports rates over the clock and over processor time: the first is what a user waits for, storage
 * included, the second does not mind a busy machine. A record is an S1 or an S2 patch. */
mosaic_status mos_pack_bench(const mos_store_bench_options *options, mos_text *out);
/* A sample is a pair of patches, all 14 bands. */
mosaic_status mos_read_bench(const mos_store_bench_options *options, mos_text *out);

#endif
