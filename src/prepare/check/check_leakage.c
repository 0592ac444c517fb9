/* Split leakage: samples of different splits that show the same ground. Of two samples the one in
 * the later split (train, validation, test) gets the row. Samples without a place on the ground can
 * still share a file. */
#include "prepare/check/check_list.h"

#include "base/memory.h"
#include "data/name_set.h"

#include <math.h>
#include <string.h>

/* Those of an earlier split that share a sample's ground. */
typedef struct shared_ground {
    int64_t samples, first;
    double gap_m; /* to the first */
} shared_ground;

typedef struct leakage {
    mos_check_list *list;
    const mos_place *places;
    shared_ground *shared; /* [samples] */
} leakage;

/* One pixel is rounding, more is ground. Grids of two zones stand askew by some degrees, so that
 * outlines there overlap by a tenth of a side without sharing that much. */
static double tolerance_m(const mos_place *a, const mos_place *b) {
    double pixel = fmin(a->pixel_m, b->pixel_m);
    double side =
        2 * fmin(fmin(a->half_width, a->half_height), fmin(b->half_width, b->half_height));
    return a->epsg == b->epsg ? pixel : fmax(pixel, side / 10);
}

static mosaic_status note_pair(void *context, int64_t a, int64_t b, double gap_m) {
    leakage *leak = context;
    const uint8_t *splits = leak->list->dataset->splits;
    if (splits[a] == splits[b] || -gap_m <= tolerance_m(&leak->places[a], &leak->places[b]))
        return MOSAIC_OK;
    int64_t earlier = splits[a] < splits[b] ? a : b, later = earlier == a ? b : a;
    shared_ground *shared = &leak->shared[later];
    if (shared->samples++ > 0 && earlier > shared->first) return MOSAIC_OK;
    shared->first = earlier;
    shared->gap_m = gap_m;
    return MOSAIC_OK;
}

static void note_samples(const leakage *leak) {
    const mos_dataset *dataset = leak->list->dataset;
    for (int64_t i = 0; i < dataset->count; i++) {
        const shared_ground *shared = &leak->shared[i];
        const mos_check_place place = {.sample = i, .modality = -1, .band = -1};
        if (shared->samples == 0) continue;
        mos_check_note(leak->list, MOS_CHECK_SPLIT_LEAKAGE, &place, "ground of one split",
                       "%s: %.4g m into %s sample %s; %lld such",
                       mos_split_names[dataset->splits[i]], -shared->gap_m,
                       mos_split_names[dataset->splits[shared->first]], dataset->ids[shared->first],
                       (long long)shared->samples);
    }
}

/* Samples of no split take no part. */
static mosaic_status find_ground(mos_check_list *list, mos_place *places) {
    const mos_dataset *dataset = list->dataset;
    leakage leak = {.list = list, .places = places};
    mosaic_status status;
    MOS_TRY(mos_alloc((size_t)dataset->count, sizeof *leak.shared, "shared ground", &leak.shared));
    for (int64_t i = 0; i < dataset->count; i++) {
        places[i].known = places[i].known && dataset->splits[i] != MOS_SPLIT_NONE;
        list->judged[MOS_CHECK_SPLIT_LEAKAGE] += places[i].known;
    }
    MOS_GOTO(mos_places_near(places, dataset->count, 0, note_pair, &leak));
    note_samples(&leak);
done:
    mos_free(leak.shared);
    return status;
}

/* Without a place: the same file, or the same record, in two splits. */
static mosaic_status find_files(mos_check_list *list, const mos_place *places) {
    const mos_dataset *dataset = list->dataset;
    mos_name_set files = {0};
    int64_t *first = NULL;
    size_t capacity = 0;
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < dataset->count * dataset->slots; i++) {
        int64_t sample = i / dataset->slots;
        const char *source = dataset->sources[i];
        bool added;
        if (source == NULL || places[sample].known || dataset->splits[sample] == MOS_SPLIT_NONE)
            continue;
        MOS_GOTO(mos_name_set_add(&files, source, strlen(source), &added));
        const mos_name_entry *entry = mos_name_set_find(&files, source, strlen(source));
        size_t at = (size_t)(entry - files.entries);
        MOS_GOTO(mos_grow(&first, &capacity, at + 1, sizeof *first, "files of samples"));
        if (added) first[at] = sample;
        if (dataset->splits[first[at]] == dataset->splits[sample]) continue;
        const mos_check_place place = {
            .sample = sample, .modality = -1, .band = -1, .file = source};
        mos_check_note(list, MOS_CHECK_SPLIT_LEAKAGE, &place, "a file of one split",
                       "%s: file of %s sample %s", mos_split_names[dataset->splits[sample]],
                       mos_split_names[dataset->splits[first[at]]], dataset->ids[first[at]]);
    }
done:
    mos_free(first);
    mos_name_set_release(&files);
    return status;
}

mosaic_status mos_check_leakage(mos_check_list *list, mos_place *places) {
    const mos_dataset *dataset = list->dataset;
    bool used[MOS_SPLIT_COUNT] = {0};
    if (!list->options->wanted[MOS_CHECK_SPLIT_LEAKAGE]) return MOSAIC_OK;
    for (int64_t i = 0; i < dataset->count; i++)
        used[dataset->splits[i]] = true;
    if (used[MOS_SPLIT_TRAIN] + used[MOS_SPLIT_VALIDATION] + used[MOS_SPLIT_TEST] < 2)
        return MOSAIC_OK;
    MOS_TRY(find_ground(list, places));
    return find_files(list, places);
}
