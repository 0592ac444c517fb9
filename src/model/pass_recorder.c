#include "model/pass_recorder.h"

/* The tick of one op. */
static mos_placement *next(mos_device *device) {
    mos_placement *placement = ((mos_pass_recorder *)(void *)device)->placement;
    mos_placement_tick(placement);
    return placement;
}

static void image_load(mos_device *device, void *image, const float *host, int64_t n, int64_t c,
                       int64_t h, int64_t w) {
    (void)host, (void)n, (void)c, (void)h, (void)w;
    mos_placement_write(next(device), image);
}

/* y is also read where the plan adds to it. */
static void conv_forward(mos_device *device, mos_conv *conv, const void *x, const void *weights,
                         void *y, void *workspace) {
    mos_placement *p = next(device);
    (void)conv;
    mos_placement_read(p, x);
    mos_placement_read(p, weights);
    mos_placement_write(p, y);
    mos_placement_write(p, workspace);
}

static void conv_backward_data(mos_device *device, mos_conv *conv, const void *weights,
                               const void *dy, void *dx, void *workspace) {
    mos_placement *p = next(device);
    (void)conv;
    mos_placement_read(p, weights);
    mos_placement_read(p, dy);
    mos_placement_write(p, dx);
    mos_placement_write(p, workspace);
}

static void conv_backward_weights(mos_device *device, mos_conv *conv, const void *x, const void *dy,
                                  void *dw, void *workspace) {
    mos_placement *p = next(device);
    (void)conv;
    mos_placement_read(p, x);
    mos_placement_read(p, dy);
    mos_placement_write(p, dw);
    mos_placement_write(p, workspace);
}

static void norm_forward(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                         const void *gamma, const void *beta, void *running_mean, void *running_var,
                         void *mean, void *rstd, void *y, const uint8_t *present) {
    mos_placement *p = next(device);
    (void)norm, (void)gamma, (void)beta, (void)running_mean, (void)running_var, (void)present;
    mos_placement_read(p, x);
    mos_placement_read(p, skip);
    mos_placement_write(p, y);
    mos_placement_write(p, mean);
    mos_placement_write(p, rstd);
}

static void norm_again(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                       const void *gamma, const void *beta, const void *mean, const void *rstd,
                       void *y, const uint8_t *present) {
    mos_placement *p = next(device);
    (void)norm, (void)gamma, (void)beta, (void)present;
    mos_placement_read(p, x);
    mos_placement_read(p, skip);
    mos_placement_read(p, mean);
    mos_placement_read(p, rstd);
    mos_placement_write(p, y);
}

static void norm_backward(mos_device *device, mos_norm *norm, const void *x, const void *y,
                          const void *dy, const void *dy2, const void *gamma, const void *beta,
                          const void *mean, const void *rstd, void *dx, void *dskip, void *dgamma,
                          void *dbeta, const uint8_t *present) {
    mos_placement *p = next(device);
    (void)norm, (void)gamma, (void)beta, (void)dgamma, (void)dbeta, (void)present;
    mos_placement_read(p, x);
    mos_placement_read(p, y);
    mos_placement_read(p, dy);
    mos_placement_read(p, dy2);
    mos_placement_read(p, mean);
    mos_placement_read(p, rstd);
    mos_placement_write(p, dx);
    mos_placement_write(p, dskip);
}

static void pool_forward(mos_device *device, mos_pool *pool, const void *x, void *y, void *index) {
    mos_placement *p = next(device);
    (void)pool;
    mos_placement_read(p, x);
    mos_placement_write(p, y);
    mos_placement_write(p, index);
}

static void pool_backward(mos_device *device, mos_pool *pool, const void *dy, const void *dy2,
                          const void *index, void *dx) {
    mos_placement *p = next(device);
    (void)pool;
    mos_placement_read(p, dy);
    mos_placement_read(p, dy2);
    mos_placement_read(p, index);
    mos_placement_write(p, dx);
}

static void mean_either(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                        const void *from, void *to) {
    mos_placement *p = next(device);
    (void)n, (void)c, (void)h, (void)w;
    mos_placement_read(p, from);
    mos_placement_write(p, to);
}

void mos_pass_recorder_init(mos_pass_recorder *recorder, const mos_device *of,
                            mos_placement *placement) {
    *recorder = (mos_pass_recorder){.device = *of,
                                    .table = {.name = of->ops->name,
                                              .act_bytes = of->ops->act_bytes,
                                              .image_bytes = of->ops->image_bytes,
                                              .conv_info = of->ops->conv_info,
                                              .image_load = image_load,
                                              .conv_forward = conv_forward,
                                              .conv_backward_data = conv_backward_data,
                                              .conv_backward_weights = conv_backward_weights,
                                              .norm_forward = norm_forward,
                                              .norm_again = norm_again,
                                              .norm_backward = norm_backward,
                                              .pool_forward = pool_forward,
                                              .pool_backward = pool_backward,
                                              .mean_forward = mean_either,
                                              .mean_backward = mean_either},
                                    .placement = placement};
    recorder->device.ops = &recorder->table;
}
