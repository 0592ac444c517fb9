#include "compute/cpu/conv_plan.h"

const mos_conv_ending *mos_conv_ending_at(const mos_conv *conv, int64_t channel,
                                          mos_conv_ending *room) {
    if (!conv->shape.folded) return NULL;
    *room = (mos_conv_ending){conv->bias + channel, conv->shape.sum, conv->shape.relu};
    return room;
}
