#include "train/step_ranks.h"

#include "base/memory.h"

#include <string.h>

static unsigned char *real_at(const mos_device *device, void *base, int64_t value) {
    return (unsigned char *)base + (size_t)value * device->real_bytes;
}

/* ---- features ---- */

typedef struct feature_part {
    int64_t views, batch, rows, size; /* rows of this rank's part of each view set */
} feature_part;

/* All-gather: features [views, batch, size] of the whole batch from each rank's [views, rows, size]. */
static mosaic_status share_features(mos_shared_step *shared, mos_device *device,
                                    const feature_part *part, void *features) {
    const int64_t rank = mos_comm_rank(shared->comm), ranks = mos_comm_size(shared->comm);
    const int64_t block = part->rows * part->size;
    for (int64_t v = 0; v < part->views; v++) {
        const int64_t first = (v * part->batch + rank * part->rows) * part->size;
        device->ops->get_f32(device, real_at(device, features, first), shared->mine + v * block,
                             block);
    }
    MOS_TRY(mos_settle(device));
    MOS_TRY(mos_comm_gather(shared->comm, shared->mine,
                            (size_t)(part->views * block) * sizeof *shared->mine, shared->all));
    for (int64_t r = 0; r < ranks; r++)
        for (int64_t v = 0; v < part->views && r != rank; v++)
            device->ops->put_f32(
                device, real_at(device, features, (v * part->batch + r * part->rows) * part->size),
                shared->all + (r * part->views + v) * block, block);
    return MOSAIC_OK;
}

static mosaic_status share(void *context, mos_step *step) {
    mos_shared_step *shared = context;
    const mos_model_plan *plan = mos_model_get_plan(step->model);
    if (shared->norms != NULL) MOS_TRY(mos_norm_ranks_status(shared->norms));
    for (int64_t m = 0; m < mos_model_get_spec(step->model)->modalities; m++) {
        const feature_part part = {.views = plan->views[m],
                                   .batch = plan->batch,
                                   .rows = plan->batch / plan->ranks,
                                   .size = mos_model_feature_size(step->model)};
        if (mos_model_has_images(step->model, m))
            MOS_TRY(
                share_features(shared, step->device, &part, mos_model_features(step->model, m)));
    }
    return MOSAIC_OK;
}

/* ---- gradients, running statistics ---- */

/* Behind the features all ranks have the same gradients, so only rank 0's enter the sum. */
static void drop_copies(const mos_shared_step *shared, const mos_step *step) {
    if (mos_comm_rank(shared->comm) == 0) return;
    for (int64_t i = 0; i < shared->behind_count; i++)
        step->device->ops->zero(
            step->device,
            real_at(step->device, mos_model_grads(step->model), shared->behind[i].offset),
            (size_t)shared->behind[i].count * step->device->real_bytes);
}

static mosaic_status sum(void *context, mos_step *step) {
    mos_shared_step *shared = context;
    mos_device *device = step->device;
    const int64_t params = mos_model_param_count(step->model);
    const int64_t state = mos_model_state_count(step->model);
    if (shared->norms != NULL) MOS_TRY(mos_norm_ranks_status(shared->norms));
    drop_copies(shared, step);
    MOS_TRY(mos_get_f32(device, mos_model_grads(step->model), shared->flat, params));
    MOS_TRY(mos_comm_sum(shared->comm, shared->flat, params));
    device->ops->put_f32(device, mos_model_grads(step->model), shared->flat, params);
    MOS_TRY(mos_get_f32(device, mos_model_state(step->model), shared->flat, state));
    MOS_TRY(mos_comm_mean(shared->comm, shared->flat, state));
    device->ops->put_f32(device, mos_model_state(step->model), shared->flat, state);
    return MOSAIC_OK;
}

mosaic_status mos_shared_step_spread(mos_shared_step *shared, mos_device *device, void *real,
                                     int64_t count) {
    for (int64_t first = 0; first < count; first += shared->flat_count) {
        const int64_t left = count - first;
        const int64_t values = left < shared->flat_count ? left : shared->flat_count;
        void *at = real_at(device, real, first);
        MOS_TRY(mos_get_f32(device, at, shared->flat, values));
        MOS_TRY(mos_comm_broadcast(shared->comm, shared->flat,
                                   (size_t)values * sizeof *shared->flat, 0));
        device->ops->put_f32(device, at, shared->flat, values);
    }
    return MOSAIC_OK;
}

/* ---- making one ---- */

static mosaic_status list_behind(mos_shared_step *shared, const mos_model *model) {
    int64_t count;
    const mos_parameter *items = mos_model_parameters(model, &count);
    MOS_TRY(
        mos_alloc((size_t)count, sizeof *shared->behind, "parameter segments", &shared->behind));
    for (int64_t i = 0; i < count; i++)
        if (items[i].trainable && items[i].stage == 0)
            shared->behind[shared->behind_count++] =
                (mos_segment_range){.offset = items[i].offset, .count = items[i].count};
    return MOSAIC_OK;
}

mosaic_status mos_shared_step_init(mos_shared_step *shared, mos_comm *comm, mos_step *step,
                                   const mos_model_plan *plan, const mos_norm_ranks *norms) {
    const mos_model *model = step->model;
    const int64_t params = mos_model_param_count(model), state = mos_model_state_count(model);
    int64_t views = 0;
    *shared = (mos_shared_step){.comm = comm, .norms = norms};
    if (step->device->real_bytes != sizeof(float))
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "several ranks share numbers of 4 bytes, device '%s' has %zu",
                        step->device->description, step->device->real_bytes);
    for (int64_t m = 0; m < mos_model_get_spec(model)->modalities; m++)
        if (plan->views[m] > views) views = plan->views[m];
    const size_t all = (size_t)(views * plan->batch * mos_model_feature_size(model));
    MOS_TRY(mos_alloc(all, sizeof *shared->all, "features of all ranks", &shared->all));
    MOS_TRY(mos_alloc(all / (size_t)plan->ranks, sizeof *shared->mine, "features of this rank",
                      &shared->mine));
    shared->flat_count = params > state ? params : state;
    MOS_TRY(mos_alloc((size_t)shared->flat_count, sizeof *shared->flat, "gradients for ranks",
                      &shared->flat));
    MOS_TRY(list_behind(shared, model));
    shared->hooks = (mos_step_ranks){.context = shared, .share = share, .sum = sum};
    step->ranks = &shared->hooks;
    return MOSAIC_OK;
}

void mos_shared_step_release(mos_shared_step *shared) {
    mos_free(shared->mine);
    mos_free(shared->all);
    mos_free(shared->flat);
    mos_free(shared->behind);
    *shared = (mos_shared_step){0};
}
