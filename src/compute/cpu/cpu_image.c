#include "compute/cpu/cpu_state.h"

mos_cpu_image mos_cpu_image_layout(const mos_cpu *cpu, int64_t c) {
    /* Plain nchw is what our own kernels like best, and in fp32 they compute every first layer. In
     * bf16 oneDNN may be asked for one (matrix tiles): counts for which its kernels want plain nchw
     * in both directions; others are padded to whole blocks, or they would fall to its reference
     * code. */
    const bool plain = !cpu->bf16 || c < cpu->block;
    return (mos_cpu_image){.channels = plain ? c : mos_cpu_round_up(c, cpu->block), .plain = plain};
}
