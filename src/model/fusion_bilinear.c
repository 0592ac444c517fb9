/* Low-rank bilinear fusion (Liu et al. 2018, "Efficient Low-rank Multimodal Fusion with
 * Modality-Specific Factors"), multilinear for more than two modalities:
 *   f_m = W_m h_m + b_m, [rank, dim]
 *   row = sum over rank of the product over the present m of f_m
 * The biases carry the terms of lower order. With one modality present the row is linear in its
 * features. Tensors: fusion.<m>.factor, [rank dim, size]. */
#include "model/fusion.h"

enum { FACTOR }; /* layer, and buffer [modalities, batch, rank * dim]: gradients after backward */

static mosaic_status init(mos_fusion *fusion, mos_parameter_table *table,
                          const mos_model_spec *spec) {
    fusion->width = fusion->dim;
    return mos_fusion_add_own(fusion, table, spec, FACTOR, "factor", fusion->rank * fusion->dim);
}

static void place(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train) {
    (void)train;
    fusion->buffer[FACTOR] = mos_fusion_take(device, arena, fusion->modalities * fusion->batch,
                                             fusion->rank * fusion->dim);
}

static void forward(mos_fusion *fusion, const mos_weights *weights, void *fused) {
    const mos_modal_rows rows = mos_fusion_rows(fusion, fusion->dim);
    mos_fusion_project(fusion, weights, FACTOR, fusion->buffer[FACTOR]);
    weights->device->ops->product_forward(weights->device, &rows, fusion->rank,
                                          fusion->buffer[FACTOR], fused);
}

static void backward(mos_fusion *fusion, const mos_weights *weights, void *dfused) {
    const mos_modal_rows rows = mos_fusion_rows(fusion, fusion->dim);
    weights->device->ops->product_backward(weights->device, &rows, fusion->rank,
                                           fusion->buffer[FACTOR], dfused);
    mos_fusion_project_back(fusion, weights, FACTOR, fusion->buffer[FACTOR]);
}

const mos_fusion_kind mos_fusion_bilinear = {
    .init = init, .place = place, .forward = forward, .backward = backward};
