#include "data/band_promise.h"

#include <math.h>

enum { STEP = 13 }; /* no divisor of the usual sizes: no column of an image is missed */

void mos_band_look_at(const struct mos_patch_band *band, mos_band_look *out) {
    int64_t pixels = band->width * band->height;
    double sum = 0, squares = 0, first = 0;
    float low = INFINITY, high = -INFINITY;
    *out = (mos_band_look){0};
    for (int64_t i = 0; i < pixels; i += STEP) {
        float value = band->data[i];
        out->looked++;
        if (!isfinite(value) || (band->has_nodata && value == band->nodata)) continue;
        if (out->valid++ == 0) first = (double)value;
        double from = (double)value - first; /* little is lost where the mean is far from 0 */
        sum += from;
        squares += from * from;
        low = value < low ? value : low;
        high = value > high ? value : high;
        out->below[0] += value < 1000;
        out->below[1] += value < 2000;
    }
    double n = (double)out->valid, mean = sum / n;
    out->mean = out->valid > 0 ? first + mean : (double)NAN;
    out->sd = out->valid > 0 ? sqrt(fmax(squares / n - mean * mean, 0)) : (double)NAN;
    out->minimum = out->valid > 0 ? (double)low : (double)NAN;
    out->maximum = out->valid > 0 ? (double)high : (double)NAN;
}

bool mos_patch_is_shifted(const mos_band_look *looks, const mos_band_promise *const *promises,
                          int64_t count) {
    static const double shift = 1000, room = 200;
    int64_t outside = 0, judged = 0;
    if (mos_patch_darkness_of(looks, promises, count) != MOS_PATCH_SHIFTED) return false;
    for (int64_t b = 0; b < count; b++) {
        const mos_band_promise *promise = promises[b];
        double low = looks[b].minimum;
        if (!promise->surface || looks[b].valid == 0) continue;
        judged++;
        outside += low > promise->low[1];
        if (low - shift < promise->low[0] - room || low - shift > promise->low[1] + room)
            return false;
    }
    /* One bright band is none of the others' business. */
    return outside * 2 > judged;
}

mos_patch_darkness mos_patch_darkness_of(const mos_band_look *looks,
                                         const mos_band_promise *const *promises, int64_t count) {
    mos_patch_darkness found = MOS_PATCH_UNKNOWN;
    for (int64_t b = 0; b < count; b++) {
        const mos_band_look *look = &looks[b];
        if (!promises[b]->surface || look->valid == 0) continue;
        if (look->below[0] * 100 > look->valid) return MOS_PATCH_DARK;
        if (look->below[1] * 100 > look->valid)
            found = MOS_PATCH_SHIFTED;
        else if (found == MOS_PATCH_UNKNOWN)
            found = MOS_PATCH_BRIGHT;
    }
    return found;
}
