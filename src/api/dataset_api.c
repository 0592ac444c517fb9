/* include/mosaic/dataset.h, made of src/data. */
#include "mosaic/dataset.h"

#include "api/dataset_handle.h"
#include "base/memory.h"
#include "base/want.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct mosaic_reader {
    mos_dataset *data;
    mos_reader *reader;
    uint8_t *valid; /* of the last band whose validity was asked for */
    size_t valid_capacity;
};

static mosaic_status set_pairs(const char *const *options, mos_data_options *values) {
    for (size_t i = 0; options && options[i]; i += 2) {
        char key[128];
        int size = snprintf(key, sizeof key, "data.%s", options[i]);
        if (size < 0 || size >= (int)sizeof key)
            return mos_fail(MOSAIC_ERR_USAGE, "option name too long");
        if (!options[i + 1])
            return mos_fail(MOSAIC_ERR_USAGE, "option '%s' has no value", options[i]);
        MOS_TRY(mos_options_set(&mos_data_option_table, values, key, options[i + 1], false,
                                "mosaic_dataset_open"));
    }
    return MOSAIC_OK;
}

mosaic_status mosaic_dataset_open(const char *const *options, mosaic_dataset **out) {
    mos_data_options values = {0};
    mosaic_dataset *dataset = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_WANT(out);
    *out = NULL;
    MOS_GOTO(mos_options_init(&mos_data_option_table, &values));
    MOS_GOTO(set_pairs(options, &values));
    MOS_GOTO(mos_alloc(1, sizeof *dataset, "data set handle", &dataset));
    MOS_GOTO(mos_dataset_open(&values, &dataset->data));
    *out = dataset;
    dataset = NULL;
done:
    mos_options_release(&mos_data_option_table, &values);
    mosaic_dataset_close(&dataset);
    return status;
}

void mosaic_dataset_close(mosaic_dataset **dataset) {
    if (!dataset || !*dataset) return;
    mos_dataset_close(&(*dataset)->data);
    mos_free(*dataset);
    *dataset = NULL;
}

int64_t mosaic_dataset_count(const mosaic_dataset *dataset) {
    return dataset ? mos_dataset_count(dataset->data) : 0;
}

static const mos_modality *modality_at(const mosaic_dataset *dataset, int64_t m) {
    const mos_modality *list;
    int64_t count = dataset ? mos_dataset_modalities(dataset->data, &list) : 0;
    return m >= 0 && m < count ? &list[m] : NULL;
}

int64_t mosaic_dataset_modality_count(const mosaic_dataset *dataset) {
    const mos_modality *list;
    return dataset ? mos_dataset_modalities(dataset->data, &list) : 0;
}

const char *mosaic_dataset_modality(const mosaic_dataset *dataset, int64_t m) {
    const mos_modality *modality = modality_at(dataset, m);
    return modality ? modality->name : NULL;
}

int64_t mosaic_dataset_band_count(const mosaic_dataset *dataset, int64_t m) {
    const mos_modality *modality = modality_at(dataset, m);
    return modality ? modality->band_count : 0;
}

const char *mosaic_dataset_band(const mosaic_dataset *dataset, int64_t m, int64_t b) {
    const mos_modality *modality = modality_at(dataset, m);
    return modality && b >= 0 && b < modality->band_count ? modality->bands[b].name : NULL;
}

int64_t mosaic_dataset_class_count(const mosaic_dataset *dataset) {
    const char *const *names;
    return dataset ? mos_dataset_classes(dataset->data, &names) : 0;
}

const char *mosaic_dataset_class(const mosaic_dataset *dataset, int64_t l) {
    const char *const *names;
    int64_t count = dataset ? mos_dataset_classes(dataset->data, &names) : 0;
    return l >= 0 && l < count ? names[l] : NULL;
}

/* Sample i, or one of empty values when i is out of range or there is no data set. */
static mos_sample sample_at(const mosaic_dataset *dataset, int64_t i) {
    mos_sample sample;
    if (i < 0 || i >= mosaic_dataset_count(dataset) ||
        mos_dataset_sample(dataset->data, i, &sample) != MOSAIC_OK) {
        sample = (mos_sample){.split = MOS_SPLIT_NONE};
        for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++)
            sample.time_s[m] = INT64_MIN;
    }
    return sample;
}

const char *mosaic_dataset_id(const mosaic_dataset *dataset, int64_t i) {
    return sample_at(dataset, i).id;
}

const char *mosaic_dataset_split(const mosaic_dataset *dataset, int64_t i) {
    return mos_split_names[sample_at(dataset, i).split];
}

const int8_t *mosaic_dataset_labels(const mosaic_dataset *dataset, int64_t i) {
    return sample_at(dataset, i).labels;
}

int64_t mosaic_dataset_time(const mosaic_dataset *dataset, int64_t i, int64_t m) {
    return m >= 0 && m < MOS_DATA_MAX_MODALITIES ? sample_at(dataset, i).time_s[m] : INT64_MIN;
}

int mosaic_dataset_has(const mosaic_dataset *dataset, int64_t i, int64_t m) {
    return m >= 0 && m < MOS_DATA_MAX_MODALITIES ? (int)(sample_at(dataset, i).present >> m & 1)
                                                 : 0;
}

