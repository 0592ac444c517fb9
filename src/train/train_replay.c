/* NaN or Inf: the batch and the weights that gave it, on disk for replay. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

enum { TENSORS = 5 + 2 * MOS_MAX_MODALITIES, NAME_BYTES = 64 };

typedef struct capture {
    mos_tensor_source tensor[TENSORS];
    char name[TENSORS][NAME_BYTES];
    size_t count;
    float *params, *state;
    mos_text ids;
} capture;

static mos_tensor_source *add(capture *it, mos_dtype type, const void *data) {
    mos_tensor_source *tensor = &it->tensor[it->count];
    *tensor = (mos_tensor_source){.name = it->name[it->count], .dtype = type, .data = data};
    it->count++;
    return tensor;
}

static void add_vector(capture *it, const char *name, mos_dtype type, int64_t count,
                       const void *data) {
    (void)snprintf(it->name[it->count], NAME_BYTES, "%s", name);
    mos_tensor_source *tensor = add(it, type, data);
    tensor->rank = 1;
    tensor->shape[0] = count;
}

/* [count, classes] */
static void add_classes(capture *it, const char *name, mos_dtype type, int64_t count,
                        int64_t classes, const void *data) {
    add_vector(it, name, type, count, data);
    mos_tensor_source *tensor = &it->tensor[it->count - 1];
    tensor->rank = 2;
    tensor->shape[1] = classes;
}

static void add_images(const mos_model_card *card, int64_t views, const mos_batch *batch,
                       capture *it) {
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        (void)snprintf(it->name[it->count], NAME_BYTES, "images.%s", modality->name);
        mos_tensor_source *images = add(it, MOS_F32, batch->images[m]);
        images->rank = 4; /* [views*batch, bands, h, w], view-major */
        images->shape[0] = views * batch->count;
        images->shape[1] = modality->bands;
        images->shape[2] = card->height;
        images->shape[3] = card->width;
    }
}

static mosaic_status add_weights(const mos_train_learner *learner, capture *it) {
    mos_device *device = learner->device;
    int64_t params = mos_model_param_count(learner->model);
    int64_t state = mos_model_state_count(learner->model);
    MOS_TRY(mos_alloc((size_t)params, sizeof(float), "weights for replay", &it->params));
    MOS_TRY(mos_alloc((size_t)state, sizeof(float), "weights for replay", &it->state));
    MOS_TRY(mos_get_f32(device, mos_model_params(learner->model), it->params, params));
    MOS_TRY(mos_get_f32(device, mos_model_state(learner->model), it->state, state));
    add_vector(it, "params", MOS_F32, params, it->params);
    add_vector(it, "state", MOS_F32, state, it->state);
    return MOSAIC_OK;
}

static mosaic_status list_ids(const mos_dataset *set, const mos_batch *batch, mos_text *out) {
    mos_text_add(out, "[");
    for (int64_t i = 0; i < batch->count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(set, batch->samples[i], &sample));
        if (i > 0) mos_text_add(out, ", ");
        mos_text_add_json(out, sample.id);
    }
    mos_text_add(out, "]");
    return out->failed ? mos_fail_memory(out->size, "sample ids") : MOSAIC_OK;
}

static mosaic_status write_capture(mos_trainer *trainer, const mos_batch *batch, const char *path,
                                   const char *message, capture *it) {
    const mos_model_card *card = trainer->learner.card;
    char folder[4096], step[32], epoch[32];
    MOS_TRY(mos_train_path(&trainer->run, "replay", folder, sizeof folder));
    MOS_TRY(mos_make_dirs(folder));
    MOS_TRY(list_ids(trainer->data.set, batch, &it->ids));
    add_vector(it, "samples", MOS_I64, batch->count, batch->samples);
    add_images(card, trainer->job.views.views, batch, it);
    MOS_TRY(add_weights(&trainer->learner, it));
    if (trainer->data.classes > 0)
        add_classes(it, "labels", MOS_I8, batch->count, trainer->data.classes, batch->labels);
    if (batch->targets != NULL)
        add_classes(it, "targets", MOS_F32, batch->count, trainer->data.classes, batch->targets);
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof name, "present.%s", card->spec.modality[m].name);
        add_vector(it, name, MOS_U8, batch->count, batch->present[m]);
    }
    (void)snprintf(step, sizeof step, "%lld", (long long)trainer->at.step + 1);
    (void)snprintf(epoch, sizeof epoch, "%lld", (long long)trainer->at.epoch + 1);
    const char *const pairs[] = {
        "format",  "mosaic-replay-1", "step", step,         "epoch", epoch,
        "message", message,           "ids",  it->ids.data, "views", trainer->job.views.kinds,
        "config",  card->config};
    return mos_safetensors_write(path, it->tensor, it->count, pairs,
                                 sizeof pairs / sizeof pairs[0] / 2);
}

mosaic_status mos_trainer_capture(mos_trainer *trainer, const mos_batch *batch,
                                  const mos_objective_result *result, const char *what) {
    char path[4096], name[64], message[512];
    capture *it = NULL;
    (void)snprintf(name, sizeof name, "replay/step-%lld.safetensors",
                   (long long)trainer->at.step + 1);
    int used = snprintf(message, sizeof message, "step %lld: the %s is not finite (loss %g",
                        (long long)trainer->at.step + 1, what, result->total);
    for (int k = 0; k < MOS_TERM_COUNT && used < (int)sizeof message - 1; k++)
        used += snprintf(message + used, sizeof message - (size_t)used, "%s%s %g",
                         k == 0 ? ": " : ", ", mos_terms[k]->name, result->term[k]);
    if (used < (int)sizeof message - 1)
        (void)snprintf(message + used, sizeof message - (size_t)used, ")");
    mosaic_status status;
    MOS_GOTO(mos_train_path(&trainer->run, name, path, sizeof path));
    MOS_GOTO(mos_alloc(1, sizeof *it, "a batch for replay", &it));
    status = write_capture(trainer, batch, path, message, it);
done:
    if (it != NULL) {
        mos_free(it->params);
        mos_free(it->state);
        mos_text_release(&it->ids);
    }
    mos_free(it);
    /* The error is the number that is not finite; a capture that failed is added to its message. */
    if (status != MOSAIC_OK) {
        char detail[1024];
        mos_error_copy(detail, sizeof detail);
        return mos_fail(MOSAIC_ERR_NUMERIC, "%s; the batch could not be kept: %s", message, detail);
    }
    return mos_fail(MOSAIC_ERR_NUMERIC, "%s; the batch is kept in %s", message, path);
}
