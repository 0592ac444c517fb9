/* What the pixels of one modality of one sample tell. */
#include "data/band_watch.h"
#include "data/data_options.h"
#include "data/offset_guard.h"
#include "data/radar_guard.h"
#include "prepare/check/check_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    const mos_modality *modality = &dataset->modalities[place->modality];
    int option = dataset->options.s1_scale, bands[MOS_DATA_MAX_BANDS];
    mos_check_place where = *place;
    mos_raw_band radar[MOS_DATA_MAX_BANDS];
    for (int64_t b = 0; b < modality->band_count; b++)
        bands[b] = (int)b;
    int64_t count =
        mos_radar_bands(dataset, place->modality, bands, modality->band_count, raw, radar);
    mos_radar_scale scale = mos_radar_judge(radar, count);
    if (scale == MOS_RADAR_UNCLEAR) return;
    list->judged[MOS_CHECK_INTEGER_DB]++;
    list->judged[MOS_CHECK_LINEAR_POWER]++;
    if (scale == MOS_RADAR_INTEGER) {
        char words[256];
        mos_radar_integer_words(modality, radar, count, words, sizeof words);
        if (option != MOS_S1_AUTO) where.serious = MOS_SEVERITY_WARNING + 1; /* the user says so */
        mos_check_note(list, MOS_CHECK_INTEGER_DB, &where, "decibels with fractions",
                       "whole numbers only: %s", words);
        return;
    }
    if (scale == MOS_RADAR_MIXED) {
        mos_check_note(list, MOS_CHECK_LINEAR_POWER, &where, "one scale for all bands",
                       "one band decibels, another never negative: linear power");
        return;
    }
    bool linear = scale == MOS_RADAR_LINEAR;
    if (linear == dataset->radar_linear) {
        if (!linear || option >= MOS_S1_LINEAR) return;
        where.serious = MOS_SEVERITY_WARNING + 1;
        mos_check_note(list, MOS_CHECK_LINEAR_POWER, &where, "decibels",
                       "linear power, as all of it: converted");
        return;
    }
    mos_check_note(list, MOS_CHECK_LINEAR_POWER, &where,
                   option == MOS_S1_AUTO        ? "the scale of the other samples"
                   : option == MOS_S1_DB        ? "decibels, by data.s1_scale"
                   : option == MOS_S1_AMPLITUDE ? "amplitude, by data.s1_scale"
                                                : "linear power, by data.s1_scale",
                   linear ? "never negative: linear power" : "negative values: decibels");
}

void mos_check_radar(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw) {
    const mos_dataset *dataset = list->dataset;
    const mos_modality *modality = &dataset->modalities[place->modality];
    check_scale(list, place, raw);
    int64_t like, cross;
    if (!mos_radar_pair(modality, &like, &cross)) return;
    double mean[2] = {mos_raw_mean(&raw[like]), mos_raw_mean(&raw[cross])};
    bool vv = strcmp(modality->bands[like].name, "VV") == 0;
    if (isnan(mean[0]) || isnan(mean[1])) return;
    list->judged[MOS_CHECK_VV_BELOW_VH]++;
    if (mean[0] >= mean[1]) return;
    bool power = dataset->radar_linear;
    mos_check_note(list, MOS_CHECK_VV_BELOW_VH, place, vv ? "VV above VH" : "HH above HV",
                   vv ? "mean VV %.4g, VH %.4g%s" : "mean HH %.4g, HV %.4g%s", mean[0], mean[1],
                   power ? " (power)" : " dB");
}

bool mos_check_values(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw) {
    const mos_dataset *dataset = list->dataset;
    const mos_modality *modality = &dataset->modalities[place->modality];
    const mos_modality_storage *storage = &dataset->storage[place->modality];
    const mos_band_identity *identity[MOS_DATA_MAX_BANDS];
    mos_check_place where = *place;
    char wanted[128], number[40];
    bool known = false;
    double value;
    for (int64_t b = 0; b < modality->band_count; b++) {
        identity[b] = &storage->identity[b];
        bool power = storage->radar && dataset->radar_linear;
        int64_t found = mos_watch_fill(&raw[b], identity[b]->role, power, &value);
        known = known || identity[b]->role != MOS_ROLE_UNKNOWN;
        if (found == 0) continue;
        where.band = b;
        snprintf(wanted, sizeof wanted, "measurements; data.nodata %s=%s masks it", modality->name,
                 mos_watch_number(number, value));
        mos_check_note(list, MOS_CHECK_FILL_VALUES, &where, wanted, "%lld pixels such as %g",
                       (long long)found, value);
    }
    where.band = -1;
    for (int role = MOS_ROLE_RADAR; role <= MOS_ROLE_OPTICAL; role++) {
        int64_t found =
            mos_watch_edge(raw, identity, modality->band_count, (mos_band_role)role, &value);
        if (found == 0) continue;
        snprintf(wanted, sizeof wanted, "measurements; data.nodata %s=%s masks it", modality->name,
                 mos_watch_number(number, value));
        mos_check_note(list, MOS_CHECK_EDGE_VALUES, &where, wanted,
                       "%lld pixels are %g from the edge on", (long long)found, value);
    }
    return known;
}

