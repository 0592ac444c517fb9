#include "data/sample_table.h"

#include "data/modality_keys.h"
#include "data/survey.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

mosaic_status mos_dataset_reserve(mos_dataset *dataset, int64_t capacity) {
    if (capacity < 0 || capacity >= INT32_MAX)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %lld samples are more than can be held",
                        dataset->root, (long long)capacity);
    size_t n = (size_t)capacity;
    MOS_TRY(mos_alloc(n, sizeof *dataset->ids, "sample table", &dataset->ids));
    MOS_TRY(mos_alloc(n, sizeof *dataset->splits, "sample table", &dataset->splits));
    MOS_TRY(mos_alloc(n, sizeof *dataset->country, "sample table", &dataset->country));
    MOS_TRY(mos_alloc(n, sizeof *dataset->present, "sample table", &dataset->present));
    MOS_TRY(mos_alloc(n, sizeof *dataset->products, "sample table", &dataset->products));
    MOS_TRY(mos_alloc(n, sizeof *dataset->locations, "sample table", &dataset->locations));
    MOS_TRY(mos_alloc(n, sizeof *dataset->absent_s1, "sample table", &dataset->absent_s1));
    size_t classes = dataset->class_count > 0 ? (size_t)dataset->class_count : 1;
    MOS_TRY(mos_alloc(n, classes, "sample labels", &dataset->labels));
    MOS_TRY(mos_alloc(n, (size_t)dataset->modality_count * sizeof *dataset->times, "sample times",
                      &dataset->times));
    MOS_TRY(mos_alloc(n, (size_t)dataset->slots * sizeof *dataset->sources, "sample sources",
                      &dataset->sources));
    dataset->capacity = capacity;
    return MOSAIC_OK;
}

mosaic_status mos_dataset_add(mos_dataset *dataset, const mos_sample_row *row) {
    if (dataset->count >= dataset->capacity)
        return mos_fail(MOSAIC_ERR_RUNTIME, "sample table is full");
    int64_t i = dataset->count;
    MOS_TRY(mos_text_pool_add(&dataset->pool, row->id, row->id_size, &dataset->ids[i]));
    const char **sources = dataset->sources + i * dataset->slots;
    for (int64_t s = 0; s < dataset->slots; s++) {
        const char *source = row->sources[s];
        sources[s] = NULL;
        if (source == NULL) continue;
        if (source == row->id)
            sources[s] = dataset->ids[i]; /* BigEarthNet: the record's name is the id */
        else
            MOS_TRY(mos_text_pool_add(
                &dataset->pool, source,
                row->source_sizes != NULL ? row->source_sizes[s] : strlen(source), &sources[s]));
    }
    dataset->products[i] = NULL;
    if (row->product != NULL)
        MOS_TRY(mos_text_pool_add(&dataset->pool, row->product, strlen(row->product),
                                  &dataset->products[i]));
    dataset->locations[i] = NULL;
    if (row->location != NULL)
        MOS_TRY(mos_text_pool_add(&dataset->pool, row->location, strlen(row->location),
                                  &dataset->locations[i]));
    dataset->absent_s1[i] = NULL;
    if (row->absent_s1 != NULL)
        MOS_TRY(mos_text_pool_add(&dataset->pool, row->absent_s1, row->absent_s1_size,
                                  &dataset->absent_s1[i]));
    if (row->site != NULL && dataset->sites == NULL)
        MOS_TRY(mos_alloc((size_t)dataset->capacity, sizeof *dataset->sites, "sample sites",
                          &dataset->sites));
    if (row->site != NULL) dataset->sites[i] = *row->site;
    if (row->grounds != NULL && dataset->grounds == NULL)
        MOS_TRY(mos_alloc((size_t)dataset->capacity,
                          (size_t)dataset->modality_count * sizeof *dataset->grounds,
                          "ground of records", &dataset->grounds));
    for (int64_t m = 0; row->grounds != NULL && m < dataset->modality_count; m++)
        MOS_TRY(mos_text_pool_add(&dataset->pool, row->grounds[m], strlen(row->grounds[m]),
                                  &dataset->grounds[i * dataset->modality_count + m]));
    uint32_t present = 0;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality_storage *storage = &dataset->storage[m];
        bool all = true;
        for (int64_t s = 0; s < storage->slots; s++)
            all = all && sources[storage->slot + s] != NULL;
        if (all) present |= 1u << m;
    }
    dataset->present[i] = present;
    dataset->splits[i] = (uint8_t)row->split;
    dataset->country[i] = row->country;
    memcpy(dataset->labels + i * dataset->class_count, row->labels, (size_t)dataset->class_count);
    memcpy(dataset->times + i * dataset->modality_count, row->times,
           (size_t)dataset->modality_count * sizeof *row->times);
    dataset->count++;
    return MOSAIC_OK;
}

mosaic_status mos_dataset_country(mos_dataset *dataset, const char *name, size_t size,
                                  uint16_t *out) {
    for (int64_t c = 0; c < dataset->country_count; c++) {
        if (strlen(dataset->countries[c]) == size &&
            memcmp(dataset->countries[c], name, size) == 0) {
            *out = (uint16_t)c;
            return MOSAIC_OK;
        }
    }
    if (dataset->country_count == MOS_DATA_MAX_COUNTRIES)
        return mos_fail(MOSAIC_ERR_DATA, "%s: more than %d countries", dataset->root,
                        MOS_DATA_MAX_COUNTRIES - 1);
    MOS_TRY(
        mos_text_pool_add(&dataset->pool, name, size, &dataset->countries[dataset->country_count]));
    *out = (uint16_t)dataset->country_count++;
    return MOSAIC_OK;
}

