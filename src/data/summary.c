#include "data/summary.h"

#include "base/memory.h"
#include "data/names/patch_name.h"
#include "data/sample_table.h"

#include <stdlib.h>
#include <string.h>

static int64_t day_of(int64_t time_s) {
    int64_t day = time_s / 86400;
    return time_s % 86400 < 0 ? day - 1 : day;
}

int64_t mos_summary_lag_days(int64_t a_s, int64_t b_s) {
    if (a_s == MOS_TIME_UNKNOWN || b_s == MOS_TIME_UNKNOWN) return -1;
    int64_t days = day_of(a_s) - day_of(b_s);
    return days < 0 ? -days : days;
}

/* The first modality of a kind; -1 if none. */
static int64_t modality_of_kind(const mos_dataset *dataset, bool radar) {
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (mos_dataset_role(dataset, m) == (radar ? MOS_ROLE_RADAR : MOS_ROLE_OPTICAL)) return m;
    }
    return -1;
}

static int64_t time_of(const mos_dataset *dataset, int64_t sample, int64_t modality) {
    return modality < 0 ? MOS_TIME_UNKNOWN
                        : dataset->times[sample * dataset->modality_count + modality];
}

static void count_labels(mos_summary *summary, int64_t sample, int split) {
    const mos_dataset *dataset = summary->dataset;
    const int8_t *labels = dataset->labels + sample * summary->classes;
    int64_t known = 0, positives[MOS_DATA_MAX_CLASSES], count = 0;
    for (int64_t c = 0; c < summary->classes; c++) {
        known += labels[c] >= 0;
        if (labels[c] != 1) continue;
        positives[count++] = c;
        summary->positives[c * MOS_SPLIT_COUNT + split]++;
    }
    if (known == 0) return;
    summary->labeled[split]++;
    summary->labels_per_sample[count]++;
    for (int64_t a = 0; a < count; a++) {
        for (int64_t b = 0; b < count; b++)
            summary->cooccurrence[positives[a] * summary->classes + positives[b]]++;
    }
}

static void count_sample(mos_summary *summary, int64_t sample, int64_t radar, int64_t optical) {
    const mos_dataset *dataset = summary->dataset;
    int split = dataset->splits[sample];
    summary->split[split]++;
    summary->country[dataset->country[sample] * MOS_SPLIT_COUNT + split]++;
    int64_t seen = time_of(dataset, sample, optical);
    int64_t season = seen == MOS_TIME_UNKNOWN ? MOS_SEASONS : mos_time_season(seen);
    summary->season[season][split]++;
    int64_t lag = mos_summary_lag_days(time_of(dataset, sample, radar), seen);
    summary->lag[lag < 0 ? MOS_LAG_BINS : lag < MOS_LAG_BINS ? lag : MOS_LAG_BINS - 1]++;
    bool all = true;
    for (int64_t m = 0; m < summary->modalities; m++) {
        bool there = dataset->present[sample] >> m & 1;
        summary->missing[m] += !there;
        all = all && there;
    }
    summary->fully_present += all;
    count_labels(summary, sample, split);
}

static int64_t row_total(const int64_t *row) {
    int64_t total = 0;
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        total += row[s];
    return total;
}

/* Most frequent first, ties by name; countries that do not occur go. */
static void sort_countries(mos_summary *summary) {
    int64_t kept = 0;
    for (int64_t c = 0; c < summary->countries; c++) {
        int64_t row[MOS_SPLIT_COUNT];
        memcpy(row, summary->country + c * MOS_SPLIT_COUNT, sizeof row);
        const char *name = summary->country_names[c];
        int64_t total = row_total(row), at = kept;
        if (total == 0) continue;
        for (; at > 0; at--) {
            int64_t before = row_total(summary->country + (at - 1) * MOS_SPLIT_COUNT);
            if (before > total ||
                (before == total && strcmp(summary->country_names[at - 1], name) <= 0))
                break;
            memcpy(summary->country + at * MOS_SPLIT_COUNT,
                   summary->country + (at - 1) * MOS_SPLIT_COUNT, sizeof row);
            summary->country_names[at] = summary->country_names[at - 1];
        }
        memcpy(summary->country + at * MOS_SPLIT_COUNT, row, sizeof row);
        summary->country_names[at] = name;
        kept++;
    }
    summary->countries = kept;
}

mosaic_status mos_summary_make(const mos_dataset *dataset, mos_summary *out) {
    *out = (mos_summary){.dataset = dataset,
                         .samples = dataset->count,
                         .classes = dataset->class_count,
                         .modalities = dataset->modality_count,
                         .countries = dataset->country_count};
    size_t classes = (size_t)out->classes, countries = (size_t)out->countries;
    mosaic_status status;
    MOS_GOTO(
        mos_alloc(classes * MOS_SPLIT_COUNT, sizeof *out->positives, "summary", &out->positives));
    MOS_GOTO(
        mos_alloc(classes * classes, sizeof *out->cooccurrence, "summary", &out->cooccurrence));
    MOS_GOTO(
        mos_alloc(countries * MOS_SPLIT_COUNT, sizeof *out->country, "summary", &out->country));
    MOS_GOTO(mos_alloc(countries, sizeof *out->country_names, "summary", &out->country_names));
    memcpy(out->country_names, dataset->countries, countries * sizeof *out->country_names);
    int64_t radar = modality_of_kind(dataset, true), optical = modality_of_kind(dataset, false);
    for (int64_t i = 0; i < dataset->count; i++)
        count_sample(out, i, radar, optical);
    sort_countries(out);
done:
    if (status != MOSAIC_OK) mos_summary_release(out);
    return status;
}

void mos_summary_release(mos_summary *summary) {
    mos_free(summary->positives);
    mos_free(summary->cooccurrence);
    mos_free(summary->country);
    mos_free(summary->country_names);
    *summary = (mos_summary){0};
}
