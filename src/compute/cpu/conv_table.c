/* Which algorithm computes a direction of a convolution: measured, stored, never timed live, so
 * results repeat. */
#include "base/isa.h"
#include "base/simd.h"
#include "compute/cpu/conv_plan.h"

#include <string.h>

const char *const mos_cpu_conv_algorithms[] = {"DIRECT", "WINOGRAD", "F2X2", "F3X3",   "F4X4",
                                               "MAP2X2", "GATHERED", "STEM", "IM2COL", NULL};

conv_algorithm mos_cpu_conv_algorithm(const char *name) {
    int a = 0;
    while (a < CPU_CONV_ALGORITHMS && (name == NULL || strcmp(name, mos_cpu_conv_algorithms[a])))
        a++;
    return (conv_algorithm)a;
}

/* A measured winner: a shape, on a processor with a number of threads. */
typedef struct choice {
    const char *processor;
    int threads, bf16;
    int64_t ci, h, w, co, kernel, stride;
    const char *direction, *algorithm;
} choice;

#define CHOICE(processor, threads, bf16, ci, h, w, co, kernel, stride, direction, algorithm)       \
    {processor, threads, bf16, ci, h, w, co, kernel, stride, #direction, #algorithm},
static const choice choices[] = {
#include "compute/cpu/conv_choices.h"
    {0}};

static const char *const direction_names[CONV_DIRECTIONS] = {"FORWARD", "BACKWARD_DATA",
                                                             "BACKWARD_WEIGHTS"};

static bool is_possible(const mos_cpu *cpu, const mos_conv_shape *shape, conv_direction direction,
                        conv_algorithm algorithm) {
    const int64_t group = cpu->group;
    const bool wide = !shape->image && shape->ci % group == 0 && shape->co % group == 0;
    const bool square3 = shape->kernel == 3 && shape->pad == 1;
    const bool tiled = wide && square3 && shape->stride == 1;
    /* oneDNN has no layout with blocks of four channels, and no fast kernel for plain images below
     * AVX-512. */
    const bool of_onednn = cpu->onednn && cpu->block >= 8 && (cpu->block == 16 || !shape->image);
    switch (algorithm) {
    case CPU_CONV_DIRECT:
        return of_onednn;
    case CPU_CONV_WINOGRAD:
        return of_onednn && !cpu->bf16 && !shape->image && square3 && shape->stride == 1;
    case CPU_CONV_IM2COL:
        return true;
    case CPU_CONV_F2X2:
        return tiled;
    case CPU_CONV_MAP2X2:
        return cpu->activation->winograd_map && tiled && shape->h == 2 && shape->w == 2;
    case CPU_CONV_F3X3:
        return cpu->activation->winograd_3x3 && tiled;
    case CPU_CONV_F4X4:
        return cpu->activation->winograd_4x4 && tiled;
    case CPU_CONV_GATHERED:
        return wide && (shape->kernel == 1 || shape->kernel == 3);
    case CPU_CONV_STEM:
        return shape->image && direction != CONV_BACKWARD_DATA && shape->co % group == 0 &&
               shape->kernel <= STEM_TAPS;
    default:
        return false;
    }
}

/* F(3x3) or F(4x4): the one that multiplies less on a map of this size, whose last tiles may reach
 * beyond it. */
static conv_algorithm larger_tile(const mos_conv_shape *shape) {
    const int64_t of_3 = (shape->h + 2) / 3 * ((shape->w + 2) / 3) * 25;
    const int64_t of_4 = (shape->h + 3) / 4 * ((shape->w + 3) / 4) * 36;
    return of_3 < of_4 ? CPU_CONV_F3X3 : CPU_CONV_F4X4;
}

/* For shapes and processors that nobody measured: what was found on Zen 4. Never by the number of
 * samples: a step in chunks has to compute what the whole one computes. */
static conv_algorithm rule(const mos_cpu *cpu, const mos_conv_shape *shape,
                           conv_direction direction) {
    /* Matrix tiles (AMX) are ahead of what vectors can do with fewer products. */
    if (cpu->bf16 && cpu->tiles) return CPU_CONV_DIRECT;
    if (is_possible(cpu, shape, direction, CPU_CONV_STEM)) return CPU_CONV_STEM;
    /* Tiles larger than the map would multiply more than its taps: in a 2x2 map an output has four.
     */
    const int64_t least = cpu->bf16 ? 4 : 3;
    const bool tiles_fit = shape->h >= least && shape->w >= least;
    if (tiles_fit && cpu->bf16 && is_possible(cpu, shape, direction, CPU_CONV_F2X2))
        return CPU_CONV_F2X2;
    if (tiles_fit && is_possible(cpu, shape, direction, CPU_CONV_F4X4)) return larger_tile(shape);
    if (is_possible(cpu, shape, direction, CPU_CONV_MAP2X2)) return CPU_CONV_MAP2X2;
    if (is_possible(cpu, shape, direction, CPU_CONV_GATHERED)) return CPU_CONV_GATHERED;
    return CPU_CONV_IM2COL;
}

static bool is_of_shape(const choice *c, const mos_cpu *cpu, const mos_conv_shape *shape,
                        conv_direction direction) {
    return c->bf16 == (cpu->bf16 ? 1 : 0) && c->ci == shape->ci && c->h == shape->h &&
           c->w == shape->w && c->co == shape->co && c->kernel == shape->kernel &&
           c->stride == shape->stride && strcmp(c->direction, direction_names[direction]) == 0;
}

/* Measured with this number of threads, or else with any, on this processor; AUTO: not measured, as
 * nothing is under a cap on the instruction set. */
static conv_algorithm stored(const mos_cpu *cpu, const mos_conv_shape *shape,
                             conv_direction direction) {
    char processor[MOS_PROCESSOR_NAME];
    const choice *best = NULL;
    if (mos_isa_is_capped()) return CPU_CONV_AUTO;
    mos_processor_name(processor);
    for (const choice *c = choices; c->processor; c++) {
        if (!is_of_shape(c, cpu, shape, direction) || strcmp(c->processor, processor) != 0)
            continue;
        if (best == NULL || c->threads == cpu->threads) best = c;
    }
    return mos_cpu_conv_algorithm(best == NULL ? NULL : best->algorithm);
}

conv_algorithm mos_conv_choose(const mos_cpu *cpu, const mos_conv_shape *shape,
                               conv_direction direction) {
    conv_algorithm algorithm = mos_cpu_conv_algorithm(shape->algorithm);
    if (algorithm == CPU_CONV_AUTO) algorithm = stored(cpu, shape, direction);
    if (algorithm == CPU_CONV_AUTO) algorithm = rule(cpu, shape, direction);
    if (is_possible(cpu, shape, direction, algorithm)) return algorithm;
    return is_possible(cpu, shape, direction, CPU_CONV_DIRECT) ? CPU_CONV_DIRECT : CPU_CONV_IM2COL;
}
