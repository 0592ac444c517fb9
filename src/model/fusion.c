#include "model/fusion.h"

#include <stdio.h>
#include <string.h>

const char *const mos_fusion_names[] = {"concat", "gated", "bilinear", "cross-attention", NULL};

static const mos_fusion_kind *const kinds[MOS_FUSION_KINDS] = {
    [MOS_FUSION_CONCAT] = &mos_fusion_concat,
    [MOS_FUSION_GATED] = &mos_fusion_gated,
    [MOS_FUSION_BILINEAR] = &mos_fusion_bilinear,
    [MOS_FUSION_ATTENTION] = &mos_fusion_attention,
};

mosaic_status mos_fusion_init(mos_fusion *fusion, mos_parameter_table *table,
                              const mos_model_spec *spec, int64_t size) {
    *fusion = (mos_fusion){.kind = kinds[spec->fusion],
                           .modalities = spec->modalities,
                           .size = size,
                           .dim = spec->fusion_dim,
                           .rank = spec->fusion_rank,
                           .heads = spec->fusion_heads};
    return fusion->kind->init(fusion, table, spec);
}

mosaic_status mos_fusion_plan(mos_fusion *fusion, int64_t batch) {
    fusion->batch = batch;
    return mos_alloc((size_t)(fusion->modalities * batch), 1, "a presence mask", &fusion->present);
}

void mos_fusion_place(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train) {
    fusion->mask = mos_arena_take(arena, (size_t)(fusion->modalities * fusion->batch));
    fusion->kind->place(fusion, device, arena, train);
}

void mos_fusion_unplan(mos_fusion *fusion) {
    mos_free(fusion->present);
    fusion->present = NULL;
    fusion->batch = 0;
}

/* A modality that no sample has is not used: its features may be of another step. */
static void fill_mask(mos_fusion *fusion) {
    for (int64_t m = 0; m < fusion->modalities; m++) {
        mos_fusion_input *input = &fusion->input[m];
        uint8_t *to = fusion->present + m * fusion->batch;
        if (input->features != NULL && input->present != NULL)
            for (int64_t i = 0; i < fusion->batch; i++)
                to[i] = input->present[i] != 0;
        else
            memset(to, input->features != NULL, (size_t)fusion->batch);
        if (memchr(to, 1, (size_t)fusion->batch) == NULL) input->features = NULL;
    }
}

void mos_fusion_forward(mos_fusion *fusion, const mos_weights *weights, void *fused) {
    fill_mask(fusion);
    weights->device->ops->put_bytes(weights->device, fusion->mask, fusion->present,
                                    (size_t)(fusion->modalities * fusion->batch));
    fusion->kind->forward(fusion, weights, fused);
}

void mos_fusion_backward(mos_fusion *fusion, const mos_weights *weights, void *dfused) {
    fusion->kind->backward(fusion, weights, dfused);
}

/* ---- for the kinds ---- */

mosaic_status mos_fusion_add_layer(mos_parameter_table *table, const char *prefix, int64_t inputs,
                                   int64_t outputs, bool bias, mos_fusion_layer *out) {
    const int64_t shape[2] = {outputs, inputs};
    *out = (mos_fusion_layer){.inputs = inputs, .outputs = outputs, .bias = -1};
    MOS_TRY(
        mos_parameter_add(table, MOS_PARAMETER_WEIGHT, prefix, "weight", 2, shape, &out->weight));
    if (!bias) return MOSAIC_OK;
    return mos_parameter_add(table, MOS_PARAMETER_PLAIN, prefix, "bias", 1, &outputs, &out->bias);
}

mosaic_status mos_fusion_add_own(mos_fusion *fusion, mos_parameter_table *table,
                                 const mos_model_spec *spec, int number, const char *name,
                                 int64_t outputs) {
    for (int64_t m = 0; m < fusion->modalities; m++) {
        char prefix[MOS_NAME_SIZE];
        (void)snprintf(prefix, sizeof prefix, "fusion.%s.%s", spec->modality[m].name, name);
        MOS_TRY(mos_fusion_add_layer(table, prefix, fusion->size, outputs, true,
                                     &fusion->own[number][m]));
    }
    return MOSAIC_OK;
}

void *mos_fusion_take(const mos_device *device, mos_arena *arena, int64_t rows, int64_t width) {
    return mos_arena_take(arena, (size_t)(rows * width) * device->real_bytes);
}

mos_modal_rows mos_fusion_rows(const mos_fusion *fusion, int64_t d) {
    return (mos_modal_rows){fusion->modalities, fusion->batch, d, fusion->mask};
}

void mos_fusion_project(const mos_fusion *fusion, const mos_weights *weights, int number,
                        void *to) {
    mos_device *device = weights->device;
    for (int64_t m = 0; m < fusion->modalities; m++) {
        const mos_fusion_layer *layer = &fusion->own[number][m];
        const int64_t block = fusion->batch * layer->outputs;
        void *rows = mos_real_at(device, to, m * block);
        if (fusion->input[m].features == NULL)
            device->ops->zero(device, rows, (size_t)block * device->real_bytes);
        else
            device->ops->linear_forward(device, fusion->batch, layer->inputs, layer->outputs,
                                        fusion->input[m].features, layer->inputs,
                                        mos_param_at(weights, layer->weight),
                                        mos_param_at(weights, layer->bias), rows, layer->outputs);
    }
}

void mos_fusion_project_back(const mos_fusion *fusion, const mos_weights *weights, int number,
                             const void *dto) {
    mos_device *device = weights->device;
    for (int64_t m = 0; m < fusion->modalities; m++) {
        const mos_fusion_layer *layer = &fusion->own[number][m];
        const mos_fusion_input *input = &fusion->input[m];
        const unsigned char *rows =
            (const unsigned char *)dto +
            (size_t)(m * fusion->batch * layer->outputs) * device->real_bytes;
        if (input->features == NULL) continue;
        device->ops->linear_backward(
            device, fusion->batch, layer->inputs, layer->outputs, input->features, layer->inputs,
            mos_param_at(weights, layer->weight), rows, layer->outputs, input->dfeatures,
            layer->inputs, true, mos_grad_at(weights, layer->weight),
            mos_grad_at(weights, layer->bias));
    }
}
