/* oneDNN primitives for convolutions: where our own kernels are behind (bf16 on matrix tiles) or
 * take no such shape. Everything that allocates happens at plan time. */
#include "compute/cpu/conv_onednn.h"

#include <inttypes.h>

#if defined(MOSAIC_HAS_ONEDNN)
#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "compute/cpu/onednn_threads.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <string.h>

#define CONV_NAME_SIZE 64

struct mos_onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

/* One primitive. Slots: the three tensors in the order (x, weights, y) or their gradients, then
 * scratch and, in a folded plan, the bias. */
enum { CONV_SCRATCH = 3, CONV_BIAS, CONV_SLOTS };
typedef struct conv_pass {
    dnnl_primitive_t primitive; /* NULL: not planned */
    dnnl_memory_desc_t x, weights, y;
    dnnl_memory_t memory[CONV_SLOTS];
    dnnl_exec_arg_t args[CONV_SLOTS];
    int arg_count;
    size_t scratch_bytes;
    char name[CONV_NAME_SIZE];
} conv_pass;

/* Packs real [co, stored ci, k, k] for one primitive. */
typedef struct conv_reorder {
    size_t bytes, scratch_bytes; /* of the packed weights, to a whole cache line; while packing */
    dnnl_primitive_t primitive;
    dnnl_memory_t from, to, scratch;
    dnnl_exec_arg_t args[3];
} conv_reorder;

/* The backward primitives take the forward one's descriptor as a hint. */
typedef struct conv_onednn {
    conv_pass pass[CONV_DIRECTIONS];
    conv_reorder reorder[2]; /* forward, backward data */
    dnnl_primitive_desc_t hint;
} conv_onednn;

static mosaic_status check(dnnl_status_t status, const char *what) {
    switch (status) {
    case dnnl_success:
        return MOSAIC_OK;
    case dnnl_out_of_memory:
        return mos_fail(MOSAIC_ERR_MEMORY, "%s: onednn ran out of memory", what);
    case dnnl_unimplemented:
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "%s: onednn has no implementation", what);
    default:
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: onednn status %d", what, (int)status);
    }
}

/* ---- the device ---- */

/* oneDNN gets our cap on the instruction set. It accepts one only before its first use, so a second
 * device finds it set. */
static void cap_instructions(void) {
    static const dnnl_cpu_isa_t sets[MOS_ISA_COUNT] = {[MOS_ISA_BASE] = dnnl_cpu_isa_sse41,
                                                       [MOS_ISA_AVX2] = dnnl_cpu_isa_avx2,
                                                       [MOS_ISA_AVX512] = dnnl_cpu_isa_avx512_core,
                                                       [MOS_ISA_AVX512_BF16] =
                                                           dnnl_cpu_isa_avx512_core_bf16};
    if (mos_isa_is_capped()) (void)dnnl_set_max_cpu_isa(sets[mos_isa_used()]);
}

mosaic_status mos_onednn_open(mos_onednn **out) {
    mos_onednn *onednn = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    cap_instructions();
    MOS_GOTO(mos_alloc(1, sizeof *onednn, "onednn", &onednn));
    MOS_GOTO(check(dnnl_engine_create(&onednn->engine, dnnl_cpu, 0), "cpu engine"));
    MOS_GOTO(check(dnnl_stream_create(&onednn->stream, onednn->engine, dnnl_stream_default_flags),
                   "cpu stream"));
    *out = onednn;
    onednn = NULL;
done:
    mos_onednn_close(&onednn);
    return status;
}

void mos_onednn_close(mos_onednn **onednn) {
    if (!*onednn) return;
    if ((*onednn)->stream) dnnl_stream_destroy((*onednn)->stream);
    if ((*onednn)->engine) dnnl_engine_destroy((*onednn)->engine);
    mos_free(*onednn);
    *onednn = NULL;
}

