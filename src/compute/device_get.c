/* Bringing values to the host: the entry of the backend, then a wait. */
#include "compute/device.h"

mosaic_status mos_settle(mos_device *device) {
    return device->ops->settle(device);
}

mosaic_status mos_get_f32(mos_device *device, const void *real, float *host, int64_t count) {
    device->ops->get_f32(device, real, host, count);
    return mos_settle(device);
}

mosaic_status mos_get_f64(mos_device *device, const void *real, double *host, int64_t count) {
    device->ops->get_f64(device, real, host, count);
    return mos_settle(device);
}

mosaic_status mos_get_act(mos_device *device, const void *act, double *host, int64_t n, int64_t c,
                          int64_t h, int64_t w) {
    device->ops->get_act(device, act, host, n, c, h, w);
    return mos_settle(device);
}

mosaic_status mos_get_bytes(mos_device *device, const void *from, void *host, size_t bytes) {
    device->ops->get_bytes(device, from, host, bytes);
    return mos_settle(device);
}
