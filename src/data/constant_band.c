#include "data/constant_band.h"

#include <math.h>

bool mos_band_is_constant(const struct mos_patch_band *band) {
    int64_t pixels = band->width * band->height, valid = 0;
    float first = 0;
    for (int64_t i = 0; i < pixels; i++) {
        float value = band->data[i];
        if (!isfinite(value) || (band->has_nodata && value == band->nodata)) continue;
        if (valid == 0) first = value;
        if (value != first) return false;
        valid++;
    }
    return valid > 1;
}
