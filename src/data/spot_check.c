/* A look at a few patches, spread over the data set, while it opens: the scale of S1, VV against
 * VH, the +1000 offset, values that are no measurements, units that differ, guessed names that the
 * pixels contradict. What is found is noted (data/verdicts.h); what the patches look like is the
 * promise the others are held to. */
#include "data/band_watch.h"
#include "data/data_options.h"
#include "data/grid_match.h"
#include "data/offset_floats.h"
#include "data/offset_groups.h"
#include "data/offset_guard.h"
#include "data/radar_guard.h"
#include "data/verdicts.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHECKED = 32, WORTH_THREADS = 8 /* patches */ };

typedef struct modality_tally {
    int64_t brighter, darker; /* darker: VV below VH */
    char darker_id[128];
    int64_t dark, shifted, bright, own_dark, own_shifted; /* samples without a name; with N9999 */
    double top[MOST_CHECKED];
    int64_t tops;
    double mean[MOS_DATA_MAX_BANDS][MOST_CHECKED];
    int64_t means[MOS_DATA_MAX_BANDS];
    int64_t natural, unnatural;
    int64_t patches, patches_dark, patches_shifted, begun[MOS_DATA_MAX_BANDS];
    int64_t blind;                 /* no visible band, and nothing dark: nobody can tell */
    int64_t old_dark, old_shifted; /* samples of a baseline before 04.00 */
    mos_offset_floats floats;
    char unnatural_words[64], unnatural_id[128];
} modality_tally;

typedef struct spot_counts {
    int64_t radar, linear, integer, mixed;
    char integer_id[128], linear_id[128], mixed_id[128], integer_words[256];
    double ratio_db[MOST_CHECKED],
        cross_db[MOST_CHECKED]; /* of linear values: like over cross, and cross */
    int64_t pairs;
    const char *cross; /* its name */
    int64_t grids,
        grids_apart; /* samples with a georeferenced file, and those with two that differ */
    char apart_id[128];
    modality_tally of[MOS_DATA_MAX_MODALITIES];
    mos_patch patch;
} spot_counts;

static void note(char out[128], const char *id) {
    if (out[0] == '\0') snprintf(out, 128, "%.127s", id);
}

/* ---- one patch ---- */

static void judge_radar(mos_reader *reader, int64_t sample, int64_t m, const int *bands,
                        spot_counts *counts) {
    const mos_dataset *dataset = reader->dataset;
    const mos_modality *modality = &dataset->modalities[m];
    const char *id = dataset->ids[sample];
    mos_raw_band radar[MOS_DATA_MAX_BANDS];
    int64_t found = mos_radar_bands(dataset, m, bands, modality->band_count, reader->raw, radar);
    mos_radar_scale scale = mos_radar_judge(radar, found);
    counts->radar += scale != MOS_RADAR_UNCLEAR;
    counts->linear += scale == MOS_RADAR_LINEAR;
    counts->integer += scale == MOS_RADAR_INTEGER;
    counts->mixed += scale == MOS_RADAR_MIXED;
    if (scale == MOS_RADAR_LINEAR) note(counts->linear_id, id);
    if (scale == MOS_RADAR_MIXED) note(counts->mixed_id, id);
    if (scale == MOS_RADAR_INTEGER) {
        if (counts->integer_id[0] == '\0')
            mos_radar_integer_words(modality, radar, found, counts->integer_words,
                                    sizeof counts->integer_words);
        note(counts->integer_id, id);
    }
    int64_t like, cross;
    if (!mos_radar_pair(modality, &like, &cross)) return;
    double bright = mos_raw_mean(&reader->raw[like]), dark = mos_raw_mean(&reader->raw[cross]);
    counts->of[m].brighter += bright > dark;
    counts->of[m].darker += bright < dark;
    if (bright < dark) note(counts->of[m].darker_id, id);
    if (scale != MOS_RADAR_LINEAR || counts->pairs == MOST_CHECKED) return;
    counts->ratio_db[counts->pairs] = 10 * log10(bright / dark);
    counts->cross_db[counts->pairs] = 10 * log10(dark);
    counts->cross = modality->bands[cross].name;
    if (isfinite(counts->ratio_db[counts->pairs]) && isfinite(counts->cross_db[counts->pairs]))
        counts->pairs++;
}

