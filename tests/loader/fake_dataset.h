/* A data set in memory behind the interface of data/dataset.h, so that every pixel, gap and failure
 * is the test's own. Two modalities: "s1" (VV, VH, 24x24 dB) and "s2" (B02 24x24, B05 12x12, B01
 * 4x4). Linking these definitions keeps the real ones out of the program. */
#ifndef TESTS_LOADER_FAKE_DATASET_H
#define TESTS_LOADER_FAKE_DATASET_H

#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FAKE_COUNT = 37, FAKE_CLASSES = 3, FAKE_SIDE = 24 };

struct mos_dataset {
    int64_t invalid_sample;  /* its first modality's second band holds invalid pixels; -1: none */
    int invalid_kind;        /* 0 NaN, 1 Inf, 2 no-data */
    int64_t constant_sample; /* every valid value of its second modality's first band is 77, also
                                where invalid_kind's value stands in the first pixel; -1: none */
    bool constant_with_gap;
    int64_t failing_sample; /* its read fails; -1: none */
    int64_t missing_s2;     /* sample without s2; -1: none */
    int64_t unlabeled_from; /* samples from here on have unknown labels */
};

struct mos_reader {
    const mos_dataset *dataset;
    float pixels[3][FAKE_SIDE * FAKE_SIDE];
};

static mos_dataset fake_make(void) {
    return (mos_dataset){.invalid_sample = -1,
                         .constant_sample = -1,
                         .failing_sample = -1,
                         .missing_s2 = -1,
                         .unlabeled_from = FAKE_COUNT};
}

static const mos_modality fake_modalities[2] = {
    {.name = "s1", .band_count = 2, .bands = {{.name = "VV"}, {.name = "VH"}}},
    {.name = "s2", .band_count = 3, .bands = {{.name = "B02"}, {.name = "B05"}, {.name = "B01"}}}};

static const char *const fake_class_names[FAKE_CLASSES] = {"a", "b", "c"};

static int64_t fake_side(int64_t modality, int band) {
    static const int64_t sides[3] = {FAKE_SIDE, FAKE_SIDE / 2, FAKE_SIDE / 6};
    return modality == 0 ? FAKE_SIDE : sides[band];
}

/* Different everywhere. */
static float fake_value(int64_t sample, int64_t modality, int band, int64_t y, int64_t x) {
    return (float)(modality == 0 ? -20 : 100) + (float)(sample * 3 + band) +
           0.01F * (float)(y * fake_side(modality, band) + x);
}

static bool fake_is_invalid(const mos_dataset *dataset, int64_t sample, int64_t modality, int band,
                            int64_t y, int64_t x) {
    return sample == dataset->invalid_sample && modality == 0 && band == 1 && y == 5 && x >= 3 &&
           x < 7;
}

int64_t mos_dataset_count(const mos_dataset *dataset) {
    (void)dataset;
    return FAKE_COUNT;
}

int64_t mos_dataset_modalities(const mos_dataset *dataset, const mos_modality **out) {
    (void)dataset;
    *out = fake_modalities;
    return 2;
}

int64_t mos_dataset_classes(const mos_dataset *dataset, const char *const **names) {
    (void)dataset;
    *names = fake_class_names;
    return FAKE_CLASSES;
}

mosaic_status mos_dataset_sample(const mos_dataset *dataset, int64_t index, mos_sample *out) {
    static const int8_t known[2][FAKE_CLASSES] = {{1, 0, 1}, {0, 1, 0}},
                        unknown[FAKE_CLASSES] = {-1, -1, -1};
    static const char *const ids[4] = {"p0", "p1", "p2", "p3"};
    if (index < 0 || index >= FAKE_COUNT)
        return mos_fail(MOSAIC_ERR_RUNTIME, "sample %lld", (long long)index);
    *out = (mos_sample){.id = ids[index % 4],
                        .country = "",
                        .present = index == dataset->missing_s2 ? 1 : 3,
                        .labels = index >= dataset->unlabeled_from ? unknown : known[index % 2]};
    return MOSAIC_OK;
}

mosaic_status mos_reader_open(mos_dataset *dataset, mos_reader **out) {
    MOS_TRY(mos_alloc(1, sizeof **out, "a reader", out));
    (*out)->dataset = dataset;
    return MOSAIC_OK;
}

void mos_reader_close(mos_reader **reader) {
    mos_free(*reader);
    *reader = NULL;
}

mosaic_status mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                              const int *bands, int64_t count, mos_patch *out) {
    static const float invalid_values[3] = {NAN, INFINITY, -9999};
    if (sample == reader->dataset->failing_sample && modality == 1)
        return mos_fail(MOSAIC_ERR_DATA, "record of sample %lld is cut short", (long long)sample);
    out->bands = count;
    for (int64_t b = 0; b < count; b++) {
        int64_t side = fake_side(modality, bands[b]);
        for (int64_t i = 0; i < side * side; i++) {
            bool invalid =
                fake_is_invalid(reader->dataset, sample, modality, bands[b], i / side, i % side);
            reader->pixels[b][i] = invalid
                                       ? invalid_values[reader->dataset->invalid_kind]
                                       : fake_value(sample, modality, bands[b], i / side, i % side);
            if (sample == reader->dataset->constant_sample && modality == 1 && bands[b] == 0)
                reader->pixels[b][i] = reader->dataset->constant_with_gap && i == 0
                                           ? invalid_values[reader->dataset->invalid_kind]
                                           : 77;
        }
        out->band[b].data = reader->pixels[b];
        out->band[b].width = out->band[b].height = side;
        out->band[b].has_nodata = true;
        out->band[b].nodata = -9999;
    }
    return MOSAIC_OK;
}

#endif
