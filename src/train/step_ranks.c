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

/* ---- losses ---- */

/* Sums of what the ranks' anchors left, in rank order; what is of all anchors anyway stays. */
static mosaic_status join_losses(mos_shared_step *shared, mos_objective *objective) {
    enum { VALUES = 6 };
    int64_t count;
    double values[MOS_OBJECTIVE_PROBLEMS * VALUES];
    mos_contrast_result *found = mos_objective_found(objective, &count);
    for (int64_t i = 0; i < count; i++) {
        const mos_contrast_result *one = &found[i];
        const double own[VALUES] = {one->loss,
                                    one->floor,
                                    (double)one->anchors_used,
                                    (double)one->anchors_without_positive,
                                    (double)one->positives,
                                    (double)one->frozen_positives};
        memcpy(values + i * VALUES, own, sizeof own);
    }
    MOS_TRY(mos_comm_sum_f64(shared->comm, values, count * VALUES));
    for (int64_t i = 0; i < count; i++) {
        const double *all = values + i * VALUES;
        found[i].loss = all[0];
        found[i].floor = all[1];
        found[i].anchors_used = (int64_t)all[2];
        found[i].anchors_without_positive = (int64_t)all[3];
        found[i].positives = (int64_t)all[4];
        found[i].frozen_positives = (int64_t)all[5];
    }
    return MOSAIC_OK;
}

/* The model's gradients of latents, one block after the other; returns how many values. */
static int64_t move_latents(mos_shared_step *shared, mos_step *step, bool out) {
    const mos_model_plan *plan = mos_model_get_plan(step->model);
    const mos_model_spec *spec = mos_model_get_spec(step->model);
    int64_t at = 0;
    for (int64_t m = 0; m < spec->modalities; m++) {
        void *own = mos_model_dlatents(step->model, m);
        void *inter = mos_model_dlatents_inter(step->model, m);
        void *const blocks[2] = {own, inter != own ? inter : NULL};
        const int64_t count = plan->views[m] * plan->batch * spec->latent;
        for (int i = 0; i < 2; i++) {
            if (blocks[i] == NULL) continue;
            if (out)
                step->device->ops->get_f32(step->device, blocks[i], shared->latents + at, count);
            else
                step->device->ops->put_f32(step->device, blocks[i], shared->latents + at, count);
            at += count;
        }
    }
    return at;
}

static mosaic_status join(void *context, mos_step *step) {
    mos_shared_step *shared = context;
    if (!step->latents) return MOSAIC_OK;
    const int64_t count = move_latents(shared, step, true);
    MOS_TRY(mos_settle(step->device));
    MOS_TRY(join_losses(shared, step->objective));
    MOS_TRY(mos_comm_sum(shared->comm, shared->latents, count));
    (void)move_latents(shared, step, false);
    return MOSAIC_OK;
}

/* ---- gradients, running statistics ---- */

/* Gradients of the model into the buckets. All ranks have the same ones behind the features: rank 0's
 * enter the sum. */
static void copy_out(mos_shared_step *shared, int64_t offset, int64_t count, bool behind) {
    mos_device *device = shared->step->device;
    void *from = real_at(device, mos_model_grads(shared->step->model), offset);
    if (behind && mos_comm_rank(shared->comm) > 0)
        device->ops->zero(device, from, (size_t)count * device->real_bytes);
    if (!shared->mapped) device->ops->get_f32(device, from, shared->buckets.values + offset, count);
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
    if (!shared->mapped)
        device->ops->put_f32(device, mos_model_grads(step->model), shared->buckets.values, params);
    MOS_TRY(mos_get_f32(device, mos_model_state(step->model), shared->flat, state));
    MOS_TRY(mos_comm_mean(shared->comm, shared->flat, state));
    device->ops->put_f32(device, mos_model_state(step->model), shared->flat, state);
    return MOSAIC_OK;
}

/* ---- the divided optimizer ---- */