int64_t mosaic_dataset_find(const mosaic_dataset *dataset, const char *id) {
    return dataset && id ? mos_dataset_find(dataset->data, id) : -1;
}

const char *mosaic_dataset_country(const mosaic_dataset *dataset, int64_t i) {
    return sample_at(dataset, i).country;
}

const char *mosaic_dataset_format(const mosaic_dataset *dataset) {
    return dataset ? mos_dataset_format(dataset->data) : NULL;
}

const char *mosaic_dataset_root(const mosaic_dataset *dataset) {
    return dataset ? mos_dataset_root(dataset->data) : NULL;
}

double mosaic_dataset_resolution(const mosaic_dataset *dataset, int64_t m, int64_t b) {
    const mos_modality *modality = modality_at(dataset, m);
    return modality && b >= 0 && b < modality->band_count ? modality->bands[b].resolution_m : 0;
}

int mosaic_dataset_place(const mosaic_dataset *dataset, int64_t i, mosaic_place *out) {
    mos_site site;
    if (!out) return 0;
    *out = (mosaic_place){0};
    if (i < 0 || i >= mosaic_dataset_count(dataset)) return 0;
    if (!mos_dataset_site(dataset->data, i, &site)) return 0;
    *out = (mosaic_place){site.crs, site.x, site.y, site.width, site.height};
    return 1;
}

mosaic_status mosaic_reader_open(mosaic_dataset *dataset, mosaic_reader **out) {
    mosaic_reader *reader = NULL;
    MOS_WANT(out);
    *out = NULL;
    MOS_WANT(dataset);
    MOS_TRY(mos_alloc(1, sizeof *reader, "reader handle", &reader));
    reader->data = dataset->data;
    mosaic_status status = mos_reader_open(dataset->data, &reader->reader);
    if (status != MOSAIC_OK)
        mosaic_reader_close(&reader);
    else
        *out = reader;
    return status;
}

void mosaic_reader_close(mosaic_reader **reader) {
    if (!reader || !*reader) return;
    mos_reader_close(&(*reader)->reader);
    mos_free((*reader)->valid);
    mos_free(*reader);
    *reader = NULL;
}

static mosaic_status find_band(const mos_dataset *data, const char *modality, const char *band,
                               int64_t *m, int *b) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(data, &list);
    for (*m = 0; *m < count; ++*m) {
        if (strcmp(list[*m].name, modality) != 0) continue;
        for (*b = 0; *b < list[*m].band_count; ++*b)
            if (strcmp(list[*m].bands[*b].name, band) == 0) return MOSAIC_OK;
        return mos_fail(MOSAIC_ERR_USAGE, "modality '%s' has no band '%s'", modality, band);
    }
    return mos_fail(MOSAIC_ERR_USAGE, "the data set has no modality '%s'", modality);
}

static mosaic_status read_band(mosaic_reader *reader, int64_t i, const char *modality,
                               const char *band, mos_patch *patch) {
    int64_t m;
    int b;
    if (i < 0 || i >= mos_dataset_count(reader->data))
        return mos_fail(MOSAIC_ERR_USAGE, "sample %lld is out of range, the data set has %lld",
                        (long long)i, (long long)mos_dataset_count(reader->data));
    MOS_TRY(find_band(reader->data, modality, band, &m, &b));
    return mos_reader_read(reader->reader, i, m, &b, 1, patch);
}

mosaic_status mosaic_reader_band(mosaic_reader *reader, int64_t i, const char *modality,
                                 const char *band, const float **data, int64_t *width,
                                 int64_t *height) {
    mos_patch patch;
    MOS_WANT(reader);
    MOS_WANT(modality);
    MOS_WANT(band);
    MOS_WANT(data);
    MOS_WANT(width);
    MOS_WANT(height);
    MOS_TRY(read_band(reader, i, modality, band, &patch));
    *data = patch.band[0].data;
    *width = patch.band[0].width;
    *height = patch.band[0].height;
    return MOSAIC_OK;
}

mosaic_status mosaic_reader_masked(mosaic_reader *reader, int64_t i, const char *modality,
                                   const char *band, const float **data, const uint8_t **valid,
                                   int64_t *width, int64_t *height, int64_t *invalid) {
    mos_patch patch;
    MOS_WANT(reader);
    MOS_WANT(modality);
    MOS_WANT(band);
    MOS_WANT(width);
    MOS_WANT(height);
    MOS_TRY(read_band(reader, i, modality, band, &patch));
    const struct mos_patch_band *b = &patch.band[0];
    const size_t pixels = (size_t)b->width * (size_t)b->height;
    int64_t bad = 0;
    MOS_TRY(mos_grow(&reader->valid, &reader->valid_capacity, pixels, 1, "the mask of a band"));
    for (size_t p = 0; p < pixels; p++) {
        const float x = b->data[p];
        reader->valid[p] = isfinite(x) && !(b->has_nodata && x == b->nodata);
        bad += !reader->valid[p];
    }
    if (data != NULL) *data = b->data;
    if (valid != NULL) *valid = reader->valid;
    *width = b->width;
    *height = b->height;
    if (invalid != NULL) *invalid = bad;
    return MOSAIC_OK;
}
