#include "data/radar_guard.h"

#include "data/data_options.h"

#include <math.h>

mos_radar_scale mos_radar_judge(const mos_raw_band *bands, int64_t count) {
    bool negative = false, fraction = false, varies = false, any = false;
    double first = 0;
    for (int64_t b = 0; b < count; b++) {
        int64_t pixels = bands[b].width * bands[b].height;
        for (int64_t i = 0; i < pixels; i++) {
            double value = mos_raw_value(&bands[b], i);
            if (!mos_raw_valid(&bands[b], value)) continue;
            if (!any) first = value;
            any = true;
            varies = varies || value != first;
            negative = negative || value < 0;
            fraction = fraction || value != floor(value);
            if (negative && fraction) return MOS_RADAR_DB;
        }
    }
    if (!varies) return MOS_RADAR_UNCLEAR;
    return fraction ? MOS_RADAR_LINEAR : MOS_RADAR_INTEGER;
}

double mos_raw_mean(const mos_raw_band *band) {
    double sum = 0;
    int64_t valid = 0, pixels = band->width * band->height;
    for (int64_t i = 0; i < pixels; i++) {
        double value = mos_raw_value(band, i);
        if (!mos_raw_valid(band, value)) continue;
        sum += value;
        valid++;
    }
    return valid == 0 ? (double)NAN : sum / (double)valid;
}

mosaic_status mos_radar_check(const mos_dataset *dataset, int64_t sample, const mos_raw_band *bands,
                              int64_t count) {
    if (dataset->options.s1_scale != MOS_S1_AUTO) return MOSAIC_OK;
    mos_radar_scale scale = mos_radar_judge(bands, count);
    const char *id = dataset->ids[sample];
    if (scale == MOS_RADAR_INTEGER)
        return mos_fail(MOSAIC_ERR_DATA,
                        "sample '%s': s1 is all whole numbers, as when decibels were cut to "
                        "integers; data.s1_scale db takes them all the same",
                        id);
    if (scale == MOS_RADAR_LINEAR && !dataset->radar_linear)
        return mos_fail(MOSAIC_ERR_DATA,
                        "sample '%s': s1 is never negative: linear power among decibels; "
                        "data.s1_scale says which it is",
                        id);
    if (scale == MOS_RADAR_DB && dataset->radar_linear)
        return mos_fail(MOSAIC_ERR_DATA,
                        "sample '%s': s1 is negative: decibels among linear power; "
                        "data.s1_scale says which it is",
                        id);
    return MOSAIC_OK;
}
