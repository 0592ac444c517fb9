/* Encoders of several modalities at the same time. Each lane is a thread with a device of its own
 * (stream, thread team, plans) on a share of the cores; encoders write to weights' gradients,
 * running statistics and features that are theirs alone, and to buffers that are placed apart. */
#include "model/model_parts.h"

#include <stdio.h>

_Static_assert((int)MOS_PLACEMENT_LANES >= (int)MOS_MAX_MODALITIES, "a lane per modality");

mos_device *mos_branch_device(const mos_model *model, const mos_branch *branch) {
    return model->lane_count == 0 ? model->weights.device : model->lane_device[branch->lane];
}

mos_weights mos_branch_weights(const mos_model *model, const mos_branch *branch) {
    mos_weights weights = model->weights;
    weights.device = mos_branch_device(model, branch);
    return weights;
}

/* One thread each, then one by one to the lane with the most patches per thread. */
static void share_threads(int threads, int lanes, const int64_t *work, int *share) {
    for (int i = 0; i < lanes; i++)
        share[i] = 1;
    for (int given = lanes; given < threads; given++) {
        int most = 0;
        for (int i = 1; i < lanes; i++)
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
    const int64_t wanted = plan->lanes < used ? plan->lanes : used;
    const int lanes = plan->train && wanted > 1 ? (int)wanted : 0;
    char name[64]; /* of the very device that the model lies on */
    used = 0;
    for (int64_t m = 0; m < model->spec.modalities; m++) {
        model->branch[m].lane = 0;
        if (lanes == 0 || plan->views[m] == 0) continue;
        model->branch[m].lane = (int)(used++ % lanes);
        work[model->branch[m].lane] += plan->views[m];
    }
    if (lanes == 0) return MOSAIC_OK;
    share_threads(device->threads, lanes, work, share);
    (void)snprintf(name, sizeof name, "%s:%d", device->ops->name, device->index);
    for (int i = 0; i < lanes; i++)
        MOS_TRY(
            mos_context(mos_device_open(name, device->precision, share[i], &model->lane_device[i]),
                        "encoders side by side"));
    model->lane_count = lanes;
    return MOSAIC_OK;
}

mosaic_status mos_side_by_side_start(mos_model *model) {
    if (model->lane_count == 0) return MOSAIC_OK;
    return mos_context(mos_lanes_create(model->lane_count, &model->lanes), "encoders side by side");
}

void mos_side_by_side_release(mos_model *model) {
    mos_lanes_destroy(&model->lanes);
    for (int i = 0; i < MOS_MAX_MODALITIES; i++) {
        mos_device_close(&model->lane_device[i]);
        model->branch[i].lane = 0;
    }
    model->lane_count = 0;
}

typedef struct side_by_side {
    mos_model *model;
    mos_encoder_pass pass;
} side_by_side;

/* lane -1: all of them. */
static void run_lane(void *context, int lane) {
    const side_by_side *run = context;
    for (int64_t m = 0; m < run->model->spec.modalities; m++) {
        const mos_branch *branch = &run->model->branch[m];
        if (branch->images != NULL && (lane < 0 || branch->lane == lane)) run->pass(run->model, m);
    }
    /* Lanes wait for their devices side by side; a failure is told to the model's thread. */
    if (lane >= 0) (void)!mos_settle(run->model->lane_device[lane]);
}

/* Where encoders have devices of their own: the model's settles before they start, theirs before it
 * goes on. */
static mosaic_status settle_lanes(mos_model *model) {
    for (int i = 0; i < model->lane_count; i++)
        MOS_TRY(mos_settle(model->lane_device[i]));
    return MOSAIC_OK;
}

mosaic_status mos_side_by_side_run(mos_model *model, mos_encoder_pass pass) {
    side_by_side run = {.model = model, .pass = pass};
    if (model->lanes == NULL) {
        run_lane(&run, -1);
        return MOSAIC_OK;
    }
    MOS_TRY(mos_settle(model->weights.device));
    mos_lanes_run(model->lanes, run_lane, &run);
    return settle_lanes(model);
}

mosaic_status mos_side_by_side_run_one(mos_model *model, mos_encoder_pass pass, int64_t m) {
    if (model->lane_count > 0) MOS_TRY(mos_settle(model->weights.device));
    pass(model, m);
    return settle_lanes(model);
}
