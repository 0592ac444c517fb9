/* One step's calls on a planned model, and inference. */
#include "model/model_internal.h"

#include <string.h>

static mosaic_status check_pass(const mos_model *model, int64_t m, bool train) {
    if (model->plan.batch == 0) return mos_fail(MOSAIC_ERR_USAGE, "the model has no plan");
    if (m < 0 || m >= model->spec.modalities)
        return mos_fail(MOSAIC_ERR_USAGE, "modality number %lld of %lld", (long long)m,
                        (long long)model->spec.modalities);
    if (model->branch[m].views == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "modality '%s' is not part of the plan",
                        model->spec.modality[m].name);
    if (train != model->plan.train)
        return mos_fail(MOSAIC_ERR_USAGE, "the plan is for %s, %s pass was asked for",
                        train ? "inference" : "training", train ? "a training" : "an inference");
    return MOSAIC_OK;
}

/* The mask of all view sets, or NULL when nothing is absent. */
static const uint8_t *branch_mask(const mos_branch *branch) {
    return branch->masked ? branch->mask : NULL;
}

/* Once a step: the mask of a view set, then the others' copies of it on the device. */
static void set_mask(const mos_model *model, mos_branch *branch, const uint8_t *present) {
    mos_device *device = model->weights.device;
    const int64_t batch = model->plan.batch, chunk = model->plan.chunk, views = branch->views;
    branch->masked = present != NULL && memchr(present, 0, (size_t)batch) != NULL;
    if (!branch->masked) return;
    device->ops->put_bytes(device, branch->mask, present, (size_t)batch);
    for (int64_t v = 1; v < views; v++)
        device->ops->copy(device, branch->mask + v * batch, branch->mask, (size_t)batch);
    for (int64_t k = 0; k < model->parts && model->parts > 1; k++)
        for (int64_t v = 0; v < views; v++)
            device->ops->copy(device, branch->part_mask + (k * views + v) * chunk,
                              branch->mask + k * chunk, (size_t)chunk);
}

/* num_batches_tracked counts what is a batch of its own to the norm: view sets, chunks of them. */
static void count_batches(mos_model *model, const void *increments, int64_t first, int64_t count) {
    mos_device *device = model->weights.device;
    device->ops->columns(device, 1, count, increments, count,
                         mos_state_at(&model->weights, model->table.counter_base + first), count,
                         true);
}

/* Row `row` of a real matrix of that width. */
static void *row_at(const mos_device *device, void *rows, int64_t row, int64_t width) {
    if (rows == NULL) return NULL;
    return (unsigned char *)rows + (size_t)(row * width) * device->real_bytes;
}

/* Rows of part k of the mask, view set by view set, or NULL. */
static const uint8_t *part_mask(const mos_model *model, const mos_branch *branch, int64_t k) {
    if (model->parts == 1 || !branch->masked) return branch_mask(branch);
    return branch->part_mask + k * branch->views * model->plan.chunk;
}

/* Rows of part k between the whole batch's features (or their gradients) and the encoder's. */
static void copy_part(const mos_model *model, const mos_branch *branch, int64_t k, void *all,
                      void *part, bool to_all) {
    mos_device *device = mos_branch_device(model, branch);
    int64_t batch = model->plan.batch, chunk = model->plan.chunk,
            size = branch->encoder.feature_size;
    for (int64_t v = 0; v < branch->views; v++) {
        void *outer = row_at(device, all, v * batch + k * chunk, size),
             *inner = row_at(device, part, v * chunk, size);
        device->ops->copy(device, to_all ? outer : inner, to_all ? inner : outer,
                          (size_t)(chunk * size) * device->real_bytes);
    }
}

static mos_images part_images(const mos_model *model, const mos_branch *branch, int64_t k) {
    const int64_t image = branch->encoder.bands * model->plan.height * model->plan.width;
    const int64_t own = k - model->first_part, rows = model->own_parts * model->plan.chunk;
    return (mos_images){.first = branch->images + own * model->plan.chunk * image,
                        .stride = rows * image};
}

static mosaic_status give_images(mos_model *model, int64_t m, const float *images,
                                 const uint8_t *present) {
    MOS_TRY(check_pass(model, m, true));
    set_mask(model, &model->branch[m], present);
    model->branch[m].images = images;
    return MOSAIC_OK;
}

