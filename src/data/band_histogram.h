/* Order statistics of a band from one pass: counts per bin, which add up in any order.
 *
 * Integer bands have one bin per value: exact. Float bands have 2^20 bins, the upper 20 bits of the
 * value's ordered bit pattern, so a percentile is off by at most one bin: 2^-11 of its value (0.006
 * dB at -12 dB), less after interpolation inside the bin. */
#ifndef MOS_DATA_BAND_HISTOGRAM_H
#define MOS_DATA_BAND_HISTOGRAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_band_histogram {
    bool integer;     /* values are 0..65535 */
    uint64_t *counts; /* [bins] */
    int64_t bins, total;
} mos_band_histogram;

mosaic_status mos_band_histogram_init(mos_band_histogram *histogram, bool integer);
void mos_band_histogram_release(mos_band_histogram *histogram);
void mos_band_histogram_add(mos_band_histogram *histogram, float value);
void mos_band_histogram_merge(mos_band_histogram *into, const mos_band_histogram *from);
/* Adds counts of bins first .. first + bins - 1: [sets, bins]. */
void mos_band_histogram_add_bins(mos_band_histogram *into, int64_t first, int64_t bins,
                                 const uint64_t *counts, int64_t sets);
/* Value at `share` (0..1) of the sorted values; NaN when empty. */
double mos_band_histogram_quantile(const mos_band_histogram *histogram, double share);

#endif
