/* A trained model over rows of a data set. The planned batch has a fixed size, so that a row's result
 * never depends on the other rows. */
#include "evaluate/inference.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "data/band_identity.h"
#include "evaluate/batch_memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int64_t find_modality(const mos_modality *list, int64_t count, const char *name) {
    for (int64_t m = 0; m < count; m++)
        if (strcmp(list[m].name, name) == 0) return m;
    return -1;
}

static int64_t find_band(const mos_modality *modality, const char *name) {
    for (int64_t b = 0; b < modality->band_count; b++)
        if (strcmp(modality->bands[b].name, name) == 0) return b;
    return -1;
}

static bool is_radar(const mos_modality_spec *spec) {
    const char *names[MOS_MAX_BANDS];
    for (int64_t b = 0; b < spec->bands; b++)
        names[b] = spec->band_names[b];
    return mos_bands_are_radar(names, spec->bands);
}

static void add_spec_bands(const mos_modality_spec *spec, mos_text *out) {
    for (int64_t b = 0; b < spec->bands; b++)
        mos_text_add(out, "%s%s", b == 0 ? "" : ", ", spec->band_names[b]);
}

static void add_found_bands(const mos_modality *modality, mos_text *out) {
    for (int64_t b = 0; b < modality->band_count; b++)
        mos_text_add(out, "%s%s", b == 0 ? "" : ", ", modality->bands[b].name);
}

static mosaic_status end_failure(mos_text *text) {
    mosaic_status status = text->failed ? mos_fail_memory(text->size, "a message")
                                        : mos_fail(MOSAIC_ERR_DATA, "%s", text->data);
    mos_text_release(text);
    return status;
}

static mosaic_status fail_modality(const mos_model_card *card, const mos_modality_spec *spec,
                                   const mos_dataset *dataset) {
    const mos_modality *found;
    const int64_t count = mos_dataset_modalities(dataset, &found);
    mos_text text = {0};
    mos_text_add(&text, "'%s': the model needs modality '%s' (", mos_dataset_root(dataset),
                 spec->name);
    add_spec_bands(spec, &text);
    mos_text_add(&text, "), the data have ");
    for (int64_t m = 0; m < count; m++) {
        mos_text_add(&text, "%s'%s' (", m == 0 ? "" : ", ", found[m].name);
        add_found_bands(&found[m], &text);
        mos_text_add(&text, ")");
    }
    if (count == 0) mos_text_add(&text, "none");
    if (card->spec.modalities > 1)
        mos_text_add(&text, "; `predict --without %s` answers from the others", spec->name);
    else
        mos_text_add(&text, "; only data with these bands can be given to this model");
    return end_failure(&text);
}

static mosaic_status fail_band(const mos_modality_spec *spec, int64_t band,
                               const mos_modality *found, const mos_dataset *dataset) {
    mos_text text = {0};
    mos_text_add(&text, "'%s': the model needs band '%s' of modality '%s', the data have ",
                 mos_dataset_root(dataset), spec->band_names[band], spec->name);
    add_found_bands(found, &text);
    mos_text_add(&text,
                 "; where the files name their bands otherwise, data.bands: [%s=NAME,...] gives "
                 "the names in the files' order (`predict` and `embed`: --bands)",
                 spec->name);
    return end_failure(&text);
}

static mosaic_status bind_modality(const mos_model_card *card, int64_t m,
                                   const mos_dataset *dataset, mos_loader_modality *out) {
    const mos_modality_spec *spec = &card->spec.modality[m];
    const mos_modality *available;
    int64_t count = mos_dataset_modalities(dataset, &available);
    out->modality = find_modality(available, count, spec->name);
    if (card->without >> m & 1) { /* the model gets this modality in no row, even where it exists */
        out->modality = -1;
        out->bands = spec->bands;
        return MOSAIC_OK;
    }
    if (out->modality < 0) return fail_modality(card, spec, dataset);
    out->bands = spec->bands;
    out->radar = is_radar(spec);
    for (int64_t b = 0; b < spec->bands; b++) {
        int64_t band = find_band(&available[out->modality], spec->band_names[b]);
        if (band < 0) return fail_band(spec, b, &available[out->modality], dataset);
        out->band[b] = (int)band;
        out->mean[b] = (float)card->mean[m][b];
        out->sd[b] = (float)card->sd[m][b];
    }
    return MOSAIC_OK;
}

