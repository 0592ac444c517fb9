/* Probes of the features while they are trained: the linear one that stands in for the head of
 * methods without BCE, and those that only look on. All of it happens on the validation model with
 * the training model's weights: nothing here reaches a gradient. */
#include "train/train_state.h"

#include "base/memory.h"
#include "evaluate/probe_head.h"
#include "score/knn_probe.h"
#include "score/linear_probe.h"

#include <stdio.h>
#include <string.h>

/* Features of all modalities side by side, as the head sees them, with the labels the run may
 * use. */
typedef struct feature_rows {
    int64_t n, width, classes;
    float *x;       /* [n, width] */
    int8_t *labels; /* [n, classes] */
} feature_rows;

static void release(feature_rows *rows) {
    mos_free(rows->x);
    mos_free(rows->labels);
    *rows = (feature_rows){0};
}

static mosaic_status copy_rows(const mos_trainer *trainer, const mos_inference *from,
                               feature_rows *out) {
    size_t size = (size_t)from->features, classes = (size_t)from->classes;
    *out = (feature_rows){
        .n = from->n, .width = from->modalities * from->features, .classes = from->classes};
    MOS_TRY(mos_alloc((size_t)(out->n * out->width), sizeof *out->x, "features", &out->x));
    MOS_TRY(mos_alloc((size_t)out->n * classes, 1, "labels", &out->labels));
    for (int64_t i = 0; i < from->n; i++) {
        const int8_t *row = from->labels + (size_t)i * classes;
        if (trainer->labels != NULL) row = trainer->labels + (size_t)from->samples[i] * classes;
        memcpy(out->labels + (size_t)i * classes, row, classes);
        for (int64_t m = 0; m < from->modalities; m++)
            memcpy(out->x + i * out->width + m * from->features,
                   from->feature[m] + i * from->features, size * sizeof *out->x);
    }
    return MOSAIC_OK;
}

static mosaic_status read_rows(mos_trainer *trainer, const int64_t *rows, int64_t count,
                               feature_rows *out) {
    mos_inference features = {0};
    *out = (feature_rows){0};
    mosaic_status status = mos_trainer_infer(trainer, rows, count, &features);
    if (status == MOSAIC_OK) status = copy_rows(trainer, &features, out);
    mos_inference_release(&features);
    return status;
}

/* At most `limit` (0: all) of the labelled training rows, evenly chosen. */
static mosaic_status read_labelled(mos_trainer *trainer, int64_t limit, feature_rows *out) {
    int64_t *rows = NULL, count = trainer->probe_count;
    if (limit > 0 && count > limit) count = limit;
    MOS_TRY(mos_alloc((size_t)count, sizeof *rows, "rows of the probe", &rows));
    for (int64_t i = 0; i < count; i++)
        rows[i] = trainer->probe_rows[i * trainer->probe_count / count];
    mosaic_status status = read_rows(trainer, rows, count, out);
    mos_free(rows);
    return status;
}

static mosaic_status fit_linear(const mos_trainer *trainer, const feature_rows *rows,
                                mos_linear_probe *out) {
    mos_linear_probe_options options = mos_linear_probe_defaults(trainer->device->threads);
    options.l2 = trainer->config->settings.train.probe_l2;
    return mos_linear_probe_fit(rows->x, rows->labels, rows->n, rows->width, rows->classes,
                                &options, out);
}

/* ---- the probe as head ---- */

bool mos_trainer_needs_probe(const mos_trainer *trainer) {
    return (trainer->needs & MOS_NEEDS_LOGITS) == 0 && trainer->classes > 0 &&
           trainer->labeled_count > 0;
}

mosaic_status mos_trainer_fit_head(mos_trainer *trainer, int64_t limit) {
    feature_rows rows = {0};
    mos_linear_probe probe = {0};
    mosaic_status status;
    MOS_GOTO(read_labelled(trainer, limit, &rows));
    MOS_GOTO(fit_linear(trainer, &rows, &probe));
    status = mos_probe_head_put(trainer->eval_model, &probe, NULL, NULL);
done:
    mos_linear_probe_release(&probe);
    release(&rows);
    return status;
}

/* ---- the probe that looks on ---- */

mosaic_status mos_trainer_check_online(const mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->config->settings.train;
    bool labelled = false;
    if (train->online_probe == MOS_ONLINE_NONE) return MOSAIC_OK;
    for (int64_t i = 0; i < trainer->valid_count && !labelled; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(trainer->dataset, trainer->valid_rows[i], &sample));
        for (int64_t l = 0; l < trainer->classes && !labelled; l++)
            labelled = sample.labels[l] >= 0;
    }
    if (labelled && trainer->probe_count > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "'train.online_probe: %s' needs labelled training and validation patches, and "
                    "'%s' has no such %s patches",
                    train->online_probe == MOS_ONLINE_KNN ? "knn" : "linear",
                    mos_dataset_root(trainer->dataset), labelled ? "training" : "validation");
}

static mosaic_status probabilities(const mos_trainer *trainer, const feature_rows *known,
                                   const feature_rows *rows, float *out) {
    const mos_settings_train *train = &trainer->config->settings.train;
    mos_linear_probe linear = {0};
    mos_knn_probe knn = {0};
    mos_knn_found found = {0};
    mosaic_status status;
    if (train->online_probe == MOS_ONLINE_LINEAR) {
        MOS_GOTO(fit_linear(trainer, known, &linear));
        mos_linear_probe_predict(&linear, rows->x, rows->n, out);
        goto done;
    }
    MOS_GOTO(
        mos_knn_probe_fit(known->x, known->labels, known->n, known->width, known->classes, &knn));
    MOS_GOTO(mos_knn_probe_search(&knn, rows->x, rows->n, train->probe_neighbours,
                                  trainer->device->threads, &found));
    mos_knn_probe_vote(&knn, &found, train->probe_neighbours, train->probe_temperature, out);
done:
    mos_knn_found_release(&found);
    mos_knn_probe_release(&knn);
    mos_linear_probe_release(&linear);
    return status;
}

mosaic_status mos_trainer_online_probe(mos_trainer *trainer, mos_validation *out) {
    const mos_settings_train *train = &trainer->config->settings.train;
    feature_rows known = {0}, rows = {0};
    double threshold[MOS_MAX_CLASSES];
    mosaic_status status;
    bool last = trainer->at.epoch + 1 == train->epochs;
    *out = (mos_validation){0};
    if (train->online_probe == MOS_ONLINE_NONE) return MOSAIC_OK;
    if ((trainer->at.epoch + 1) % train->online_probe_every != 0 && !last) return MOSAIC_OK;
    for (int64_t l = 0; l < trainer->classes; l++)
        threshold[l] = 0.5;
    mos_trainer_share_weights(trainer);
    MOS_GOTO(read_labelled(trainer, train->probe_limit, &known));
    MOS_GOTO(read_rows(trainer, trainer->valid_rows, trainer->valid_count, &rows));
    MOS_GOTO(mos_alloc((size_t)(rows.n * rows.classes), sizeof(float), "probe probabilities",
                       &out->probability));
    MOS_GOTO(probabilities(trainer, &known, &rows, out->probability));
    MOS_GOTO(mos_metrics_compute(out->probability, rows.labels, rows.n, rows.classes, threshold,
                                 &out->metrics));
    out->valid = true;
    out->n = rows.n;
done:
    release(&known);
    release(&rows);
    return status;
}
