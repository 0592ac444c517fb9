#include "data/band_histogram.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { INTEGER_BINS = 1 << 16, FLOAT_BITS = 20, FLOAT_BINS = 1 << FLOAT_BITS };

mosaic_status mos_band_histogram_init(mos_band_histogram *histogram, bool integer) {
    *histogram =
        (mos_band_histogram){.integer = integer, .bins = integer ? INTEGER_BINS : FLOAT_BINS};
    return mos_alloc((size_t)histogram->bins, sizeof *histogram->counts, "histogram of a band",
                     &histogram->counts);
}

void mos_band_histogram_release(mos_band_histogram *histogram) {
    mos_free(histogram->counts);
    *histogram = (mos_band_histogram){0};
}

/* Bit patterns of floats in the order of their values: negative ones reversed below the positive
 * ones. */
static uint32_t ordered_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float from_ordered(uint32_t ordered) {
    uint32_t bits = ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void mos_band_histogram_add(mos_band_histogram *histogram, float value) {
    int64_t bin;
    if (histogram->integer)
        bin = value <= 0 ? 0 : value >= INTEGER_BINS - 1 ? INTEGER_BINS - 1 : (int64_t)value;
    else
        bin = (int64_t)(ordered_bits(value) >> (32 - FLOAT_BITS));
    histogram->counts[bin]++;
    histogram->total++;
}

void mos_band_histogram_merge(mos_band_histogram *into, const mos_band_histogram *from) {
    for (int64_t b = 0; b < into->bins; b++)
        into->counts[b] += from->counts[b];
    into->total += from->total;
}

void mos_band_histogram_add_bins(mos_band_histogram *into, int64_t first, int64_t bins,
                                 const uint64_t *counts, int64_t sets) {
    for (int64_t i = 0; i < sets * bins; i++) {
        into->counts[first + i % bins] += counts[i];
        into->total += (int64_t)counts[i];
    }
}

double mos_band_histogram_quantile(const mos_band_histogram *histogram, double share) {
    if (histogram->total == 0) return (double)NAN;
    double rank = share * (double)(histogram->total - 1);
    uint64_t below = 0;
    int64_t bin = 0;
    while (bin < histogram->bins - 1 && (double)(below + histogram->counts[bin]) <= floor(rank))
        below += histogram->counts[bin++];
    if (histogram->integer) {
        /* As NumPy's "linear": a rank between two values lies between them by its fraction. */
        double part = rank - floor(rank);
        int64_t next = bin;
        if (part > 0 && (double)(below + histogram->counts[bin]) <= floor(rank) + 1) {
            for (next = bin + 1; next < histogram->bins - 1 && histogram->counts[next] == 0;)
                next++;
        }
        return (double)bin + part * (double)(next - bin);
    }
    uint32_t first = (uint32_t)bin << (32 - FLOAT_BITS);
    double low = (double)from_ordered(first);
    double high = (double)from_ordered(first | ((1u << (32 - FLOAT_BITS)) - 1));
    double inside = (rank - (double)below + 0.5) / (double)histogram->counts[bin];
    return low + (high - low) * (inside < 1 ? inside : 1);
}
