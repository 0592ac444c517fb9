/* Where oneDNN's fp32 Winograd beats its direct kernel: measured, stored, never timed live, so
 * results repeat. */
#include "compute/cpu/conv_plan.h"

bool mos_conv_prefers_winograd(const mos_cpu *cpu, const mos_conv_shape *shape,
                               conv_direction direction) {
    (void)direction;
    if (cpu->bf16 || shape->kernel != 3 || shape->stride != 1 || shape->pad != 1 || shape->image)
        return false;
    return shape->h >= 8 && shape->w >= 8 && shape->ci >= 64 && shape->co >= 64;
}

bool mos_conv_prefers_own(const mos_cpu *cpu, const mos_conv_shape *shape,
                          conv_direction direction) {
    if (!cpu->activation->winograd || shape->image || shape->kernel != 3 || shape->stride != 1 ||
        shape->pad != 1 || shape->h < 4 || shape->w < 4 || shape->ci % 32 != 0 ||
        shape->co % 32 != 0)
        return false;
    if (cpu->bf16) return !cpu->tiles;
    /* oneDNN's F(4x4) does less arithmetic where its larger tiles fit the map */
    const bool small = shape->h < 8 || shape->w < 8;
    return small || (direction == CONV_BACKWARD_WEIGHTS && shape->ci <= 64 && shape->co <= 64);
}

bool mos_conv_prefers_gathered(const mos_cpu *cpu, const mos_conv_shape *shape) {
    return cpu->bf16 && !cpu->tiles && cpu->activation->winograd && !shape->image &&
           shape->stride == 2 && shape->kernel == 3 && shape->ci >= 128 && shape->ci % 32 == 0 &&
           shape->co % 32 == 0;
}
