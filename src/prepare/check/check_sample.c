/* One sample: can every band be read, is it of the set's size and type, do the grids agree, are
 * partners and times there; then its pixels. */
#include "data/band_watch.h"
#include "data/data_options.h"
#include "data/grid_match.h"
#include "data/offset_guard.h"
#include "data/sample_place.h"
#include "data/source_info.h"
#include "data/summary.h"
#include "data/verdicts.h"
#include "prepare/check/check_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct sample_check {
    mos_check_list *list;
    mos_reader *reader;
    int64_t sample;
    mos_grid_match match;
    mos_source_info info; /* of the band in hand */
    bool opened;          /* some band could be read */
    bool valued;          /* some values were held against a Sentinel's */
} sample_check;

/* The words of the last error without the file's name, which has a column of its own. */
static const char *words_without(const char *path) {
    const char *text = mosaic_error();
    size_t size = strlen(path);
    const char *at = size == 0 ? NULL : strstr(text, path);
    if (at != NULL && strncmp(at + size, ": ", 2) == 0) return at + size + 2;
    return text;
}

/* What its file says of a band, without looking at pixels. */
typedef enum file_state { FILE_GOOD, FILE_UNKNOWN, FILE_UNREADABLE, FILE_WRONG_SIZE } file_state;

static file_state judge_file(sample_check *check, int64_t m, int64_t band) {
    const mos_modality_storage *storage = &check->list->dataset->storage[m];
    const mos_source_info *info = &check->info;
    mosaic_status status =
        mos_source_describe(check->reader, check->sample, m, (int)band, &check->info);
    if (status == MOSAIC_ERR_UNSUPPORTED) return FILE_UNKNOWN;
    if (status != MOSAIC_OK) return FILE_UNREADABLE;
    if (check->list->dataset->options.any_size) return FILE_GOOD;
    bool size = info->width == storage->width[band] && info->height == storage->height[band];
    return size ? FILE_GOOD : FILE_WRONG_SIZE;
}

/* Do all bands lie in one file? */
static bool is_shared(sample_check *check, int64_t m) {
    char path[sizeof check->info.path];
    if (check->list->dataset->modalities[m].band_count < 2) return false;
    if (judge_file(check, m, 1) == FILE_UNKNOWN) return false;
    memcpy(path, check->info.path, sizeof path);
    (void)judge_file(check, m, 0);
    return strcmp(path, check->info.path) == 0;
}

static void note_file(sample_check *check, mos_check_place place, file_state state) {
    const mos_modality_storage *storage = &check->list->dataset->storage[place.modality];
    const mos_source_info *info = &check->info;
    int64_t band = place.band < 0 ? 0 : place.band;
    char wanted[64];
    place.file = info->path;
    if (state == FILE_UNREADABLE) {
        mos_check_note(check->list, MOS_CHECK_UNREADABLE, &place, "", "%s",
                       words_without(info->path));
        return;
    }
    snprintf(wanted, sizeof wanted, "%lld x %lld", (long long)storage->width[band],
             (long long)storage->height[band]);
    mos_check_note(check->list, MOS_CHECK_WRONG_SIZE, &place, wanted, "%lld x %lld",
                   (long long)info->width, (long long)info->height);
}

static bool same_nodata(const mos_source_info *info, const mos_modality_storage *storage) {
    if (!info->has_nodata) return true;
    return storage->has_nodata &&
           (info->nodata == storage->nodata || (isnan(info->nodata) && isnan(storage->nodata)));
}