/* Images to features; of several modalities perhaps at the same time. */
static void encode(mos_model *model, int64_t m) {
    mos_branch *branch = &model->branch[m];
    mos_encoder *encoder = &branch->encoder;
    const mos_weights weights = mos_branch_weights(model, branch);
    for (int64_t k = model->first_part; k < model->first_part + model->own_parts; k++) {
        const mos_images part = part_images(model, branch, k);
        encoder->family->forward(encoder, &weights, &part, part_mask(model, branch, k), true);
        if (model->parts > 1)
            copy_part(model, branch, k, branch->features, encoder->features, true);
    }
}

/* Features to latents. */
static void project(mos_model *model, int64_t m) {
    mos_branch *branch = &model->branch[m];
    const mos_encoder *encoder = &branch->encoder;
    count_batches(model, branch->increments, encoder->first_counter, encoder->counters);
    mos_projector *projectors[] = {&branch->projector, &branch->inter};
    for (int p = 0; p < 2 && model->plan.latents; p++) {
        if (!projectors[p]->exists) continue;
        mos_projector_forward(projectors[p], &model->weights, branch->features, false,
                              branch_mask(branch), &model->scratch);
        count_batches(model,
                      mos_real_at(model->weights.device, branch->increments, encoder->counters),
                      projectors[p]->first_counter, projectors[p]->counters);
    }
}

mosaic_status mos_model_forward(mos_model *model, int64_t m, const float *images,
                                const uint8_t *present) {
    MOS_TRY(give_images(model, m, images, present));
    MOS_TRY(mos_side_by_side_run_one(model, encode, m));
    project(model, m);
    return MOSAIC_OK;
}

mosaic_status mos_model_encode_all(mos_model *model, const float *const *images,
                                   const uint8_t *const *present) {
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        model->branch[m].images = NULL;
        if (images[m] != NULL)
            MOS_TRY(give_images(model, m, images[m], present == NULL ? NULL : present[m]));
    }
    return mos_side_by_side_run(model, encode);
}

void mos_model_project_all(mos_model *model) {
    for (int64_t m = 0; m < model->spec.modalities; m++)
        if (model->branch[m].images != NULL) project(model, m);
}

bool mos_model_has_images(const mos_model *model, int64_t m) {
    return model->branch[m].images != NULL;
}

mosaic_status mos_model_infer(mos_model *model, int64_t m, const float *images) {
    MOS_TRY(check_pass(model, m, false));
    mos_branch *branch = &model->branch[m];
    mos_encoder *encoder = &branch->encoder;
    branch->images = images;
    for (int64_t k = 0; k < model->parts; k++) {
        const mos_images part = part_images(model, branch, k);
        encoder->family->infer(encoder, model->weights.device, &part);
        if (model->parts > 1)
            copy_part(model, branch, k, branch->features, encoder->features, true);
    }
    mos_projector *projectors[] = {&branch->projector, &branch->inter};
    for (int p = 0; p < 2 && model->plan.latents; p++)
        if (projectors[p]->exists)
            mos_projector_forward(projectors[p], &model->weights, branch->features, true, NULL,
                                  &model->scratch);
    return MOSAIC_OK;
}

int64_t mos_model_feature_size(const mos_model *model) {
    return model->branch[0].encoder.feature_size;
}
void *mos_model_features(mos_model *model, int64_t m) {
    return model->branch[m].features;
}
void *mos_model_latents(mos_model *model, int64_t m) {
    return model->branch[m].projector.z;
}
void *mos_model_dlatents(mos_model *model, int64_t m) {
    return model->branch[m].projector.dz;
}
static mos_projector *inter_projector(mos_model *model, int64_t m) {
    mos_branch *branch = &model->branch[m];
    return branch->inter.exists ? &branch->inter : &branch->projector;
}
void *mos_model_latents_inter(mos_model *model, int64_t m) {
    return inter_projector(model, m)->z;
}
void *mos_model_dlatents_inter(mos_model *model, int64_t m) {
    return inter_projector(model, m)->dz;
}
void *mos_model_logits(mos_model *model) {
    return model->head.logits;
}
void *mos_model_dlogits(mos_model *model) {
    return model->head.dlogits;
}

static void zero_rows(mos_device *device, void *rows, int64_t n, int64_t width) {
    if (rows != NULL) device->ops->zero(device, rows, (size_t)(n * width) * device->real_bytes);
}

