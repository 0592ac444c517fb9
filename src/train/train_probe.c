/* Probes of the features during training. A method without BCE has no trained head: a linear probe
 * takes its place. train.online_probe scores the features of every few epochs. Both run on the
 * validation model with the training model's weights: no gradient comes from here. */
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

static mosaic_status copy_rows(const mos_train_data *data, const mos_inference *from,
                               feature_rows *out) {
    size_t size = (size_t)from->features, classes = (size_t)from->classes;
    *out = (feature_rows){
        .n = from->n, .width = from->modalities * from->features, .classes = from->classes};
    MOS_TRY(mos_alloc((size_t)(out->n * out->width), sizeof *out->x, "features", &out->x));
    MOS_TRY(mos_alloc((size_t)out->n * classes, 1, "labels", &out->labels));
    for (int64_t i = 0; i < from->n; i++) {
        const int8_t *row = from->labels + (size_t)i * classes;
        if (data->labels != NULL) row = data->labels + (size_t)from->samples[i] * classes;
        memcpy(out->labels + (size_t)i * classes, row, classes);
        for (int64_t m = 0; m < from->modalities; m++)
            memcpy(out->x + i * out->width + m * from->features,
                   from->feature[m] + i * from->features, size * sizeof *out->x);
    }
    return MOSAIC_OK;
}

static mosaic_status read_rows(const mos_train_learner *learner, const mos_train_data *data,
                               const int64_t *rows, int64_t count, feature_rows *out) {
    mos_inference features = {0};
    *out = (feature_rows){0};
    mosaic_status status = mos_train_infer(learner, data, rows, count, &features);
    if (status == MOSAIC_OK && mos_comm_rank(learner->comm) == 0)
        status = copy_rows(data, &features, out);
    mos_inference_release(&features);
    return status;
}

/* At most `limit` (0: all) of the labelled training rows, evenly chosen. */
static mosaic_status read_labelled(const mos_train_learner *learner, const mos_train_data *data,
                                   int64_t limit, feature_rows *out) {
    int64_t *rows = NULL, count = data->probe_count;
    if (limit > 0 && count > limit) count = limit;
    MOS_TRY(mos_alloc((size_t)count, sizeof *rows, "rows of the probe", &rows));
    for (int64_t i = 0; i < count; i++)
        rows[i] = data->probe_rows[i * data->probe_count / count];
    mosaic_status status = read_rows(learner, data, rows, count, out);
    mos_free(rows);
    return status;
}

static mosaic_status fit_linear(const mos_settings_train *train, int threads,
                                const feature_rows *rows, mos_linear_probe *out) {
    mos_linear_probe_options options = mos_linear_probe_defaults(threads);
    options.l2 = train->probe_l2;
    return mos_linear_probe_fit(rows->x, rows->labels, rows->n, rows->width, rows->classes,
                                &options, out);
}

/* ---- the probe as head ---- */

bool mos_train_needs_probe(const mos_train_job *job, const mos_train_data *data) {
    return (job->needs & MOS_NEEDS_LOGITS) == 0 && data->classes > 0 && data->labeled_count > 0;
}

mosaic_status mos_train_fit_head(const mos_train_job *job, const mos_train_data *data,
                                 mos_train_learner *learner, int64_t limit) {
    feature_rows rows = {0};
    mos_linear_probe probe = {0};
    mosaic_status status;
    MOS_GOTO(read_labelled(learner, data, limit, &rows));
    if (mos_comm_rank(learner->comm) > 0) goto done; /* rank 0 has the rows */
    MOS_GOTO(fit_linear(&job->config->settings.train, learner->device->threads, &rows, &probe));
    status = mos_probe_head_put(learner->eval_model, &probe, NULL, NULL);
done:
    mos_linear_probe_release(&probe);
    release(&rows);
    return status;
}

/* ---- the probe that looks on ---- */

mosaic_status mos_train_check_online(const mos_train_job *job, const mos_train_data *data) {
    const mos_settings_train *train = &job->config->settings.train;
    bool labelled = false;
    if (train->online_probe == MOS_ONLINE_NONE) return MOSAIC_OK;
    for (int64_t i = 0; i < data->valid_count && !labelled; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(data->set, data->valid_rows[i], &sample));
        for (int64_t l = 0; l < data->classes && !labelled; l++)
            labelled = sample.labels[l] >= 0;
    }
    if (labelled && data->probe_count > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "'train.online_probe: %s' needs labelled training and validation patches, and "
                    "'%s' has no such %s patches",
                    train->online_probe == MOS_ONLINE_KNN ? "knn" : "linear",
                    mos_dataset_root(data->set), labelled ? "training" : "validation");
}

static mosaic_status probabilities(const mos_settings_train *train, int threads,
                                   const feature_rows *known, const feature_rows *rows,
                                   float *out) {
    mos_linear_probe linear = {0};
    mos_knn_probe knn = {0};
    mos_knn_found found = {0};
    mosaic_status status;
    if (train->online_probe == MOS_ONLINE_LINEAR) {
        MOS_GOTO(fit_linear(train, threads, known, &linear));
        mos_linear_probe_predict(&linear, rows->x, rows->n, out);
        goto done;
    }
    MOS_GOTO(
        mos_knn_probe_fit(known->x, known->labels, known->n, known->width, known->classes, &knn));
    MOS_GOTO(
        mos_knn_probe_search(&knn, rows->x, rows->n, train->probe_neighbours, threads, &found));
    mos_knn_probe_vote(&knn, &found, train->probe_neighbours, train->probe_temperature, out);
done:
    mos_knn_found_release(&found);
    mos_knn_probe_release(&knn);
    mos_linear_probe_release(&linear);
    return status;
}

mosaic_status mos_train_online_probe(const mos_train_job *job, const mos_train_data *data,
                                     mos_train_learner *learner, int64_t epoch,
                                     mos_validation *out) {
    const mos_settings_train *train = &job->config->settings.train;
    feature_rows known = {0}, rows = {0};
    double threshold[MOS_MAX_CLASSES];
    mosaic_status status;
    bool last = epoch + 1 == train->epochs;
    *out = (mos_validation){0};
    if (train->online_probe == MOS_ONLINE_NONE) return MOSAIC_OK;
    if ((epoch + 1) % train->online_probe_every != 0 && !last) return MOSAIC_OK;
    for (int64_t l = 0; l < data->classes; l++)
        threshold[l] = 0.5;
    mos_train_share_weights(learner);
    MOS_GOTO(read_labelled(learner, data, train->probe_limit, &known));
    MOS_GOTO(read_rows(learner, data, data->valid_rows, data->valid_count, &rows));
    if (mos_comm_rank(learner->comm) > 0) goto done;
    MOS_GOTO(mos_alloc((size_t)(rows.n * rows.classes), sizeof(float), "probe probabilities",
                       &out->probability));
    MOS_GOTO(probabilities(train, learner->device->threads, &known, &rows, out->probability));
    MOS_GOTO(mos_metrics_compute(out->probability, rows.labels, rows.n, rows.classes, threshold,
                                 &out->metrics));
    out->valid = true;
    out->n = rows.n;
done:
    release(&known);
    release(&rows);
    return status;
}
