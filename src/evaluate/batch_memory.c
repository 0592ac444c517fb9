#include "evaluate/batch_memory.h"

static mosaic_status alloc_images(void *context, size_t bytes, void **out) {
    mos_device *device = context;
    return device->ops->host_alloc(device, bytes, out);
}

static void free_images(void *context, void *memory) {
    mos_device *device = context;
    device->ops->host_free(device, memory);
}

mos_loader_memory mos_batch_memory(mos_device *device) {
    if (device == NULL) return (mos_loader_memory){0};
    return (mos_loader_memory){.context = device, .alloc = alloc_images, .free = free_images};
}
