#include "model/layers.h"

#include <stdio.h>

#define NORM_EPS 1e-5 /* PyTorch's */

mosaic_status mos_unit_init(mos_unit *unit, mos_parameter_table *table, const char *prefix,
                            const mos_unit_shape *shape) {
    *unit = (mos_unit){.ci = shape->ci,
                       .co = shape->co,
                       .kernel = shape->kernel,
                       .stride = shape->stride,
                       .stage = shape->stage,
                       .pad = shape->kernel / 2,
                       .image = shape->image,
                       .relu = shape->relu,
                       .skip = shape->skip};
    int length = snprintf(unit->name, sizeof unit->name, "%s.%s", prefix, shape->conv);
    if (length < 0 || (size_t)length >= sizeof unit->name)
        return mos_fail(MOSAIC_ERR_USAGE, "layer name '%s.%s' is too long", prefix, shape->conv);
    const int64_t first = table->count;
    int64_t sizes[4] = {shape->co, shape->ci, shape->kernel, shape->kernel};
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_WEIGHT, unit->name, "weight", 4, sizes,
                              &unit->weight));
    char norm[MOS_NAME_SIZE];
    length = snprintf(norm, sizeof norm, "%s.%s", prefix, shape->norm);
    if (length < 0 || (size_t)length >= sizeof norm)
        return mos_fail(MOSAIC_ERR_USAGE, "layer name '%s.%s' is too long", prefix, shape->norm);
    MOS_TRY(mos_parameter_add_norm(table, norm, shape->co, &unit->norm_at));
    for (int64_t i = first; i < table->count; i++)
        table->items[i].stage = shape->stage;
    return MOSAIC_OK;
}

mosaic_status mos_unit_plan(mos_unit *unit, mos_device *device, int64_t n, int64_t groups,
                            int64_t h, int64_t w, bool train) {
    mos_conv_shape conv = {.n = n,
                           .ci = unit->ci,
                           .h = h,
                           .w = w,
                           .co = unit->co,
                           .kernel = unit->kernel,
                           .stride = unit->stride,
                           .pad = unit->pad,
                           .image = unit->image,
                           .train = train,
                           .folded = !train,
                           .relu = !train && unit->relu,
                           .sum = !train && unit->skip};
    MOS_TRY(mos_context(device->ops->conv_create(device, &conv, &unit->conv), "%s", unit->name));
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    unit->oh = info.oh;
    unit->ow = info.ow;
    unit->groups = groups;
    unit->out_bytes = device->ops->act_bytes(device, n, unit->co, info.oh, info.ow);
    unit->statistics_bytes = (size_t)(groups * unit->co) * device->real_bytes;
    if (!train) return MOSAIC_OK;
    mos_norm_shape norm = {.n = n,
                           .c = unit->co,
                           .h = info.oh,
                           .w = info.ow,
                           .groups = groups,
                           .relu = unit->relu,
                           .skip = unit->skip,
                           .train = train,
                           .eps = NORM_EPS,
                           .momentum = 0.1,
                           .fixed = unit->fixed,
                           .peers = unit->peers};
    return mos_context(device->ops->norm_create(device, &norm, &unit->norm), "norm behind %s",
                       unit->name);
}

void mos_unit_list(mos_unit *unit, const mos_device *device, mos_placement *placement, bool again_x,
                   bool again_y) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    mos_placement_buffer(placement, &unit->x, unit->out_bytes);
    mos_placement_buffer(placement, &unit->forward_space, info.forward_bytes);
    mos_placement_buffer(placement, &unit->y, unit->out_bytes);
    mos_placement_buffer(placement, &unit->mean, unit->statistics_bytes);
    mos_placement_buffer(placement, &unit->rstd, unit->statistics_bytes);
    if (again_x)
        mos_placement_buffer(placement, &unit->x_again, unit->out_bytes);
    else
        mos_placement_same(placement, &unit->x_again, &unit->x);
    mos_placement_buffer(placement, &unit->again_space, info.forward_bytes);
    if (again_y)
        mos_placement_buffer(placement, &unit->y_again, unit->out_bytes);
    else
        mos_placement_same(placement, &unit->y_again, &unit->y);
    mos_placement_buffer(placement, &unit->dy, unit->out_bytes);
    mos_placement_buffer(placement, &unit->dx, unit->out_bytes);
    mos_placement_buffer(placement, &unit->weights_space, info.weights_bytes);
    mos_placement_buffer(placement, &unit->data_space, info.data_bytes);
}

