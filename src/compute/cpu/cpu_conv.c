/* Convolutions: planning, and the three runs with the packing of their weights. */
#include "base/memory.h"
#include "compute/cpu/conv_onednn.h"
#include "compute/cpu/conv_positions.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static mosaic_status check_shape(const mos_conv_shape *s) {
    if (s->n < 1 || s->ci < 1 || s->h < 1 || s->w < 1 || s->co < 1 || s->kernel < 1 ||
        s->stride < 1 || s->pad < 0 || s->h + 2 * s->pad < s->kernel ||
        s->w + 2 * s->pad < s->kernel)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "convolution: kernel %" PRId64 ", stride %" PRId64 ", pad %" PRId64
                        ", %" PRId64 " output channels do not go with input %" PRId64 "x%" PRId64
                        "x%" PRId64 "x%" PRId64,
                        s->kernel, s->stride, s->pad, s->co, s->n, s->ci, s->h, s->w);
    if (s->co % CPU_BLOCK != 0 || (!s->image && s->ci % CPU_BLOCK != 0))
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "convolution: device cpu wants multiples of %d channels, found %" PRId64
                        " in and %" PRId64 " out",
                        CPU_BLOCK, s->ci, s->co);
    if (s->folded && s->train)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "convolution: a plan with a folded norm is for inference, not training");
    return MOSAIC_OK;
}

static mosaic_status check_algorithm(const char *name) {
    if (name == NULL || mos_cpu_conv_algorithm(name) != CPU_CONV_AUTO) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "convolution: no algorithm of the cpu is called '%s'", name);
}

static bool is_wanted(const mos_conv_shape *s, conv_direction direction) {
    return direction == CONV_FORWARD ||
           (s->train && (direction == CONV_BACKWARD_WEIGHTS || !s->image));
}

/* By our own kernels if the algorithm is one of theirs, else by oneDNN. */
static mosaic_status plan_direction(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    switch (mos_conv_choose(cpu, &conv->shape, direction)) {
    case CPU_CONV_F2X2:
        mos_winograd_plan(cpu, conv, direction, cpu->activation->winograd_2x2);
        return MOSAIC_OK;
    case CPU_CONV_F3X3:
        mos_winograd_plan(cpu, conv, direction, cpu->activation->winograd_3x3);
        return MOSAIC_OK;
    case CPU_CONV_MAP2X2:
        mos_winograd_plan(cpu, conv, direction, cpu->activation->winograd_map);
        return MOSAIC_OK;
    case CPU_CONV_F4X4:
        mos_winograd_plan(cpu, conv, direction, cpu->activation->winograd_4x4);
        return MOSAIC_OK;
    case CPU_CONV_STEM:
        mos_stem_plan(cpu, conv, direction);
        return MOSAIC_OK;
    case CPU_CONV_IM2COL:
        mos_im2col_plan(cpu, conv, direction);
        return MOSAIC_OK;
    case CPU_CONV_GATHERED:
        return mos_gather_plan(cpu, conv, direction);
    case CPU_CONV_WINOGRAD:
        return mos_onednn_plan(cpu, conv, direction, true);
    default:
        return mos_onednn_plan(cpu, conv, direction, false);
    }
}

static mosaic_status plan_directions(const mos_cpu *cpu, mos_conv *conv) {
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        if (is_wanted(&conv->shape, (conv_direction)i))
            MOS_TRY(plan_direction(cpu, conv, (conv_direction)i));
    return MOSAIC_OK;
}

/* Weights [co, stored, k, k]. */
static int64_t weight_count(const mos_conv *conv) {
    return conv->shape.co * conv->stored * conv->shape.kernel * conv->shape.kernel;
}

static size_t round_up_bytes(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/* Input channels of the weights that a direction packs. */
static int64_t packed_channels(const mos_conv *conv, conv_direction direction) {
    return conv->own[direction].padded ? conv->stored : conv->shape.ci;
}

/* Puts `bytes` behind what a direction's workspace holds. */
static size_t add_to_workspace(mos_conv *conv, conv_direction direction, size_t bytes) {
    const size_t offset = conv->workspace_bytes[direction];
    conv->workspace_bytes[direction] += round_up_bytes(bytes);
    return offset;
}

/* What each direction wants, and behind it the packed weights. Folding packs from where training
 * packs to. */
static void lay_out_workspace(mos_conv *conv) {
    const bool padded = packed_channels(conv, CONV_FORWARD) != conv->shape.ci;
    const size_t flat = (size_t)weight_count(conv) * sizeof(float);
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        (void)add_to_workspace(conv, (conv_direction)i, conv->own[i].bytes);
    for (int i = 0; i < 2; i++)
        conv->packed_offset[i] = add_to_workspace(
            conv, (conv_direction)i, conv->shape.folded ? 0 : conv->own[i].weight_bytes);
    conv->padded_offset =
        add_to_workspace(conv, CONV_FORWARD, conv->shape.folded || padded ? flat : 0);
}

static size_t most_workspace(const mos_conv *conv) {
    size_t most = 0;
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        if (conv->workspace_bytes[i] > most) most = conv->workspace_bytes[i];
    return most;
}

mosaic_status mos_cpu_conv_create(mos_device *device, const mos_conv_shape *shape, mos_conv **out) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_conv_shape s = *shape;
    mos_conv *conv = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(check_shape(shape));
    MOS_TRY(check_algorithm(shape->algorithm));
    MOS_TRY(mos_alloc(1, sizeof *conv, "convolution plan", &conv));
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    conv->shape = s;
    conv->block = cpu->block;
    conv->oh = (s.h + 2 * s.pad - s.kernel) / s.stride + 1;
    conv->ow = (s.w + 2 * s.pad - s.kernel) / s.stride + 1;
    const mos_cpu_image layout = mos_cpu_image_layout(cpu, s.ci);
    conv->stored = s.image ? layout.channels : s.ci;
    conv->plain = s.image && layout.plain;
    if (s.folded) MOS_GOTO(mos_alloc((size_t)s.co, sizeof(float), "folded bias", &conv->bias));
    MOS_GOTO(plan_directions(cpu, conv));
    if (s.folded)
        MOS_GOTO(
            mos_alloc(conv->own[CONV_FORWARD].weight_bytes, 1, "folded weights", &conv->folded));
    lay_out_workspace(conv);
    *out = conv;
    conv = NULL;
done:
    mos_cpu_leave(guard);
    mos_cpu_conv_destroy(device, &conv);
    return status;
}

