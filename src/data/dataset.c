#include "data/dataset.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/class_names.h"
#include "data/data_options.h"
#include "data/format_options.h"
#include "data/modality_keys.h"
#include "data/product_level.h"
#include "data/sample_select.h"
#include "data/sample_table.h"
#include "data/split_file.h"
#include "data/survey.h"
#include "data/verdicts.h"
#include "io/raster_window.h"

#include <string.h>

const char *const mos_split_names[] = {"train", "validation", "test", "none", NULL};

/* A file that no format knows: a raster has its own keys, and of the rest GDAL says why it is none. */
static mosaic_status fail_file(const char *path, const char *known) {
    mos_raster_info info;
    char words[512];
    if (mos_scene_info_read(path, &info) == MOSAIC_OK)
        return mos_fail(
            MOSAIC_ERR_DATA,
            "%s: a raster of %lld x %lld pixels in %d bands, and no data set: rasters "
            "are given as data.s1 and data.s2 (`predict` and `embed`: --s1, --s2) or in "
            "a scene file",
            path, (long long)info.width, (long long)info.height, info.bands);
    mos_error_copy(words, sizeof words);
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: neither a data set (one of %s) nor a scene file (*.yaml) nor a raster: %s",
                    path, known, words);
}

static mosaic_status choose_format(mos_dataset *dataset) {
    int wanted = dataset->options.format;
    if (wanted > 0) {
        dataset->format = mos_formats[wanted - 1];
        return MOSAIC_OK;
    }
    wanted = mos_data_place_format(&dataset->options);
    if (wanted > 0) dataset->format = mos_formats[wanted - 1];
    for (int i = 0; dataset->format == NULL && mos_formats[i] != NULL; i++) {
        if (mos_formats[i]->recognise(dataset->root)) dataset->format = mos_formats[i];
    }
    if (dataset->format != NULL) return MOSAIC_OK;
    if (!mos_path_exists(dataset->root))
        return mos_fail(MOSAIC_ERR_DATA, "%s: data.root does not exist", dataset->root);
    mos_text known = {0};
    for (int i = 1; mos_format_names[i] != NULL; i++) /* 0 is "auto" */
        mos_text_add(&known, "%s%s", i == 1 ? "" : ", ", mos_format_names[i]);
    mosaic_status status;
    if (known.failed)
        status = mos_fail_memory(known.size, "names of formats");
    else if (!mos_path_is_dir(dataset->root))
        status = fail_file(dataset->root, known.data);
    else
        status = mos_fail(MOSAIC_ERR_DATA,
                          "%s: no known data set here: wanted one of %s; data.format and the "
                          "paths can be given",
                          dataset->root, known.data);
    mos_text_release(&known);
    return status;
}

/* A key that the format does not read would be a silent slip. */
static mosaic_status check_exclusive(const mos_dataset *dataset) {
    for (int f = 0; mos_formats[f] != NULL; f++) {
        const mos_format_options *own = mos_formats[f]->options;
        bool set = false;
        if (own == NULL || own->exclusive == NULL || own == dataset->format->options) continue;
        MOS_TRY(mos_data_option_is_set(&dataset->options, own->exclusive, &set));
        if (set)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: %s is for %s, and this is %s", dataset->root,
                            own->exclusive, mos_formats[f]->name, dataset->format->name);
    }
    return MOSAIC_OK;
}

/* Nor has every format every nomenclature. */
static mosaic_status check_classes(const mos_dataset *dataset) {
    int chosen = dataset->options.classes;
    if (dataset->format->classes >> chosen & 1) return MOSAIC_OK;
    mos_text known = {0};
    for (int c = 0; mos_class_choices[c] != NULL; c++) {
        if (dataset->format->classes >> c & 1)
            mos_text_add(&known, "%s%s", known.size == 0 ? "" : ", ", mos_class_choices[c]);
    }
    mosaic_status status =
        known.failed
            ? mos_fail_memory(known.size, "names of classes")
            : mos_fail(MOSAIC_ERR_USAGE, "%s: data.classes is '%s', but %s has %s", dataset->root,
                       mos_class_choices[chosen], dataset->format->name, known.data);
    mos_text_release(&known);
    return status;
}

