#include "train/step_ranks.h"

#include "base/memory.h"

#include <string.h>

enum { LEAST_FLAT = 1 << 18 }; /* values of a broadcast */

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

/* Gradients of the model into the buckets. All ranks have the same ones behind the features: rank 0's
 * enter the sum. */
static void copy_out(mos_shared_step *shared, int64_t offset, int64_t count, bool behind) {
    float *to = shared->buckets.values + offset;
    mos_device *device = shared->step->device;
    if (behind && mos_comm_rank(shared->comm) > 0)
        memset(to, 0, (size_t)count * sizeof *to);
    else
        device->ops->get_f32(device, real_at(device, mos_model_grads(shared->step->model), offset),
                             to, count);
}

static void keep(mos_shared_step *shared, mosaic_status status) {
    if (status == MOSAIC_OK || shared->status != MOSAIC_OK) return;
    shared->status = status;
    mos_error_copy(shared->words, sizeof shared->words);
}

/* How many of the values [at, end) lie in the same bucket as the first. */
static int64_t piece_of(const mos_buckets *buckets, int64_t at, int64_t end) {
    const int64_t next = (at / buckets->size + 1) * buckets->size;
    return (next < end ? next : end) - at;
}

/* A run of final gradients: buckets that are full now travel. */
static void take_final(mos_shared_step *shared, int64_t offset, int64_t count, bool behind) {
    const int64_t end = offset + count;
    copy_out(shared, offset, count, behind);
    while (offset < end && shared->status == MOSAIC_OK) {
        const int64_t bucket = offset / shared->buckets.size;
        const int64_t piece = piece_of(&shared->buckets, offset, end);
        offset += piece;
        shared->left[bucket] -= piece;
        if (shared->left[bucket] > 0) continue;
        keep(shared, mos_settle(shared->step->device));
        if (shared->status == MOSAIC_OK) keep(shared, mos_buckets_post(&shared->buckets, bucket));
    }
}

static void gradients_final(void *context, int64_t offset, int64_t count) {
    mos_shared_step *shared = context;
    if (!shared->begun)
        for (int64_t i = 0; i < shared->behind_count; i++)
            take_final(shared, shared->behind[i].offset, shared->behind[i].count, true);
    shared->begun = true;
    take_final(shared, offset, count, false);
    if (shared->status == MOSAIC_OK) keep(shared, mos_buckets_progress(&shared->buckets));
}

/* What nobody told of (encoders that sat the step out, frozen stages) is final by now too. */
static mosaic_status take_rest(mos_shared_step *shared) {
    const mos_buckets *buckets = &shared->buckets;
    for (int64_t at = 0, piece; at < buckets->count; at += piece) {
        piece = piece_of(buckets, at, buckets->count);
        if (!buckets->posted[at / buckets->size]) copy_out(shared, at, piece, false);
    }
    for (int64_t i = 0; i < shared->behind_count; i++) {
        const int64_t end = shared->behind[i].offset + shared->behind[i].count;
        for (int64_t at = shared->behind[i].offset, piece; at < end; at += piece) {
            piece = piece_of(buckets, at, end);
            if (!buckets->posted[at / buckets->size]) copy_out(shared, at, piece, true);
        }
    }
    return mos_settle(shared->step->device);
}

/* How many values of each bucket are parameters'; between these there is padding. */
static void count_values(mos_shared_step *shared, const mos_model *model) {
    int64_t count;
    const mos_parameter *items = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++) {
        const int64_t end = items[i].offset + items[i].count;
        if (!items[i].trainable) continue;
        for (int64_t at = items[i].offset, piece; at < end; at += piece) {
            piece = piece_of(&shared->buckets, at, end);
            shared->whole[at / shared->buckets.size] += piece;
        }
    }
}

static void await_step(mos_shared_step *shared) {
    memcpy(shared->left, shared->whole, (size_t)shared->buckets.buckets * sizeof *shared->left);
    shared->begun = false;
}

static mosaic_status sum(void *context, mos_step *step) {
    mos_shared_step *shared = context;
    mos_device *device = step->device;
    const int64_t params = mos_model_param_count(step->model);
    const int64_t state = mos_model_state_count(step->model);
    if (shared->norms != NULL) MOS_TRY(mos_norm_ranks_status(shared->norms));
    if (shared->status != MOSAIC_OK) mos_error_restore(shared->words);
    MOS_TRY(shared->status);
    MOS_TRY(take_rest(shared));
    MOS_TRY(mos_buckets_finish(&shared->buckets));
    await_step(shared);
    device->ops->put_f32(device, mos_model_grads(step->model), shared->buckets.values, params);
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
    *shared = (mos_shared_step){.comm = comm, .norms = norms, .step = step};
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
    shared->flat_count = state > LEAST_FLAT ? state : LEAST_FLAT;
    MOS_TRY(mos_alloc((size_t)shared->flat_count, sizeof *shared->flat, "statistics for ranks",
                      &shared->flat));
    MOS_TRY(list_behind(shared, model));
    MOS_TRY(mos_buckets_init(&shared->buckets, comm, params));
    MOS_TRY(
        mos_alloc((size_t)shared->buckets.buckets, sizeof *shared->left, "buckets", &shared->left));
    MOS_TRY(mos_alloc((size_t)shared->buckets.buckets, sizeof *shared->whole, "buckets",
                      &shared->whole));
    count_values(shared, model);
    await_step(shared);
    shared->watch = (mos_gradient_watch){.context = shared, .final = gradients_final};
    mos_model_watch(step->model, &shared->watch);
    shared->hooks = (mos_step_ranks){.context = shared, .share = share, .sum = sum};
    step->ranks = &shared->hooks;
    return MOSAIC_OK;
}

void mos_shared_step_release(mos_shared_step *shared) {
    mos_free(shared->mine);
    mos_free(shared->all);
    mos_free(shared->flat);
    mos_free(shared->behind);
    mos_free(shared->left);
    mos_free(shared->whole);
    mos_buckets_release(&shared->buckets);
    *shared = (mos_shared_step){0};
}
