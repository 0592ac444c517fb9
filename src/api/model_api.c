/* include/mosaic/model.h by the artifact and model rooms. */
#include "mosaic/model.h"

#include "api/dataset_handle.h"
#include "artifact/card_identity.h"
#include "base/memory.h"
#include "data/verdicts.h"

#include <math.h>
#include <string.h>

/* Planned once: every call is padded to this many patches, so that results never depend on how many
 * are asked for. */
enum { PLANNED_BATCH = 32 };

struct mosaic_model {
    mos_device *device;
    mos_model *model;
    mos_model_card card;
    float *staging[MOS_MAX_MODALITIES]; /* [PLANNED_BATCH, bands, height, width] standardised */
    float *rows;                        /* [PLANNED_BATCH, max(classes, features)] */
};

static mosaic_status plan(mosaic_model *model) {
    const mos_model_card *card = &model->card;
    mos_model_plan wanted = {.batch = PLANNED_BATCH, .height = card->height, .width = card->width};
    int64_t widest = mos_model_feature_size(model->model);
    if (card->spec.classes > widest) widest = card->spec.classes;
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        size_t pixels =
            (size_t)(PLANNED_BATCH * card->spec.modality[m].bands * card->height * card->width);
        wanted.views[m] = 1;
        MOS_TRY(mos_alloc(pixels, sizeof(float), "patches", &model->staging[m]));
    }
    MOS_TRY(mos_alloc((size_t)(PLANNED_BATCH * widest), sizeof(float), "results", &model->rows));
    return mos_model_plan_make(model->model, &wanted);
}

static mosaic_status read_choice(const char *name, mos_precision_choice *out) {
    for (int i = 0; mos_precision_choices[i]; i++) {
        *out = (mos_precision_choice)i;
        if (strcmp(name, mos_precision_choices[i]) == 0) return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_USAGE, "precision: found '%.40s', want auto, fp32 or bf16", name);
}

mosaic_status mosaic_model_open(const char *path, const char *device, int threads,
                                mosaic_model **out) {
    return mosaic_model_open_in(path, device, mos_precision_choices[MOS_PRECISION_CHOICE_AUTO],
                                threads, out);
}

mosaic_status mosaic_model_open_in(const char *path, const char *device, const char *precision,
                                   int threads, mosaic_model **out) {
    mosaic_model *model = NULL;
    mos_precision_choice choice = MOS_PRECISION_CHOICE_AUTO;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    MOS_TRY(read_choice(precision, &choice));
    MOS_GOTO(mos_alloc(1, sizeof *model, "model handle", &model));
    MOS_GOTO(mos_model_file_card(path, &model->card));
    MOS_GOTO(mos_model_device_open(&model->card, device, choice, threads, &model->device));
    mos_model_card_release(&model->card);
    MOS_GOTO(mos_model_file_load(path, model->device, &model->card, &model->model));
    MOS_GOTO(plan(model));
    (void)mos_model_warn_precision(&model->card, model->device);
    *out = model;
    model = NULL;
done:
    mosaic_model_close(&model);
    return status;
}

void mosaic_model_close(mosaic_model **model) {
    mosaic_model *m = *model;
    *model = NULL;
    if (!m) return;
    for (int i = 0; i < MOS_MAX_MODALITIES; i++)
        mos_free(m->staging[i]);
    mos_free(m->rows);
    mos_model_destroy(&m->model);
    mos_model_card_release(&m->card);
    mos_device_close(&m->device);
    mos_free(m);
}

static const mos_modality_spec *modality_at(const mosaic_model *model, int64_t m) {
    return m >= 0 && m < model->card.spec.modalities ? &model->card.spec.modality[m] : NULL;
}

int64_t mosaic_model_modality_count(const mosaic_model *model) {
    return model->card.spec.modalities;
}

const char *mosaic_model_modality(const mosaic_model *model, int64_t m) {
    const mos_modality_spec *modality = modality_at(model, m);
    return modality ? modality->name : NULL;
}

int64_t mosaic_model_band_count(const mosaic_model *model, int64_t m) {
    const mos_modality_spec *modality = modality_at(model, m);
    return modality ? modality->bands : 0;
}

const char *mosaic_model_band(const mosaic_model *model, int64_t m, int64_t b) {
    const mos_modality_spec *modality = modality_at(model, m);
    return modality && b >= 0 && b < modality->bands ? modality->band_names[b] : NULL;
}

int64_t mosaic_model_class_count(const mosaic_model *model) {
    return model->card.spec.classes;
}

const char *mosaic_model_class(const mosaic_model *model, int64_t l) {
    return l >= 0 && l < model->card.spec.classes ? model->card.class_names[l] : NULL;
}