static mosaic_status set_root(mos_dataset *dataset) {
    const char *root = mos_data_place(&dataset->options);
    if (root == NULL) return mos_fail(MOSAIC_ERR_USAGE, "data.root is not set");
    if (strlen(root) >= sizeof dataset->root)
        return mos_fail(MOSAIC_ERR_USAGE, "data.root is longer than %zu bytes",
                        sizeof dataset->root - 1);
    memcpy(dataset->root, root, strlen(root) + 1);
    return MOSAIC_OK;
}

void mos_dataset_log_defects(const mos_dataset *dataset) {
    for (int64_t d = 0; d < dataset->defect_count; d++) {
        const mos_defect *defect = &dataset->defects[d];
        mos_log(MOS_LOG_WARNING, "%s: %lld x %s, as in %s", dataset->root, (long long)defect->count,
                defect->kind, defect->examples[0]);
    }
}

mosaic_status mos_dataset_begin(const mos_data_options *options, mos_dataset **out) {
    *out = NULL;
    mos_dataset *dataset;
    MOS_TRY(mos_alloc(1, sizeof *dataset, "data set", &dataset));
    mosaic_status status;
    dataset->countries[0] = "";
    dataset->country_count = 1;
    MOS_GOTO(mos_data_options_copy(options, &dataset->options));
    MOS_GOTO(set_root(dataset));
    MOS_GOTO(choose_format(dataset));
    MOS_GOTO(check_exclusive(dataset));
    MOS_GOTO(check_classes(dataset));
    *out = dataset;
    dataset = NULL;
done:
    mos_dataset_close(&dataset);
    return status;
}

static mosaic_status open_noting(const mos_data_options *options, mos_survey *survey,
                                 mos_dataset **out) {
    *out = NULL;
    mos_dataset *dataset;
    mosaic_status status;
    MOS_TRY(mos_dataset_begin(options, &dataset));
    dataset->survey = survey;
    MOS_GOTO(mos_verdicts_check_keys(dataset));
    MOS_GOTO(dataset->format->open(dataset));
    MOS_GOTO(mos_modality_keys_check(dataset));
    MOS_GOTO(mos_dataset_select(dataset));
    MOS_GOTO(mos_dataset_index(dataset));
    mos_class_names_judge(dataset);
    MOS_GOTO(mos_alloc((size_t)dataset->count, sizeof *dataset->offset, "offset states",
                       &dataset->offset));
    mos_product_levels_find(dataset);
    MOS_GOTO(mos_dataset_spot_check(dataset));
    if (survey == NULL) {
        mos_dataset_log_defects(dataset);
        MOS_GOTO(mos_verdicts_consult(dataset, MOS_FOR_LOOKING));
    }
    dataset->survey = NULL;
    *out = dataset;
    dataset = NULL;
done:
    mos_dataset_close(&dataset);
    return status;
}

mosaic_status mos_dataset_open(const mos_data_options *options, mos_dataset **out) {
    return open_noting(options, NULL, out);
}

mosaic_status mos_dataset_survey(const mos_data_options *options, mos_survey *survey,
                                 mos_dataset **out) {
    *survey = (mos_survey){0};
    mosaic_status status = open_noting(options, survey, out);
    if (status == MOSAIC_OK && survey->status != MOSAIC_OK) {
        mos_dataset_close(out);
        return survey->status;
    }
    return status;
}

void mos_dataset_close(mos_dataset **pointer) {
    mos_dataset *dataset = *pointer;
    if (dataset == NULL) return;
    if (dataset->format != NULL && dataset->format->close != NULL) dataset->format->close(dataset);
    mos_options_release(&mos_data_option_table, &dataset->options);
    mos_free(dataset->ids);
    mos_free(dataset->splits);
    mos_free(dataset->country);
    mos_free(dataset->present);
    mos_free(dataset->labels);
    mos_free(dataset->times);
    mos_free(dataset->sources);
    mos_free(dataset->products);
    mos_free(dataset->locations);
    mos_free(dataset->absent_s1);
    mos_split_columns_destroy(&dataset->split_columns);
    mos_free(dataset->sites);
    mos_free(dataset->grounds);
    mos_free(dataset->index);
    mos_free(dataset->offset);
    mos_free(dataset->offset_group);
    mos_free(dataset->offset_of_group);
    mos_text_pool_release(&dataset->pool);
    mos_free(dataset);
    *pointer = NULL;
}