void mos_onednn_describe(const mos_onednn *onednn, char *out, size_t size) {
    const dnnl_version_t *version = dnnl_version();
    (void)onednn;
    (void)snprintf(out, size, ", oneDNN %d.%d.%d", version->major, version->minor, version->patch);
}

/* ---- descriptors ---- */

static mosaic_status describe(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                              bool winograd, dnnl_convolution_desc_t *out) {
    const mos_conv_shape *s = &conv->shape;
    const dnnl_dims_t x_dims = {s->n, conv->stored, s->h, s->w};
    const dnnl_dims_t w_dims = {s->co, conv->stored, s->kernel, s->kernel};
    const dnnl_dims_t y_dims = {s->n, s->co, conv->oh, conv->ow};
    const dnnl_dims_t strides = {s->stride, s->stride}, pads = {s->pad, s->pad}, b_dims = {s->co};
    const dnnl_alg_kind_t algorithm =
        winograd ? dnnl_convolution_winograd : dnnl_convolution_direct;
    const dnnl_data_type_t type = cpu->bf16 ? dnnl_bf16 : dnnl_f32;
    const dnnl_data_type_t w_type = direction == CONV_BACKWARD_WEIGHTS ? dnnl_f32 : type;
    const dnnl_format_tag_t blocked = cpu->block == 16 ? dnnl_nChw16c : dnnl_nChw8c;
    dnnl_memory_desc_t x, w, b, y;
    if (dnnl_memory_desc_init_by_tag(&x, 4, x_dims, type, conv->plain ? dnnl_nchw : blocked) !=
            dnnl_success ||
        dnnl_memory_desc_init_by_tag(&b, 1, b_dims, dnnl_f32, dnnl_x) != dnnl_success ||
        dnnl_memory_desc_init_by_tag(&w, 4, w_dims, w_type, dnnl_format_tag_any) != dnnl_success ||
        dnnl_memory_desc_init_by_tag(&y, 4, y_dims, type, blocked) != dnnl_success)
        return mos_fail(MOSAIC_ERR_RUNTIME, "convolution: onednn refuses the tensor shapes");
    switch (direction) {
    case CONV_FORWARD:
        return check(dnnl_convolution_forward_desc_init(
                         out, s->folded ? dnnl_forward_inference : dnnl_forward_training, algorithm,
                         &x, &w, s->folded ? &b : NULL, &y, strides, pads, pads),
                     "convolution forward");
    case CONV_BACKWARD_DATA:
        return check(dnnl_convolution_backward_data_desc_init(out, algorithm, &x, &w, &y, strides,
                                                              pads, pads),
                     "convolution backward data");
    default:
        return check(dnnl_convolution_backward_weights_desc_init(out, algorithm, &x, &w, NULL, &y,
                                                                 strides, pads, pads),
                     "convolution backward weights");
    }
}

/* Keep the descriptors of the tensors the implementation settled on. */
static void keep_layouts(conv_pass *pass, const_dnnl_primitive_desc_t descriptor,
                         conv_direction direction) {
    static const dnnl_query_t queries[CONV_DIRECTIONS][3] = {
        {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
        {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
        {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md}};
    const char *name = "";
    pass->x = *dnnl_primitive_desc_query_md(descriptor, queries[direction][0], 0);
    pass->weights = *dnnl_primitive_desc_query_md(descriptor, queries[direction][1], 0);
    pass->y = *dnnl_primitive_desc_query_md(descriptor, queries[direction][2], 0);
    pass->scratch_bytes = dnnl_memory_desc_get_size(
        dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0));
    if (dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name) == dnnl_success)
        snprintf(pass->name, sizeof pass->name, "%s", name);
}