void mos_unit_list_inference(mos_unit *unit, const mos_device *device, mos_placement *placement,
                             void **skip) {
    mos_conv_info info;
    device->ops->conv_info(unit->conv, &info);
    if (skip != NULL)
        mos_placement_same(placement, &unit->y, skip);
    else
        mos_placement_buffer(placement, &unit->y, unit->out_bytes);
    mos_placement_buffer(placement, &unit->forward_space, info.forward_bytes);
}

void mos_unit_release(mos_unit *unit, mos_device *device) {
    if (unit->conv != NULL) device->ops->conv_destroy(device, &unit->conv);
    if (unit->norm != NULL) device->ops->norm_destroy(device, &unit->norm);
}

void mos_unit_fold(mos_unit *unit, const mos_weights *weights) {
    mos_device *device = weights->device;
    const mos_norm_offsets *at = &unit->norm_at;
    const mos_norm_running norm = {.gamma = mos_param_at(weights, at->gamma),
                                   .beta = mos_param_at(weights, at->beta),
                                   .mean = mos_state_at(weights, at->running_mean),
                                   .var = mos_state_at(weights, at->running_var),
                                   .eps = NORM_EPS};
    device->ops->conv_fold(device, unit->conv, mos_param_at(weights, unit->weight), &norm,
                           unit->forward_space);
}

void mos_unit_forward(mos_unit *unit, const mos_weights *weights, const void *in, const void *skip,
                      const uint8_t *present, bool learn) {
    mos_device *device = weights->device;
    const mos_norm_offsets *at = &unit->norm_at;
    const bool running = learn || unit->fixed;
    device->ops->conv_forward(device, unit->conv, in, mos_param_at(weights, unit->weight), unit->x,
                              unit->forward_space);
    device->ops->norm_forward(device, unit->norm, unit->x, skip, mos_param_at(weights, at->gamma),
                              mos_param_at(weights, at->beta),
                              running ? mos_state_at(weights, at->running_mean) : NULL,
                              running ? mos_state_at(weights, at->running_var) : NULL, unit->mean,
                              unit->rstd, unit->y, present);
}

void mos_unit_infer(mos_unit *unit, mos_device *device, const void *in) {
    device->ops->conv_forward(device, unit->conv, in, NULL, unit->y, unit->forward_space);
}

void mos_unit_convolve_again(mos_unit *unit, const mos_weights *weights, const void *in) {
    mos_device *device = weights->device;
    device->ops->conv_forward(device, unit->conv, in, mos_param_at(weights, unit->weight),
                              unit->x_again, unit->again_space);
}

void mos_unit_normalise_again(mos_unit *unit, const mos_weights *weights, const uint8_t *present) {
    mos_device *device = weights->device;
    const mos_norm_offsets *at = &unit->norm_at;
    device->ops->norm_again(device, unit->norm, unit->x_again, NULL,
                            mos_param_at(weights, at->gamma), mos_param_at(weights, at->beta),
                            unit->mean, unit->rstd, unit->y_again, present);
}

static void tell(const mos_unit *unit, const mos_gradient_watch *watch) {
    watch->final(watch->context, unit->weight, unit->co * unit->ci * unit->kernel * unit->kernel);
    watch->final(watch->context, unit->norm_at.gamma, unit->co);
    watch->final(watch->context, unit->norm_at.beta, unit->co);
}

void mos_unit_backward(mos_unit *unit, const mos_weights *weights, const void *in,
                       const mos_unit_flow *flow, const uint8_t *present) {
    mos_device *device = weights->device;
    const mos_norm_offsets *at = &unit->norm_at;
    device->ops->norm_backward(
        device, unit->norm, unit->x_again, mos_unit_masks_by_y(unit) ? unit->y_again : NULL,
        flow->dy, flow->dy2, mos_param_at(weights, at->gamma), mos_param_at(weights, at->beta),
        unit->mean, unit->rstd, unit->dx, flow->dskip, mos_grad_at(weights, at->gamma),
        mos_grad_at(weights, at->beta), present);
    device->ops->conv_backward_weights(device, unit->conv, in, unit->dx,
                                       mos_grad_at(weights, unit->weight), unit->weights_space);
    if (flow->din != NULL)
        device->ops->conv_backward_data(device, unit->conv, mos_param_at(weights, unit->weight),
                                        unit->dx, flow->din, unit->data_space);
    if (weights->watch != NULL) tell(unit, weights->watch);
}