int64_t mos_dataset_count(const mos_dataset *dataset) {
    return dataset->count;
}

mosaic_status mos_dataset_sample(const mos_dataset *dataset, int64_t index, mos_sample *out) {
    if (index < 0 || index >= dataset->count)
        return mos_fail(MOSAIC_ERR_USAGE, "sample %lld is outside [0, %lld)", (long long)index,
                        (long long)dataset->count);
    *out = (mos_sample){.id = dataset->ids[index],
                        .split = (mos_split)dataset->splits[index],
                        .country = dataset->countries[dataset->country[index]],
                        .present = dataset->present[index],
                        .labels = dataset->labels + index * dataset->class_count};
    for (int64_t m = 0; m < MOS_DATA_MAX_MODALITIES; m++)
        out->time_s[m] = m < dataset->modality_count
                             ? dataset->times[index * dataset->modality_count + m]
                             : MOS_TIME_UNKNOWN;
    return MOSAIC_OK;
}

int64_t mos_dataset_modalities(const mos_dataset *dataset, const mos_modality **out) {
    *out = dataset->modalities;
    return dataset->modality_count;
}

int64_t mos_dataset_classes(const mos_dataset *dataset, const char *const **names) {
    *names = dataset->classes;
    return dataset->class_count;
}

const mos_modality_promise *mos_dataset_promise(const mos_dataset *dataset, int64_t modality) {
    return &dataset->storage[modality].promise;
}

const char *mos_dataset_format(const mos_dataset *dataset) {
    return dataset->format->name;
}

bool mos_dataset_has_files(const mos_dataset *dataset) {
    return dataset->format->files;
}

const char *mos_dataset_origin(const mos_dataset *dataset) {
    return dataset->origin != NULL ? dataset->origin : dataset->format->name;
}

const char *const *mos_dataset_default_bands(const mos_dataset *dataset, const char *modality) {
    const char *origin = mos_dataset_origin(dataset);
    for (const mos_format *const *format = mos_formats; *format != NULL; format++) {
        if (strcmp((*format)->name, origin) != 0) continue;
        for (const mos_default_bands *at = (*format)->bands; at && at->modality != NULL; at++)
            if (strcmp(at->modality, modality) == 0) return at->bands;
    }
    return NULL;
}

int mos_dataset_policy(const mos_dataset *dataset) {
    return dataset->options.policy;
}

int mos_dataset_constant_bands(const mos_dataset *dataset) {
    return dataset->options.constant_bands;
}

const char *mos_dataset_root(const mos_dataset *dataset) {
    return dataset->root;
}

int64_t mos_dataset_defects(const mos_dataset *dataset, const mos_defect **out) {
    *out = dataset->defects;
    return dataset->defect_count;
}

int64_t mos_dataset_offsets_removed(const mos_dataset *dataset) {
    return atomic_load(&dataset->offsets_removed);
}

bool mos_dataset_classes_found(const mos_dataset *dataset) {
    return dataset->classes_found;
}

int64_t mos_dataset_metadata_rows(const mos_dataset *dataset) {
    return dataset->metadata_rows;
}

void mos_dataset_fingerprint(const mos_dataset *dataset, char hex[65]) {
    mos_text text = {0};
    for (int64_t c = 0; c < dataset->class_count; c++)
        mos_text_add_bytes(&text, dataset->classes[c], strlen(dataset->classes[c]) + 1);
    for (int64_t i = 0; i < dataset->count; i++) {
        mos_text_add_bytes(&text, dataset->ids[i], strlen(dataset->ids[i]) + 1);
        mos_text_add_bytes(&text, &dataset->splits[i], 1);
        mos_text_add_bytes(&text, dataset->labels + i * dataset->class_count,
                           (size_t)dataset->class_count);
    }
    /* Out of memory gives a value no data set has. */
    if (text.failed)
        memset(hex, 'x', 64), hex[64] = '\0';
    else
        mos_sha256(text.data == NULL ? "" : text.data, text.size, hex);
    mos_text_release(&text);
}