static mosaic_status make_memories(const mos_cpu *cpu, mos_conv *conv,
                                   const_dnnl_primitive_desc_t descriptor,
                                   conv_direction direction) {
    conv_pass *pass = &conv->onednn->pass[direction];
    static const int arguments[CONV_DIRECTIONS][3] = {
        {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
        {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
        {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
    const dnnl_memory_desc_t *layouts[CONV_BIAS] = {
        &pass->x, &pass->weights, &pass->y,
        dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0)};
    for (int i = 0; i < CONV_BIAS; i++) {
        MOS_TRY(check(
            dnnl_memory_create(&pass->memory[i], layouts[i], cpu->onednn->engine, DNNL_MEMORY_NONE),
            "convolution memory"));
        pass->args[i].arg = i < CONV_SCRATCH ? arguments[direction][i] : DNNL_ARG_SCRATCHPAD;
        pass->args[i].memory = pass->memory[i];
    }
    pass->arg_count = CONV_BIAS;
    if (!conv->shape.folded) return MOSAIC_OK;
    MOS_TRY(
        check(dnnl_memory_create(&pass->memory[CONV_BIAS],
                                 dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 1),
                                 cpu->onednn->engine, conv->bias),
              "convolution bias"));
    pass->args[CONV_BIAS] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, pass->memory[CONV_BIAS]};
    pass->arg_count = CONV_SLOTS;
    return MOSAIC_OK;
}

/* A folded plan's ending: + y, then ReLU. */
static mosaic_status make_ending(const mos_conv_shape *s, dnnl_primitive_attr_t attributes) {
    dnnl_post_ops_t ending = NULL;
    mosaic_status status;
    if (!s->folded) return MOSAIC_OK;
    MOS_GOTO(check(dnnl_post_ops_create(&ending), "convolution ending"));
    if (s->sum) MOS_GOTO(check(dnnl_post_ops_append_sum(ending, 1), "convolution with a sum"));
    if (s->relu)
        MOS_GOTO(check(dnnl_post_ops_append_eltwise(ending, 1, dnnl_eltwise_relu, 0, 0),
                       "convolution with a relu"));
    MOS_GOTO(check(dnnl_primitive_attr_set_post_ops(attributes, ending), "convolution attributes"));
done:
    if (ending) dnnl_post_ops_destroy(ending);
    return status;
}

static void release_pass(conv_pass *pass) {
    for (int i = 0; i < CONV_SLOTS; i++)
        if (pass->memory[i]) dnnl_memory_destroy(pass->memory[i]);
    if (pass->primitive) dnnl_primitive_destroy(pass->primitive);
    memset(pass, 0, sizeof *pass);
}

static mosaic_status plan_pass(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                               bool winograd) {
    conv_onednn *own = conv->onednn;
    conv_pass *pass = &own->pass[direction];
    dnnl_convolution_desc_t convolution;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    mosaic_status status;
    MOS_TRY(describe(cpu, conv, direction, winograd, &convolution));
    MOS_GOTO(check(dnnl_primitive_attr_create(&attributes), "convolution attributes"));
    MOS_GOTO(check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
                   "convolution scratch mode"));
    MOS_GOTO(make_ending(&conv->shape, attributes));
    MOS_GOTO(
        check(dnnl_primitive_desc_create(&descriptor, &convolution, attributes, cpu->onednn->engine,
                                         direction == CONV_FORWARD ? NULL : own->hint),
              "convolution plan"));
    keep_layouts(pass, descriptor, direction);
    MOS_GOTO(check(dnnl_primitive_create(&pass->primitive, descriptor), "convolution primitive"));
    MOS_GOTO(make_memories(cpu, conv, descriptor, direction));
    if (direction == CONV_FORWARD) {
        own->hint = descriptor;
        descriptor = NULL;
    }
done:
    if (status != MOSAIC_OK) release_pass(pass);
    if (descriptor) dnnl_primitive_desc_destroy(descriptor);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    return status;
}

/* ---- packing ---- */

static void release_reorder(conv_reorder *reorder) {
    if (reorder->from) dnnl_memory_destroy(reorder->from);
    if (reorder->to) dnnl_memory_destroy(reorder->to);
    if (reorder->scratch) dnnl_memory_destroy(reorder->scratch);
    if (reorder->primitive) dnnl_primitive_destroy(reorder->primitive);
    memset(reorder, 0, sizeof *reorder);
}