void mos_cpu_conv_destroy(mos_device *device, mos_conv **conv) {
    (void)device;
    if (!conv || !*conv) return;
    mos_onednn_release(*conv);
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        mos_conv_release_positions(&(*conv)->own[i]);
    mos_free((*conv)->folded);
    mos_free((*conv)->bias);
    mos_free(*conv);
    *conv = NULL;
}

static const char *name_of(const mos_conv *conv, conv_direction direction) {
    return conv->own[direction].name ? conv->own[direction].name : "";
}

void mos_cpu_conv_info(const mos_conv *conv, mos_conv_info *out) {
    *out = (mos_conv_info){.oh = conv->oh,
                           .ow = conv->ow,
                           .forward_bytes = conv->workspace_bytes[CONV_FORWARD],
                           .data_bytes = conv->workspace_bytes[CONV_BACKWARD_DATA],
                           .weights_bytes = conv->workspace_bytes[CONV_BACKWARD_WEIGHTS],
                           .workspace_bytes = most_workspace(conv),
                           .packed_bytes = conv->folded ? conv->own[CONV_FORWARD].weight_bytes : 0,
                           .forward = name_of(conv, CONV_FORWARD),
                           .backward_data = name_of(conv, CONV_BACKWARD_DATA),
                           .backward_weights = name_of(conv, CONV_BACKWARD_WEIGHTS)};
}

/* weights [co, ci, k, k], packed into the workspace */
static const void *pack(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                        const void *weights, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    char *packed = (char *)workspace + conv->packed_offset[direction];
    const int64_t channels = packed_channels(conv, direction);
    if (channels != s->ci) {
        const int64_t taps = s->kernel * s->kernel;
        const size_t row = (size_t)(s->ci * taps), stored = (size_t)(channels * taps);
        float *to = (float *)(void *)((char *)workspace + conv->padded_offset);
        for (size_t o = 0; o < (size_t)s->co; o++) {
            memcpy(to + o * stored, (const float *)weights + o * row, row * sizeof *to);
            memset(to + o * stored + row, 0, (stored - row) * sizeof *to);
        }
        weights = to;
    }
    conv->own[direction].pack(cpu, conv, direction, weights, packed);
    return packed;
}

/* weights [co, ci, k, k] times the norm's slope per output channel, and its offset */
void mos_cpu_conv_fold(mos_device *device, mos_conv *conv, const void *weights,
                       const mos_norm_running *norm, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    const int64_t taps = s->kernel * s->kernel;
    const int64_t channels = packed_channels(conv, CONV_FORWARD);
    const float *gamma = norm->gamma, *beta = norm->beta, *mean = norm->mean, *var = norm->var;
    float *flat = (float *)(void *)((char *)workspace + conv->padded_offset);
    for (int64_t o = 0; o < s->co; o++) {
        const double scale = (double)gamma[o] / sqrt((double)var[o] + norm->eps);
        const float *from = (const float *)weights + o * s->ci * taps;
        float *to = flat + o * channels * taps;
        for (int64_t i = 0; i < s->ci * taps; i++)
            to[i] = (float)((double)from[i] * scale);
        for (int64_t i = s->ci * taps; i < channels * taps; i++)
            to[i] = 0;
        conv->bias[o] = (float)((double)beta[o] - (double)mean[o] * scale);
    }
    conv->own[CONV_FORWARD].pack(cpu_of(device), conv, CONV_FORWARD, flat, conv->folded);
    mos_cpu_leave(guard);
}

void mos_cpu_conv_forward(mos_device *device, mos_conv *conv, const void *x, const void *weights,
                          void *y, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    const void *packed = conv->folded;
    if (!packed) packed = pack(cpu, conv, CONV_FORWARD, weights, workspace);
    conv->own[CONV_FORWARD].run(cpu, conv, CONV_FORWARD, packed, x, y, workspace);
    mos_cpu_leave(guard);
}

void mos_cpu_conv_backward_data(mos_device *device, mos_conv *conv, const void *weights,
                                const void *dy, void *dx, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    const void *packed = pack(cpu, conv, CONV_BACKWARD_DATA, weights, workspace);
    conv->own[CONV_BACKWARD_DATA].run(cpu, conv, CONV_BACKWARD_DATA, packed, dy, dx, workspace);
    mos_cpu_leave(guard);
}

void mos_cpu_conv_backward_weights(mos_device *device, mos_conv *conv, const void *x,
                                   const void *dy, void *dw, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    conv->own[CONV_BACKWARD_WEIGHTS].run_weights(cpu, conv, x, dy, dw, workspace);
    mos_cpu_leave(guard);
}