static void judge_optical(mos_reader *reader, int64_t sample, int64_t m, modality_tally *tally) {
    const mos_dataset *dataset = reader->dataset;
    int numbers[MOS_DATA_MAX_BANDS];
    const mos_raw_band *surface[MOS_DATA_MAX_BANDS];
    int baseline = mos_offset_baseline(dataset, sample, m);
    if (baseline >= MOS_BASELINE_OFFSET && mos_offset_named(baseline)) return;
    if (mos_offset_tag(reader->dataset, sample, m) != 0) return;
    bool visible = mos_offset_bands(&dataset->modalities[m], numbers) > 0;
    int64_t count = mos_offset_surface(&dataset->modalities[m], numbers);
    for (int64_t b = 0; b < count; b++)
        surface[b] = &reader->raw[numbers[b]];
    mos_brightness brightness = mos_offset_brightness_of(surface, count, MOS_OFFSET_DN);
    if (mos_offset_named(baseline)) {
        tally->old_dark += brightness == MOS_BRIGHTNESS_DARK;
        tally->old_shifted += visible && brightness == MOS_BRIGHTNESS_SHIFTED;
        return;
    }
    if (!visible) {
        tally->blind += brightness != MOS_BRIGHTNESS_DARK && brightness != MOS_BRIGHTNESS_NONE;
        tally->dark += brightness == MOS_BRIGHTNESS_DARK;
        return;
    }
    bool own = baseline == MOS_BASELINE_OWN;
    if (brightness == MOS_BRIGHTNESS_DARK) (*(own ? &tally->own_dark : &tally->dark))++;
    if (brightness == MOS_BRIGHTNESS_SHIFTED) (*(own ? &tally->own_shifted : &tally->shifted))++;
    tally->dark += own && brightness == MOS_BRIGHTNESS_DARK;
    tally->shifted += own && brightness == MOS_BRIGHTNESS_SHIFTED;
    tally->bright += brightness == MOS_BRIGHTNESS_BRIGHT;
}

/* Do the pixels bear the names out? Of names that somebody gave, only where nature leaves no doubt. */
static void judge_names(const mos_reader *reader, int64_t sample, int64_t m,
                        modality_tally *tally) {
    const mos_modality *modality = &reader->dataset->modalities[m];
    const char *names[MOS_DATA_MAX_BANDS];
    double mean[MOS_DATA_MAX_BANDS];
    for (int64_t b = 0; b < modality->band_count; b++) {
        names[b] = modality->bands[b].name;
        mean[b] = mos_raw_mean(&reader->raw[b]);
    }
    bool guessed = reader->dataset->storage[m].identity[0].named_by == MOS_SAID_BY_GUESS;
    const char *words = guessed ? mos_band_contradiction(names, mean, modality->band_count)
                                : mos_band_no_cirrus(names, mean, modality->band_count);
    tally->natural += words == NULL;
    tally->unnatural += words != NULL;
    if (words == NULL || tally->unnatural_id[0] != '\0') return;
    snprintf(tally->unnatural_words, sizeof tally->unnatural_words, "%s", words);
    note(tally->unnatural_id, reader->dataset->ids[sample]);
}

static void note_refusal(mos_dataset *dataset) {
    char words[480];
    int class = mos_verdict_taken();
    if (class < 0 || class == MOS_CHECK_WRONG_TYPE) return; /* an unreadable one */
    mos_error_copy(words, sizeof words);
    char *advice = strstr(words, " (");
    if (advice != NULL) *advice = '\0';
    mos_verdict_note(dataset, (mos_check_class) class, "%s", words);
}

