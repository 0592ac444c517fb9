/* Direct convolution as matrix products of gathered values (im2col for a few outputs at a time):
 * what every tap of an output reads is put side by side first. All outputs of a walk have the same
 * taps, and these lie inside the map: no time goes into padding (the halo). Included once per value type by kernel_body.h. */

/* v [taps, c/LANES, held, LANES]: what `rows` outputs read */
static void ACT(gather_rows)(const mos_gather_walk *walk, const void *act, const int64_t *from,
                             int64_t rows, int64_t held, void *v_values) {
    const int64_t blocks = walk->c / LANES;
    for (int64_t i = 0; i < walk->taps; i++)
        for (int64_t b = 0; b < blocks; b++) {
            const act_t *in = (const act_t *)act + b * walk->plane + walk->step[i];
            act_t *to = (act_t *)v_values + (i * blocks + b) * held * LANES;
            for (int64_t r = 0; r < rows; r++)
                memcpy(to + r * LANES, in + from[r], LANES * sizeof *to);
        }
}

KERNEL_INLINE void ACT(gather_product_as)(const mos_gather_walk *walk, const void *v_values,
                                          int64_t block, const void *u_values, int64_t rows,
                                          int64_t held, const mos_conv_ending *ending,
                                          const bool folded, const bool sum_y, const bool relu,
                                          const int64_t *to, int64_t plane, void *y) {
    const int64_t c = walk->c, blocks = c / LANES;
    vec bias[2] = {v_all(0), v_all(0)};
    if (folded) bias[0] = v_load(ending->bias), bias[1] = v_load(ending->bias + LANES);
    for (int64_t r = 0; r < rows; r += PRODUCT_ROWS) {
        /* The last micro-kernel call begins early enough to end at the last row. Those of its
         * rows that were computed before are computed again and not stored. */
        const int64_t begin = r + PRODUCT_ROWS <= held ? r : held - PRODUCT_ROWS;
        const act_t *v = (const act_t *)v_values + begin * LANES;
        vec sum[PRODUCT_ROWS][2], total[PRODUCT_ROWS][2];
#pragma GCC unroll 8
        for (int t = 0; t < PRODUCT_ROWS; t++)
            sum[t][0] = sum[t][1] = total[t][0] = total[t][1] = v_all(0);
        for (int64_t i = 0; i < walk->taps; i++) {
            const act_t *u = (const act_t *)u_values + walk->tap[i] * c * GROUP;
            for (int64_t b = 0; b < blocks; b++, v += block, u += LANES * GROUP) {
#pragma GCC unroll 16
                for (int64_t p = 0; p < LANES / ACT_STEP; p++)
                    ACT(product_more)
                (PRODUCT_ROWS, 1, v + p * ACT_STEP, LANES, ACT_STEP, u + p * GROUP * ACT_STEP,
                 u + (p * GROUP + LANES) * ACT_STEP, GROUP * ACT_STEP, sum);
                /* sums of sums: the rounding errors of one chain grow with its length */
                if (ACT_CHAIN == INT64_MAX || (b + 1) % (ACT_CHAIN / LANES) != 0) continue;
                ACT(end_chain)(sum, total);
            }
        }
        if (ACT_CHAIN == INT64_MAX)
            memcpy(total, sum, sizeof total);
        else
            ACT(end_chain)(sum, total);
        const int64_t first = r - begin,
                      end = rows - begin < PRODUCT_ROWS ? rows - begin : PRODUCT_ROWS;
#pragma GCC unroll 8
        for (int t = 0; t < PRODUCT_ROWS; t++) {
            if (t < first || t >= end) continue;
            act_t *out = (act_t *)y + to[begin + t];
            ACT(store_ended)(out, total[t][0], folded, bias[0], sum_y, relu);
            ACT(store_ended)(out + plane, total[t][1], folded, bias[1], sum_y, relu);
        }
    }
}

/* GROUP channels of y, whose two blocks lie `plane` values apart, at to[row]: v u and the ending. v
 * [taps, c/LANES, held rows, LANES], its blocks `block` values apart, held >= PRODUCT_ROWS; u [taps
 * of the kernel, c/2, GROUP, 2] */
static void ACT(gather_product)(const mos_gather_walk *walk, const void *v, int64_t block,
                                const void *u, int64_t rows, int64_t held,
                                const mos_conv_ending *ending, const int64_t *to, int64_t plane,
                                void *y) {
    const mos_conv_ending e = ending ? *ending : (mos_conv_ending){NULL, false, false};
#define GATHER_PRODUCT(folded, sum, relu)                                                          \
    ACT(gather_product_as)(walk, v, block, u, rows, held, &e, folded, sum, relu, to, plane, y)
    if (ending == NULL)
        GATHER_PRODUCT(false, false, false);
    else if (e.sum && e.relu)
        GATHER_PRODUCT(true, true, true);
    else if (e.sum)
        GATHER_PRODUCT(true, true, false);
    else if (e.relu)
        GATHER_PRODUCT(true, false, true);
    else
        GATHER_PRODUCT(true, false, false);
#undef GATHER_PRODUCT
}

