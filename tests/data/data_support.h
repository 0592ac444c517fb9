/* What the tests of this room share: options from key-value pairs, small rasters and trees. */
#ifndef TESTS_DATA_SUPPORT_H
#define TESTS_DATA_SUPPORT_H

#include "base/memory.h"
#include "data/dataset.h"
#include "io/raster.h"
#include "support/test_support.h"

/* "key", "value", ..., NULL */
static inline mosaic_status open_dataset(mos_dataset **out, ...) {
    mos_data_options options = {0};
    mosaic_status status = mos_options_init(&mos_data_option_table, &options);
    va_list pairs;
    va_start(pairs, out);
    for (const char *key; status == MOSAIC_OK && (key = va_arg(pairs, const char *)) != NULL;) {
        const char *value = va_arg(pairs, const char *);
        bool item = strcmp(key, "data.class_names") == 0 || strcmp(key, "data.bands") == 0 ||
                    strcmp(key, "data.countries") == 0 || strcmp(key, "data.nodata") == 0 ||
                    strcmp(key, "data.scale") == 0 || strcmp(key, "data.accept") == 0;
        status = mos_options_set(&mos_data_option_table, &options, key, value, item, "test");
    }
    va_end(pairs);
    *out = NULL;
    if (status == MOSAIC_OK) status = mos_dataset_open(&options, out);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

/* data.classes is refused, in words that name it and hold `part`. */
static inline void expect_no_such_classes(const char *root, const char *choice, const char *part) {
    char chosen[64];
    mos_dataset *dataset;
    snprintf(chosen, sizeof chosen, "data.classes is '%s'", choice);
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  open_dataset(&dataset, "data.root", root, "data.classes", choice, NULL));
    if (strstr(mosaic_error(), chosen) == NULL || strstr(mosaic_error(), part) == NULL)
        fail_msg("message \"%s\" lacks \"%s\" or \"%s\"", mosaic_error(), chosen, part);
}

static inline void write_text(const char *folder, const char *name, const char *text) {
    char path[4096];
    EXPECT_OK(mos_make_dirs(folder));
    EXPECT_OK(mos_path_join(path, sizeof path, folder, name));
    EXPECT_OK(mos_atomic_write(path, text, strlen(text)));
}

static inline const mos_defect *find_defect(const mos_dataset *dataset, const char *kind) {
    const mos_defect *defects;
    int64_t count = mos_dataset_defects(dataset, &defects);
    for (int64_t d = 0; d < count; d++) {
        if (strcmp(defects[d].kind, kind) == 0) return &defects[d];
    }
    return NULL;
}

static inline void expect_defect(const mos_dataset *dataset, const char *kind, int64_t count,
                                 const char *example) {
    const mos_defect *defect = find_defect(dataset, kind);
    if (defect == NULL)
        fail_msg("no defect '%s'", kind);
    else {
        assert_int_equal(defect->count, count);
        if (strstr(defect->examples[0], example) == NULL)
            fail_msg("'%s' lacks '%s'", defect->examples[0], example);
    }
}

enum { TEST_SIDE = 12 };

/* A plausible pixel: `base` with a pattern of fractions for floats. */
static inline void write_float_raster(const char *path, int bands, int side, const float *bases,
                                      float step) {
    float *planes[16];
    for (int b = 0; b < bands; b++) {
        EXPECT_OK(mos_alloc((size_t)(side * side), sizeof(float), "test", &planes[b]));
        for (int i = 0; i < side * side; i++)
            planes[b][i] = bases[b] + step * (float)(i % 7);
    }
    EXPECT_OK(mos_raster_write(path, MOS_F32, side, side, bands, (const void *const *)planes, NULL,
                               0, NULL, NULL));
    for (int b = 0; b < bands; b++)
        mos_free(planes[b]);
}

static inline void write_u16_raster(const char *path, int bands, int side, const int *bases) {
    uint16_t *planes[16];
    for (int b = 0; b < bands; b++) {
        EXPECT_OK(mos_alloc((size_t)(side * side), sizeof(uint16_t), "test", &planes[b]));
        for (int i = 0; i < side * side; i++)
            planes[b][i] = (uint16_t)(bases[b] + i % 50);
    }
    EXPECT_OK(mos_raster_write(path, MOS_U16, side, side, bands, (const void *const *)planes, NULL,
                               0, NULL, NULL));
    for (int b = 0; b < bands; b++)
        mos_free(planes[b]);
}

/* One S2 patch of a V2 tree, bands of `side` 10 m pixels; band k holds base + 10 k. */
static inline void write_s2_patch(const char *root, const char *name, int side, int base) {
    static const char *const bands[] = {"B01", "B02", "B03", "B04", "B05", "B06",
                                        "B07", "B08", "B8A", "B09", "B11", "B12"};
    static const int steps[] = {6, 1, 1, 1, 2, 2, 2, 1, 2, 6, 2, 2};
    char folder[2048], path[4096];
    snprintf(folder, sizeof folder, "%s/BigEarthNet-S2/%.*s/%s", root, (int)strlen(name) - 6, name,
             name);
    EXPECT_OK(mos_make_dirs(folder));
    for (int b = 0; b < 12; b++) {
        int value = base + 10 * b;
        snprintf(path, sizeof path, "%s/%s_%s.tif", folder, name, bands[b]);
        write_u16_raster(path, 1, side / steps[b], &value);
    }
}

static inline void write_s1_patch(const char *root, const char *scene, const char *name, int side,
                                  float vv, float vh, float step) {
    char folder[2048], path[4096];
    snprintf(folder, sizeof folder, "%s/BigEarthNet-S1/%s/%s", root, scene, name);
    EXPECT_OK(mos_make_dirs(folder));
    snprintf(path, sizeof path, "%s/%s_VV.tif", folder, name);
    write_float_raster(path, 1, side, &vv, step);
    snprintf(path, sizeof path, "%s/%s_VH.tif", folder, name);
    write_float_raster(path, 1, side, &vh, step);
}

/* First pixel of one band, found by its name. */
static inline float first_pixel(mos_dataset *dataset, const char *id, const char *modality,
                                const char *band) {
    const mos_modality *modalities;
    int64_t count = mos_dataset_modalities(dataset, &modalities), m = 0, b = 0;
    while (m < count && strcmp(modalities[m].name, modality) != 0)
        m++;
    assert_true(m < count);
    while (b < modalities[m].band_count && strcmp(modalities[m].bands[b].name, band) != 0)
        b++;
    assert_true(b < modalities[m].band_count);
    mos_reader *reader;
    mos_patch *patch = malloc(sizeof *patch);
    assert_non_null(patch);
    int wanted = (int)b;
    EXPECT_OK(mos_reader_open(dataset, &reader));
    int64_t sample = mos_dataset_find(dataset, id);
    assert_true(sample >= 0);
    EXPECT_OK(mos_reader_read(reader, sample, m, &wanted, 1, patch));
    float value = patch->band[0].data[0];
    free(patch);
    mos_reader_close(&reader);
    return value;
}

#endif