mosaic_status mos_inference_bind(const mos_model_card *card, mos_dataset *dataset,
                                 mos_loader_options *options) {
    options->modalities = card->spec.modalities;
    options->policy = mos_dataset_policy(dataset);
    options->constant_bands = mos_dataset_constant_bands(dataset);
    options->height = card->height;
    options->width = card->width;
    for (int64_t m = 0; m < card->spec.modalities; m++)
        MOS_TRY(bind_modality(card, m, dataset, &options->modality[m]));
    return MOSAIC_OK;
}

mosaic_status mos_inference_rows(const mos_dataset *dataset, mos_split split, int64_t limit,
                                 int64_t **index, int64_t *count) {
    int64_t total = mos_dataset_count(dataset);
    *count = 0;
    MOS_TRY(mos_alloc((size_t)total, sizeof **index, "rows of a split", index));
    for (int64_t i = 0; i < total; i++) {
        mos_sample sample;
        mosaic_status status = mos_dataset_sample(dataset, i, &sample);
        if (status != MOSAIC_OK) {
            mos_free(*index);
            *index = NULL;
            return status;
        }
        if (split != MOS_SPLIT_COUNT && sample.split != split) continue;
        (*index)[(*count)++] = i;
        if (limit > 0 && *count == limit) break;
    }
    return MOSAIC_OK;
}

/* Column of each of the model's classes in the data set's labels, -1 where it has none: then a
 * labelled sample has `other`. */
typedef struct class_columns {
    int64_t column[MOS_MAX_CLASSES], count;
    int8_t other;
} class_columns;

/* At least one class must be found. */
static mosaic_status join_classes(const mos_model_card *card, const mos_dataset *dataset,
                                  class_columns *out) {
    const char *const *names;
    int64_t count = mos_dataset_classes(dataset, &names), joined = 0, *column = out->column;
    *out = (class_columns){.count = count, .other = mos_dataset_classes_found(dataset) ? 0 : -1};
    for (int64_t j = 0; j < card->spec.classes; j++) {
        column[j] = -1;
        for (int64_t k = 0; k < count; k++)
            if (strcmp(card->class_names[j], names[k]) == 0) column[j] = k;
        joined += column[j] >= 0;
    }
    if (joined == 0 && count > 0 && card->spec.classes > 0)
        return mos_fail(
            MOSAIC_ERR_DATA,
            "none of the model's %lld classes (first: '%s') is a class of '%s' (first: '%s')",
            (long long)card->spec.classes, card->class_names[0], mos_dataset_root(dataset),
            names[0]);
    return MOSAIC_OK;
}

/* Classes of the data that the model does not have: they enter no score. */
static void warn_strangers(const mos_model_card *card, const mos_dataset *dataset,
                           const class_columns *columns) {
    const char *const *names;
    int64_t count = mos_dataset_classes(dataset, &names), strange = 0;
    const char *first = NULL;
    for (int64_t k = 0; k < count; k++) {
        bool known = false;
        for (int64_t j = 0; j < card->spec.classes; j++)
            known = known || columns->column[j] == k;
        if (known) continue;
        if (strange++ == 0) first = names[k];
    }
    if (strange > 0 && card->spec.classes > 0)
        mos_log(MOS_LOG_WARNING,
                "%lld of the %lld classes of '%s' are none of the model's, as '%s': they are in no "
                "score",
                (long long)strange, (long long)count, mos_dataset_root(dataset), first);
}

/* What of the model cannot be scored on these data; data without labels score nothing. */
void mos_inference_warn_classes(const mos_model_card *card, const mos_dataset *dataset) {
    class_columns columns;
    const char *const *names;
    int64_t joined = 0;
    if (mos_dataset_classes(dataset, &names) == 0 ||
        join_classes(card, dataset, &columns) != MOSAIC_OK)
        return;
    for (int64_t j = 0; j < card->spec.classes; j++)
        joined += columns.column[j] >= 0;
    if (joined < card->spec.classes)
        mos_log(MOS_LOG_WARNING, "%lld of the model's %lld classes are not in '%s': %s",
                (long long)(card->spec.classes - joined), (long long)card->spec.classes,
                mos_dataset_root(dataset),
                mos_dataset_classes_found(dataset)
                    ? "its classes are those that occur among the labels, so the others count as "
                      "absent from every labelled sample"
                    : "their labels count as unknown");
    warn_strangers(card, dataset, &columns);
}

