/* oneDNN primitives for one convolution. Everything that allocates happens here, at plan time. */
#include "compute/cpu/conv_plan.h"

#include <stdio.h>
#include <string.h>

static mosaic_status describe(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                              bool winograd, dnnl_convolution_desc_t *out) {
    const mos_conv_shape *s = &conv->shape;
    const dnnl_dims_t x_dims = {s->n, conv->stored, s->h, s->w};
    const dnnl_dims_t w_dims = {s->co, conv->stored, s->kernel, s->kernel};
    const dnnl_dims_t y_dims = {s->n, s->co, conv->oh, conv->ow};
    const dnnl_dims_t strides = {s->stride, s->stride}, pads = {s->pad, s->pad}, b_dims = {s->co};
    const dnnl_alg_kind_t algorithm =
        winograd ? dnnl_convolution_winograd : dnnl_convolution_direct;
    const dnnl_data_type_t w_type = direction == CONV_BACKWARD_WEIGHTS ? dnnl_f32 : cpu->type;
    const dnnl_format_tag_t blocked = cpu->block == 16 ? dnnl_nChw16c : dnnl_nChw8c;
    dnnl_memory_desc_t x, w, b, y;
    if (dnnl_memory_desc_init_by_tag(&x, 4, x_dims, cpu->type, conv->plain ? dnnl_nchw : blocked) !=
            dnnl_success ||
        dnnl_memory_desc_init_by_tag(&b, 1, b_dims, dnnl_f32, dnnl_x) != dnnl_success ||
        dnnl_memory_desc_init_by_tag(&w, 4, w_dims, w_type, dnnl_format_tag_any) != dnnl_success ||
        dnnl_memory_desc_init_by_tag(&y, 4, y_dims, cpu->type, blocked) != dnnl_success)
        return mos_fail(MOSAIC_ERR_RUNTIME, "convolution: onednn refuses the tensor shapes");
    switch (direction) {
    case CONV_FORWARD:
        return mos_cpu_check(dnnl_convolution_forward_desc_init(
                                 out, s->folded ? dnnl_forward_inference : dnnl_forward_training,
                                 algorithm, &x, &w, s->folded ? &b : NULL, &y, strides, pads, pads),
                             "convolution forward");
    case CONV_BACKWARD_DATA:
        return mos_cpu_check(dnnl_convolution_backward_data_desc_init(out, algorithm, &x, &w, &y,
                                                                      strides, pads, pads),
                             "convolution backward data");
    default:
        return mos_cpu_check(dnnl_convolution_backward_weights_desc_init(
                                 out, algorithm, &x, &w, NULL, &y, strides, pads, pads),
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
    conv_pass *pass = &conv->pass[direction];
    static const int arguments[CONV_DIRECTIONS][3] = {
        {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
        {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
        {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
    const dnnl_memory_desc_t *layouts[CONV_BIAS] = {
        &pass->x, &pass->weights, &pass->y,
        dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0)};
    for (int i = 0; i < CONV_BIAS; i++) {
        MOS_TRY(mos_cpu_check(
            dnnl_memory_create(&pass->memory[i], layouts[i], cpu->engine, DNNL_MEMORY_NONE),
            "convolution memory"));
        pass->args[i].arg = i < CONV_SCRATCH ? arguments[direction][i] : DNNL_ARG_SCRATCHPAD;
        pass->args[i].memory = pass->memory[i];
    }
    pass->arg_count = CONV_BIAS;
    if (!conv->shape.folded) return MOSAIC_OK;
    MOS_TRY(mos_cpu_check(
        dnnl_memory_create(&pass->memory[CONV_BIAS],
                           dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 1),
                           cpu->engine, conv->bias),
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
    MOS_GOTO(mos_cpu_check(dnnl_post_ops_create(&ending), "convolution ending"));
    if (s->sum)
        MOS_GOTO(mos_cpu_check(dnnl_post_ops_append_sum(ending, 1), "convolution with a sum"));
    if (s->relu)
        MOS_GOTO(mos_cpu_check(dnnl_post_ops_append_eltwise(ending, 1, dnnl_eltwise_relu, 0, 0),
                               "convolution with a relu"));
    MOS_GOTO(mos_cpu_check(dnnl_primitive_attr_set_post_ops(attributes, ending),
                           "convolution attributes"));
done:
    if (ending) dnnl_post_ops_destroy(ending);
    return status;
}

mosaic_status mos_conv_plan_pass(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                                 bool winograd, dnnl_primitive_desc_t *hint) {
    conv_pass *pass = &conv->pass[direction];
    dnnl_convolution_desc_t convolution;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    mosaic_status status;
    MOS_TRY(describe(cpu, conv, direction, winograd, &convolution));
    MOS_GOTO(mos_cpu_check(dnnl_primitive_attr_create(&attributes), "convolution attributes"));
    MOS_GOTO(mos_cpu_check(
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
        "convolution scratch mode"));
    MOS_GOTO(make_ending(&conv->shape, attributes));
    MOS_GOTO(
        mos_cpu_check(dnnl_primitive_desc_create(&descriptor, &convolution, attributes, cpu->engine,
                                                 direction == CONV_FORWARD ? NULL : *hint),
                      "convolution plan"));
    keep_layouts(pass, descriptor, direction);
    MOS_GOTO(mos_cpu_check(dnnl_primitive_create(&pass->primitive, descriptor),
                           "convolution primitive"));
    MOS_GOTO(make_memories(cpu, conv, descriptor, direction));
    if (direction == CONV_FORWARD) {
        *hint = descriptor;
        descriptor = NULL;
    }
done:
    if (status != MOSAIC_OK) mos_conv_release_pass(pass);
    if (descriptor) dnnl_primitive_desc_destroy(descriptor);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    return status;
}

void mos_conv_release_pass(conv_pass *pass) {
    for (int i = 0; i < CONV_SLOTS; i++)
        if (pass->memory[i]) dnnl_memory_destroy(pass->memory[i]);
    if (pass->primitive) dnnl_primitive_destroy(pass->primitive);
    memset(pass, 0, sizeof *pass);
}

mosaic_status mos_conv_plan_reorder(const mos_cpu *cpu, const mos_conv *conv,
                                    const dnnl_memory_desc_t *wanted, conv_reorder *reorder) {
    const mos_conv_shape *s = &conv->shape;
    const dnnl_dims_t dims = {s->co, conv->stored, s->kernel, s->kernel};
    dnnl_memory_desc_t flat;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    mosaic_status status;
    reorder->bytes = dnnl_memory_desc_get_size(wanted);
    MOS_GOTO(mos_cpu_check(dnnl_memory_desc_init_by_tag(&flat, 4, dims, dnnl_f32, dnnl_oihw),
                           "weight layout"));
    MOS_GOTO(mos_cpu_check(dnnl_primitive_attr_create(&attributes), "reorder attributes"));
    MOS_GOTO(mos_cpu_check(
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
        "reorder scratch mode"));
    MOS_GOTO(mos_cpu_check(dnnl_reorder_primitive_desc_create(&descriptor, &flat, cpu->engine,
                                                              wanted, cpu->engine, attributes),
                           "weight reorder plan"));
    MOS_GOTO(
        mos_cpu_check(dnnl_primitive_create(&reorder->primitive, descriptor), "weight reorder"));
    const dnnl_memory_desc_t *scratch =
        dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    reorder->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    MOS_GOTO(mos_cpu_check(dnnl_memory_create(&reorder->from, &flat, cpu->engine, DNNL_MEMORY_NONE),
                           "weight memory"));
    MOS_GOTO(mos_cpu_check(dnnl_memory_create(&reorder->to, wanted, cpu->engine, DNNL_MEMORY_NONE),
                           "weight memory"));
    MOS_GOTO(
        mos_cpu_check(dnnl_memory_create(&reorder->scratch, scratch, cpu->engine, DNNL_MEMORY_NONE),
                      "reorder memory"));
    reorder->args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, reorder->from};
    reorder->args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, reorder->to};
    reorder->args[2] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, reorder->scratch};
done:
    if (descriptor) dnnl_primitive_desc_destroy(descriptor);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (status != MOSAIC_OK) mos_conv_release_reorder(reorder);
    return status;
}

void mos_conv_release_reorder(conv_reorder *reorder) {
    if (reorder->from) dnnl_memory_destroy(reorder->from);
    if (reorder->to) dnnl_memory_destroy(reorder->to);
    if (reorder->scratch) dnnl_memory_destroy(reorder->scratch);
    if (reorder->primitive) dnnl_primitive_destroy(reorder->primitive);
    memset(reorder, 0, sizeof *reorder);
}

/* ---- the weight gradient back to row-major
 * --------------------------------------------------------------------- */

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

void mos_conv_add_weights(const mos_cpu *cpu, const mos_conv *conv,
                          const dnnl_memory_desc_t *layout, const float *block, float *dw) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t taps = s->kernel * s->kernel, row = s->ci * taps;
    const dnnl_blocking_desc_t *b = &layout->format_desc.blocking;
    /* OIhw16i16o (8i8o), what every layer but the first gets: blocks of [taps, i, o] */
    const bool usual = conv->stored == s->ci && b->inner_nblks == 2 && b->inner_idxs[0] == 1 &&
                       b->inner_idxs[1] == 0 && b->inner_blks[0] == cpu->block &&
                       b->inner_blks[1] == cpu->block && layout->offset0 == 0 &&
                       b->strides[3] == cpu->block * cpu->block &&
                       b->strides[2] == s->kernel * cpu->block * cpu->block;
    if (usual) {
        const int64_t blocks = s->ci / cpu->block;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
        for (int64_t unit = 0; unit < s->co / cpu->block * blocks; unit++) {
            const int64_t ob = unit / blocks, ib = unit % blocks;
            cpu->kernels->add_weight_block(block + ob * b->strides[0] + ib * b->strides[1], taps,
                                           dw + ob * cpu->block * row + ib * cpu->block * taps,
                                           row);
        }
        return;
    }
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t o = 0; o < s->co; o++)
        for (int64_t i = 0; i < s->ci; i++)
            for (int64_t tap = 0; tap < taps; tap++)
                dw[o * row + i * taps + tap] += block[blocked_offset(layout, s->kernel, o, i, tap)];
}
