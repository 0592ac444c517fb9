#include "model/missing.h"

enum { CHUNK = 256 };
const char *const mos_missing_names[] = {"zero", "learned", NULL};

mosaic_status mos_missing_init(mos_missing *missing, mos_parameter_table *table,
                               const mos_model_spec *spec, int64_t size) {
    *missing = (mos_missing){.learned = spec->missing == MOS_MISSING_LEARNED,
                             .modalities = spec->modalities,
                             .size = size};
    for (int64_t m = 0; missing->learned && m < spec->modalities; m++)
        MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_PLAIN, "missing", spec->modality[m].name, 1,
                                  &size, &missing->vector[m]));
    return MOSAIC_OK;
}

void mos_missing_place(mos_missing *missing, const mos_device *device, mos_arena *arena,
                       int64_t batch) {
    if (!missing->learned) return;
    missing->batch = batch;
    for (int64_t m = 0; m < missing->modalities; m++)
        missing->absent[m] = mos_arena_take(arena, (size_t)batch * device->real_bytes);
    missing->rows = mos_arena_take(arena, (size_t)(batch * missing->size) * device->real_bytes);
}

/* The mask turned round, as numbers on the device. */
static void put_absent(const mos_missing *missing, mos_device *device, void *to,
                       const uint8_t *present) {
    float values[CHUNK];
    for (int64_t at = 0; at < missing->batch; at += CHUNK) {
        int64_t count = missing->batch - at < CHUNK ? missing->batch - at : CHUNK;
        for (int64_t i = 0; i < count; i++)
            values[i] = present[at + i] ? 0.0F : 1.0F;
        device->ops->put_f32(device, mos_real_at(device, to, at), values, count);
    }
}

const uint8_t *mos_missing_forward(mos_missing *missing, const mos_weights *weights, int64_t m,
                                   void *features, const uint8_t *present) {
    mos_device *device = weights->device;
    missing->any[m] = missing->learned && present != NULL;
    if (!missing->any[m]) return present;
    int64_t n = missing->batch, d = missing->size;
    put_absent(missing, device, missing->absent[m], present);
    device->ops->mask_rows(device, n, d, features, d, present);
    /* [batch, 1] times [1, size]: the vector in absent rows, zeros in the others */
    device->ops->linear_forward(device, n, 1, d, missing->absent[m], 1,
                                mos_param_at(weights, missing->vector[m]), NULL, missing->rows, d);
    device->ops->columns(device, n, d, missing->rows, d, features, d, true);
    return NULL;
}

void mos_missing_backward(mos_missing *missing, const mos_weights *weights, int64_t m,
                          const void *dfeatures) {
    mos_device *device = weights->device;
    if (!missing->any[m]) return;
    device->ops->linear_backward(device, missing->batch, 1, missing->size, missing->absent[m], 1,
                                 mos_param_at(weights, missing->vector[m]), dfeatures,
                                 missing->size, NULL, 0, false,
                                 mos_grad_at(weights, missing->vector[m]), NULL);
}
