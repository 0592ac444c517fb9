/* Per-band statistics, streamed over patches: invalid pixels left out. */
#ifndef MOS_DATA_STATISTICS_H
#define MOS_DATA_STATISTICS_H

#include "data/dataset.h"
#include "dist/comm.h"

typedef struct mos_band_statistics {
    char modality[32], band[16];
    double mean, sd; /* of the band replicated to the full patch size ("120_nearest"): equals that
                        of native pixels */
    double minimum, maximum, p1, p50, p99;
    int64_t valid, invalid; /* native pixels */
} mos_band_statistics;

/* Collective: ranks each read a part of every block of samples, combined in the order of the samples, so
 * that the result is one process's to the bit; percentiles are rank 0's, NaN on the others. comm NULL: this
 * process does all. Over the samples of `split` (MOS_SPLIT_COUNT: all); at most `limit` samples (0: all), chosen
 * evenly. `out` has one row per band, modality by modality: mos_free it. Progress is shown when
 * asked. threads >= 1. The result does not depend on the thread count. */
mosaic_status mos_statistics_compute(mos_comm *comm, mos_dataset *dataset, mos_split split,
                                     int64_t limit, int threads, bool progress,
                                     mos_band_statistics **out, int64_t *count);
/* The published constants of BigEarthNet V2 (those of reBEN), by band names; false if there is
 * none. */
bool mos_statistics_reben(const char *modality, const char *band, double *mean, double *sd);

#endif