/* For those that watch a run. */
static void look_at_patch(mos_dataset *dataset, int64_t m, modality_tally *tally,
                          const mos_patch *patch) {
    mos_modality_storage *storage = &dataset->storage[m];
    const mos_band_promise *promises[MOS_DATA_MAX_BANDS];
    mos_band_look look[MOS_DATA_MAX_BANDS];
    int surface[MOS_DATA_MAX_BANDS];
    int64_t surfaces = mos_offset_bands(&dataset->modalities[m], surface);
    for (int64_t b = 0; b < patch->bands; b++) {
        mos_band_promise *promise = &storage->promise.band[b];
        mos_band_look_at(&patch->band[b], &look[b]);
        promises[b] = promise;
        promise->known = true;
        promise->radar = storage->identity[b].role == MOS_ROLE_RADAR;
        promise->surface = false;
        for (int64_t s = 0; s < surfaces && storage->optical; s++)
            promise->surface = promise->surface || surface[s] == b;
        promise->gaps += 1 - (double)look[b].valid / (double)look[b].looked;
        promise->constant =
            promise->constant || (look[b].valid > 0 && look[b].minimum == look[b].maximum);
        if (look[b].valid == 0) continue;
        bool first = tally->begun[b]++ == 0;
        promise->low[0] = first ? look[b].minimum : fmin(promise->low[0], look[b].minimum);
        promise->low[1] = first ? look[b].minimum : fmax(promise->low[1], look[b].minimum);
    }
    mos_patch_darkness darkness = mos_patch_darkness_of(look, promises, patch->bands);
    tally->patches_dark += darkness == MOS_PATCH_DARK;
    tally->patches_shifted += darkness == MOS_PATCH_SHIFTED;
    tally->patches++;
}

static void remember(mos_dataset *dataset, int64_t m, const int *bands, spot_counts *counts) {
    modality_tally *tally = &counts->of[m];
    look_at_patch(dataset, m, tally, &counts->patch);
    double top = mos_watch_top(dataset, m, bands, &counts->patch);
    if (top > 0 && tally->tops < MOST_CHECKED) tally->top[tally->tops++] = top;
    for (int64_t b = 0; b < counts->patch.bands; b++) {
        const struct mos_patch_band *band = &counts->patch.band[b];
        double sum = 0;
        int64_t valid = 0;
        for (int64_t i = 0; i < band->width * band->height; i++) {
            float value = band->data[i];
            if (!isfinite(value) || (band->has_nodata && value == band->nodata)) continue;
            sum += (double)value;
            valid++;
        }
        if (valid == 0) continue;
        if (tally->means[b] < MOST_CHECKED) tally->mean[b][tally->means[b]++] = sum / (double)valid;
    }
}

static mosaic_status check_modality(mos_reader *reader, int64_t sample, int64_t m,
                                    spot_counts *counts) {
    mos_dataset *dataset = reader->dataset;
    const mos_modality_storage *storage = &dataset->storage[m];
    int64_t count = dataset->modalities[m].band_count;
    int bands[MOS_DATA_MAX_BANDS];
    for (int64_t b = 0; b < count; b++)
        bands[b] = (int)b;
    MOS_TRY(mos_reader_read_raw(reader, sample, m, bands, count, reader->raw));
    if (storage->radar) judge_radar(reader, sample, m, bands, counts);
    if (storage->optical) judge_optical(reader, sample, m, &counts->of[m]);
    mos_offset_floats_look(dataset, sample, m, reader->raw, &counts->of[m].floats);
    if (storage->identity[0].named_by != MOS_SAID_BY_FORMAT)
        judge_names(reader, sample, m, &counts->of[m]);
    return MOSAIC_OK;
}

/* The ground of what is paired; what a file does not tell is no difference. */
static void judge_grids(mos_reader *reader, int64_t sample, spot_counts *counts) {
    const mos_dataset *dataset = reader->dataset;
    mos_grid_match match = {0};
    bool same = true;
    for (int64_t m = 0; m < dataset->modality_count && same; m++) {
        if (dataset->present[sample] >> m & 1) same = mos_grid_match_add(&match, reader, sample, m);
    }
    counts->grids += match.reference.path[0] != '\0';
    counts->grids_apart += !same;
    if (!same) note(counts->apart_id, dataset->ids[sample]);
}

/* A patch that cannot be read is a defect here; who needs it gets the error. */
static void check_sample(mos_reader *reader, int64_t sample, spot_counts *counts) {
    mos_dataset *dataset = reader->dataset;
    judge_grids(reader, sample, counts);
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (!(dataset->present[sample] >> m & 1) || dataset->modalities[m].band_count == 0)
            continue;
        (void)mos_verdict_taken();
        if (check_modality(reader, sample, m, counts) == MOSAIC_OK) continue;
        note_refusal(dataset);
        mos_dataset_defect(dataset, "unreadable", "%s %s: %s", dataset->ids[sample],
                           dataset->modalities[m].name, mosaic_error());
    }
}

