#include "model/missing.h"

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

mosaic_status mos_missing_plan(mos_missing *missing, int64_t batch) {
    missing->batch = batch;
    if (!missing->learned) return MOSAIC_OK;
    return mos_alloc((size_t)batch, sizeof *missing->numbers, "a presence mask", &missing->numbers);
}

void mos_missing_unplan(mos_missing *missing) {
    mos_free(missing->numbers);
    missing->numbers = NULL;
    missing->batch = 0;
}

void mos_missing_place(mos_missing *missing, const mos_device *device, mos_arena *arena) {
    const int64_t batch = missing->batch;
    if (!missing->learned) return;
    for (int64_t m = 0; m < missing->modalities; m++)
        missing->absent[m] = mos_arena_take(arena, (size_t)batch * device->real_bytes);
    missing->rows = mos_arena_take(arena, (size_t)(batch * missing->size) * device->real_bytes);
    missing->mask = mos_arena_take(arena, (size_t)batch);
}

/* The mask to the device, and turned round as numbers. */
static void put_absent(const mos_missing *missing, mos_device *device, int64_t m,
                       const uint8_t *present) {
    for (int64_t i = 0; i < missing->batch; i++)
        missing->numbers[i] = present[i] ? 0.0F : 1.0F;
    device->ops->put_f32(device, missing->absent[m], missing->numbers, missing->batch);
    device->ops->put_bytes(device, missing->mask, present, (size_t)missing->batch);
}

const uint8_t *mos_missing_forward(mos_missing *missing, const mos_weights *weights, int64_t m,
                                   void *features, const uint8_t *present) {
    mos_device *device = weights->device;
    missing->any[m] = missing->learned && present != NULL;
    if (!missing->any[m]) return present;
    int64_t n = missing->batch, d = missing->size;
    put_absent(missing, device, m, present);
    device->ops->mask_rows(device, n, d, features, d, missing->mask);
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
