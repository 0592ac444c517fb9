/* The optional entries of a backend's table, composed of the others. */
#include "base/memory.h"
#include "compute/backends.h"

enum { CHUNK = 256 };

static int one(void) {
    return 1;
}

/* Every op is done when its call returns, and none can fail. */
static mosaic_status settle(mos_device *device) {
    (void)device;
    return MOSAIC_OK;
}

static mosaic_status host_alloc(mos_device *device, size_t bytes, void **out) {
    (void)device;
    return mos_alloc(bytes, 1, "host memory of a device", out);
}

static void host_free(mos_device *device, void *memory) {
    (void)device;
    mos_free(memory);
}

static void *map(mos_device *device, void *memory) {
    (void)device;
    (void)memory;
    return NULL;
}

/* Row by row, because the host has to see the mask and the index first. If that fails, the device
 * keeps the failure and returns it from the next mos_settle. */
static void mask_rows(mos_device *device, int64_t rows, int64_t cols, void *x, int64_t stride,
                      const uint8_t *present) {
    uint8_t mask[CHUNK];
    for (int64_t row = 0; row < rows; row++) {
        const int64_t at = row % CHUNK, left = rows - row < CHUNK ? rows - row : CHUNK;
        if (at == 0 && mos_get_bytes(device, present + row, mask, (size_t)left) != MOSAIC_OK)
            return;
        if (mask[at] == 0)
            device->ops->zero(device, (char *)x + (size_t)(row * stride) * device->real_bytes,
                              (size_t)cols * device->real_bytes);
    }
}

static void gather_rows(mos_device *device, int64_t rows, int64_t cols, const void *from,
                        const int32_t *index, void *to) {
    const size_t bytes = (size_t)cols * device->real_bytes;
    int32_t list[CHUNK];
    for (int64_t row = 0; row < rows; row++) {
        const int64_t at = row % CHUNK, left = rows - row < CHUNK ? rows - row : CHUNK;
        if (at == 0 &&
            mos_get_bytes(device, index + row, list, (size_t)left * sizeof *list) != MOSAIC_OK)
            return;
        char *target = (char *)to + (size_t)row * bytes;
        if (list[at] < 0)
            device->ops->zero(device, target, bytes);
        else
            device->ops->copy(device, target, (const char *)from + (size_t)list[at] * bytes, bytes);
    }
}

void mos_backend_complete(mos_backend *table) {
    static const char *const no_names[] = {NULL};
    if (table->conv_algorithms == NULL) table->conv_algorithms = no_names;
    if (table->count == NULL) table->count = one;
    if (table->settle == NULL) table->settle = settle;
    if (table->host_alloc == NULL || table->host_free == NULL) {
        table->host_alloc = host_alloc;
        table->host_free = host_free;
    }
    if (table->map == NULL) table->map = map;
    if (table->mask_rows == NULL) table->mask_rows = mask_rows;
    if (table->gather_rows == NULL) table->gather_rows = gather_rows;
}