/* ---- what follows ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts them. */
static double middle_of(double *values, int64_t count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

/* Power of land has VH at -22 to -12 dB, 6 to 9 dB below VV; cities are brighter, not flatter. The
 * root of power halves both numbers. */
static bool is_amplitude(spot_counts *counts, double *cross_db, double *ratio_db) {
    static const double brightest_cross_db = -11, least_ratio_db = 5;
    if (counts->pairs == 0) return false;
    *cross_db = middle_of(counts->cross_db, counts->pairs);
    *ratio_db = middle_of(counts->ratio_db, counts->pairs);
    return *cross_db > brightest_cross_db && *ratio_db > 0 && *ratio_db < least_ratio_db;
}

static mosaic_status decide_radar(mos_dataset *dataset, spot_counts *counts) {
    int option = dataset->options.s1_scale;
    dataset->radar_linear = option >= MOS_S1_LINEAR;
    if (counts->integer > 0) {
        if (option == MOS_S1_AUTO && dataset->survey == NULL)
            return mos_fail(MOSAIC_ERR_DATA, "%s: s1 of sample '%s' is %s", dataset->root,
                            counts->integer_id, counts->integer_words);
        for (int64_t i = 0; i < counts->integer; i++)
            mos_dataset_defect(dataset, "s1 all whole numbers", "%s", counts->integer_id);
    }
    if (option == MOS_S1_AUTO && counts->mixed > 0 && dataset->survey == NULL)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: one band of s1 of sample '%s' is decibels, another linear power; "
                        "data.s1_scale says which it is",
                        dataset->root, counts->mixed_id);
    if (option == MOS_S1_AUTO && counts->linear > 0) {
        bool mixed = counts->linear < counts->radar;
        if (mixed && dataset->survey == NULL)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: s1 of sample '%s' looks like linear power, others are decibels; "
                            "data.s1_scale says which it is",
                            dataset->root, counts->linear_id);
        double cross_db, ratio_db;
        if (!mixed && is_amplitude(counts, &cross_db, &ratio_db))
            mos_verdict_note(dataset, MOS_CHECK_AMPLITUDE,
                             "s1 is never negative; taken as power, %s would be %.1f dB, only "
                             "%.1f dB below: amplitude? data.s1_scale amplitude converts it, "
                             "linear takes it as power",
                             counts->cross, cross_db, ratio_db);
        dataset->radar_linear = counts->linear * 2 > counts->radar; /* a survey goes with most */
        mos_dataset_defect(dataset, "s1 in linear power: converted to dB", "%s", counts->linear_id);
    }
    if (option == MOS_S1_DB && counts->linear > 0)
        mos_dataset_defect(dataset, "s1 never negative, taken as dB", "%s", counts->linear_id);
    return MOSAIC_OK;
}

static mos_offset_state agreement(int64_t dark, int64_t shifted) {
    if (shifted == 0) return MOS_OFFSET_ABSENT;
    return dark == 0 ? MOS_OFFSET_PRESENT : MOS_OFFSET_UNDECIDED;
}

/* What the pixels make doubtful and nobody decides. */
static void say_offset(mos_dataset *dataset, int64_t m, const modality_tally *tally) {
    const char *name = dataset->modalities[m].name;
    if (dataset->options.boa_offset != MOS_BOA_AUTO) return;
    if (tally->blind > 0 && tally->dark + tally->shifted == 0)
        mos_dataset_defect(dataset, "no visible band tells of +1000: kept", "%s", name);
    if (tally->old_shifted > 3 && tally->old_dark == 0)
        mos_dataset_defect(dataset, "old baseline by name, +1000 by pixels: kept",
                           "%s: no band of %lld probed patches begins below 1000", name,
                           (long long)tally->old_shifted);
}

/* One answer for all samples without a name where the patches of the spot check agree, else an
 * answer by their ground. */
static mosaic_status decide_offset(mos_reader *reader, int64_t m, const modality_tally *tally) {
    mos_dataset *dataset = reader->dataset;
    say_offset(dataset, m, tally);
    bool own = tally->own_shifted > tally->own_dark;
    dataset->offset_own_baseline = own ? MOS_OFFSET_UNDECIDED : MOS_OFFSET_ABSENT;
    dataset->offset_bright = agreement(tally->dark, tally->shifted);
    dataset->offset_unnamed =
        agreement(tally->dark - tally->own_dark, tally->shifted - tally->own_shifted);
    if (dataset->offset_unnamed != MOS_OFFSET_UNDECIDED) {
        if (tally->bright > 0 && tally->dark + tally->shifted == 0 &&
            dataset->options.boa_offset == MOS_BOA_AUTO)
            mos_dataset_defect(dataset, "too bright to tell the +1000 offset: kept", "%s",
                               dataset->modalities[m].name);
        return MOSAIC_OK;
    }
    if (dataset->options.boa_offset == MOS_BOA_AUTO)
        mos_dataset_defect(dataset, "+1000 offset decided by ground: samples differ", "%s",
                           dataset->modalities[m].name);
    return mos_offset_groups_make(reader, m);
}

