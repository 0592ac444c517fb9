#include "op_support.h"

#include "base/memory.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void support_check(mosaic_status status, const char *what) {
    if (status == MOSAIC_OK) return;
    fprintf(stderr, "%s: %s: %s\n", what, mosaic_status_name(status), mosaic_error());
    exit(1);
}

mos_device *support_open(const mos_backend *ops, mos_precision precision, int threads) {
    mos_device *device;
    support_check(mos_alloc(1, sizeof *device, "device", &device), "device");
    device->ops = ops;
    device->precision = precision;
    device->threads = threads;
    support_check(ops->open(device), ops->name);
    return device;
}

void support_close(mos_device **device) {
    if (*device == NULL) return;
    (*device)->ops->close(*device);
    mos_free(*device);
    *device = NULL;
}

void *support_host(int64_t count, size_t size) {
    void *memory;
    support_check(mos_alloc((size_t)count, size, "host array", &memory), "host array");
    return memory;
}

double support_round_bf16(double value) {
    const float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u; /* to nearest, ties to even */
    float rounded;
    memcpy(&rounded, &bits, sizeof rounded);
    return (double)rounded;
}

double *support_normal64(int64_t count, uint64_t seed) {
    double *values = support_host(count, sizeof *values);
    mos_rng rng = mos_rng_at(seed, MOS_RNG_TEST, 0, 0, 0);
    for (int64_t i = 0; i < count; i++)
        values[i] = mos_rng_normal(&rng);
    return values;
}

double *support_normal(int64_t count, uint64_t seed) {
    double *values = support_normal64(count, seed);
    for (int64_t i = 0; i < count; i++)
        values[i] = support_round_bf16(values[i]);
    return values;
}

void *support_bytes(mos_device *device, size_t bytes) {
    void *memory;
    support_check(device->ops->alloc(device, bytes, &memory), "device memory");
    return memory;
}

void *support_real(mos_device *device, const double *host, int64_t count) {
    void *real = support_bytes(device, (size_t)count * device->real_bytes);
    if (host != NULL) device->ops->put_f64(device, real, host, count);
    return real;
}

void *support_act(mos_device *device, const double *host, int64_t n, int64_t c, int64_t h,
                  int64_t w) {
    void *act = support_bytes(device, device->ops->act_bytes(device, n, c, h, w));
    if (host != NULL) device->ops->put_act(device, act, host, n, c, h, w);
    return act;
}

void *support_image(mos_device *device, const double *host, int64_t n, int64_t c, int64_t h,
                    int64_t w) {
    const int64_t count = n * c * h * w;
    void *image = support_bytes(device, device->ops->image_bytes(device, n, c, h, w));
    float *pixels = support_host(count, sizeof *pixels);
    for (int64_t i = 0; i < count; i++)
        pixels[i] = (float)host[i];
    device->ops->image_load(device, image, pixels, n, c, h, w);
    mos_free(pixels);
    return image;
}