void mos_model_watch(mos_model *model, const mos_gradient_watch *watch) {
    model->watch = watch;
}

void mos_model_begin(mos_model *model) {
    mos_device *device = model->weights.device;
    if (!model->plan.train) return;
    zero_rows(device, model->weights.grads, 1, model->table.param_count);
    zero_rows(device, model->head.dlogits, model->plan.batch, model->head.classes);
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        mos_branch *branch = &model->branch[m];
        int64_t n = branch->views * model->plan.batch;
        branch->images = NULL;
        zero_rows(device, branch->dfeatures, n, branch->encoder.feature_size);
        zero_rows(device, branch->projector.dz, n, branch->projector.latent);
        zero_rows(device, branch->inter.dz, n, branch->inter.latent);
    }
}

void mos_model_head_forward(mos_model *model, const int64_t *view, const uint8_t *const *present) {
    mos_device *device = model->weights.device;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        const mos_branch *branch = &model->branch[m];
        int64_t size = branch->encoder.feature_size;
        mos_fusion_input *input = &model->head.fusion.input[m];
        *input = (mos_fusion_input){0};
        if (branch->views == 0) continue;
        int64_t row = view[m] * model->plan.batch;
        void *features = row_at(device, branch->features, row, size);
        input->features = features;
        input->dfeatures = row_at(device, branch->dfeatures, row, size);
        input->present = mos_missing_forward(&model->missing, &model->weights, m, features,
                                             present == NULL ? NULL : present[m]);
    }
    mos_head_forward(&model->head, &model->weights);
}

void mos_model_head_backward(mos_model *model) {
    mos_head_backward(&model->head, &model->weights);
    for (int64_t m = 0; m < model->spec.modalities; m++)
        if (model->head.fusion.input[m].features != NULL)
            mos_missing_backward(&model->missing, &model->weights, m,
                                 model->head.fusion.input[m].dfeatures);
}

/* dlatents to dfeatures (added), through the projectors; absent rows get none. */
static void project_backward(mos_model *model, mos_branch *branch) {
    mos_device *device = model->weights.device;
    const uint8_t *mask = branch_mask(branch);
    mos_projector *projectors[] = {&branch->projector, &branch->inter};
    for (int p = 0; p < 2 && model->plan.latents; p++) {
        mos_projector *projector = projectors[p];
        if (!projector->exists) continue;
        if (mask != NULL)
            device->ops->mask_rows(device, projector->n, projector->latent, projector->dz,
                                   projector->latent, mask);
        mos_projector_backward(projector, &model->weights, branch->features, branch->dfeatures,
                               mask, &model->scratch);
    }
    if (mask != NULL)
        device->ops->mask_rows(device, branch->views * model->plan.batch,
                               branch->encoder.feature_size, branch->dfeatures,
                               branch->encoder.feature_size, mask);
}

/* dfeatures to the encoder's gradients; of several modalities perhaps at the same time. */
static void encode_backward(mos_model *model, int64_t m) {
    mos_branch *branch = &model->branch[m];
    mos_encoder *encoder = &branch->encoder;
    mos_weights weights = mos_branch_weights(model, branch);
    const int64_t end = model->first_part + model->own_parts;
    for (int64_t k = model->first_part; k < end; k++) {
        const mos_images part = part_images(model, branch, k);
        const uint8_t *mask = part_mask(model, branch, k);
        if (k + 1 == end && (model->worker_count == 0 || model->in_turns))
            weights.watch = model->watch;
        /* With several parts the next one overwrote the activations of this one. */
        if (model->own_parts > 1) encoder->family->forward(encoder, &weights, &part, mask, false);
        if (model->parts > 1)
            copy_part(model, branch, k, branch->dfeatures, encoder->dfeatures, false);
        encoder->family->backward(encoder, &weights, &part, mask);
    }
}

mosaic_status mos_model_backward(mos_model *model, int64_t m) {
    project_backward(model, &model->branch[m]);
    return mos_side_by_side_run_one(model, encode_backward, m);
}

mosaic_status mos_model_backward_all(mos_model *model) {
    for (int64_t m = 0; m < model->spec.modalities; m++)
        if (model->branch[m].images != NULL) project_backward(model, &model->branch[m]);
    return mos_side_by_side_run(model, encode_backward);
}