/* A few such patches are said; half of them or more are no chance. */
static void say_polarisations(mos_dataset *dataset, const mos_modality *modality,
                              const modality_tally *tally) {
    int64_t like, cross;
    if (tally->darker == 0 || !mos_radar_pair(modality, &like, &cross)) return;
    bool vv = strcmp(modality->bands[like].name, "VV") == 0;
    const char *what = vv ? "VV darker than VH: swapped?" : "HH darker than HV: swapped?";
    int64_t all = tally->darker + tally->brighter;
    if (tally->darker < tally->brighter)
        mos_dataset_defect(dataset, what, "%lld of %lld probed patches, %s",
                           (long long)tally->darker, (long long)all, tally->darker_id);
    else
        mos_verdict_note(
            dataset, MOS_CHECK_VV_BELOW_VH, "%s %lld of %lld probed patches of %s, as in %s", what,
            (long long)tally->darker, (long long)all, modality->name, tally->darker_id);
}

/* What the others are held to, and the words for names and polarisations. */
static void settle_modality(mos_dataset *dataset, int64_t m, modality_tally *tally) {
    mos_modality_storage *storage = &dataset->storage[m];
    const mos_modality *modality = &dataset->modalities[m];
    if (tally->tops > 0) {
        storage->promised_top = middle_of(tally->top, tally->tops);
    }
    storage->promise.dark = tally->patches_dark > 0 && tally->patches_shifted == 0;
    for (int64_t b = 0; b < modality->band_count; b++) {
        mos_band_identity *identity = &storage->identity[b];
        if (tally->patches > 0) storage->promise.band[b].gaps /= (double)tally->patches;
        /* The middle one: a patch of another unit says nothing of the others. */
        if (tally->means[b] > 0)
            storage->promised_mean[b] = middle_of(tally->mean[b], tally->means[b]);
        const char *unit = identity->role == MOS_ROLE_RADAR                    ? "dB"
                           : identity->role != MOS_ROLE_OPTICAL                ? ""
                           : storage->dtype[b] == MOS_U8 || storage->eight_bit ? "8-bit"
                           : storage->promised_top > 20                        ? "DN"
                           : storage->promised_top > 0                         ? "reflectance"
                                                                               : "";
        snprintf(identity->unit, sizeof identity->unit, "%s", unit);
        identity->unit_by = unit[0] == '\0' ? MOS_SAID_BY_NOBODY : MOS_SAID_BY_PIXELS;
    }
    say_polarisations(dataset, modality, tally);
    bool guessed = storage->identity[0].named_by == MOS_SAID_BY_GUESS;
    if (tally->unnatural > tally->natural)
        mos_verdict_note(
            dataset, MOS_CHECK_UNNATURAL_BANDS,
            "names of %s%s, and the pixels contradict them: %s in %lld of %lld probed "
            "patches, as in %s; data.bands %s=... gives their order",
            modality->name, guessed ? " guessed from the number of bands" : " as they are given",
            tally->unnatural_words, (long long)tally->unnatural,
            (long long)(tally->natural + tally->unnatural), tally->unnatural_id, modality->name);
}

/* Reads the patches of the spot check again by the rules that now stand: guards note what they find,
 * and the patches are remembered. */
