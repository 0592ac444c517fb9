/* Validation through the evaluation's own inference, on a second model with the same weights: the
 * training plan stays as it is. Methods without BCE get their head from a linear probe first
 * (train_probe.c). */
#include "train/train_state.h"

#include "base/memory.h"
#include "evaluate/inference_ranks.h"

void mos_train_share_weights(const mos_train_learner *learner) {
    mos_device *device = learner->device;
    size_t params = (size_t)mos_model_param_count(learner->model) * device->real_bytes;
    size_t state = (size_t)mos_model_state_count(learner->model) * device->real_bytes;
    device->ops->copy(device, mos_model_params(learner->eval_model),
                      mos_model_params(learner->model), params);
    device->ops->copy(device, mos_model_state(learner->eval_model), mos_model_state(learner->model),
                      state);
    mos_model_refresh(learner->eval_model);
}

mosaic_status mos_train_infer(const mos_train_learner *learner, const mos_train_data *data,
                              const int64_t *rows, int64_t count, mos_inference *out) {
    return mos_inference_run_ranks(learner->comm, learner->eval_model, learner->card, data->set,
                                   rows, count, false, data->loader_options.threads, false, out);
}

mosaic_status mos_train_validate(const mos_train_learner *learner, mos_train_data *data,
                                 mos_validation *out) {
    double threshold[MOS_MAX_CLASSES];
    mos_inference result = {0};
    *out = (mos_validation){0};
    if (!data->use_macro_ap || data->valid_count == 0) return MOSAIC_OK;
    for (int64_t l = 0; l < data->classes; l++)
        threshold[l] = 0.5;
    mosaic_status status;
    MOS_GOTO(mos_train_infer(learner, data, data->valid_rows, data->valid_count, &result));
    if (mos_comm_rank(learner->comm) > 0) goto done; /* rank 0 has all rows */
    MOS_GOTO(mos_metrics_compute(result.probability, result.labels, result.n, result.classes,
                                 threshold, &out->metrics));
    data->validation_repairs = result.repairs;
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
