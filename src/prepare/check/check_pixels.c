/* What the pixels of one modality of one sample tell. */
#include "data/data_options.h"
#include "data/offset_guard.h"
#include "data/radar_guard.h"
#include "prepare/check/check_list.h"

#include <math.h>
#include <stdio.h>

static double percent(int64_t part, int64_t whole) {
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

void mos_check_band(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw) {
    int64_t pixels = raw->width * raw->height, empty = 0, strange = 0, valid = 0;
    double first = 0;
    bool varies = false;
    for (int64_t i = 0; i < pixels; i++) {
        double value = mos_raw_value(raw, i);
        if (mos_raw_valid(raw, value)) {
            if (valid++ == 0) first = value;
            varies = varies || value != first;
        } else if (raw->has_nodata &&
                   (value == raw->nodata || (isnan(value) && isnan(raw->nodata)))) {
            empty++;
        } else {
            strange++;
        }
    }
    if (strange > 0)
        mos_check_note(list, MOS_CHECK_NOT_FINITE, place, "finite values",
                       "%lld of %lld pixels (%.3g %%)", (long long)strange, (long long)pixels,
                       percent(strange, pixels));
    if (empty > 0)
        mos_check_note(list, MOS_CHECK_NO_DATA, place, "measurements",
                       "%lld of %lld pixels (%.3g %%) are %g", (long long)empty, (long long)pixels,
                       percent(empty, pixels), raw->nodata);
    if (valid > 1 && !varies)
        mos_check_note(list, MOS_CHECK_CONSTANT_BAND, place, "values that differ",
                       "all %lld valid pixels are %g", (long long)valid, first);
}

static void check_scale(mos_check_list *list, const mos_check_place *place,
                        const mos_raw_band *raw) {
    const mos_dataset *dataset = list->dataset;
    int option = dataset->options.s1_scale;
    mos_check_place where = *place;
    mos_radar_scale scale = mos_radar_judge(raw, dataset->modalities[place->modality].band_count);
    if (scale == MOS_RADAR_UNCLEAR) return;
    list->judged[MOS_CHECK_INTEGER_DB]++;
    list->judged[MOS_CHECK_LINEAR_POWER]++;
    if (scale == MOS_RADAR_INTEGER) {
        if (option != MOS_S1_AUTO) where.serious = MOS_SEVERITY_WARNING + 1; /* the user says so */
        mos_check_note(list, MOS_CHECK_INTEGER_DB, &where, "decibels with fractions",
                       "whole numbers only");
        return;
    }
    bool linear = scale == MOS_RADAR_LINEAR;
    if (linear == dataset->radar_linear) {
        if (!linear || option == MOS_S1_LINEAR) return;
        where.serious = MOS_SEVERITY_WARNING + 1;
        mos_check_note(list, MOS_CHECK_LINEAR_POWER, &where, "decibels",
                       "linear power, as all of it: converted");
        return;
    }
    mos_check_note(list, MOS_CHECK_LINEAR_POWER, &where,
                   option == MOS_S1_AUTO ? "the scale of the other samples"
                   : option == MOS_S1_DB ? "decibels, by data.s1_scale"
                                         : "linear power, by data.s1_scale",
                   linear ? "never negative: linear power" : "negative values: decibels");
}

void mos_check_radar(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw) {
    const mos_dataset *dataset = list->dataset;
    const mos_modality *modality = &dataset->modalities[place->modality];
    check_scale(list, place, raw);
    int64_t vv = mos_modality_band(modality, "VV"), vh = mos_modality_band(modality, "VH");
    if (vv < 0 || vh < 0) return;
    double mean[2] = {mos_raw_mean(&raw[vv]), mos_raw_mean(&raw[vh])};
    if (isnan(mean[0]) || isnan(mean[1])) return;
    list->judged[MOS_CHECK_VV_BELOW_VH]++;
    if (mean[0] >= mean[1]) return;
    bool power = dataset->radar_linear;
    mos_check_note(list, MOS_CHECK_VV_BELOW_VH, place, "VV above VH", "mean VV %.4g, VH %.4g%s",
                   mean[0], mean[1], power ? " (power)" : " dB");
}

/* Far below what the offset leaves: surface reflectances go a few hundredths below 0, no more. */
enum { SURELY_WITHOUT = 500 };

/* The band with the largest share of pixels that no patch with the offset has. */
static double share_without(const mos_raw_band *const *bands, int64_t count, int64_t *band) {
    double largest = 0;
    for (int64_t b = 0; b < count; b++) {
        int64_t pixels = bands[b]->width * bands[b]->height, below = 0, valid = 0;
        for (int64_t i = 0; i < pixels; i++) {
            double value = mos_raw_value(bands[b], i);
            if (!mos_raw_valid(bands[b], value)) continue;
            valid++;
            below += value < SURELY_WITHOUT;
        }
        double share = percent(below, valid);
        if (share <= largest) continue;
        largest = share;
        *band = b;
    }
    return largest;
}

void mos_check_optical(mos_check_list *list, const mos_check_place *place,
                       const mos_raw_band *raw) {
    const mos_dataset *dataset = list->dataset;
    const mos_modality *modality = &dataset->modalities[place->modality];
    int number[MOS_DATA_MAX_BANDS], option = dataset->options.boa_offset;
    const mos_raw_band *bands[MOS_DATA_MAX_BANDS];
    int64_t count = mos_offset_bands(modality, number), darkest = 0;
    for (int64_t b = 0; b < count; b++)
        bands[b] = &raw[number[b]];
    int baseline = mos_offset_baseline(dataset, place->sample, place->modality);
    mos_brightness brightness = mos_offset_brightness_of(bands, count);
    bool named = mos_offset_named(baseline);
    if (!named && brightness == MOS_BRIGHTNESS_NONE) return;
    list->judged[MOS_CHECK_OFFSET]++;
    list->judged[MOS_CHECK_OFFSET_CONFLICT]++;
    mos_offset_state state = mos_offset_judge(dataset, baseline, brightness);
    char why[80] = "by its histogram: no band below 1000, some below 2000";
    if (named) snprintf(why, sizeof why, "by its product name: baseline %04d", baseline);
    double without = share_without(bands, count, &darkest);
    bool contradicted = state == MOS_OFFSET_PRESENT && named && without > 1;
    if (contradicted && option != MOS_BOA_KEEP) {
        mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place,
                       "no offset to remove: data.boa_offset keep",
                       "%s, but %.3g %% of %s are below %d: it was removed before", why, without,
                       modality->bands[number[darkest]].name, SURELY_WITHOUT);
    } else if (option == MOS_BOA_KEEP) {
        if (state == MOS_OFFSET_PRESENT && !contradicted)
            mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place, "data.boa_offset auto or remove",
                           "+1000 %s; data.boa_offset keeps it", why);
    } else if (option == MOS_BOA_REMOVE && without > 1) {
        mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place, "data.boa_offset auto or keep",
                       "%.3g %% of %s are below %d: no offset, and data.boa_offset removes one",
                       without, modality->bands[number[darkest]].name, SURELY_WITHOUT);
    } else if (option == MOS_BOA_AUTO && state == MOS_OFFSET_UNDECIDED) {
        mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place,
                       "a product name, or data.boa_offset keep or remove",
                       "too bright to tell, and other samples differ");
    } else if (state == MOS_OFFSET_PRESENT || option == MOS_BOA_REMOVE) {
        mos_check_note(list, MOS_CHECK_OFFSET, place, "0 for no reflectance", "+1000 %s; removed",
                       state == MOS_OFFSET_PRESENT ? why : "by data.boa_offset");
    }
}
