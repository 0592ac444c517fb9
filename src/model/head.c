#include "model/head.h"

mosaic_status mos_head_init(mos_head *head, mos_parameter_table *table, const mos_model_spec *spec,
                            int64_t size) {
    *head = (mos_head){.classes = spec->classes};
    MOS_TRY(mos_fusion_init(&head->fusion, table, spec, size));
    const int64_t shape[2] = {head->classes, head->fusion.width};
    MOS_TRY(
        mos_parameter_add(table, MOS_PARAMETER_WEIGHT, "head", "weight", 2, shape, &head->weight));
    return mos_parameter_add(table, MOS_PARAMETER_PLAIN, "head", "bias", 1, shape, &head->bias);
}

mosaic_status mos_head_plan(mos_head *head, int64_t batch) {
    return mos_fusion_plan(&head->fusion, batch);
}

void mos_head_place(mos_head *head, const mos_device *device, mos_arena *arena, bool train) {
    const size_t row = (size_t)head->fusion.batch * device->real_bytes;
    const size_t fused_bytes = row * (size_t)head->fusion.width;
    const size_t logits_bytes = row * (size_t)head->classes;
    head->fused = mos_arena_take(arena, fused_bytes);
    head->logits = mos_arena_take(arena, logits_bytes);
    head->dfused = train ? mos_arena_take(arena, fused_bytes) : NULL;
    head->dlogits = train ? mos_arena_take(arena, logits_bytes) : NULL;
    mos_fusion_place(&head->fusion, device, arena, train);
}

void mos_head_unplan(mos_head *head) {
    mos_fusion_unplan(&head->fusion);
}

/* logits = fusion(h) W^T + b */
void mos_head_forward(mos_head *head, const mos_weights *weights) {
    mos_device *device = weights->device;
    const int64_t width = head->fusion.width;
    mos_fusion_forward(&head->fusion, weights, head->fused);
    device->ops->linear_forward(device, head->fusion.batch, width, head->classes, head->fused,
                                width, mos_param_at(weights, head->weight),
                                mos_param_at(weights, head->bias), head->logits, head->classes);
}

void mos_head_backward(mos_head *head, const mos_weights *weights) {
    mos_device *device = weights->device;
    const int64_t width = head->fusion.width;
    device->ops->linear_backward(
        device, head->fusion.batch, width, head->classes, head->fused, width,
        mos_param_at(weights, head->weight), head->dlogits, head->classes, head->dfused, width,
        false, mos_grad_at(weights, head->weight), mos_grad_at(weights, head->bias));
    mos_fusion_backward(&head->fusion, weights, head->dfused);
}
