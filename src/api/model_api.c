/* include/mosaic/model.h, made of src/artifact and src/model. */
#include "mosaic/model.h"

#include "api/dataset_handle.h"
#include "api/option_pairs.h"
#include "api/struct_size.h"
#include "artifact/card_identity.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/want.h"
#include "data/verdicts.h"

#include <math.h>
#include <string.h>

enum { PLANNED_BATCH = 32, MOST_BATCH = 4096 };

struct mosaic_model {
    mos_device *device;
    mos_model *model;
    mos_model_card card;
    /* Planned once: every call is padded to this many patches, so that results never depend on how
     * many are asked for. */
    int64_t batch;
    bool latents;                         /* the plan has latents */
    float *staging[MOS_MAX_MODALITIES];   /* [batch, bands, height, width] standardised */
    uint8_t *present[MOS_MAX_MODALITIES]; /* [batch] */
    float *rows;                          /* [batch, max(classes, features, latents)] */
};

/* ---- opening ---- */

typedef struct model_pairs {
    char *device;
    int precision;
    bool latents;
    int64_t threads, batch;
} model_pairs;

static const mos_option own_options[] = {
    {.key = "device",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(model_pairs, device),
     .fallback = "auto"},
    {.key = "precision",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(model_pairs, precision),
     .fallback = "auto",
     .choices = mos_precision_choices},
    {.key = "latents",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(model_pairs, latents),
     .fallback = "false"},
    {.key = "threads",
     .type = MOS_OPTION_INT,
     .offset = offsetof(model_pairs, threads),
     .fallback = "0",
     .minimum = 0,
     .maximum = 4096},
    {.key = "batch",
     .type = MOS_OPTION_INT,
     .offset = offsetof(model_pairs, batch),
     .fallback = "32",
     .minimum = 1,
     .maximum = MOST_BATCH},
};
static const mos_option_table own_table = {"model", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status plan(mosaic_model *model) {
    const mos_model_card *card = &model->card;
    mos_model_plan wanted = {.batch = model->batch,
                             .height = card->height,
                             .width = card->width,
                             .latents = model->latents};
    int64_t widest = mos_model_feature_size(model->model);
    if (card->spec.classes > widest) widest = card->spec.classes;
    if (model->latents && card->spec.latent > widest) widest = card->spec.latent;
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        size_t pixels =
            (size_t)(model->batch * card->spec.modality[m].bands * card->height * card->width);
        wanted.views[m] = 1;
        MOS_TRY(mos_alloc(pixels, sizeof(float), "patches", &model->staging[m]));
        MOS_TRY(mos_alloc((size_t)model->batch, 1, "presence", &model->present[m]));
    }
    MOS_TRY(mos_alloc((size_t)(model->batch * widest), sizeof(float), "results", &model->rows));
    return mos_model_plan_make(model->model, &wanted);
}

static mosaic_status read_choice(const char *name, mos_precision_choice *out) {
    for (int i = 0; mos_precision_choices[i]; i++) {
        *out = (mos_precision_choice)i;
        if (strcmp(name, mos_precision_choices[i]) == 0) return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_USAGE, "precision: found '%.40s', want auto, fp32 or bf16", name);
}

