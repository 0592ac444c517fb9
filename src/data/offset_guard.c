#include "data/offset_guard.h"

#include "data/data_options.h"
#include "data/names/patch_name.h"
#include "data/verdicts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int mos_offset_baseline(const mos_dataset *dataset, int64_t sample, int64_t modality) {
    const char *product = dataset->products[sample];
    int baseline = product != NULL ? mos_product_baseline(product) : -1;
    if (baseline < 0) baseline = mos_product_baseline(dataset->ids[sample]);
    const char *source =
        dataset->sources[sample * dataset->slots + dataset->storage[modality].slot];
    if (baseline < 0 && source != NULL) baseline = mos_product_baseline(source);
    return baseline;
}

/* Aerosol and water vapour (B01, B09) never get dark. */
int64_t mos_offset_surface(const mos_modality *modality, int *out) {
    int64_t cirrus = mos_modality_band(modality, "B10");
    static const char *const names[] = {"B02", "B03", "B04", "B05", "B06",
                                        "B07", "B08", "B8A", "B11", "B12"};
    int64_t count = 0;
    if (cirrus >= 0) {
        out[0] = (int)cirrus;
        return 1;
    }
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        int64_t band = mos_modality_band(modality, names[n]);
        if (band >= 0) out[count++] = (int)band;
    }
    return count;
}

int64_t mos_offset_bands(const mos_modality *modality, int *out) {
    static const char *const dark[] = {"B10", "B02", "B03", "B04"};
    for (size_t n = 0; n < sizeof dark / sizeof dark[0]; n++) {
        if (mos_modality_band(modality, dark[n]) >= 0) return mos_offset_surface(modality, out);
    }
    return 0;
}

static void count_dark(const mos_raw_band *band, double step, int64_t below[2], int64_t *valid) {
    int64_t pixels = band->width * band->height;
    below[0] = below[1] = *valid = 0;
    for (int64_t i = 0; i < pixels; i++) {
        double value = mos_raw_value(band, i);
        if (!mos_raw_valid(band, value)) continue;
        (*valid)++;
        below[0] += value < step;
        below[1] += value < 2 * step;
    }
}

mos_brightness mos_offset_brightness_of(const mos_raw_band *const *bands, int64_t count,
                                        double step) {
    mos_brightness found = MOS_BRIGHTNESS_NONE;
    for (int64_t b = 0; b < count; b++) {
        int64_t below[2], valid;
        count_dark(bands[b], step, below, &valid);
        if (valid == 0) continue;
        if (below[0] * 100 > valid) return MOS_BRIGHTNESS_DARK;
        if (below[1] * 100 > valid)
            found = MOS_BRIGHTNESS_SHIFTED;
        else if (found == MOS_BRIGHTNESS_NONE)
            found = MOS_BRIGHTNESS_BRIGHT;
    }
    return found;
}

mosaic_status mos_offset_brightness(mos_reader *reader, int64_t sample, int64_t modality,
                                    mos_brightness *out) {
    int bands[MOS_DATA_MAX_BANDS];
    const mos_raw_band *raw[MOS_DATA_MAX_BANDS];
    *out = MOS_BRIGHTNESS_NONE;
    int64_t count = mos_offset_bands(&reader->dataset->modalities[modality], bands);
    if (count == 0) return MOSAIC_OK;
    MOS_TRY(mos_reader_read_raw(reader, sample, modality, bands, count, reader->raw));
    for (int64_t b = 0; b < count; b++)
        raw[b] = &reader->raw[b];
    *out = mos_offset_brightness_of(raw, count, MOS_OFFSET_DN);
    return MOSAIC_OK;
}

bool mos_offset_named(int baseline) {
    return baseline >= 0 && baseline != MOS_BASELINE_OWN;
}

int mos_offset_tag(mos_dataset *dataset, int64_t sample, int64_t modality) {
    if (dataset->format->offset_tag == NULL || !(dataset->present[sample] >> modality & 1))
        return 0;
    return dataset->format->offset_tag(dataset, sample, modality);
}

double mos_offset_share_without(const mos_raw_band *const *bands, int64_t count, int64_t *band) {
    double largest = 0;
    for (int64_t b = 0; b < count; b++) {
        int64_t pixels = bands[b]->width * bands[b]->height, valid = 0, below = 0;
        for (int64_t i = 0; i < pixels; i++) {
            double value = mos_raw_value(bands[b], i);
            if (!mos_raw_valid(bands[b], value)) continue;
            valid++;
            below += value < MOS_OFFSET_SURELY_WITHOUT;
        }
        double share = valid == 0 ? 0 : 100.0 * (double)below / (double)valid;
        if (share <= largest) continue;
        largest = share;
        *band = b;
    }
    return largest;
}

