/* Convolutions: planning, and the three runs with the packing of their weights. */
#include "base/log.h"
#include "base/memory.h"
#include "compute/cpu/conv_places.h"

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

/* A direct oneDNN plan, or its fp32 Winograd where that is wanted and oneDNN has it. */
static mosaic_status plan_onednn(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                                 bool winograd, dnnl_primitive_desc_t *hint) {
    static const char *const what[CONV_DIRECTIONS] = {"forward", "backward data",
                                                      "backward weights"};
    const mos_conv_shape *s = &conv->shape;
    const char *name = conv->pass[direction].name;
    mosaic_status status = MOSAIC_ERR_UNSUPPORTED;
    if (winograd) status = mos_conv_plan_pass(cpu, conv, direction, true, hint);
    if (status == MOSAIC_ERR_UNSUPPORTED)
        status = mos_conv_plan_pass(cpu, conv, direction, false, hint);
    if (status == MOSAIC_OK && (strncmp(name, "ref", 3) == 0 || strstr(name, "gemm")))
        mos_log(MOS_LOG_DEBUG,
                "convolution %s of %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64 " to %" PRId64
                " channels, kernel %" PRId64 " stride %" PRId64 ", runs on the slow %s",
                what[direction], s->n, s->ci, s->h, s->w, s->co, s->kernel, s->stride, name);
    return mos_context(status, "%s", what[direction]);
}

static bool is_wanted(const mos_conv_shape *s, conv_direction direction) {
    return direction == CONV_FORWARD ||
           (s->train && (direction == CONV_BACKWARD_WEIGHTS || !s->image));
}

/* With our own kernels, if the algorithm is one of theirs. */
static mosaic_status plan_own(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                              mos_conv_algorithm algorithm) {
    if (algorithm == MOS_CONV_F2X2)
        mos_winograd_plan(cpu, conv, direction, cpu->activation->winograd_2x2);
    else if (algorithm == MOS_CONV_F4X4)
        mos_winograd_plan(cpu, conv, direction, cpu->activation->winograd_4x4);
    else if (algorithm == MOS_CONV_STEM)
        mos_stem_plan(cpu, conv, direction);
    else if (algorithm == MOS_CONV_IM2COL)
        mos_im2col_plan(cpu, conv, direction);
    else if (algorithm == MOS_CONV_GATHERED)
        return mos_gather_plan(cpu, conv, direction);
    return MOSAIC_OK;
}

/* Each wanted direction is our own kernel's or oneDNN's; oneDNN's backward plans need its forward
 * plan as a hint. */
static mosaic_status plan_directions(const mos_cpu *cpu, mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    dnnl_primitive_desc_t hint = NULL;
    mosaic_status status = MOSAIC_OK;
    for (int i = 0; i < CONV_DIRECTIONS; i++) {
        const conv_direction direction = (conv_direction)i;
        conv->names[i] = "";
        if (!is_wanted(s, direction)) continue;
        const mos_conv_algorithm algorithm = mos_conv_choose(cpu, s, direction);
        MOS_GOTO(plan_own(cpu, conv, direction, algorithm));
        conv->names[i] = conv->own[i].name;
        if (conv->names[i]) continue;
        if (direction != CONV_FORWARD && !hint)
            MOS_GOTO(plan_onednn(cpu, conv, CONV_FORWARD,
                                 mos_conv_choose(cpu, s, CONV_FORWARD) == MOS_CONV_WINOGRAD,
                                 &hint));
        MOS_GOTO(plan_onednn(cpu, conv, direction, algorithm == MOS_CONV_WINOGRAD, &hint));
        conv->names[i] = conv->pass[i].name;
        if (direction != CONV_BACKWARD_WEIGHTS)
            MOS_GOTO(mos_conv_plan_reorder(cpu, conv, &conv->pass[i].weights, &conv->reorder[i]));
    }
done:
    if (hint) dnnl_primitive_desc_destroy(hint);
    return status;
}

/* Weights [co, stored, k, k]. */
static int64_t weight_count(const mos_conv *conv) {
    return conv->shape.co * conv->stored * conv->shape.kernel * conv->shape.kernel;
}