static void forget_rows(mos_inference *out) {
    out->samples = NULL;
    out->labels = NULL;
    out->logits = out->probability = NULL;
    for (int64_t m = 0; m < MOS_MAX_MODALITIES; m++) {
        out->feature[m] = out->z[m] = NULL;
        out->present[m] = NULL;
    }
}

mosaic_status mos_inference_allocate(mos_inference *out) {
    size_t n = (size_t)out->n;
    forget_rows(out);
    MOS_TRY(mos_alloc(n, sizeof *out->samples, "inference rows", &out->samples));
    MOS_TRY(
        mos_alloc(n * (size_t)out->classes, sizeof *out->labels, "inference labels", &out->labels));
    if (out->classes > 0) {
        MOS_TRY(mos_alloc(n * (size_t)out->classes, sizeof(float), "logits", &out->logits));
        MOS_TRY(
            mos_alloc(n * (size_t)out->classes, sizeof(float), "probabilities", &out->probability));
    }
    for (int64_t m = 0; m < out->modalities; m++) {
        MOS_TRY(mos_alloc(n * (size_t)out->features, sizeof(float), "features", &out->feature[m]));
        MOS_TRY(mos_alloc(n, 1, "presence", &out->present[m]));
        if (out->latent > 0)
            MOS_TRY(mos_alloc(n * (size_t)out->latent, sizeof(float), "latents", &out->z[m]));
    }
    return MOSAIC_OK;
}

/* Row `from` of what was collected becomes row `to`. */
static void move_row(mos_inference *out, int64_t from, int64_t to) {
    size_t classes = (size_t)out->classes, features = (size_t)out->features,
           latent = (size_t)out->latent;
    if (from == to) return;
    out->samples[to] = out->samples[from];
    if (classes > 0) {
        memcpy(out->labels + to * out->classes, out->labels + from * out->classes, classes);
        memcpy(out->logits + to * out->classes, out->logits + from * out->classes,
               classes * sizeof *out->logits);
    }
    for (int64_t m = 0; m < out->modalities; m++) {
        out->present[m][to] = out->present[m][from];
        memcpy(out->feature[m] + to * out->features, out->feature[m] + from * out->features,
               features * sizeof(float));
        if (out->z[m] != NULL)
            memcpy(out->z[m] + to * out->latent, out->z[m] + from * out->latent,
                   latent * sizeof(float));
    }
}

/* A row without data, because a policy threw its sample out or because the sample has none of the
 * model's modalities, has no prediction and enters no score. Rows [at, *end) are what is left. */
static void drop_empty(mos_inference *out, int64_t at, int64_t valid, int64_t *end) {
    int64_t to = at;
    for (int64_t i = at; i < at + valid; i++) {
        bool any = false;
        for (int64_t m = 0; m < out->modalities; m++)
            any = any || out->present[m][i];
        if (any) move_row(out, i, to++);
    }
    *end = to;
}

/* Copy what the model computed for one batch into rows [at, at + valid). */
static mosaic_status collect_batch(mos_model *model, const mos_batch *batch,
                                   const class_columns *classes, int64_t at, mos_inference *out) {
    mos_device *device = mos_model_device(model);
    int64_t valid = batch->valid, l = out->classes;
    for (int64_t i = 0; i < valid; i++) {
        out->samples[at + i] = batch->samples[i];
        const int8_t *labels = batch->labels + i * classes->count;
        int8_t other = classes->count > 0 && labels[0] >= 0 ? classes->other : -1;
        for (int64_t j = 0; j < l; j++)
            out->labels[(at + i) * l + j] =
                classes->column[j] < 0 ? other : labels[classes->column[j]];
    }
    if (l > 0)
        MOS_TRY(mos_get_f32(device, mos_model_logits(model), out->logits + at * l, valid * l));
    for (int64_t m = 0; m < out->modalities; m++) {
        float *feature = out->feature[m] + at * out->features;
        MOS_TRY(mos_get_f32(device, mos_model_features(model, m), feature, valid * out->features));
        if (out->z[m])
            MOS_TRY(mos_get_f32(device, mos_model_latents(model, m), out->z[m] + at * out->latent,
                                valid * out->latent));
        for (int64_t i = 0; i < valid; i++) {
            out->present[m][at + i] = batch->present[m][i];
            if (batch->present[m][i]) continue;
            memset(feature + i * out->features, 0, (size_t)out->features * sizeof *feature);
            if (out->z[m])
                memset(out->z[m] + (at + i) * out->latent, 0, (size_t)out->latent * sizeof(float));
        }
    }
    mos_repairs_add(&out->repairs, &batch->repairs);
    return MOSAIC_OK;
}