static size_t whole_lines(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static mosaic_status plan_reorder(const mos_cpu *cpu, const mos_conv *conv,
                                  const dnnl_memory_desc_t *wanted, conv_reorder *reorder) {
    const mos_conv_shape *s = &conv->shape;
    const dnnl_dims_t dims = {s->co, conv->stored, s->kernel, s->kernel};
    dnnl_memory_desc_t flat;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    mosaic_status status;
    reorder->bytes = whole_lines(dnnl_memory_desc_get_size(wanted));
    MOS_GOTO(
        check(dnnl_memory_desc_init_by_tag(&flat, 4, dims, dnnl_f32, dnnl_oihw), "weight layout"));
    MOS_GOTO(check(dnnl_primitive_attr_create(&attributes), "reorder attributes"));
    MOS_GOTO(check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
                   "reorder scratch mode"));
    MOS_GOTO(check(dnnl_reorder_primitive_desc_create(&descriptor, &flat, cpu->onednn->engine,
                                                      wanted, cpu->onednn->engine, attributes),
                   "weight reorder plan"));
    MOS_GOTO(check(dnnl_primitive_create(&reorder->primitive, descriptor), "weight reorder"));
    const dnnl_memory_desc_t *scratch =
        dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    reorder->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    MOS_GOTO(check(dnnl_memory_create(&reorder->from, &flat, cpu->onednn->engine, DNNL_MEMORY_NONE),
                   "weight memory"));
    MOS_GOTO(check(dnnl_memory_create(&reorder->to, wanted, cpu->onednn->engine, DNNL_MEMORY_NONE),
                   "weight memory"));
    MOS_GOTO(
        check(dnnl_memory_create(&reorder->scratch, scratch, cpu->onednn->engine, DNNL_MEMORY_NONE),
              "reorder memory"));
    reorder->args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, reorder->from};
    reorder->args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, reorder->to};
    reorder->args[2] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, reorder->scratch};
done:
    if (descriptor) dnnl_primitive_desc_destroy(descriptor);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (status != MOSAIC_OK) release_reorder(reorder);
    return status;
}

/* oneDNN takes void * for what it only reads. */
static void set_handle(dnnl_memory_t memory, const void *address) {
    void *handle;
    memcpy(&handle, &address, sizeof handle);
    (void)dnnl_memory_set_data_handle(memory, handle);
}

static void execute(const mos_cpu *cpu, dnnl_primitive_t primitive, int count,
                    const dnnl_exec_arg_t *args) {
    const int threads = mos_onednn_enter(cpu->threads);
    (void)dnnl_primitive_execute(primitive, cpu->onednn->stream, count, args);
    mos_onednn_leave(threads);
}

/* packed: [reorder->bytes], and behind it the reorder's scratch */
static void pack(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                 const float *weights, void *packed) {
    conv_reorder *reorder = &conv->onednn->reorder[direction];
    set_handle(reorder->from, weights);
    set_handle(reorder->to, packed);
    set_handle(reorder->scratch, (char *)packed + reorder->bytes);
    execute(cpu, reorder->primitive, 3, reorder->args);
}

/* ---- running ---- */

static void run_pass(const mos_cpu *cpu, conv_pass *pass, const void *x, const void *weights,
                     const void *y, void *scratch) {
    set_handle(pass->memory[0], x);
    set_handle(pass->memory[1], weights);
    set_handle(pass->memory[2], y);
    set_handle(pass->memory[CONV_SCRATCH], scratch);
    execute(cpu, pass->primitive, pass->arg_count, pass->args);
}

static void run(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                const void *packed, const void *in, void *out, void *workspace) {
    conv_pass *pass = &conv->onednn->pass[direction];
    if (direction == CONV_FORWARD)
        run_pass(cpu, pass, in, packed, out, workspace);
    else
        run_pass(cpu, pass, out, packed, in, workspace);
}

/* ---- the weight gradient back to row-major ---- */

