/* Concatenation: a sample's row is [h_1 ... h_M]; a modality it lacks enters as exact zeros and
 * gets no gradient. */
#include "model/head.h"

static int64_t width(int64_t modalities, int64_t size) {
    return modalities * size;
}

static unsigned char *part(const mos_device *device, void *rows, int64_t m, int64_t size) {
    return (unsigned char *)rows + (size_t)(m * size) * device->real_bytes;
}

static void forward(mos_device *device, int64_t modalities, int64_t batch, int64_t size,
                    const mos_fusion_input *input, void *fused) {
    int64_t stride = modalities * size;
    device->ops->zero(device, fused, (size_t)(batch * stride) * device->real_bytes);
    for (int64_t m = 0; m < modalities; m++) {
        if (input[m].features == NULL) continue;
        void *to = part(device, fused, m, size);
        device->ops->columns(device, batch, size, input[m].features, size, to, stride, false);
        if (input[m].present != NULL)
            device->ops->mask_rows(device, batch, size, to, stride, input[m].present);
    }
}

static void backward(mos_device *device, int64_t modalities, int64_t batch, int64_t size,
                     const mos_fusion_input *input, void *dfused) {
    int64_t stride = modalities * size;
    for (int64_t m = 0; m < modalities; m++) {
        if (input[m].features == NULL) continue;
        void *from = part(device, dfused, m, size);
        if (input[m].present != NULL)
            device->ops->mask_rows(device, batch, size, from, stride, input[m].present);
        device->ops->columns(device, batch, size, from, stride, input[m].dfeatures, size, true);
    }
}

const mos_fusion_kind mos_fusion_concat = {
    .name = "concat", .width = width, .forward = forward, .backward = backward};
