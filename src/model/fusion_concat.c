/* Concatenation: a sample's row is [h_1 ... h_M]; a modality it lacks enters as exact zeros and
 * gets no gradient. */
#include "model/fusion.h"

#include <string.h>

static mosaic_status init(mos_fusion *fusion, mos_parameter_table *table,
                          const mos_model_spec *spec) {
    (void)table, (void)spec;
    fusion->width = fusion->modalities * fusion->size;
    return MOSAIC_OK;
}

static void place(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train) {
    (void)fusion, (void)device, (void)arena, (void)train;
}

/* Modality m's columns of the fused rows, those of absent samples zero. */
static void *masked_part(const mos_fusion *fusion, mos_device *device, void *fused, int64_t m) {
    const uint8_t *present = fusion->present + m * fusion->batch;
    const uint8_t *mask = fusion->mask + m * fusion->batch;
    void *part = mos_real_at(device, fused, m * fusion->size);
    if (memchr(present, 0, (size_t)fusion->batch) != NULL)
        device->ops->mask_rows(device, fusion->batch, fusion->size, part, fusion->width, mask);
    return part;
}

static void forward(mos_fusion *fusion, const mos_weights *weights, void *fused) {
    mos_device *device = weights->device;
    for (int64_t m = 0; m < fusion->modalities; m++) {
        if (fusion->input[m].features != NULL)
            device->ops->columns(device, fusion->batch, fusion->size, fusion->input[m].features,
                                 fusion->size, mos_real_at(device, fused, m * fusion->size),
                                 fusion->width, false);
        (void)masked_part(fusion, device, fused, m);
    }
}

static void backward(mos_fusion *fusion, const mos_weights *weights, void *dfused) {
    mos_device *device = weights->device;
    for (int64_t m = 0; m < fusion->modalities; m++) {
        const void *part = masked_part(fusion, device, dfused, m);
        if (fusion->input[m].features == NULL) continue;
        device->ops->columns(device, fusion->batch, fusion->size, part, fusion->width,
                             fusion->input[m].dfeatures, fusion->size, true);
    }
}

const mos_fusion_kind mos_fusion_concat = {
    .init = init, .place = place, .forward = forward, .backward = backward};
