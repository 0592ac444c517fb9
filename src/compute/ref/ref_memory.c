#include "compute/ref/ref_backend.h"

#include "base/memory.h"

#include <string.h>

mosaic_status mos_ref_alloc(mos_device *device, size_t bytes, void **out) {
    (void)device;
    return mos_alloc(bytes, 1, "memory of the ref device", out);
}

void mos_ref_free(mos_device *device, void *pointer) {
    (void)device;
    mos_free(pointer);
}

void mos_ref_zero(mos_device *device, void *pointer, size_t bytes) {
    (void)device;
    if (bytes > 0) memset(pointer, 0, bytes);
}

void mos_ref_copy(mos_device *device, void *to, const void *from, size_t bytes) {
    (void)device;
    if (bytes > 0) memmove(to, from, bytes);
}

void mos_ref_put_f32(mos_device *device, void *real, const float *host, int64_t count) {
    (void)device;
    double *to = real;
    for (int64_t i = 0; i < count; i++)
        to[i] = (double)host[i];
}

void mos_ref_get_f32(mos_device *device, const void *real, float *host, int64_t count) {
    (void)device;
    const double *from = real;
    for (int64_t i = 0; i < count; i++)
        host[i] = (float)from[i];
}

void mos_ref_put_f64(mos_device *device, void *real, const double *host, int64_t count) {
    mos_ref_copy(device, real, host, (size_t)count * sizeof *host);
}

void mos_ref_get_f64(mos_device *device, const void *real, double *host, int64_t count) {
    mos_ref_copy(device, host, real, (size_t)count * sizeof *host);
}

void mos_ref_get_bytes(mos_device *device, const void *from, void *host, size_t bytes) {
    mos_ref_copy(device, host, from, bytes);
}

size_t mos_ref_act_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    (void)device;
    return (size_t)n * (size_t)c * (size_t)h * (size_t)w * sizeof(double);
}

void mos_ref_put_act(mos_device *device, void *act, const double *host, int64_t n, int64_t c,
                     int64_t h, int64_t w) {
    mos_ref_copy(device, act, host, mos_ref_act_bytes(device, n, c, h, w));
}

void mos_ref_get_act(mos_device *device, const void *act, double *host, int64_t n, int64_t c,
                     int64_t h, int64_t w) {
    mos_ref_copy(device, host, act, mos_ref_act_bytes(device, n, c, h, w));
}

void mos_ref_image_load(mos_device *device, void *image, const float *host, int64_t n, int64_t c,
                        int64_t h, int64_t w) {
    mos_ref_put_f32(device, image, host, n * c * h * w);
}