double mosaic_model_threshold(const mosaic_model *model, int64_t l) {
    return model->card.has_thresholds && l >= 0 && l < model->card.spec.classes
               ? model->card.threshold[l]
               : 0.5;
}

const char *mosaic_model_precision(const mosaic_model *model) {
    return mos_precision_names[model->device->precision];
}

const char *mosaic_model_threshold_precision(const mosaic_model *model) {
    return model->card.has_thresholds ? mos_precision_names[model->card.threshold_precision] : NULL;
}

int64_t mosaic_model_height(const mosaic_model *model) {
    return model->card.height;
}

int64_t mosaic_model_width(const mosaic_model *model) {
    return model->card.width;
}

int64_t mosaic_model_feature_size(const mosaic_model *model) {
    return mos_model_feature_size(model->model);
}

mosaic_status mosaic_model_check_dataset(const mosaic_model *model, const mosaic_dataset *dataset) {
    MOS_TRY(mos_verdicts_consult(dataset->data, MOS_FOR_USE));
    return mos_card_compare(&model->card, "the model", dataset->data);
}

/* (x - mean) / sd per band; what is not finite becomes the band's mean, that is 0. Rows past
 * `count` are zeros. */
static void standardise(mosaic_model *model, int64_t m, const float *images, int64_t count) {
    const mos_model_card *card = &model->card;
    int64_t bands = card->spec.modality[m].bands, plane = card->height * card->width;
    float *out = model->staging[m];
    for (int64_t i = 0; i < count; i++)
        for (int64_t b = 0; b < bands; b++) {
            float mean = (float)card->mean[m][b], scale = (float)(1 / card->sd[m][b]);
            const float *from = images + (i * bands + b) * plane;
            float *to = out + (i * bands + b) * plane;
            for (int64_t p = 0; p < plane; p++)
                to[p] = isfinite(from[p]) ? (from[p] - mean) * scale : 0.0f;
        }
    memset(out + count * bands * plane, 0,
           (size_t)((PLANNED_BATCH - count) * bands * plane) * sizeof *out);
}

static mosaic_status take_features(mosaic_model *model, int64_t m, bool missing, int64_t count,
                                   float *features) {
    int64_t size = mos_model_feature_size(model->model), modalities = model->card.spec.modalities;
    mos_device *device = model->device;
    MOS_TRY(mos_get_f32(device, mos_model_features(model->model, m), model->rows, count * size));
    for (int64_t i = 0; i < count; i++) {
        float *to = features + (i * modalities + m) * size;
        if (missing)
            memset(to, 0, (size_t)size * sizeof *to);
        else
            memcpy(to, model->rows + i * size, (size_t)size * sizeof *to);
    }
    return MOSAIC_OK;
}

static mosaic_status predict_batch(mosaic_model *model, const float *const *images, int64_t first,
                                   int64_t count, float *probability, float *features) {
    static const uint8_t absent[PLANNED_BATCH] = {0};
    const mos_model_spec *spec = &model->card.spec;
    const int64_t view[MOS_MAX_MODALITIES] = {0};
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    int64_t plane = model->card.height * model->card.width,
            size = mos_model_feature_size(model->model);
    for (int64_t m = 0; m < spec->modalities; m++) {
        if (!images[m]) present[m] = absent;
        standardise(model, m,
                    images[m] ? images[m] + first * spec->modality[m].bands * plane : NULL,
                    images[m] ? count : 0);
        MOS_TRY(mos_model_infer(model->model, m, model->staging[m]));
        if (features)
            MOS_TRY(take_features(model, m, !images[m], count,
                                  features + first * spec->modalities * size));
    }
    if (!probability) return MOSAIC_OK;
    mos_model_head_forward(model->model, view, present);
    float *out = probability + first * spec->classes;
    MOS_TRY(mos_get_f32(model->device, mos_model_logits(model->model), out, count * spec->classes));
    for (int64_t k = 0; k < count * spec->classes; k++)
        out[k] = (float)(1 / (1 + exp(-(double)out[k])));
    return MOSAIC_OK;
}

mosaic_status mosaic_model_predict(mosaic_model *model, const float *const *images, int64_t n,
                                   float *probability, float *features) {
    if (probability && model->card.spec.classes == 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "the model has no classification head: ask for features, or fit a probe");
    for (int64_t first = 0; first < n; first += PLANNED_BATCH) {
        int64_t count = n - first < PLANNED_BATCH ? n - first : PLANNED_BATCH;
        MOS_TRY(predict_batch(model, images, first, count, probability, features));
    }
    return MOSAIC_OK;
}