static size_t round_up_bytes(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static size_t packed_bytes(const mos_conv *conv, conv_direction direction) {
    return conv->own[direction].name ? conv->own[direction].weight_bytes
                                     : conv->reorder[direction].bytes;
}

/* Input channels of the weights that a direction packs: our kernels pad nothing. */
static int64_t packed_channels(const mos_conv *conv, conv_direction direction) {
    return conv->own[direction].name ? conv->shape.ci : conv->stored;
}

/* Puts `bytes` behind what a direction's workspace holds. */
static size_t add_to_workspace(mos_conv *conv, conv_direction direction, size_t bytes) {
    const size_t offset = conv->workspace_bytes[direction];
    conv->workspace_bytes[direction] += round_up_bytes(bytes);
    return offset;
}

/* Each direction's scratch, which packing may use before, and behind it the packed weights; of the
 * weight gradient its blocked result. Folding packs from where training packs to. */
static void lay_out_workspace(mos_conv *conv) {
    const bool padded = packed_channels(conv, CONV_FORWARD) != conv->shape.ci;
    const size_t flat = (size_t)weight_count(conv) * sizeof(float);
    for (int i = 0; i < CONV_DIRECTIONS; i++) {
        const conv_own *own = &conv->own[i];
        size_t bytes = own->name ? own->bytes : conv->pass[i].scratch_bytes;
        if (i < 2 && conv->reorder[i].scratch_bytes > bytes) bytes = conv->reorder[i].scratch_bytes;
        (void)add_to_workspace(conv, (conv_direction)i, bytes);
    }
    for (int i = 0; i < 2; i++)
        conv->packed_offset[i] =
            add_to_workspace(conv, (conv_direction)i,
                             conv->shape.folded ? 0 : packed_bytes(conv, (conv_direction)i));
    conv->padded_offset =
        add_to_workspace(conv, CONV_FORWARD, conv->shape.folded || padded ? flat : 0);
    conv->dw_offset = conv->workspace_bytes[CONV_BACKWARD_WEIGHTS];
    if (conv->pass[CONV_BACKWARD_WEIGHTS].primitive)
        (void)add_to_workspace(
            conv, CONV_BACKWARD_WEIGHTS,
            dnnl_memory_desc_get_size(&conv->pass[CONV_BACKWARD_WEIGHTS].weights));
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
        MOS_GOTO(mos_alloc(packed_bytes(conv, CONV_FORWARD), 1, "folded weights", &conv->folded));
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
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        mos_conv_release_pass(&(*conv)->pass[i]);
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        mos_conv_release_places(&(*conv)->own[i]);
    for (int i = 0; i < 2; i++)
        mos_conv_release_reorder(&(*conv)->reorder[i]);
    mos_free((*conv)->folded);
    mos_free((*conv)->bias);
    mos_free(*conv);
    *conv = NULL;
}

void mos_cpu_conv_info(const mos_conv *conv, mos_conv_info *out) {
    *out = (mos_conv_info){.oh = conv->oh,
                           .ow = conv->ow,
                           .forward_bytes = conv->workspace_bytes[CONV_FORWARD],
                           .data_bytes = conv->workspace_bytes[CONV_BACKWARD_DATA],
                           .weights_bytes = conv->workspace_bytes[CONV_BACKWARD_WEIGHTS],
                           .workspace_bytes = most_workspace(conv),
                           .packed_bytes = conv->folded ? packed_bytes(conv, CONV_FORWARD) : 0,
                           .forward = conv->names[CONV_FORWARD],
                           .backward_data = conv->names[CONV_BACKWARD_DATA],
                           .backward_weights = conv->names[CONV_BACKWARD_WEIGHTS]};
}

const mos_conv_ending *mos_conv_ending_at(const mos_conv *conv, int64_t channel,
                                          mos_conv_ending *room) {
    if (!conv->shape.folded) return NULL;
    *room = (mos_conv_ending){conv->bias + channel, conv->shape.sum, conv->shape.relu};
    return room;
}

/* oneDNN takes void * for what it only reads. */
static void set_handle(dnnl_memory_t memory, const void *address) {
    void *handle;
    memcpy(&handle, &address, sizeof handle);
    (void)dnnl_memory_set_data_handle(memory, handle);
}

/* weights [co, packed channels, k, k] to what the direction's pass reads */
static void pack_stored(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                        const void *weights, void *packed, void *workspace) {
    conv_reorder *reorder = &conv->reorder[direction];
    if (conv->own[direction].name) {
        conv->own[direction].pack(cpu, conv, direction, weights, packed);
        return;
    }
    set_handle(reorder->from, weights);
    set_handle(reorder->to, packed);
    set_handle(reorder->scratch, workspace);
    (void)dnnl_primitive_execute(reorder->primitive, cpu->stream, 3, reorder->args);
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
    pack_stored(cpu, conv, direction, weights, packed, workspace);
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
    pack_stored(cpu_of(device), conv, CONV_FORWARD, flat, conv->folded, workspace);
    mos_cpu_leave(guard);
}

static void run_pass(mos_device *device, conv_pass *pass, const void *x, const void *weights,
                     const void *y, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    set_handle(pass->memory[0], x);
    set_handle(pass->memory[1], weights);
    set_handle(pass->memory[2], y);
    set_handle(pass->memory[CONV_SCRATCH], workspace);
    (void)dnnl_primitive_execute(pass->primitive, cpu->stream, pass->arg_count, pass->args);
}

void mos_cpu_conv_forward(mos_device *device, mos_conv *conv, const void *x, const void *weights,
                          void *y, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    const void *packed = conv->folded;
    if (!packed) packed = pack(cpu, conv, CONV_FORWARD, weights, workspace);
    if (conv->own[CONV_FORWARD].name)
        conv->own[CONV_FORWARD].run(cpu, conv, CONV_FORWARD, packed, x, y, workspace);
    else
        run_pass(device, &conv->pass[CONV_FORWARD], x, packed, y, workspace);
    mos_cpu_leave(guard);
}

void mos_cpu_conv_backward_data(mos_device *device, mos_conv *conv, const void *weights,
                                const void *dy, void *dx, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    const void *packed = pack(cpu, conv, CONV_BACKWARD_DATA, weights, workspace);
    if (conv->own[CONV_BACKWARD_DATA].name)
        conv->own[CONV_BACKWARD_DATA].run(cpu, conv, CONV_BACKWARD_DATA, packed, dy, dx, workspace);
    else
        run_pass(device, &conv->pass[CONV_BACKWARD_DATA], dx, packed, dy, workspace);
    mos_cpu_leave(guard);
}

void mos_cpu_conv_backward_weights(mos_device *device, mos_conv *conv, const void *x,
                                   const void *dy, void *dw, void *workspace) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    conv_pass *pass = &conv->pass[CONV_BACKWARD_WEIGHTS];
    float *block = (float *)(void *)((char *)workspace + conv->dw_offset);
    if (conv->own[CONV_BACKWARD_WEIGHTS].name) {
        conv->own[CONV_BACKWARD_WEIGHTS].run_weights(cpu, conv, x, dy, dw, workspace);
    } else {
        run_pass(device, pass, x, block, dy, workspace);
        mos_conv_add_weights(cpu, conv, &pass->weights, block, dw);
    }
    mos_cpu_leave(guard);
}