/* Why the band whose reading just failed could not be read. */
static void note_band(sample_check *check, mos_check_place place) {
    const mos_modality_storage *storage = &check->list->dataset->storage[place.modality];
    const mos_source_info *info = &check->info;
    char words[1024];
    mos_error_copy(words, sizeof words);
    int class = mos_verdict_taken();
    int64_t band = place.band < 0 ? 0 : place.band;
    file_state state = judge_file(check, place.modality, band);
    if (state == FILE_UNREADABLE || state == FILE_WRONG_SIZE) {
        note_file(check, place, state);
        return;
    }
    mos_error_restore(words);
    place.file = info->path;
    if (class >= 0 && class != MOS_CHECK_WRONG_TYPE) {
        mos_check_note(check->list, (mos_check_class) class, &place, "", "%s",
                       words_without(info->path));
        return;
    }
    if (state == FILE_GOOD && info->dtype != storage->dtype[band]) {
        mos_check_note(check->list, MOS_CHECK_WRONG_TYPE, &place,
                       mos_dtype_name(storage->dtype[band]), "%s", mos_dtype_name(info->dtype));
    } else if (state == FILE_GOOD && !same_nodata(info, storage)) {
        place.serious = MOS_SEVERITY_ERROR + 1; /* gaps would become measurements */
        mos_check_note(check->list, MOS_CHECK_NO_DATA, &place, "one value for the modality",
                       "the file says %g", info->nodata);
    } else {
        mos_check_note(check->list, MOS_CHECK_UNREADABLE, &place, "", "%s",
                       words_without(info->path));
    }
}

/* Every file of the modality against the sample's first one. */
static void check_grids(sample_check *check, int64_t m) {
    const bool *wanted = check->list->options->wanted;
    mos_grid_match *match = &check->match;
    int64_t before = match->compared;
    if (!wanted[MOS_CHECK_GRID_MISMATCH] && !wanted[MOS_CHECK_SPLIT_LEAKAGE]) return;
    bool same = mos_grid_match_add(match, check->reader, check->sample, m);
    check->list->judged[MOS_CHECK_GRID_MISMATCH] += match->compared > before;
    if (same) return;
    char found[128], reference[128], other[224];
    mos_grid_describe(&match->found, found, sizeof found);
    mos_grid_describe(&match->reference, reference, sizeof reference);
    snprintf(other, sizeof other, "%s as %s", reference, match->reference_name);
    const mos_check_place place = {
        .sample = check->sample, .modality = m, .band = match->band, .file = match->found.path};
    mos_check_note(check->list, MOS_CHECK_GRID_MISMATCH, &place, other, "%s", found);
}

static void check_bands(sample_check *check, mos_check_place place, const mos_raw_band *raw) {
    const mos_dataset *dataset = check->list->dataset;
    for (int64_t b = 0; b < dataset->modalities[place.modality].band_count; b++) {
        place.band = b;
        mos_check_band(check->list, &place, &raw[b]);
    }
}

/* Some band could not be read: what is left is checked, what is not is noted, as one row where no
 * band of a file is of use. */
static void note_failures(sample_check *check, mos_check_place place, const int *bands) {
    int64_t count = check->list->dataset->modalities[place.modality].band_count, failed = 0;
    bool bad[MOS_DATA_MAX_BANDS];
    mos_raw_band *raw = check->reader->raw;
    for (int64_t b = 0; b < count; b++) {
        place.band = b;
        bad[b] = mos_reader_read_raw(check->reader, check->sample, place.modality, &bands[b], 1,
                                     raw) != MOSAIC_OK;
        failed += bad[b];
        check->opened = check->opened || !bad[b];
        if (!bad[b]) mos_check_band(check->list, &place, raw);
    }
    bool as_one = failed == count && is_shared(check, place.modality);
    for (int64_t b = 0; b < count; b++) {
        if (!bad[b]) continue;
        place.band = as_one ? -1 : b;
        if (mos_reader_read_raw(check->reader, check->sample, place.modality, &bands[b], 1, raw) ==
            MOSAIC_OK)
            continue; /* somebody repaired the file in the meantime */
        note_band(check, place);
        if (as_one) return;
    }
}