/* Offset of element (o, i, tap) in a blocked layout. */
static int64_t blocked_offset(const dnnl_memory_desc_t *layout, int64_t kernel, int64_t o,
                              int64_t i, int64_t tap) {
    const dnnl_blocking_desc_t *b = &layout->format_desc.blocking;
    int64_t position[4] = {o, i, tap / kernel, tap % kernel}, offset = layout->offset0, inner = 1;
    for (int k = b->inner_nblks - 1; k >= 0; k--) {
        const int64_t dim = b->inner_idxs[k], size = b->inner_blks[k];
        offset += position[dim] % size * inner;
        position[dim] /= size;
        inner *= size;
    }
    for (int k = 0; k < 4; k++)
        offset += position[k] * b->strides[k];
    return offset;
}

typedef struct add_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    const dnnl_memory_desc_t *layout;
    const float *block;
    float *dw;
} add_job;

/* In the usual layout: pairs of an output and an input block. */
static void add_blocks(void *context, int64_t begin, int64_t end, int thread) {
    const add_job *job = context;
    const mos_conv_shape *s = &job->conv->shape;
    const dnnl_blocking_desc_t *b = &job->layout->format_desc.blocking;
    const int64_t size = job->cpu->block, blocks = s->ci / size;
    const int64_t taps = s->kernel * s->kernel, row = s->ci * taps;
    (void)thread;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t ob = unit / blocks, ib = unit % blocks;
        job->cpu->kernels->add_weight_block(job->block + ob * b->strides[0] + ib * b->strides[1],
                                            taps, job->dw + ob * size * row + ib * size * taps,
                                            row);
    }
}

/* In any layout: output channels. */
static void add_channels(void *context, int64_t begin, int64_t end, int thread) {
    const add_job *job = context;
    const mos_conv_shape *s = &job->conv->shape;
    const int64_t taps = s->kernel * s->kernel, row = s->ci * taps;
    (void)thread;
    for (int64_t o = begin; o < end; o++)
        for (int64_t i = 0; i < s->ci; i++)
            for (int64_t tap = 0; tap < taps; tap++)
                job->dw[o * row + i * taps + tap] +=
                    job->block[blocked_offset(job->layout, s->kernel, o, i, tap)];
}

/* dw [co, ci, k, k] += the blocked gradient `block` described by `layout` */
static void add_weights(const mos_cpu *cpu, const mos_conv *conv, const dnnl_memory_desc_t *layout,
                        const float *block, float *dw) {
    add_job job = {.cpu = cpu, .conv = conv, .layout = layout, .block = block, .dw = dw};
    const mos_conv_shape *s = &conv->shape;
    const dnnl_blocking_desc_t *b = &layout->format_desc.blocking;
    /* OIhw16i16o (8i8o), what every layer but the first gets: blocks of [taps, i, o] */
    const bool usual = conv->stored == s->ci && b->inner_nblks == 2 && b->inner_idxs[0] == 1 &&
                       b->inner_idxs[1] == 0 && b->inner_blks[0] == cpu->block &&
                       b->inner_blks[1] == cpu->block && layout->offset0 == 0 &&
                       b->strides[3] == cpu->block * cpu->block &&
                       b->strides[2] == s->kernel * cpu->block * cpu->block;
    if (usual)
        mos_parallel_for(cpu->threads, s->co / cpu->block * (s->ci / cpu->block), add_blocks, &job);
    else
        mos_parallel_for(cpu->threads, s->co, add_channels, &job);
}

/* workspace: the primitive's scratch, and behind it the blocked gradient */
static void run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                        float *dw, void *workspace) {
    conv_pass *pass = &conv->onednn->pass[CONV_BACKWARD_WEIGHTS];
    float *block = (float *)(void *)((char *)workspace + whole_lines(pass->scratch_bytes));
    run_pass(cpu, pass, x, block, dy, workspace);
    add_weights(cpu, conv, &pass->weights, block, dw);
}

/* ---- planning ---- */

