/* Validation through the evaluation's own inference, on a second model with the same weights: the
 * training plan stays as it is. Methods without BCE get their head from a linear probe first. */
#include "train/train_state.h"

#include "base/memory.h"
#include "eval/linear_probe.h"
#include "eval/probe_head.h"

#include <math.h>
#include <string.h>

bool mos_trainer_needs_probe(const mos_trainer *trainer) {
    return !trainer->terms.bce && trainer->classes > 0 && trainer->labeled_count > 0;
}

void mos_trainer_share_weights(mos_trainer *trainer) {
    mos_device *device = trainer->device;
    size_t params = (size_t)mos_model_param_count(trainer->model) * device->real_bytes;
    size_t state = (size_t)mos_model_state_count(trainer->model) * device->real_bytes;
    device->ops->copy(device, mos_model_params(trainer->eval_model),
                      mos_model_params(trainer->model), params);
    device->ops->copy(device, mos_model_state(trainer->eval_model), mos_model_state(trainer->model),
                      state);
    mos_model_refresh(trainer->eval_model);
}

static mosaic_status infer(mos_trainer *trainer, const int64_t *rows, int64_t count,
                           mos_inference *out) {
    return mos_inference_run(trainer->eval_model, trainer->card, trainer->dataset, rows, count,
                             false, trainer->loader_options.threads, false, out);
}

/* ---- the probe as head
 * ---------------------------------------------------------------------------- */

/* Features of all modalities side by side, [n, modalities * features], as the head sees them. */
static mosaic_status join_features(const mos_inference *from, float **out) {
    int64_t wide = from->modalities * from->features;
    MOS_TRY(mos_alloc((size_t)(from->n * wide), sizeof **out, "features", out));
    for (int64_t i = 0; i < from->n; i++) {
        for (int64_t m = 0; m < from->modalities; m++)
            memcpy(*out + i * wide + m * from->features, from->feature[m] + i * from->features,
                   (size_t)from->features * sizeof **out);
    }
    return MOSAIC_OK;
}

/* The training labels the run may use, in the order of the inference's rows. */
static mosaic_status known_labels(const mos_trainer *trainer, const mos_inference *from,
                                  int8_t **out) {
    size_t classes = (size_t)from->classes;
    MOS_TRY(mos_alloc((size_t)from->n * classes, 1, "labels", out));
    for (int64_t i = 0; i < from->n; i++) {
        const int8_t *row = from->labels + (size_t)i * classes;
        if (trainer->labels != NULL) row = trainer->labels + (size_t)from->samples[i] * classes;
        memcpy(*out + (size_t)i * classes, row, classes);
    }
    return MOSAIC_OK;
}

mosaic_status mos_trainer_fit_head(mos_trainer *trainer, int64_t limit) {
    mos_linear_probe_options options = mos_linear_probe_defaults(trainer->device->threads);
    int64_t *rows = NULL, count = trainer->probe_count;
    mos_inference features = {0};
    mos_linear_probe probe = {0};
    float *wide = NULL;
    int8_t *labels = NULL;
    mosaic_status status;
    options.l2 = trainer->config->settings.train.probe_l2;
    if (limit > 0 && count > limit) count = limit;
    MOS_GOTO(mos_alloc((size_t)count, sizeof *rows, "rows of the probe", &rows));
    for (int64_t i = 0; i < count; i++)
        rows[i] = trainer->probe_rows[i * trainer->probe_count / count];
    MOS_GOTO(infer(trainer, rows, count, &features));
    MOS_GOTO(join_features(&features, &wide));
    MOS_GOTO(known_labels(trainer, &features, &labels));
    MOS_GOTO(mos_linear_probe_fit(wide, labels, features.n, features.modalities * features.features,
                                  features.classes, &options, &probe));
    status = mos_probe_head_put(trainer->eval_model, &probe, NULL, NULL);
done:
    mos_linear_probe_release(&probe);
    mos_inference_release(&features);
    mos_free(wide);
    mos_free(labels);
    mos_free(rows);
    return status;
}

/* ---- validation ---------------------------------------------------------------------------------
 */

mosaic_status mos_trainer_validate(mos_trainer *trainer, mos_validation *out) {
    double threshold[MOS_MAX_CLASSES];
    mos_inference result = {0};
    *out = (mos_validation){0};
    if (!trainer->use_macro_ap || trainer->valid_count == 0) return MOSAIC_OK;
    for (int64_t l = 0; l < trainer->classes; l++)
        threshold[l] = 0.5;
    mosaic_status status;
    MOS_GOTO(infer(trainer, trainer->valid_rows, trainer->valid_count, &result));
    MOS_GOTO(mos_metrics_compute(result.probability, result.labels, result.n, result.classes,
                                 threshold, &out->metrics));
    trainer->validation_repairs = result.repairs;
    out->valid = true;
    out->n = result.n;
    out->probability = result.probability;
    out->labels = result.labels;
    result.probability = NULL;
    result.labels = NULL;
done:
    mos_inference_release(&result);
    return status;
}

void mos_validation_release(mos_validation *validation) {
    mos_metrics_release(&validation->metrics);
    mos_free(validation->probability);
    mos_free(validation->labels);
    *validation = (mos_validation){0};
}