/* The unit of the patch as it is delivered against what the first patches promised. */
static void check_units(sample_check *check, mos_check_place place, const int *bands) {
    mos_reader *reader = check->reader;
    int64_t count = check->list->dataset->modalities[place.modality].band_count;
    mos_patch *patch = &check->list->patch;
    reader->unguarded = true;
    mosaic_status status =
        mos_reader_read(reader, check->sample, place.modality, bands, count, patch);
    reader->unguarded = false;
    if (status != MOSAIC_OK) return;
    (void)mos_verdict_taken();
    status = mos_watch_units(reader->dataset, check->sample, place.modality, bands, patch);
    if (status == MOSAIC_OK || mos_verdict_taken() < 0) return;
    mos_check_note(check->list, MOS_CHECK_MIXED_UNITS, &place, "the unit of the other samples",
                   "%s", mosaic_error());
}

static void check_modality(sample_check *check, int64_t m) {
    const mos_dataset *dataset = check->list->dataset;
    int64_t count = dataset->modalities[m].band_count;
    mos_check_place place = {.sample = check->sample, .modality = m, .band = -1};
    mos_raw_band *raw = check->reader->raw;
    file_state state;
    int bands[MOS_DATA_MAX_BANDS];
    if (count == 0) { /* no file of the modality could be read, so nobody knows its bands */
        state = judge_file(check, m, 0);
        if (state == FILE_UNREADABLE) note_file(check, place, state);
        return;
    }
    for (int64_t b = 0; b < count; b++)
        bands[b] = (int)b;
    if (mos_reader_read_raw(check->reader, check->sample, m, bands, count, raw) == MOSAIC_OK) {
        check->opened = true;
        check_bands(check, place, raw);
        check->valued = mos_check_values(check->list, &place, raw) || check->valued;
        check->list->tag = mos_offset_tag(check->reader->dataset, check->sample, m);
        if (dataset->storage[m].radar) mos_check_radar(check->list, &place, raw);
        if (dataset->storage[m].optical) mos_check_optical(check->list, &place, raw);
        check_units(check, place, bands);
        return;
    }
    note_failures(check, place, bands);
}

static void check_lag(const sample_check *check) {
    const mos_dataset *dataset = check->list->dataset;
    double bound = check->list->options->max_lag_days;
    const int64_t *times = dataset->times + check->sample * dataset->modality_count;
    mos_check_place place = {.sample = check->sample, .modality = -1, .band = -1};
    int64_t optical = -1;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        mos_band_role role = mos_dataset_role(dataset, m);
        if (role == MOS_ROLE_RADAR && place.modality < 0) place.modality = m;
        if (role == MOS_ROLE_OPTICAL && optical < 0) optical = m;
    }
    if (place.modality < 0 || optical < 0 || !(bound > 0)) return;
    int64_t days = mos_summary_lag_days(times[place.modality], times[optical]);
    if (days < 0) return;
    check->list->judged[MOS_CHECK_LAG]++;
    if ((double)days <= bound) return;
    char wanted[64], number[32];
    snprintf(wanted, sizeof wanted, "at most %s", mos_format_double(number, 32, bound, 6));
    mos_check_note(check->list, MOS_CHECK_LAG, &place, wanted, "%lld days", (long long)days);
}

void mos_check_sample(mos_check_list *list, mos_reader *reader, int64_t sample, mos_place *ground) {
    const mos_dataset *dataset = list->dataset;
    uint32_t present = dataset->present[sample];
    sample_check check = {.list = list, .reader = reader, .sample = sample};
    *ground = (mos_place){0};
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (!(present >> m & 1)) continue;
        check_modality(&check, m);
        check_grids(&check, m);
    }
    list->opened += check.opened;
    list->judged[MOS_CHECK_FILL_VALUES] += check.valued;
    list->judged[MOS_CHECK_EDGE_VALUES] += check.valued;
    list->judged[MOS_CHECK_MIXED_UNITS] += check.valued;
    check_lag(&check);
    if (list->options->wanted[MOS_CHECK_SPLIT_LEAKAGE]) mos_place_find(reader, sample, ground);
}
