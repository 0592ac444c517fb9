#include "compute/ref/ref_backend.h"

#include "compute/backends.h"

#include <stdio.h>

#ifdef MOS_MUTATION
int mos_ref_mutant;
#endif

static mosaic_status open_ref(mos_device *device) {
    device->precision = MOS_PRECISION_FP64;
    device->real_bytes = sizeof(double);
    device->state = NULL;
    (void)snprintf(device->description, sizeof device->description, "ref, %d thread%s, fp64",
                   device->threads, device->threads == 1 ? "" : "s");
    return MOSAIC_OK;
}

static void close_ref(mos_device *device) {
    device->state = NULL;
}

const mos_backend mos_backend_ref = {
    .name = "ref",
    .open = open_ref,
    .close = close_ref,
    .alloc = mos_ref_alloc,
    .free = mos_ref_free,
    .zero = mos_ref_zero,
    .copy = mos_ref_copy,
    .put_f32 = mos_ref_put_f32,
    .get_f32 = mos_ref_get_f32,
    .put_f64 = mos_ref_put_f64,
    .get_f64 = mos_ref_get_f64,
    .put_bytes = mos_ref_copy,
    .get_bytes = mos_ref_get_bytes,
    .act_bytes = mos_ref_act_bytes,
    .put_act = mos_ref_put_act,
    .get_act = mos_ref_get_act,
    .image_bytes = mos_ref_act_bytes,
    .image_load = mos_ref_image_load,
    .conv_create = mos_ref_conv_create,
    .conv_destroy = mos_ref_conv_destroy,
    .conv_info = mos_ref_conv_info,
    .conv_fold = mos_ref_conv_fold,
    .conv_forward = mos_ref_conv_forward,
    .conv_backward_data = mos_ref_conv_backward_data,
    .conv_backward_weights = mos_ref_conv_backward_weights,
    .norm_create = mos_ref_norm_create,
    .norm_destroy = mos_ref_norm_destroy,
    .norm_forward = mos_ref_norm_forward,
    .norm_again = mos_ref_norm_again,
    .norm_backward = mos_ref_norm_backward,
    .norm_infer = mos_ref_norm_infer,
    .pool_create = mos_ref_pool_create,
    .pool_destroy = mos_ref_pool_destroy,
    .pool_forward = mos_ref_pool_forward,
    .pool_backward = mos_ref_pool_backward,
    .mean_forward = mos_ref_mean_forward,
    .mean_backward = mos_ref_mean_backward,
    .linear_forward = mos_ref_linear_forward,
    .linear_backward = mos_ref_linear_backward,
    .unit_forward = mos_ref_unit_forward,
    .unit_backward = mos_ref_unit_backward,
    .columns = mos_ref_columns,
    .mask_rows = mos_ref_mask_rows,
    .gather_rows = mos_ref_gather_rows,
    .gate_forward = mos_ref_gate_forward,
    .gate_backward = mos_ref_gate_backward,
    .product_forward = mos_ref_product_forward,
    .product_backward = mos_ref_product_backward,
    .attend_forward = mos_ref_attend_forward,
    .attend_backward = mos_ref_attend_backward,
    .blend_forward = mos_ref_blend_forward,
    .blend_backward = mos_ref_blend_backward,
    .contrast_bytes = mos_ref_contrast_bytes,
    .contrast = mos_ref_contrast,
    .bce = mos_ref_bce,
    .optimize = mos_ref_optimize,
    .measure = mos_ref_measure,
};
