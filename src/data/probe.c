/* A look at a few patches while opening: the scale of S1, VV against VH, and the +1000 offset. */
#include "data/data_options.h"
#include "data/offset_guard.h"
#include "data/radar_guard.h"
#include "data/sample_reader.h"

#include <stdio.h>

enum { PROBES = 32 };

typedef struct probe_counts {
    int64_t radar, linear, integer, brighter, darker; /* darker: VV below VH */
    int64_t brightness[MOS_BRIGHTNESS_NONE + 1], own[MOS_BRIGHTNESS_NONE + 1];
    char integer_id[128], linear_id[128], darker_id[128];
} probe_counts;

static void note(char out[128], const char *id) {
    if (out[0] == '\0') snprintf(out, 128, "%.127s", id);
}

static mosaic_status probe_radar(mos_reader *reader, int64_t sample, int64_t m,
                                 probe_counts *counts) {
    const mos_dataset *dataset = reader->dataset;
    const mos_modality *modality = &dataset->modalities[m];
    const char *id = dataset->ids[sample];
    int bands[MOS_DATA_MAX_BANDS];
    for (int64_t b = 0; b < modality->band_count; b++)
        bands[b] = (int)b;
    MOS_TRY(mos_reader_read_raw(reader, sample, m, bands, modality->band_count, reader->raw));
    mos_radar_scale scale = mos_radar_judge(reader->raw, modality->band_count);
    counts->radar += scale != MOS_RADAR_UNCLEAR;
    counts->linear += scale == MOS_RADAR_LINEAR;
    counts->integer += scale == MOS_RADAR_INTEGER;
    if (scale == MOS_RADAR_LINEAR) note(counts->linear_id, id);
    if (scale == MOS_RADAR_INTEGER) note(counts->integer_id, id);
    int64_t vv = mos_modality_band(modality, "VV"), vh = mos_modality_band(modality, "VH");
    if (vv < 0 || vh < 0) return MOSAIC_OK;
    double difference = mos_raw_mean(&reader->raw[vv]) - mos_raw_mean(&reader->raw[vh]);
    counts->brighter += difference > 0;
    counts->darker += difference < 0;
    if (difference < 0) note(counts->darker_id, id);
    return MOSAIC_OK;
}

static mosaic_status probe_optical(mos_reader *reader, int64_t sample, int64_t m,
                                   probe_counts *counts) {
    int baseline = mos_offset_baseline(reader->dataset, sample, m);
    if (baseline >= 0 && baseline != MOS_BASELINE_OWN) return MOSAIC_OK;
    mos_brightness brightness;
    MOS_TRY(mos_offset_brightness(reader, sample, m, &brightness));
    counts->brightness[brightness]++;
    if (baseline == MOS_BASELINE_OWN) counts->own[brightness]++;
    return MOSAIC_OK;
}

/* A patch that cannot be read is a defect here; who needs it gets the error. */
static void probe_sample(mos_reader *reader, int64_t sample, probe_counts *counts) {
    mos_dataset *dataset = reader->dataset;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (!(dataset->present[sample] >> m & 1)) continue;
        mosaic_status status = MOSAIC_OK;
        if (dataset->storage[m].radar)
            status = probe_radar(reader, sample, m, counts);
        else if (dataset->storage[m].optical && dataset->options.boa_offset == MOS_BOA_AUTO)
            status = probe_optical(reader, sample, m, counts);
        if (status != MOSAIC_OK)
            mos_dataset_defect(dataset, "unreadable", "%s %s: %s", dataset->ids[sample],
                               dataset->modalities[m].name, mosaic_error());
    }
}

static mosaic_status decide_radar(mos_dataset *dataset, const probe_counts *counts) {
    int option = dataset->options.s1_scale;
    dataset->radar_linear = option == MOS_S1_LINEAR;
    if (counts->integer > 0) {
        if (option == MOS_S1_AUTO && dataset->survey == NULL)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: s1 of sample '%s' is all whole numbers, as when decibels were "
                            "cut to integers; data.s1_scale db takes them all the same",
                            dataset->root, counts->integer_id);
        for (int64_t i = 0; i < counts->integer; i++)
            mos_dataset_defect(dataset, "s1 all whole numbers", "%s", counts->integer_id);
    }
    if (option == MOS_S1_AUTO && counts->linear > 0) {
        bool mixed = counts->linear < counts->radar;
        if (mixed && dataset->survey == NULL)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: s1 of sample '%s' looks like linear power, others are decibels; "
                            "data.s1_scale says which it is",
                            dataset->root, counts->linear_id);
        dataset->radar_linear = counts->linear * 2 > counts->radar; /* a survey goes with most */
        mos_dataset_defect(dataset, "s1 in linear power: converted to dB", "%s", counts->linear_id);
    }
    if (option == MOS_S1_DB && counts->linear > 0)
        mos_dataset_defect(dataset, "s1 never negative, taken as dB", "%s", counts->linear_id);
    if (counts->darker > counts->brighter)
        mos_dataset_defect(dataset, "VV darker than VH: swapped?", "%s", counts->darker_id);
    return MOSAIC_OK;
}

static mos_offset_state agreement(int64_t dark, int64_t shifted) {
    if (shifted == 0) return MOS_OFFSET_ABSENT;
    return dark == 0 ? MOS_OFFSET_PRESENT : MOS_OFFSET_UNDECIDED;
}

static void decide_offset(mos_dataset *dataset, const probe_counts *counts) {
    bool own = counts->own[MOS_BRIGHTNESS_SHIFTED] > counts->own[MOS_BRIGHTNESS_DARK];
    dataset->offset_own_baseline = own ? MOS_OFFSET_UNDECIDED : MOS_OFFSET_ABSENT;
    dataset->offset_bright = agreement(counts->brightness[MOS_BRIGHTNESS_DARK],
                                       counts->brightness[MOS_BRIGHTNESS_SHIFTED]);
}

/* What the probes themselves turn out to be, now that the rules stand. */
static void count_offsets(mos_reader *reader, const int64_t *probes, int64_t count) {
    mos_dataset *dataset = reader->dataset;
    for (int64_t p = 0; p < count; p++) {
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            bool present = false;
            if (!dataset->storage[m].optical || !(dataset->present[probes[p]] >> m & 1)) continue;
            if (mos_offset_decide(reader, probes[p], m, &present) == MOSAIC_OK && present)
                mos_dataset_defect(dataset, "+1000 offset, removed (among the probed)", "%s",
                                   dataset->ids[probes[p]]);
        }
    }
}

mosaic_status mos_dataset_probe(mos_dataset *dataset) {
    int64_t probes[PROBES], count = 0;
    int64_t wanted = dataset->count < PROBES ? dataset->count : PROBES;
    for (int64_t p = 0; p < wanted; p++) {
        int64_t sample = p * dataset->count / wanted;
        if (dataset->present[sample] != 0) probes[count++] = sample;
    }
    if (count == 0) return MOSAIC_OK;
    probe_counts counts = {0};
    mos_reader *reader;
    MOS_TRY(mos_reader_open(dataset, &reader));
    for (int64_t p = 0; p < count; p++)
        probe_sample(reader, probes[p], &counts);
    mosaic_status status = decide_radar(dataset, &counts);
    decide_offset(dataset, &counts);
    if (status == MOSAIC_OK) count_offsets(reader, probes, count);
    mos_reader_close(&reader);
    return status;
}