mosaic_status mos_shared_step_gather(mos_shared_step *shared, void *real) {
    mos_device *device = shared->step->device;
    if (shared->parts == NULL || real == NULL) return MOSAIC_OK;
    MOS_TRY(mos_settle(device));
    return mos_buckets_gather(&shared->buckets, device->ops->map(device, real));
}

static mosaic_status spread_weights(void *context, mos_step *step) {
    return mos_shared_step_gather(context, mos_model_params(step->model));
}

static mosaic_status measure(void *context, mos_measure_result *found) {
    const mos_shared_step *shared = context;
    double values[2] = {found->sum_of_squares, (double)found->not_finite};
    MOS_TRY(mos_comm_sum_f64(shared->comm, values, 2));
    *found = (mos_measure_result){.sum_of_squares = values[0], .not_finite = (int64_t)values[1]};
    return MOSAIC_OK;
}

/* Each rank takes the parts of the parameters whose gradients it adds up. */
static mosaic_status divide(mos_shared_step *shared) {
    mos_buckets *buckets = &shared->buckets;
    if (!shared->mapped || shared->step->optimizer == MOS_OPTIMIZER_LARS) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)buckets->buckets, sizeof *shared->parts, "parts of the parameters",
                      &shared->parts));
    for (int64_t i = 0; i < buckets->buckets; i++) {
        int64_t end;
        const int64_t first = mos_buckets_own(buckets, i, &end);
        if (first < end)
            shared->parts[shared->part_count++] =
                (mos_segment_range){.offset = first, .count = end - first};
    }
    buckets->kept = true;
    return mos_step_divide(shared->step, shared->parts, shared->part_count);
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

/* Of at most two projectors a modality. */
static mosaic_status reserve_latents(mos_shared_step *shared, const mos_model_plan *plan) {
    const mos_model_spec *spec = mos_model_get_spec(shared->step->model);
    int64_t count = 0;
    for (int64_t m = 0; m < spec->modalities && shared->step->latents; m++)
        count += (spec->inter_projector ? 2 : 1) * plan->views[m] * plan->batch * spec->latent;
    return mos_alloc((size_t)count, sizeof *shared->latents, "gradients of latents",
                     &shared->latents);
}

mosaic_status mos_shared_step_init(mos_shared_step *shared, mos_comm *comm, mos_step *step,
                                   const mos_model_plan *plan, const mos_norm_ranks *norms,
                                   bool divided) {
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
    float *grads = step->device->ops->map(step->device, mos_model_grads(step->model));
    shared->mapped = grads != NULL;
    MOS_TRY(mos_buckets_init(&shared->buckets, comm, params, grads));
    if (divided) MOS_TRY(divide(shared));
    MOS_TRY(reserve_latents(shared, plan));
    MOS_TRY(
        mos_alloc((size_t)shared->buckets.buckets, sizeof *shared->left, "buckets", &shared->left));
    MOS_TRY(mos_alloc((size_t)shared->buckets.buckets, sizeof *shared->whole, "buckets",
                      &shared->whole));
    count_values(shared, model);
    await_step(shared);
    shared->watch = (mos_gradient_watch){.context = shared, .final = gradients_final};
    mos_model_watch(step->model, &shared->watch);
    mos_objective_share(step->objective, mos_comm_rank(comm) * plan->batch / plan->ranks,
                        plan->batch / plan->ranks);
    shared->hooks = (mos_step_ranks){.context = shared,
                                     .share = share,
                                     .join = join,
                                     .sum = sum,
                                     .measure = measure,
                                     .spread = spread_weights};
    step->ranks = &shared->hooks;
    return MOSAIC_OK;
}

void mos_shared_step_release(mos_shared_step *shared) {
    mos_free(shared->mine);
    mos_free(shared->latents);
    mos_free(shared->parts);
    mos_free(shared->all);
    mos_free(shared->flat);
    mos_free(shared->behind);
    mos_free(shared->left);
    mos_free(shared->whole);
    mos_buckets_release(&shared->buckets);
    *shared = (mos_shared_step){0};
}