static void look_again(mos_reader *reader, const int64_t *chosen, int64_t count,
                       spot_counts *counts) {
    mos_dataset *dataset = reader->dataset;
    for (int64_t p = 0; p < count; p++) {
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            int bands[MOS_DATA_MAX_BANDS];
            int64_t number = dataset->modalities[m].band_count;
            bool present = false;
            if (!(dataset->present[chosen[p]] >> m & 1) || number == 0) continue;
            for (int64_t b = 0; b < number; b++)
                bands[b] = (int)b;
            (void)mos_verdict_taken();
            reader->unguarded = false;
            mosaic_status status =
                mos_reader_read(reader, chosen[p], m, bands, number, &counts->patch);
            if (status != MOSAIC_OK) note_refusal(dataset);
            reader->unguarded = true;
            if (status != MOSAIC_OK)
                status = mos_reader_read(reader, chosen[p], m, bands, number, &counts->patch);
            if (status == MOSAIC_OK) remember(dataset, m, bands, counts);
            if (dataset->storage[m].optical &&
                mos_offset_decide(reader, chosen[p], m, &present) == MOSAIC_OK && present)
                mos_dataset_defect(dataset, "+1000 offset, removed (among the probed)", "%s",
                                   dataset->ids[chosen[p]]);
        }
    }
}

/* Compares the units of the patches of the spot check with each other. */
static void compare_units(mos_reader *reader, const int64_t *chosen, int64_t count,
                          spot_counts *counts) {
    mos_dataset *dataset = reader->dataset;
    reader->unguarded = true;
    for (int64_t p = 0; p < count; p++) {
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            int bands[MOS_DATA_MAX_BANDS];
            int64_t number = dataset->modalities[m].band_count;
            const modality_tally *tally = &counts->of[m];
            bool alike = tally->tops == 0 || tally->top[tally->tops - 1] < 30 * tally->top[0];
            if (alike || !(dataset->present[chosen[p]] >> m & 1)) continue;
            for (int64_t b = 0; b < number; b++)
                bands[b] = (int)b;
            (void)mos_verdict_taken();
            if (mos_reader_read(reader, chosen[p], m, bands, number, &counts->patch) == MOSAIC_OK &&
                mos_watch_units(dataset, chosen[p], m, bands, &counts->patch) != MOSAIC_OK)
                note_refusal(dataset);
        }
    }
}

static void say_grids(mos_dataset *dataset, const spot_counts *counts) {
    long long apart = counts->grids_apart, all = counts->grids;
    if (apart > 0 && 2 * apart < all)
        mos_dataset_defect(dataset, "modalities or bands on other ground",
                           "%lld of %lld probed samples, %s", apart, all, counts->apart_id);
    if (apart > 0 && 2 * apart >= all)
        mos_verdict_note(dataset, MOS_CHECK_GRID_MISMATCH,
                         "modalities or bands lie on other ground, or run the other way, in %lld "
                         "of %lld probed samples, as in %s; data check names both grids",
                         apart, all, counts->apart_id);
}

static mosaic_status check_all(mos_reader *reader, const int64_t *chosen, int64_t count,
                               spot_counts *counts) {
    mos_dataset *dataset = reader->dataset;
    for (int64_t p = 0; p < count; p++)
        check_sample(reader, chosen[p], counts);
    MOS_TRY(decide_radar(dataset, counts));
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (dataset->storage[m].optical) MOS_TRY(decide_offset(reader, m, &counts->of[m]));
        MOS_TRY(mos_offset_floats_settle(dataset, m, &counts->of[m].floats));
    }
    say_grids(dataset, counts);
    look_again(reader, chosen, count, counts);
    for (int64_t m = 0; m < dataset->modality_count; m++)
        settle_modality(dataset, m, &counts->of[m]);
    compare_units(reader, chosen, count, counts);
    return MOSAIC_OK;
}

mosaic_status mos_dataset_spot_check(mos_dataset *dataset) {
    int64_t chosen[MOST_CHECKED], count = 0;
    int64_t wanted = dataset->count < MOST_CHECKED ? dataset->count : MOST_CHECKED;
    for (int64_t p = 0; p < wanted; p++) {
        int64_t sample = p * dataset->count / wanted;
        if (dataset->present[sample] != 0) chosen[count++] = sample;
    }
    if (count == 0) return MOSAIC_OK;
    spot_counts *counts;
    mos_reader *reader = NULL;
    MOS_TRY(mos_alloc(1, sizeof *counts, "a look at some samples", &counts));
    mosaic_status status = mos_reader_open(dataset, &reader);
    if (status == MOSAIC_OK) {
        mos_reader_keep(reader);
        if (count >= WORTH_THREADS) mos_reader_read_ahead(reader, chosen, count);
        status = check_all(reader, chosen, count, counts);
    }
    mos_reader_close(&reader);
    mos_free(counts);
    return status;
}
