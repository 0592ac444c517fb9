/* Encoders of several modalities at the same time. Each worker is a thread with a device of its own
 * (stream, thread team, plans) on a share of the cores; encoders write to weights' gradients,
 * running statistics and features that are theirs alone, and to buffers that are placed apart.
 *
 * Where the norms of the encoders wait for other processes, workers take turns on one thread instead, each
 * with a device of all threads: while one's numbers are on their way, the next one computes. All
 * processes take the same turns, so that they meet in one order. */
#include "model/model_internal.h"

#include <stdio.h>

_Static_assert((int)MOS_PLACEMENT_WORKERS >= (int)MOS_MAX_MODALITIES, "a worker per modality");

mos_device *mos_branch_device(const mos_model *model, const mos_branch *branch) {
    return model->worker_count == 0 ? model->weights.device : model->worker_device[branch->worker];
}

mos_weights mos_branch_weights(const mos_model *model, const mos_branch *branch) {
    mos_weights weights = model->weights;
    weights.device = mos_branch_device(model, branch);
    return weights;
}

/* One thread each, then one by one to the worker with the most patches per thread. */
static void share_threads(int threads, int workers, const int64_t *work, int *share) {
    for (int i = 0; i < workers; i++)
        share[i] = 1;
    for (int given = workers; given < threads; given++) {
        int most = 0;
        for (int i = 1; i < workers; i++)
            if (work[i] * share[most] > work[most] * share[i]) most = i;
        share[most]++;
    }
}

mosaic_status mos_side_by_side_plan(mos_model *model, const mos_model_plan *plan) {
    const mos_device *device = model->weights.device;
    int64_t used = 0, work[MOS_MAX_MODALITIES] = {0};
    int share[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < model->spec.modalities; m++)
        used += plan->views[m] > 0;
    const int64_t wanted = plan->workers < used ? plan->workers : used;
    const int workers = plan->train && wanted > 1 ? (int)wanted : 0;
    char name[64]; /* of the very device that the model lies on */
    used = 0;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        model->branch[m].worker = 0;
        if (workers == 0 || plan->views[m] == 0) continue;
        model->branch[m].worker = (int)(used++ % workers);
        work[model->branch[m].worker] += plan->views[m];
    }
    if (workers == 0) return MOSAIC_OK;
    model->in_turns = plan->peers != NULL;
    share_threads(device->threads, workers, work, share);
    for (int i = 0; i < workers && model->in_turns; i++)
        share[i] = device->threads;
    (void)snprintf(name, sizeof name, "%s:%d", device->ops->name, device->index);
    for (int i = 0; i < workers; i++)
        MOS_TRY(mos_context(
            mos_device_open(name, device->precision, share[i], &model->worker_device[i]),
            "encoders side by side"));
    model->worker_count = workers;
    return MOSAIC_OK;
}

mosaic_status mos_side_by_side_start(mos_model *model) {
    if (model->worker_count == 0) return MOSAIC_OK;
    return mos_context(model->in_turns ? mos_turns_create(model->worker_count, &model->turns)
                                       : mos_workers_create(model->worker_count, &model->workers),
                       "encoders side by side");
}

void mos_side_by_side_release(mos_model *model) {
    mos_workers_destroy(&model->workers);
    mos_turns_destroy(&model->turns);
    model->in_turns = false;
    for (int i = 0; i < MOS_MAX_MODALITIES; i++) {
        mos_device_close(&model->worker_device[i]);
        model->branch[i].worker = 0;
    }
    model->worker_count = 0;
}

typedef struct side_by_side {
    mos_model *model;
    mos_encoder_pass pass;
} side_by_side;

/* worker -1: all of them. */
static void run_worker(void *context, int worker) {
    const side_by_side *run = context;
    for (int64_t m = 0; m < run->model->spec.modalities; m++) {
        const mos_branch *branch = &run->model->branch[m];
        if (branch->images != NULL && (worker < 0 || branch->worker == worker))
            run->pass(run->model, m);
    }
    /* Workers wait for their devices side by side; a failure is told to the model's thread. */
    if (worker >= 0) (void)!mos_settle(run->model->worker_device[worker]);
}

/* Where encoders have devices of their own: the model's settles before they start, theirs before it
 * goes on. */
static mosaic_status settle_workers(mos_model *model) {
    for (int i = 0; i < model->worker_count; i++)
        MOS_TRY(mos_settle(model->worker_device[i]));
    return MOSAIC_OK;
}

mosaic_status mos_side_by_side_run(mos_model *model, mos_encoder_pass pass) {
    side_by_side run = {.model = model, .pass = pass};
    if (model->worker_count == 0) {
        run_worker(&run, -1);
        return MOSAIC_OK;
    }
    MOS_TRY(mos_settle(model->weights.device));
    if (model->in_turns)
        mos_turns_run(model->turns, run_worker, &run);
    else
        mos_workers_run(model->workers, run_worker, &run);
    return settle_workers(model);
}

mosaic_status mos_side_by_side_run_one(mos_model *model, mos_encoder_pass pass, int64_t m) {
    if (model->worker_count > 0) MOS_TRY(mos_settle(model->weights.device));
    pass(model, m);
    return settle_workers(model);
}