mosaic_status mos_dataset_add_modality(mos_dataset *dataset, const char *name, int64_t slots,
                                       mos_modality **out) {
    if (dataset->modality_count == MOS_DATA_MAX_MODALITIES)
        return mos_fail(MOSAIC_ERR_DATA, "%s: more than %d modalities", dataset->root,
                        MOS_DATA_MAX_MODALITIES);
    mos_modality *modality = &dataset->modalities[dataset->modality_count];
    if (strlen(name) >= sizeof modality->name)
        return mos_fail(MOSAIC_ERR_DATA, "modality name '%.60s' is longer than %zu bytes", name,
                        sizeof modality->name - 1);
    *modality = (mos_modality){0};
    snprintf(modality->name, sizeof modality->name, "%s", name);
    mos_modality_storage *storage = &dataset->storage[dataset->modality_count++];
    *storage = (mos_modality_storage){.slot = dataset->slots, .slots = slots};
    dataset->slots += slots;
    *out = modality;
    return MOSAIC_OK;
}

/* Who said where there is no data: a key before the files, the files before what a sensor's numbers
 * mean. */
static void settle_nodata(mos_dataset *dataset, int64_t m) {
    mos_modality_storage *storage = &dataset->storage[m];
    const mos_modality *modality = &dataset->modalities[m];
    mos_identity_source by = storage->has_nodata ? MOS_SAID_BY_TAG : MOS_SAID_BY_NOBODY;
    double value;
    if (mos_key_nodata(dataset, modality->name, &value)) {
        storage->has_nodata = !isnan(value);
        storage->nodata = isnan(value) ? 0 : value;
        by = MOS_SAID_BY_KEY;
    } else if (storage->optical && !storage->has_nodata && storage->dtype[0] != MOS_U8) {
        /* Digital numbers of 16 bits begin at 1; of 8 bits 0 is black. */
        storage->has_nodata = true;
        storage->nodata = 0;
        by = MOS_SAID_BY_FORMAT;
    }
    for (int64_t b = 0; b < modality->band_count; b++) {
        storage->identity[b].has_nodata = storage->has_nodata;
        storage->identity[b].nodata = storage->nodata;
        storage->identity[b].nodata_by = by;
    }
}

void mos_dataset_classify(mos_dataset *dataset) {
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality *modality = &dataset->modalities[m];
        mos_modality_storage *storage = &dataset->storage[m];
        bool surface = false;
        storage->radar = false;
        for (int64_t b = 0; b < modality->band_count; b++) {
            mos_band_identity *identity = &storage->identity[b];
            const char *name = modality->bands[b].name;
            identity->role = mos_band_role_of(name);
            if (identity->scale_by == MOS_SAID_BY_NOBODY) identity->scale = 1;
            if (identity->named_by == MOS_SAID_BY_NOBODY) identity->named_by = MOS_SAID_BY_FORMAT;
            storage->radar = storage->radar || identity->role == MOS_ROLE_RADAR;
            surface = surface || identity->role == MOS_ROLE_OPTICAL;
            storage->promised_mean[b] = (double)NAN;
        }
        /* Reflectance as floats has no +1000 and no 0 for "no data". */
        storage->optical = surface && storage->dtype[0] != MOS_F32 && storage->dtype[0] != MOS_F64;
        settle_nodata(dataset, m);
    }
}

mos_band_role mos_dataset_role(const mos_dataset *dataset, int64_t modality) {
    for (int64_t b = 0; b < dataset->modalities[modality].band_count; b++) {
        mos_band_role role = dataset->storage[modality].identity[b].role;
        if (role != MOS_ROLE_UNKNOWN) return role;
    }
    return MOS_ROLE_UNKNOWN;
}

void mos_dataset_defect(mos_dataset *dataset, const char *kind, const char *format, ...) {
    mos_defect *defect = NULL;
    for (int64_t d = 0; d < dataset->defect_count; d++) {
        if (strcmp(dataset->defects[d].kind, kind) == 0) defect = &dataset->defects[d];
    }
    if (defect == NULL) {
        if (dataset->defect_count == MOS_DATA_MAX_DEFECTS) return;
        defect = &dataset->defects[dataset->defect_count++];
        snprintf(defect->kind, sizeof defect->kind, "%s", kind);
    }
    const int64_t room = (int64_t)(sizeof defect->examples / sizeof defect->examples[0]);
    if (defect->count < room || dataset->survey != NULL) {
        char text[4096 + 512];
        va_list arguments;
        va_start(arguments, format);
        (void)mos_vformat(text, sizeof text, format, arguments);
        va_end(arguments);
        if (defect->count < room)
            (void)snprintf(defect->examples[defect->count], sizeof defect->examples[0], "%.*s",
                           (int)sizeof defect->examples[0] - 1, text);
        if (dataset->survey != NULL) mos_survey_note(dataset->survey, kind, text);
    }
    defect->count++;
}

mosaic_status mos_dataset_path(const mos_dataset *dataset, const char *given, const char *name,
                               char *out, size_t size) {
    if (given == NULL) return mos_path_join(out, size, dataset->root, name);
    if (strlen(given) >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "path '%.80s...' is longer than %zu bytes", given,
                        size - 1);
    memcpy(out, given, strlen(given) + 1);
    return MOSAIC_OK;
}
