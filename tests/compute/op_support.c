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
    support_check(mos_device_open_table(ops, precision, threads, &device), ops->name);
    return device;
}

void support_close(mos_device **device) {
    mos_device_close(device);
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
    support_check(mos_settle(device), "image_load");
    mos_free(pixels);
    return image;
}

void *support_table(mos_device *device, const void *host, size_t bytes) {
    if (host == NULL) return NULL;
    void *memory = support_bytes(device, bytes);
    device->ops->put_bytes(device, memory, host, bytes);
    return memory;
}

void support_dirty(mos_device *device, void *memory, size_t bytes) {
    if (bytes == 0) return;
    uint8_t *dirt = support_host((int64_t)bytes, 1);
    memset(dirt, 0xff, bytes);
    device->ops->put_bytes(device, memory, dirt, bytes);
    mos_free(dirt);
}

support_problem support_problem_make(mos_device *device, const mos_contrast *host) {
    const size_t anchors = (size_t)host->anchors, references = (size_t)host->references,
                 classes = (size_t)host->classes;
    support_problem made = {.problem = *host};
    const void *from[] = {host->self,           host->partner,
                          host->anchor_labels,  host->reference_labels,
                          host->anchor_present, host->reference_present};
    const size_t bytes[] = {anchors * sizeof(int32_t),
                            anchors * sizeof(int32_t),
                            anchors * classes,
                            references * classes,
                            anchors,
                            references};
    for (int i = 0; i < SUPPORT_TABLES; i++)
        made.table[i] = support_table(device, from[i], bytes[i]);
    made.problem.self = made.table[0];
    made.problem.partner = made.table[1];
    made.problem.anchor_labels = made.table[2];
    made.problem.reference_labels = made.table[3];
    made.problem.anchor_present = made.table[4];
    made.problem.reference_present = made.table[5];
    made.scratch = support_bytes(device, device->ops->contrast_bytes(device, &made.problem));
    made.result = support_bytes(device, sizeof *made.result);
    return made;
}

mos_contrast_result support_problem_take(mos_device *device, support_problem *made) {
    mos_contrast_result result;
    support_check(mos_get_bytes(device, made->result, &result, sizeof result), "contrast");
    for (int i = 0; i < SUPPORT_TABLES; i++)
        device->ops->free(device, made->table[i]);
    device->ops->free(device, made->scratch);
    device->ops->free(device, made->result);
    *made = (support_problem){0};
    return result;
}

double support_bce(mos_device *device, int64_t n, int64_t l, const void *logits,
                   const int8_t *labels, bool mixed, const double *weights, double scale,
                   void *dlogits, int64_t *known) {
    mos_bce_result result, *at = support_bytes(device, sizeof result);
    float *targets = support_host(n * l, sizeof *targets);
    for (int64_t i = 0; i < n * l; i++) {
        const float quarters = mixed ? (float)(i % 4) : 0;
        targets[i] = labels[i] == 1   ? 1 - quarters / 4
                     : labels[i] == 0 ? quarters / 8
                                      : (float)labels[i];
    }
    float *table = support_table(device, targets, (size_t)(n * l) * sizeof *targets);
    double *weight = support_table(device, weights, (size_t)l * sizeof *weights);
    const uint64_t allocations = mos_alloc_count();
    device->ops->bce(device, n, l, logits, table, weight, scale, dlogits, at);
    if (mos_alloc_count() != allocations) support_check(MOSAIC_ERR_RUNTIME, "bce allocates");
    support_check(mos_get_bytes(device, at, &result, sizeof result), "bce");
    device->ops->free(device, at);
    device->ops->free(device, table);
    device->ops->free(device, weight);
    mos_free(targets);
    *known = result.known;
    return result.loss;
}

mos_measure_result support_measure(mos_device *device, const void *real, int64_t count) {
    mos_measure_result result, *at = support_bytes(device, sizeof result);
    device->ops->measure(device, real, count, at);
    support_check(mos_get_bytes(device, at, &result, sizeof result), "measure");
    device->ops->free(device, at);
    return result;
}