/* Inputs [begin, end), a multiple of GROUP, of u [taps, inputs/2, GROUP, 2], GROUP output channels;
 * weight (o, i, tap) is w[o * out_stride + i * in_stride + tap] */
static void ACT(gather_weights)(const float *w, int64_t out_stride, int64_t in_stride, int64_t taps,
                                int64_t inputs, int64_t begin, int64_t end, void *u_values) {
    act_t *u = u_values;
    if (taps == 1 && in_stride == 1) {
        for (int64_t i = begin; i < end; i += LANES * ACT_STEP)
            for (int64_t o = 0; o < GROUP; o += LANES)
                ACT(transpose_weights)
        (w + o * out_stride + i, out_stride, u + i * GROUP + o * ACT_STEP, GROUP * ACT_STEP);
        v_stream_fence();
        return;
    }
    for (int64_t i = begin; i < end; i += 2)
        for (int64_t half = 0; half < 2; half++) {
            vec g[2][9];
            for (int64_t odd = 0; odd < 2; odd++) {
                const float *from = w + half * LANES * out_stride + (i + odd) * in_stride;
                load_taps(from, out_stride, taps, g[odd], false);
            }
            for (int64_t tap = 0; tap < taps; tap++)
                ACT(stream_two)
            (u + (tap * inputs + i) * GROUP + half * LANES * ACT_STEP, g[0][tap], g[1][tap]);
        }
    v_stream_fence();
}

/* p [pairs, LANES, 2]: LANES channels at `at` of pairs of values, the even ones at from[2 pair];
 * -1: a zero */
static void ACT(gather_pairs)(const void *at, const int64_t *from, int64_t pairs, void *p_values) {
    const act_t *act = at;
    act_t *p = p_values;
    for (int64_t pair = 0; pair < pairs; pair++) {
        const int64_t even = from[pair * 2], odd = from[pair * 2 + 1];
        ACT(join_two)
        (p + pair * 2 * LANES, even >= 0 ? act + even : NULL, odd >= 0 ? act + odd : NULL);
    }
}

/* du [LANES i, GROUP o] (+)= px^T py over `pairs` pairs: px [pairs, LANES, 2], py two streams of
 * the same */
static void ACT(gather_accumulate)(const mos_range *ranges, int range_count, const void *px,
                                   const void *py, int64_t stride, float *du, bool add) {
    for (int64_t i = 0; i < LANES; i += UNIT_ROWS) {
        const act_t *x = (const act_t *)px + i * ACT_STEP;
        vec sum[UNIT_ROWS][2];
#pragma GCC unroll 8
        for (int t = 0; t < UNIT_ROWS; t++)
            sum[t][0] = sum[t][1] = v_all(0);
        for (int r = 0; r < range_count; r++) {
            const int64_t pairs = ranges[r].end - ranges[r].begin;
            const act_t *y = (const act_t *)py + ranges[r].begin * 2 * LANES;
            ACT(product_more)
            (UNIT_ROWS, pairs * 2 / ACT_STEP, x, ACT_STEP, LANES * ACT_STEP, y, y + stride,
             LANES * ACT_STEP, sum);
            x += pairs * 2 * LANES;
        }
        ACT(store_sums)(UNIT_ROWS, du + i * GROUP, sum, add);
    }
}

/* The same over all pairs, while the next product's operands are prefetched: of `ahead` pairs,
 * LANES channels at either of next[2], at the positions of gather_pairs. */
static void ACT(gather_accumulate_ahead)(int64_t pairs, const void *px, const void *py,
                                         int64_t stride, float *du, bool add,
                                         const void *const next[2], const int64_t *const from[2],
                                         int64_t ahead) {
    for (int64_t half = 0; half < LANES / UNIT_ROWS; half++) {
        const act_t *x = (const act_t *)px + half * UNIT_ROWS * ACT_STEP, *y = py;
        vec sum[UNIT_ROWS][2];
#pragma GCC unroll 8
        for (int t = 0; t < UNIT_ROWS; t++)
            sum[t][0] = sum[t][1] = v_all(0);
        for (int64_t pair = 0; pair < pairs; pair++, x += 2 * LANES, y += 2 * LANES) {
            if (pair < ahead)
                for (int64_t line = 0; line < 2 / ACT_STEP; line++)
                    __builtin_prefetch((const act_t *)next[half] + from[half][pair * 2 + line], 0,
                                       2);
            ACT(product_more)
            (UNIT_ROWS, 2 / ACT_STEP, x, ACT_STEP, LANES * ACT_STEP, y, y + stride,
             LANES * ACT_STEP, sum);
        }
        ACT(store_sums)(UNIT_ROWS, du + half * UNIT_ROWS * GROUP, sum, add);
    }
}

static const mos_gather_kernels ACT(table_gather) = {
    .name = "gathered:" KERNEL_ISA,
    .rows = ACT(gather_rows),
    .product = ACT(gather_product),
    .weights = ACT(gather_weights),
    .pairs = ACT(gather_pairs),
    .accumulate = ACT(gather_accumulate),
    .accumulate_ahead = ACT(gather_accumulate_ahead),
};