void mos_check_optical(mos_check_list *list, const mos_check_place *place,
                       const mos_raw_band *raw) {
    const mos_dataset *dataset = list->dataset;
    const mos_modality *modality = &dataset->modalities[place->modality];
    int number[MOS_DATA_MAX_BANDS], option = dataset->options.boa_offset;
    const mos_raw_band *bands[MOS_DATA_MAX_BANDS];
    int64_t judged = mos_offset_bands(modality, number);
    int64_t count = mos_offset_surface(modality, number), darkest = 0;
    for (int64_t b = 0; b < count; b++)
        bands[b] = &raw[number[b]];
    int baseline = mos_offset_baseline(dataset, place->sample, place->modality);
    mos_brightness brightness =
        judged == 0 ? MOS_BRIGHTNESS_NONE : mos_offset_brightness_of(bands, count, MOS_OFFSET_DN);
    int tag = list->tag;
    bool named = mos_offset_named(baseline) || tag != 0;
    if (!named && brightness == MOS_BRIGHTNESS_NONE) return;
    list->judged[MOS_CHECK_OFFSET]++;
    list->judged[MOS_CHECK_OFFSET_CONFLICT]++;
    mos_offset_state state = mos_offset_judge(dataset, place->sample, baseline, brightness);
    if (tag != 0) state = tag > 0 ? MOS_OFFSET_PRESENT : MOS_OFFSET_ABSENT;
    char why[80] = "by its histogram: no band below 1000, some below 2000";
    if (tag != 0)
        snprintf(why, sizeof why, "by a tag of its file");
    else if (named)
        snprintf(why, sizeof why, "by its product name: baseline %04d", baseline);
    else if (brightness != MOS_BRIGHTNESS_SHIFTED)
        snprintf(why, sizeof why, "by the other samples of its ground");
    double without = mos_offset_share_without(bands, count, &darkest);
    bool contradicted = state == MOS_OFFSET_PRESENT && named && without > 1;
    if (contradicted && option != MOS_BOA_KEEP) {
        mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place,
                       "no offset to remove: data.boa_offset keep",
                       "%s, but %.3g %% of %s are below %d: it was removed before", why, without,
                       modality->bands[number[darkest]].name, MOS_OFFSET_SURELY_WITHOUT);
    } else if (option == MOS_BOA_KEEP) {
        if (state == MOS_OFFSET_PRESENT && !contradicted)
            mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place, "data.boa_offset auto or remove",
                           "+1000 %s; data.boa_offset keeps it", why);
    } else if (option == MOS_BOA_REMOVE && without > 1) {
        mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place, "data.boa_offset auto or keep",
                       "%.3g %% of %s are below %d: no offset, and data.boa_offset removes one",
                       without, modality->bands[number[darkest]].name, MOS_OFFSET_SURELY_WITHOUT);
    } else if (option == MOS_BOA_AUTO && state == MOS_OFFSET_UNDECIDED) {
        mos_check_note(list, MOS_CHECK_OFFSET_CONFLICT, place,
                       "a product name, or data.boa_offset keep or remove",
                       "too bright to tell, and other samples differ");
    } else if (option == MOS_BOA_AUTO && state == MOS_OFFSET_ABSENT && !named && baseline < 0 &&
               brightness == MOS_BRIGHTNESS_SHIFTED) {
        mos_check_note(list, MOS_CHECK_OFFSET, place, "a product name",
                       "+1000 by its histogram, but other samples of its ground are dark: kept");
    } else if (state == MOS_OFFSET_PRESENT || option == MOS_BOA_REMOVE) {
        mos_check_note(list, MOS_CHECK_OFFSET, place, "0 for no reflectance", "+1000 %s; removed",
                       state == MOS_OFFSET_PRESENT ? why : "by data.boa_offset");
    }
}