/* Direct, or the fp32 Winograd where that is wanted and there is one. */
static mosaic_status plan_any(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                              bool winograd) {
    mosaic_status status = MOSAIC_ERR_UNSUPPORTED;
    if (winograd) status = plan_pass(cpu, conv, direction, true);
    if (status == MOSAIC_ERR_UNSUPPORTED) status = plan_pass(cpu, conv, direction, false);
    return status;
}

static void warn_of_slow(const mos_conv_shape *s, const char *name, const char *what) {
    if (strncmp(name, "ref", 3) == 0 || strstr(name, "gemm"))
        mos_log(MOS_LOG_DEBUG,
                "convolution %s of %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64 " to %" PRId64
                " channels, kernel %" PRId64 " stride %" PRId64 ", runs on the slow %s",
                what, s->n, s->ci, s->h, s->w, s->co, s->kernel, s->stride, name);
}

mosaic_status mos_onednn_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                              bool winograd) {
    static const char *const what[CONV_DIRECTIONS] = {"forward", "backward data",
                                                      "backward weights"};
    conv_own *plan = &conv->own[direction];
    mosaic_status status = MOSAIC_OK;
    if (!conv->onednn)
        MOS_TRY(mos_alloc(1, sizeof *conv->onednn, "convolution primitives", &conv->onednn));
    const int threads = mos_onednn_enter(cpu->threads);
    if (direction != CONV_FORWARD && !conv->onednn->hint)
        MOS_GOTO(plan_any(cpu, conv, CONV_FORWARD,
                          mos_conv_choose(cpu, &conv->shape, CONV_FORWARD) == CPU_CONV_WINOGRAD));
    MOS_GOTO(plan_any(cpu, conv, direction, winograd));
    const conv_pass *pass = &conv->onednn->pass[direction];
    warn_of_slow(&conv->shape, pass->name, what[direction]);
    *plan = (conv_own){.name = pass->name,
                       .padded = true,
                       .pack = pack,
                       .run = run,
                       .run_weights = run_weights,
                       .bytes = pass->scratch_bytes};
    if (direction == CONV_BACKWARD_WEIGHTS) {
        plan->bytes = whole_lines(plan->bytes) + dnnl_memory_desc_get_size(&pass->weights);
    } else {
        conv_reorder *reorder = &conv->onednn->reorder[direction];
        MOS_GOTO(plan_reorder(cpu, conv, &pass->weights, reorder));
        plan->weight_bytes = reorder->bytes + reorder->scratch_bytes;
    }
done:
    mos_onednn_leave(threads);
    return mos_context(status, "%s", what[direction]);
}

void mos_onednn_release(mos_conv *conv) {
    conv_onednn *own = conv->onednn;
    if (!own) return;
    for (int i = 0; i < CONV_DIRECTIONS; i++)
        release_pass(&own->pass[i]);
    for (int i = 0; i < 2; i++)
        release_reorder(&own->reorder[i]);
    if (own->hint) dnnl_primitive_desc_destroy(own->hint);
    mos_free(own);
    conv->onednn = NULL;
}

#else /* a build without it */

mosaic_status mos_onednn_open(mos_onednn **out) {
    *out = NULL;
    return MOSAIC_OK;
}

void mos_onednn_close(mos_onednn **onednn) {
    (void)onednn;
}

void mos_onednn_describe(const mos_onednn *onednn, char *out, size_t size) {
    (void)onednn;
    if (size > 0) *out = 0;
}

mosaic_status mos_onednn_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                              bool winograd) {
    const mos_conv_shape *s = &conv->shape;
    (void)direction;
    (void)winograd;
    return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                    "convolution of %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64 " to %" PRId64
                    " channels, kernel %" PRId64 " stride %" PRId64
                    ": no kernel of %s takes it, and this build is without oneDNN",
                    s->n, s->ci, s->h, s->w, s->co, s->kernel, s->stride, cpu->kernels->isa);
}

void mos_onednn_release(mos_conv *conv) {
    (void)conv;
}

#endif