/* Where results go: to `take` part by part, or all of them stay. */
typedef struct inference_sink {
    int64_t rows; /* of a part; 0: there are none */
    mos_inference_take take;
    void *context;
    const mos_inference_watch *watch; /* NULL: a request to stop is asked for here */
    bool progress;
} inference_sink;

static mosaic_status look(const inference_sink *sink, int64_t batch, int64_t seen, int64_t rows) {
    if (sink->watch != NULL) return sink->watch->look(sink->watch->context, batch);
    return sink->take != NULL ? MOSAIC_OK : mos_stop_check("evaluating", seen, rows);
}

static mosaic_status finish_rows(const mos_model_card *card, mos_inference *out) {
    for (int64_t i = 0; i < out->n * out->classes; i++) {
        if (!isfinite(out->logits[i]))
            return mos_fail(MOSAIC_ERR_NUMERIC,
                            "the model's logit for row %lld, class '%s' is not finite",
                            (long long)(i / out->classes), card->class_names[i % out->classes]);
        out->probability[i] = (float)(1 / (1 + exp(-(double)out->logits[i])));
    }
    return MOSAIC_OK;
}

static mosaic_status infer_batch(mos_model *model, const mos_batch *batch, int64_t modalities,
                                 bool head) {
    const int64_t view[MOS_MAX_MODALITIES] = {0};
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    for (int64_t m = 0; m < modalities; m++) {
        MOS_TRY(mos_model_infer(model, m, batch->images[m]));
        present[m] = batch->all_present[m] ? NULL : batch->present[m];
    }
    if (head) mos_model_head_forward(model, view, present);
    return MOSAIC_OK;
}

static mosaic_status run_batches(mos_model *model, const mos_model_card *card, mos_loader *loader,
                                 const class_columns *classes, const inference_sink *sink,
                                 mos_inference *out) {
    mos_progress bar;
    mosaic_status status = MOSAIC_OK;
    const int64_t asked_rows = out->n;
    int64_t at = 0, seen = 0, asked = 0, number = 0;
    if (sink->progress) mos_progress_begin(&bar, "evaluating", asked_rows);
    for (;;) {
        mos_batch *batch;
        MOS_GOTO(mos_loader_next(loader, &batch));
        if (asked > 0 && sink->take != NULL && (batch == NULL || asked == sink->rows)) {
            out->n = at;
            MOS_GOTO(finish_rows(card, out));
            MOS_GOTO(sink->take(sink->context, asked, out));
            at = asked = 0;
        }
        if (batch == NULL) break;
        MOS_GOTO(look(sink, number++, seen, asked_rows));
        MOS_GOTO(infer_batch(model, batch, out->modalities, out->classes > 0));
        MOS_GOTO(collect_batch(model, batch, classes, at, out));
        drop_empty(out, at, batch->valid, &at);
        seen += batch->valid;
        asked += batch->valid;
        if (sink->progress) mos_progress_update(&bar, seen);
    }
    out->n = at;
    out->repairs.skipped = seen - at;
    if (sink->take == NULL) status = finish_rows(card, out);
done:
    if (sink->progress) mos_progress_end(&bar);
    return status;
}

static mosaic_status fail_empty(const mos_dataset *dataset) {
    return mos_fail(MOSAIC_ERR_DATA, "no samples to evaluate in '%s'", mos_dataset_root(dataset));
}

mos_model_plan mos_inference_plan(const mos_model_card *card, bool latents) {
    mos_model_plan plan = {.batch = MOS_INFERENCE_BATCH,
                           .height = card->height,
                           .width = card->width,
                           .latents = latents};
    for (int64_t m = 0; m < card->spec.modalities; m++)
        plan.views[m] = 1;
    return plan;
}

static bool has_plan(const mos_model *model, const mos_model_plan *plan) {
    const mos_model_plan *made = mos_model_get_plan(model);
    bool same = made->batch == plan->batch && made->chunk == plan->batch && made->ranks == 1 &&
                made->height == plan->height && made->width == plan->width &&
                made->latents == plan->latents && !made->train && made->workers == 0;
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        same = same && made->views[m] == plan->views[m];
    return same;
}

