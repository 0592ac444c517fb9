/* One whole training step on synthetic input: both encoders, projectors, head, the joint objective,
 * the optimizer. */
#ifndef MOS_BENCH_STEP_RIG_H
#define MOS_BENCH_STEP_RIG_H

#include "train/step_ranks.h"

typedef struct mos_step_setting {
    mos_encoder_kind encoder;
    int64_t batch, size, views, classes, modalities;
    int64_t bands[MOS_MAX_MODALITIES];
    const char *method;
    /* as in mos_model_plan */
    mos_recompute recompute;
    int64_t chunk, workers;
    /* Several ranks: `batch` is theirs together. comm NULL: one process. norm_ranks: that take the
     * statistics of norms together. */
    mos_comm *comm;
    int64_t norm_ranks;
    /* One process does what one of so many ranks does, without any of the others: it encodes its part of
     * the batch, and copies of its features stand for theirs. 0: it does everything. */
    int64_t stand_for;
} mos_step_setting;

/* What the bars are set for: mosaic-1 on 2 + 12 bands, 19 classes. */
mos_step_setting mos_step_setting_standard(mos_encoder_kind encoder, int64_t views, int64_t batch,
                                           int64_t size);

typedef struct mos_step_rig mos_step_rig;
mosaic_status mos_step_rig_create(const char *device, mos_precision precision, int threads,
                                  const mos_step_setting *setting, mos_step_rig **out);
void mos_step_rig_destroy(mos_step_rig **step);
/* From now on in another way: frees the arena and plans anew. */
mosaic_status mos_step_rig_replan(mos_step_rig *step, mos_recompute recompute, int64_t chunk,
                                  int64_t workers);
/* One step; its wall time and total loss. MOSAIC_ERR_NUMERIC when the loss is not finite. */
mosaic_status mos_step_rig_run(mos_step_rig *step, double *seconds, double *loss);
/* Take these images [views*batch, bands, size, size] and labels [batch, classes] from now on
 * instead of the step's own; borrowed. NULL: its own again. */
void mos_step_rig_feed(mos_step_rig *step, const float *const *images, const int8_t *labels);
/* Do gradients travel during the backward pass (as they do at first), or behind it? */
void mos_step_rig_overlap(mos_step_rig *step, bool overlap);
/* Do ranks divide the optimizer (as they do at first), or does each update all weights? */
void mos_step_rig_divide(mos_step_rig *step, bool divide);
const mos_buckets *mos_step_rig_buckets(const mos_step_rig *step); /* of several ranks */
mos_model *mos_step_rig_model(mos_step_rig *step);
mos_device *mos_step_rig_device(mos_step_rig *step);
int64_t mos_step_rig_views(const mos_step_rig *step); /* of a modality, in a step */

#endif