static mosaic_status open_model(const char *path, const char *device, mos_precision_choice choice,
                                int threads, int64_t batch, bool latents, mosaic_model **out) {
    mosaic_model *model = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    MOS_GOTO(mos_alloc(1, sizeof *model, "model handle", &model));
    model->batch = batch;
    model->latents = latents;
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

mosaic_status mosaic_model_open(const char *path, const char *device, int threads,
                                mosaic_model **out) {
    MOS_WANT(out);
    *out = NULL;
    MOS_WANT(path);
    MOS_WANT(device);
    return open_model(path, device, MOS_PRECISION_CHOICE_AUTO, threads, PLANNED_BATCH, false, out);
}

mosaic_status mosaic_model_open_in(const char *path, const char *device, const char *precision,
                                   int threads, mosaic_model **out) {
    mos_precision_choice choice = MOS_PRECISION_CHOICE_AUTO;
    MOS_WANT(out);
    *out = NULL;
    MOS_WANT(path);
    MOS_WANT(device);
    MOS_WANT(precision);
    MOS_TRY(read_choice(precision, &choice));
    return open_model(path, device, choice, threads, PLANNED_BATCH, false, out);
}

static mosaic_status open_pairs(const char *path, const model_pairs *pairs,
                                const mos_text_list *unknown, mosaic_model **out) {
    if (unknown->count > 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "mosaic_model_open_with: no option '%.*s'; there are device, precision, "
                        "threads, batch, latents",
                        (int)strcspn(unknown->items[0], "="), unknown->items[0]);
    return open_model(path, pairs->device, (mos_precision_choice)pairs->precision,
                      (int)pairs->threads, pairs->batch, pairs->latents, out);
}

mosaic_status mosaic_model_open_with(const char *path, const char *const *options,
                                     mosaic_model **out) {
    model_pairs pairs = {0};
    mos_text_list unknown = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_WANT(out);
    *out = NULL;
    MOS_WANT(path);
    MOS_GOTO(mos_options_init(&own_table, &pairs));
    MOS_GOTO(mos_pairs_take(options, &own_table, &pairs, &unknown, "mosaic_model_open_with"));
    status = open_pairs(path, &pairs, &unknown, out);
done:
    mos_options_release(&own_table, &pairs);
    mos_text_list_release(&unknown);
    return status;
}

void mosaic_model_close(mosaic_model **model) {
    mosaic_model *m = model == NULL ? NULL : *model;
    if (!m) return;
    *model = NULL;
    for (int i = 0; i < MOS_MAX_MODALITIES; i++) {
        mos_free(m->staging[i]);
        mos_free(m->present[i]);
    }
    mos_free(m->rows);
    mos_model_destroy(&m->model);
    mos_model_card_release(&m->card);
    mos_device_close(&m->device);
    mos_free(m);
}

static const mos_modality_spec *modality_at(const mosaic_model *model, int64_t m) {
    return m >= 0 && m < mosaic_model_modality_count(model) ? &model->card.spec.modality[m] : NULL;
}

int64_t mosaic_model_modality_count(const mosaic_model *model) {
    return model == NULL ? 0 : model->card.spec.modalities;
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
    return model == NULL ? 0 : model->card.spec.classes;
}

const char *mosaic_model_class(const mosaic_model *model, int64_t l) {
    return l >= 0 && l < mosaic_model_class_count(model) ? model->card.class_names[l] : NULL;
}

double mosaic_model_threshold(const mosaic_model *model, int64_t l) {
    return l >= 0 && l < mosaic_model_class_count(model) && model->card.has_thresholds
               ? model->card.threshold[l]
               : 0.5;
}

const char *mosaic_model_precision(const mosaic_model *model) {
    return model == NULL ? NULL : mos_precision_names[model->device->precision];
}

const char *mosaic_model_threshold_precision(const mosaic_model *model) {
    return model != NULL && model->card.has_thresholds
               ? mos_precision_names[model->card.threshold_precision]
               : NULL;
}

int64_t mosaic_model_height(const mosaic_model *model) {
    return model == NULL ? 0 : model->card.height;
}

int64_t mosaic_model_width(const mosaic_model *model) {
    return model == NULL ? 0 : model->card.width;
}

int64_t mosaic_model_feature_size(const mosaic_model *model) {
    return model == NULL ? 0 : mos_model_feature_size(model->model);
}

int64_t mosaic_model_latent_size(const mosaic_model *model) {
    return model != NULL && model->latents ? model->card.spec.latent : 0;
}

mosaic_status mosaic_model_check_dataset(const mosaic_model *model, const mosaic_dataset *dataset) {
    MOS_WANT(model);
    MOS_WANT(dataset);
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
           (size_t)((model->batch - count) * bands * plane) * sizeof *out);
}

/* Rows of width `size` of all patches that have the modality; the others become zeros. to: [n,
 * modalities, size] from the first patch on. */
static mosaic_status take_rows(mosaic_model *model, const void *from, int64_t m, int64_t count,
                               int64_t size, float *to) {
    const int64_t modalities = model->card.spec.modalities;
    MOS_TRY(mos_get_f32(model->device, from, model->rows, count * size));
    for (int64_t i = 0; i < count; i++) {
        float *row = to + (i * modalities + m) * size;
        if (model->present[m][i])
            memcpy(row, model->rows + i * size, (size_t)size * sizeof *row);
        else
            memset(row, 0, (size_t)size * sizeof *row);
    }
    return MOSAIC_OK;
}

