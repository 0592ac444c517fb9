#include "model/head.h"

mosaic_status mos_head_init(mos_head *head, mos_parameter_table *table,
                            const mos_fusion_kind *fusion, int64_t modalities, int64_t size,
                            int64_t classes) {
    *head = (mos_head){.fusion = fusion,
                       .modalities = modalities,
                       .size = size,
                       .width = fusion->width(modalities, size),
                       .classes = classes};
    int64_t shape[2] = {classes, head->width};
    MOS_TRY(
        mos_parameter_add(table, MOS_PARAMETER_WEIGHT, "head", "weight", 2, shape, &head->weight));
    return mos_parameter_add(table, MOS_PARAMETER_PLAIN, "head", "bias", 1, &classes, &head->bias);
}

void mos_head_place(mos_head *head, const mos_device *device, mos_arena *arena, int64_t batch,
                    bool train) {
    size_t fused_bytes = (size_t)(batch * head->width) * device->real_bytes;
    size_t logits_bytes = (size_t)(batch * head->classes) * device->real_bytes;
    head->batch = batch;
    head->fused = mos_arena_take(arena, fused_bytes);
    head->logits = mos_arena_take(arena, logits_bytes);
    head->dfused = train ? mos_arena_take(arena, fused_bytes) : NULL;
    head->dlogits = train ? mos_arena_take(arena, logits_bytes) : NULL;
}

/* logits = fusion(h) W^T + b */
void mos_head_forward(mos_head *head, const mos_weights *weights) {
    mos_device *device = weights->device;
    head->fusion->forward(device, head->modalities, head->batch, head->size, head->input,
                          head->fused);
    device->ops->linear_forward(device, head->batch, head->width, head->classes, head->fused,
                                head->width, mos_param_at(weights, head->weight),
                                mos_param_at(weights, head->bias), head->logits, head->classes);
}

void mos_head_backward(mos_head *head, const mos_weights *weights) {
    mos_device *device = weights->device;
    device->ops->linear_backward(
        device, head->batch, head->width, head->classes, head->fused, head->width,
        mos_param_at(weights, head->weight), head->dlogits, head->classes, head->dfused,
        head->width, false, mos_grad_at(weights, head->weight), mos_grad_at(weights, head->bias));
    head->fusion->backward(device, head->modalities, head->batch, head->size, head->input,
                           head->dfused);
}
