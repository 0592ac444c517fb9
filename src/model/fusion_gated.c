/* Gated fusion (Arevalo et al. 2017, "Gated Multimodal Units for Information Fusion"), with gates
 * that are shared among the modalities a sample has:
 *   t_m = tanh(W_m h_m + b_m),   g = softmax over the present m of (V_m h_m + c_m), per column
 *   row = sum_m g_m t_m
 * With two modalities the softmax is the sigmoid of one linear function of both features, the
 * unit's own gate. Tensors: fusion.<m>.value (W_m, b_m), fusion.<m>.gate (V_m, c_m). */
#include "model/fusion.h"

enum {
    VALUE,
    GATE
}; /* layers, and buffers [modalities, batch, dim]: both hold gradients after the
      backward pass */

static mosaic_status init(mos_fusion *fusion, mos_parameter_table *table,
                          const mos_model_spec *spec) {
    fusion->width = fusion->dim;
    MOS_TRY(mos_fusion_add_own(fusion, table, spec, VALUE, "value", fusion->dim));
    return mos_fusion_add_own(fusion, table, spec, GATE, "gate", fusion->dim);
}

static void place(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train) {
    const int64_t rows = fusion->modalities * fusion->batch;
    (void)train;
    fusion->buffer[VALUE] = mos_fusion_take(device, arena, rows, fusion->dim);
    fusion->buffer[GATE] = mos_fusion_take(device, arena, rows, fusion->dim);
}

static void forward(mos_fusion *fusion, const mos_weights *weights, void *fused) {
    const mos_modal_rows rows = mos_fusion_rows(fusion, fusion->dim);
    mos_fusion_project(fusion, weights, VALUE, fusion->buffer[VALUE]);
    mos_fusion_project(fusion, weights, GATE, fusion->buffer[GATE]);
    weights->device->ops->gate_forward(weights->device, &rows, fusion->buffer[VALUE],
                                       fusion->buffer[GATE], fused);
}

static void backward(mos_fusion *fusion, const mos_weights *weights, void *dfused) {
    const mos_modal_rows rows = mos_fusion_rows(fusion, fusion->dim);
    weights->device->ops->gate_backward(weights->device, &rows, fusion->buffer[VALUE],
                                        fusion->buffer[GATE], dfused);
    mos_fusion_project_back(fusion, weights, VALUE, fusion->buffer[VALUE]);
    mos_fusion_project_back(fusion, weights, GATE, fusion->buffer[GATE]);
}

const mos_fusion_kind mos_fusion_gated = {
    .init = init, .place = place, .forward = forward, .backward = backward};