/* Which of the patches have the modality; padding has none. */
static void note_presence(mosaic_model *model, const mosaic_inference *io, int64_t m, int64_t first,
                          int64_t count) {
    uint8_t *present = model->present[m];
    memset(present, 0, (size_t)model->batch);
    if (io->images[m] == NULL) return;
    for (int64_t i = 0; i < count; i++)
        present[i] =
            io->present == NULL || io->present[m] == NULL || io->present[m][first + i] != 0;
}

static mosaic_status take_head(mosaic_model *model, int64_t count, float *probability) {
    const int64_t view[MOS_MAX_MODALITIES] = {0}, classes = model->card.spec.classes;
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    for (int64_t m = 0; m < model->card.spec.modalities; m++)
        if (memchr(model->present[m], 0, (size_t)count) != NULL) present[m] = model->present[m];
    mos_model_head_forward(model->model, view, present);
    MOS_TRY(
        mos_get_f32(model->device, mos_model_logits(model->model), probability, count * classes));
    for (int64_t k = 0; k < count * classes; k++)
        probability[k] = (float)(1 / (1 + exp(-(double)probability[k])));
    return MOSAIC_OK;
}

static mosaic_status infer_batch(mosaic_model *model, const mosaic_inference *io, int64_t first,
                                 int64_t count) {
    const mos_model_spec *spec = &model->card.spec;
    const int64_t plane = model->card.height * model->card.width,
                  size = mos_model_feature_size(model->model), latent = spec->latent;
    for (int64_t m = 0; m < spec->modalities; m++) {
        const float *images = io->images[m];
        if (images != NULL) images += first * spec->modality[m].bands * plane;
        note_presence(model, io, m, first, count);
        standardise(model, m, images, images != NULL ? count : 0);
        MOS_TRY(mos_model_infer(model->model, m, model->staging[m]));
        if (io->features != NULL)
            MOS_TRY(take_rows(model, mos_model_features(model->model, m), m, count, size,
                              io->features + first * spec->modalities * size));
        if (io->latents != NULL)
            MOS_TRY(take_rows(model, mos_model_latents(model->model, m), m, count, latent,
                              io->latents + first * spec->modalities * latent));
    }
    if (io->probability == NULL) return MOSAIC_OK;
    return take_head(model, count, io->probability + first * spec->classes);
}

static mosaic_status infer_all(mosaic_model *model, const mosaic_inference *io) {
    mos_progress progress;
    mosaic_status status = MOSAIC_OK;
    const bool shown =
        io->n > model->batch; /* who asks for a batch at a time has a loop of his own */
    if (shown) mos_progress_begin(&progress, "patches", io->n);
    for (int64_t first = 0; first < io->n && status == MOSAIC_OK; first += model->batch) {
        int64_t count = io->n - first < model->batch ? io->n - first : model->batch;
        if (shown) MOS_GOTO(mos_stop_check("patches", first, io->n));
        status = infer_batch(model, io, first, count);
        if (shown && status == MOSAIC_OK) mos_progress_update(&progress, first + count);
    }
done:
    if (shown) mos_progress_end(&progress);
    return status;
}

mosaic_status mosaic_model_infer(mosaic_model *model, const mosaic_inference *io) {
    MOS_WANT(model);
    MOS_WANT(io);
    MOS_TRY(mos_check_struct_size("mosaic_inference", io->struct_size, sizeof *io));
    if (io->n < 0) return mos_fail(MOSAIC_ERR_USAGE, "%lld patches", (long long)io->n);
    if (io->n > 0) MOS_WANT(io->images);
    if (io->probability != NULL && model->card.spec.classes == 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "the model has no classification head: ask for features, or fit a probe");
    if (io->latents != NULL && !model->latents)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "the model was opened without latents: open it with 'latents' = 'true'");
    return infer_all(model, io);
}

mosaic_status mosaic_model_predict(mosaic_model *model, const float *const *images, int64_t n,
                                   float *probability, float *features) {
    const mosaic_inference io = {.struct_size = sizeof io,
                                 .n = n,
                                 .images = images,
                                 .probability = probability,
                                 .features = features};
    return mosaic_model_infer(model, &io);
}
