/* From the features of all modalities to logits: a fusion joins them to one row per sample, a
 * linear layer scores it. */
#ifndef MOS_MODEL_HEAD_H
#define MOS_MODEL_HEAD_H

#include "model/fusion.h"

typedef struct mos_head {
    mos_fusion fusion;
    int64_t classes;
    int64_t weight, bias; /* offsets in params and grads */

    /* planned */
    void *fused, *dfused;   /* real [batch, width of the fusion] */
    void *logits, *dlogits; /* real [batch, classes] */
} mos_head;

/* size: of a modality's feature row */
mosaic_status mos_head_init(mos_head *head, mos_parameter_table *table, const mos_model_spec *spec,
                            int64_t size);
mosaic_status mos_head_plan(mos_head *head, int64_t batch);
void mos_head_place(mos_head *head, const mos_device *device, mos_arena *arena, bool train);
void mos_head_unplan(mos_head *head);
/* From head->fusion.input, which the caller has set, to logits. */
void mos_head_forward(mos_head *head, const mos_weights *weights);
void mos_head_backward(mos_head *head, const mos_weights *weights);

#endif