static mosaic_status infer_rows(mos_model *model, const mos_model_card *card, mos_dataset *dataset,
                                const int64_t *index, int64_t count, bool latents, int threads,
                                const inference_sink *sink, mos_inference *out) {
    *out = (mos_inference){.n = sink->take != NULL && sink->rows < count ? sink->rows : count,
                           .classes = card->spec.classes,
                           .modalities = card->spec.modalities,
                           .features = mos_model_feature_size(model),
                           .latent = latents ? card->spec.latent : 0};
    mos_loader_options options = {.batch = MOS_INFERENCE_BATCH,
                                  .views = 1,
                                  .kinds = "e",
                                  .threads = mos_loader_workers(threads),
                                  .prefetch = 3,
                                  .memory = mos_batch_memory(mos_model_device(model))};
    const mos_model_plan plan = mos_inference_plan(card, latents);
    mos_loader *loader = NULL;
    class_columns classes;
    mosaic_status status = MOSAIC_OK;
    if (count == 0) return fail_empty(dataset);
    MOS_GOTO(join_classes(card, dataset, &classes));
    MOS_GOTO(mos_inference_bind(card, dataset, &options));
    MOS_GOTO(mos_inference_allocate(out));
    MOS_GOTO(mos_loader_create(dataset, &options, index, count, NULL, &loader));
    MOS_GOTO(mos_loader_start(loader, 0, 0)); /* it reads while the model is planned */
    if (!has_plan(model, &plan)) MOS_GOTO(mos_model_plan_make(model, &plan));
    MOS_GOTO(run_batches(model, card, loader, &classes, sink, out));
done:
    mos_drain(mos_model_device(model)); /* it may still read images */
    mos_loader_destroy(&loader);
    if (status != MOSAIC_OK) mos_inference_release(out);
    return status;
}

mosaic_status mos_inference_stream(mos_model *model, const mos_model_card *card,
                                   mos_dataset *dataset, const int64_t *index, int64_t count,
                                   bool latents, int threads, int64_t batches,
                                   mos_inference_take take, void *context) {
    const inference_sink sink = {
        .rows = batches * MOS_INFERENCE_BATCH, .take = take, .context = context};
    mos_inference part;
    mosaic_status status =
        infer_rows(model, card, dataset, index, count, latents, threads, &sink, &part);
    if (status == MOSAIC_OK) mos_inference_release(&part);
    return status;
}

mosaic_status mos_inference_part(mos_model *model, const mos_model_card *card, mos_dataset *dataset,
                                 const int64_t *index, int64_t count, bool latents, int threads,
                                 bool progress, const mos_inference_watch *watch,
                                 mos_inference *out) {
    const inference_sink sink = {.watch = watch, .progress = progress};
    mos_inference_warn_classes(card, dataset);
    if (count > 0)
        return infer_rows(model, card, dataset, index, count, latents, threads, &sink, out);
    *out = (mos_inference){.classes = card->spec.classes,
                           .modalities = card->spec.modalities,
                           .features = mos_model_feature_size(model),
                           .latent = latents ? card->spec.latent : 0};
    return mos_inference_allocate(out);
}

mosaic_status mos_inference_fail_none(const mos_dataset *dataset, int64_t asked) {
    return mos_fail(MOSAIC_ERR_DATA,
                    "'%s': all %lld samples were skipped: they cannot be read, data.policy or "
                    "data.constant_bands is skip, or they have none of the model's modalities",
                    mos_dataset_root(dataset), (long long)asked);
}

mosaic_status mos_inference_run(mos_model *model, const mos_model_card *card, mos_dataset *dataset,
                                const int64_t *index, int64_t count, bool latents, int threads,
                                bool progress, mos_inference *out) {
    if (count == 0) return fail_empty(dataset);
    MOS_TRY(mos_inference_part(model, card, dataset, index, count, latents, threads, progress, NULL,
                               out));
    if (out->n > 0) return MOSAIC_OK;
    mos_inference_release(out);
    return mos_inference_fail_none(dataset, count);
}

void mos_inference_release(mos_inference *inference) {
    mos_free(inference->samples);
    mos_free(inference->labels);
    mos_free(inference->logits);
    mos_free(inference->probability);
    for (int m = 0; m < MOS_MAX_MODALITIES; m++) {
        mos_free(inference->feature[m]);
        mos_free(inference->z[m]);
        mos_free(inference->present[m]);
    }
    *inference = (mos_inference){0};
}