mos_offset_state mos_offset_judge(const mos_dataset *dataset, int64_t sample, int baseline,
                                  mos_brightness brightness) {
    if (mos_offset_named(baseline))
        return baseline >= MOS_BASELINE_OFFSET ? MOS_OFFSET_PRESENT : MOS_OFFSET_ABSENT;
    if (baseline == MOS_BASELINE_OWN && dataset->offset_own_baseline == MOS_OFFSET_ABSENT)
        return MOS_OFFSET_ABSENT;
    if (baseline < 0 && !dataset->offset_singly) {
        if (dataset->offset_group == NULL) return dataset->offset_unnamed;
        uint16_t group = dataset->offset_group[sample];
        if (group > 0) return (mos_offset_state)dataset->offset_of_group[group - 1];
    }
    if (brightness == MOS_BRIGHTNESS_BRIGHT) return dataset->offset_bright;
    return brightness == MOS_BRIGHTNESS_SHIFTED ? MOS_OFFSET_PRESENT : MOS_OFFSET_ABSENT;
}

mosaic_status mos_offset_contradict(mos_dataset *dataset, int64_t sample, int64_t modality,
                                    const int *bands, int64_t count, const mos_raw_band *raw) {
    const mos_modality *what = &dataset->modalities[modality];
    const mos_raw_band *chosen[MOS_DATA_MAX_BANDS];
    int surface[MOS_DATA_MAX_BANDS], name[MOS_DATA_MAX_BANDS];
    int64_t found = 0, darkest = 0, listed = mos_offset_surface(what, surface);
    if (atomic_load(&dataset->offset[sample].clean)) return MOSAIC_OK;
    for (int64_t i = 0; i < count; i++) {
        for (int64_t l = 0; l < listed; l++) {
            if (surface[l] != bands[i]) continue;
            name[found] = bands[i];
            chosen[found++] = &raw[i];
        }
    }
    double share = mos_offset_share_without(chosen, found, &darkest);
    if (share > 1) {
        char by[64] = "by a tag of its file";
        int baseline = mos_offset_baseline(dataset, sample, modality);
        if (dataset->options.boa_offset == MOS_BOA_REMOVE)
            snprintf(by, sizeof by, "by data.boa_offset remove");
        else if (baseline < 0)
            snprintf(by, sizeof by, "by the samples looked at first");
        else if (mos_offset_tag(dataset, sample, modality) == 0)
            snprintf(by, sizeof by, "by its product name: baseline %04d", baseline);
        return mos_verdict_refuse(
            dataset, MOS_CHECK_OFFSET_CONFLICT,
            "sample '%s': +1000 %s, but %.3g %% of %s are below %d: it was removed before; "
            "data.boa_offset keep leaves the pixels as they are",
            dataset->ids[sample], by, share, what->bands[name[darkest]].name,
            MOS_OFFSET_SURELY_WITHOUT);
    }
    if (found == listed) atomic_store(&dataset->offset[sample].clean, 1);
    return MOSAIC_OK;
}

static mosaic_status judge(mos_reader *reader, int64_t sample, int64_t modality,
                           mos_offset_state *out) {
    const mos_dataset *dataset = reader->dataset;
    int tag = mos_offset_tag(reader->dataset, sample, modality);
    int baseline = mos_offset_baseline(dataset, sample, modality);
    mos_brightness brightness = MOS_BRIGHTNESS_NONE;
    bool alone = dataset->offset_singly ||
                 (dataset->offset_group != NULL && dataset->offset_group[sample] == 0);
    *out = tag > 0 ? MOS_OFFSET_PRESENT : MOS_OFFSET_ABSENT;
    if (tag != 0) return MOSAIC_OK;
    bool asked = (baseline < 0 && alone) || (baseline == MOS_BASELINE_OWN &&
                                             dataset->offset_own_baseline != MOS_OFFSET_ABSENT);
    if (asked) MOS_TRY(mos_offset_brightness(reader, sample, modality, &brightness));
    *out = mos_offset_judge(dataset, sample, baseline, brightness);
    if (*out == MOS_OFFSET_UNDECIDED)
        return mos_fail(MOSAIC_ERR_DATA,
                        "sample '%s': too bright to tell whether it carries the +1000 offset of "
                        "baseline 04.00, and other samples differ; give a product column, or "
                        "data.boa_offset keep or remove",
                        dataset->ids[sample]);
    return MOSAIC_OK;
}

mosaic_status mos_offset_decide(mos_reader *reader, int64_t sample, int64_t modality,
                                bool *present) {
    mos_dataset *dataset = reader->dataset;
    int option = dataset->options.boa_offset;
    *present = option == MOS_BOA_REMOVE;
    if (option == MOS_BOA_KEEP) return MOSAIC_OK;
    uint8_t known = atomic_load(&dataset->offset[sample].state);
    if (known == MOS_OFFSET_UNDECIDED) {
        mos_offset_state state = MOS_OFFSET_PRESENT;
        if (option == MOS_BOA_AUTO) MOS_TRY(judge(reader, sample, modality, &state));
        uint8_t before = atomic_exchange(&dataset->offset[sample].state, (uint8_t)state);
        if (before == MOS_OFFSET_UNDECIDED && state == MOS_OFFSET_PRESENT)
            atomic_fetch_add(&dataset->offsets_removed, 1);
        known = (uint8_t)state;
    }
    *present = known == MOS_OFFSET_PRESENT;
    return MOSAIC_OK;
}
