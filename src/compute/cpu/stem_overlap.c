#include "compute/cpu/stem_overlap.h"

#include <string.h>

/* Are rows [down, h) of `before` rows [0, h - down) of `image`? planes of h rows of `row` bytes */
static bool is_below(const char *image, const char *before, int64_t planes, int64_t h, int64_t down,
                     size_t row) {
    for (int64_t p = 0; p < planes; p++) {
        const size_t plane = (size_t)(p * h) * row;
        if (memcmp(image + plane, before + plane + (size_t)down * row, (size_t)(h - down) * row))
            return false;
    }
    return true;
}

stem_overlap mos_stem_overlap_find(const mos_cpu *cpu, const mos_conv *conv, const void *images,
                                   int64_t sample) {
    const mos_conv_shape *s = &conv->shape;
    const mos_cpu_image layout = mos_cpu_image_layout(cpu, s->ci);
    const int64_t lanes = layout.plain ? 1 : cpu->block, planes = layout.channels / lanes;
    const size_t row = (size_t)(s->w * lanes) * cpu->act_size,
                 bytes = (size_t)(planes * s->h) * row;
    const char *image = (const char *)images + (size_t)sample * bytes, *before = image - bytes;
    const int64_t first = (s->pad + s->stride - 1) / s->stride;
    for (int64_t down = s->stride; down + s->kernel <= s->h; down += s->stride) {
        /* outputs whose taps all lie in rows [0, h - down) */
        const int64_t end = (s->h - down - s->kernel + s->pad) / s->stride + 1;
        if (end <= first) break;
        if (memcmp(image, before + (size_t)down * row, row) == 0 &&
            is_below(image, before, planes, s->h, down, row))
            return (stem_overlap){first, end, down / s->stride};
    }
    return (stem_overlap){0};
}

void mos_stem_overlap_copy(const mos_cpu *cpu, const mos_conv *conv, const stem_overlap *overlap,
                           int64_t count, int64_t begin, int64_t end, void *out) {
    const int64_t blocks = conv->shape.co / cpu->block;
    const size_t row = (size_t)(conv->ow * cpu->block) * cpu->act_size,
                 plane = (size_t)conv->oh * row;
    for (int64_t n = 1; n < count; n++) {
        const stem_overlap *at = &overlap[n];
        if (at->first == at->end) continue;
        for (int64_t b = begin; b < end; b++) {
            char *own = (char *)out + (size_t)(n * blocks + b) * plane;
            const char *before = own - (size_t)blocks * plane;
            memcpy(own + (size_t)at->first * row, before + (size_t)(at->first + at->below) * row,
                   (size_t)(at->end - at->first) * row);
        }
    }
}
