#include "data/radar_guard.h"

#include "data/data_options.h"

#include <math.h>
#include <stdio.h>

typedef struct band_facts {
    bool any, varies, negative, fraction;
    bool below; /* some value is, perhaps a fill */
} band_facts;

/* Ends as soon as the band is seen to be decibels. */
static band_facts look(const mos_raw_band *band) {
    band_facts facts = {0};
    int64_t pixels = band->width * band->height;
    double first = 0, depth = 0;
    static const double noise = -0.05;
    for (int64_t i = 0; i < pixels; i++) {
        double value = mos_raw_value(band, i);
        if (!mos_raw_valid(band, value)) continue;
        if (!facts.any) first = value;
        facts.any = true;
        facts.varies = facts.varies || value != first;
        if (value < 0) {
            facts.negative =
                facts.negative || (facts.below && value != depth && fmin(value, depth) < noise);
            facts.below = true;
            depth = value;
        }
        facts.fraction = facts.fraction || value != floor(value);
        if (facts.negative && facts.fraction) {
            facts.varies = true;
            break;
        }
    }
    return facts;
}

mos_radar_scale mos_radar_judge(const mos_raw_band *bands, int64_t count) {
    int64_t judged = 0, integer = 0, negative = 0, power = 0;
    for (int64_t b = 0; b < count; b++) {
        band_facts facts = look(&bands[b]);
        if (!facts.varies) continue;
        judged++;
        integer += !facts.fraction;
        negative += facts.negative;
        /* Never negative, and around 0.1: decibels of such a mean are hardly ever all positive. */
        power += !facts.negative && mos_raw_mean(&bands[b]) < 1.5;
    }
    if (judged == 0) return MOS_RADAR_UNCLEAR;
    if (integer > 0) return MOS_RADAR_INTEGER;
    if (negative > 0 && power > 0) return MOS_RADAR_MIXED;
    return negative > 0 ? MOS_RADAR_DB : MOS_RADAR_LINEAR;
}

bool mos_radar_pair(const mos_modality *modality, int64_t *like, int64_t *cross) {
    static const char *const pairs[][2] = {{"VV", "VH"}, {"HH", "HV"}};
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        *like = mos_modality_band(modality, pairs[p][0]);
        *cross = mos_modality_band(modality, pairs[p][1]);
        if (*like >= 0 && *cross >= 0) return true;
    }
    return false;
}

int64_t mos_radar_bands(const mos_dataset *dataset, int64_t modality, const int *bands,
                        int64_t count, const mos_raw_band *raw, mos_raw_band *out) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (dataset->storage[modality].identity[bands[i]].role == MOS_ROLE_RADAR)
            out[found++] = raw[i];
    }
    return found;
}

void mos_radar_integer_words(const mos_modality *modality, const mos_raw_band *bands, int64_t count,
                             char *out, size_t size) {
    double largest = 0;
    for (int64_t b = 0; b < count; b++) {
        int64_t pixels = bands[b].width * bands[b].height;
        for (int64_t i = 0; i < pixels; i++) {
            double value = mos_raw_value(&bands[b], i);
            if (mos_raw_valid(&bands[b], value)) largest = fmax(largest, fabs(value));
        }
    }
    if (largest > 60)
        (void)snprintf(out, size,
                       "all whole numbers up to %g, which are no decibels but scaled; data.scale "
                       "%s=<scale>,<offset> turns them into decibels",
                       largest, modality->name);
    else
        (void)snprintf(out, size,
                       "all whole numbers, as when decibels were cut to integers; data.s1_scale db "
                       "takes them all the same, data.scale %s=<scale>,<offset> scales them",
                       modality->name);
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

mosaic_status mos_radar_check(const mos_dataset *dataset, int64_t sample, int64_t modality,
                              const mos_raw_band *bands, int64_t count) {
    if (dataset->options.s1_scale != MOS_S1_AUTO) return MOSAIC_OK;
    mos_radar_scale scale = mos_radar_judge(bands, count);
    const char *id = dataset->ids[sample];
    if (scale == MOS_RADAR_INTEGER) {
        char words[256];
        mos_radar_integer_words(&dataset->modalities[modality], bands, count, words, sizeof words);
        return mos_fail(MOSAIC_ERR_DATA, "sample '%s': s1 is %s", id, words);
    }
    if (scale == MOS_RADAR_MIXED)
        return mos_fail(MOSAIC_ERR_DATA,
                        "sample '%s': one band of s1 is decibels, another is never negative: "
                        "linear power; data.s1_scale says which it is",
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
