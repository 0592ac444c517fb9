/* The first convolution of an encoder, whose input is an image of a few channels: rows of outputs
 * are multiplied straight out of a strip of the image, padded with zeros and arranged so that what
 * a product takes at a time lies side by side: two channels going forward, two neighbouring outputs
 * for the weight gradient. Included once per value type by kernel_body.h. */

/* Values of row iy of channel c, as many as the image is wide; NULL outside. line: room for them
 * where the image is in blocks. */
KERNEL_INLINE const act_t *ACT(stem_row)(const mos_stem_map *map, const act_t *image, int64_t c,
                                         int64_t iy, act_t *line) {
    if (iy < 0 || iy >= map->h || c >= map->c) return NULL;
    if (map->plain) return image + (c * map->h + iy) * map->w;
    image += (c / LANES * map->h + iy) * map->w * LANES + c % LANES;
    for (int64_t x = 0; x < map->w; x++)
        line[x] = image[x * LANES];
    return line;
}

/* Values of a row of the image that a padded row of `width` holds. */
KERNEL_INLINE int64_t ACT(stem_inside)(const mos_stem_map *map, int64_t width) {
    return map->w < width - map->pad ? map->w : width - map->pad;
}

/* s [c/2, rows, width, 2]: a strip's rows of the image. line: 2 * map->w values */
static void ACT(stem_strip)(const mos_stem_map *map, const mos_stem_rows *strip, const void *image,
                            void *line_values, void *s_values) {
    const int64_t width = strip->width, inside = ACT(stem_inside)(map, width);
    const int64_t right = map->pad + inside;
    act_t *line = line_values;
    for (int64_t c = 0; c < map->c; c += ACT_STEP)
        for (int64_t r = 0; r < strip->rows; r++) {
            act_t *to = (act_t *)s_values + (c * strip->rows + r * ACT_STEP) * width;
            const act_t *even = ACT(stem_row)(map, image, c, strip->iy + r, line), *odd = NULL;
            if (ACT_STEP == 2) odd = ACT(stem_row)(map, image, c + 1, strip->iy + r, line + map->w);
            if (even == NULL) {
                memset(to, 0, (size_t)(width * ACT_STEP) * sizeof *to);
                continue;
            }
            memset(to, 0, (size_t)(map->pad * ACT_STEP) * sizeof *to);
            ACT(join_lines)(inside, even, odd, to + map->pad * ACT_STEP);
            memset(to + right * ACT_STEP, 0, (size_t)((width - right) * ACT_STEP) * sizeof *to);
        }
}

/* y row: STEM_ROWS outputs of GROUP channels from each position along it, from `first` on. */
KERNEL_INLINE void ACT(stem_forward_as)(const mos_stem_map *map, const int64_t stride,
                                        const mos_stem_rows *strip, const void *s_values,
                                        int64_t oy, int64_t first, const void *u_values,
                                        const mos_conv_ending *ending, int64_t plane,
                                        void *y_values) {
    const act_t *s = s_values;
    act_t *y = y_values;
    const int64_t kernel = map->kernel, iy = strip->iy + oy * stride;
    /* rows of the kernel that lie inside the image */
    const int64_t begin = iy < 0 ? -iy : 0, end = map->h - iy < kernel ? map->h - iy : kernel;
    const bool folded = ending != NULL, relu = folded && ending->relu, more = folded && ending->sum;
    vec bias[2] = {v_all(0), v_all(0)};
    if (folded) bias[0] = v_load(ending->bias), bias[1] = v_load(ending->bias + LANES);
    for (int64_t ox = first; ox < map->ow; ox += STEM_ROWS) {
        vec sum[STEM_ROWS][2];
#pragma GCC unroll 10
        for (int t = 0; t < STEM_ROWS; t++)
            sum[t][0] = sum[t][1] = v_all(0);
        for (int64_t c = 0; c < map->c; c += ACT_STEP)
            for (int64_t ky = begin; ky < end; ky++) {
                const act_t *u =
                    (const act_t *)u_values + (c * kernel + ky * ACT_STEP) * kernel * GROUP;
                const act_t *a = s +
                                 (c * strip->rows + (oy * stride + ky) * ACT_STEP) * strip->width +
                                 ox * stride * ACT_STEP;
#pragma GCC unroll 1
                for (int64_t kx = 0; kx < kernel; kx++, u += GROUP * ACT_STEP) {
                    const act_row u0 = ACT(columns_at)(u),
                                  u1 = ACT(columns_at)(u + LANES * ACT_STEP);
#pragma GCC unroll 10
                    for (int t = 0; t < STEM_ROWS; t++) {
                        const act_row value = ACT(row_at)(a + (t * stride + kx) * ACT_STEP);
                        sum[t][0] = ACT(multiply_add)(sum[t][0], value, u0);
                        sum[t][1] = ACT(multiply_add)(sum[t][1], value, u1);
                    }
                }
            }
        const int64_t count = map->ow - ox < STEM_ROWS ? map->ow - ox : STEM_ROWS;
#pragma GCC unroll 10
        for (int t = 0; t < STEM_ROWS; t++) {
            if (t >= count) break;
            act_t *to = y + (ox + t) * LANES;
            ACT(store_ended)(to, sum[t][0], folded, bias[0], more, relu);
            ACT(store_ended)(to + plane, sum[t][1], folded, bias[1], more, relu);
        }
    }
}

/* Row oy of a strip s [c/2, rows, width, 2] from column ox on, and GROUP channels of the output: y is
 * the first one's row, the other block's lies `plane` values behind; u [c/2, kernel, kernel, GROUP, 2]
 */
static void ACT(stem_forward)(const mos_stem_map *map, const mos_stem_rows *strip, const void *s,
                              int64_t oy, int64_t ox, const void *u, const mos_conv_ending *ending,
                              int64_t plane, void *y) {
    if (map->stride == 2)
        ACT(stem_forward_as)(map, 2, strip, s, oy, ox, u, ending, plane, y);
    else
        ACT(stem_forward_as)(map, map->stride, strip, s, oy, ox, u, ending, plane, y);
}

/* Outputs at points anywhere in a strip, y its first row, to the bit as stem_forward has them: rows
 * outside the image are zeros there, and add nothing. */
static void ACT(stem_points)(const mos_stem_map *map, const mos_stem_rows *strip,
                             const void *s_values, const mos_stem_point *points, int64_t count,
                             const void *u_values, const mos_conv_ending *ending, int64_t plane,
                             void *y_values) {
    const int64_t kernel = map->kernel, line = strip->width * ACT_STEP;
    const bool folded = ending != NULL, relu = folded && ending->relu, more = folded && ending->sum;
    vec bias[2] = {v_all(0), v_all(0)};
    if (folded) bias[0] = v_load(ending->bias), bias[1] = v_load(ending->bias + LANES);
    for (int64_t p = 0; p < count; p += STEM_ROWS) {
        vec sum[STEM_ROWS][2];
        const act_t *a[STEM_ROWS];
#pragma GCC unroll 10
        for (int t = 0; t < STEM_ROWS; t++) {
            const mos_stem_point *at = &points[p + t < count ? p + t : p];
            sum[t][0] = sum[t][1] = v_all(0);
            a[t] = (const act_t *)s_values + at->oy * map->stride * line +
                   at->ox * map->stride * ACT_STEP;
        }
        for (int64_t c = 0; c < map->c; c += ACT_STEP)
            for (int64_t ky = 0; ky < kernel; ky++) {
                const act_t *u =
                    (const act_t *)u_values + (c * kernel + ky * ACT_STEP) * kernel * GROUP;
                const int64_t row = c * strip->rows * strip->width + ky * line;
#pragma GCC unroll 1
                for (int64_t kx = 0; kx < kernel; kx++, u += GROUP * ACT_STEP) {
                    const act_row u0 = ACT(columns_at)(u),
                                  u1 = ACT(columns_at)(u + LANES * ACT_STEP);
#pragma GCC unroll 10
                    for (int t = 0; t < STEM_ROWS; t++) {
                        const act_row value = ACT(row_at)(a[t] + row + kx * ACT_STEP);
                        sum[t][0] = ACT(multiply_add)(sum[t][0], value, u0);
                        sum[t][1] = ACT(multiply_add)(sum[t][1], value, u1);
                    }
                }
            }
#pragma GCC unroll 10
        for (int t = 0; t < STEM_ROWS; t++) {
            if (p + t >= count) break;
            act_t *to = (act_t *)y_values + (points[p + t].oy * map->ow + points[p + t].ox) * LANES;
            ACT(store_ended)(to, sum[t][0], folded, bias[0], more, relu);
            ACT(store_ended)(to + plane, sum[t][1], folded, bias[1], more, relu);
        }
    }
}

/* u [c/2, kernel, kernel, GROUP, 2] from weights [GROUP, c, kernel, kernel] */
static void ACT(stem_weights)(const mos_stem_map *map, const float *w, void *u_values) {
    const int64_t taps = map->kernel * map->kernel;
    act_t *u = u_values;
    for (int64_t c = 0; c < map->c; c += 2)
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t half = 0; half < 2; half++) {
                vec value[2] = {v_all(0), v_all(0)};
                for (int64_t odd = 0; odd < 2 && c + odd < map->c; odd++)
                    for (int l = 0; l < LANES; l++)
                        value[odd][l] = w[((half * LANES + l) * map->c + c + odd) * taps + tap];
                act_t *to = u + (c * taps + tap * ACT_STEP) * GROUP + half * LANES * ACT_STEP;
                ACT(store_apart)(to, taps * GROUP, value[0], value[1]);
            }
}

/* e [c, rows, stride, width]: value x of a padded row is at [x % stride, x / stride]. line: stride
 * * width values and map->w more; width is a multiple of 16 */
static void ACT(stem_phases)(const mos_stem_map *map, const mos_stem_rows *strip, const void *image,
                             void *line_values, void *e_values) {
    const int64_t stride = map->stride, width = strip->width, all = stride * width;
    const int64_t inside = ACT(stem_inside)(map, all);
    act_t *line = line_values;
    memset(line, 0, (size_t)all * sizeof *line);
    for (int64_t c = 0; c < map->c; c++)
        for (int64_t r = 0; r < strip->rows; r++) {
            act_t *to = (act_t *)e_values + (c * strip->rows + r) * all;
            const act_t *row = ACT(stem_row)(map, image, c, strip->iy + r, line + all);
            if (row == NULL) {
                memset(to, 0, (size_t)all * sizeof *to);
                continue;
            }
            memcpy(line + map->pad, row, (size_t)inside * sizeof *line);
            if (stride == 2)
                ACT(split_line)(width, line, to, to + width);
            else
                for (int64_t x = 0; x < all; x++)
                    to[x % stride * width + x / stride] = line[x];
        }
}

/* p [rows, pairs, LANES, 2]: neighbouring outputs of `rows` rows of dy [.., ow, LANES] */
static void ACT(stem_pairs)(const mos_stem_map *map, const void *dy_values, int64_t rows,
                            void *p_values) {
    const int64_t pairs = (map->ow + 1) / 2;
    for (int64_t r = 0; r < rows; r++) {
        const act_t *dy = (const act_t *)dy_values + r * map->ow * LANES;
        for (int64_t p = 0; p < pairs; p++) {
            const bool odd = p * 2 + 1 < map->ow;
            ACT(join_two)
            ((act_t *)p_values + (r * pairs + p) * 2 * LANES, dy + p * 2 * LANES,
             odd ? dy + (p * 2 + 1) * LANES : NULL);
        }
    }
}

/* Where the weight gradient's products read: e of stem_phases at an output's first row, `row`
 * values from a row of the image to the next, `channel` from a channel to the next. */
KERNEL_INLINE int64_t ACT(stem_offset)(const mos_stem_map *map, const mos_stem_phases *e,
                                       int64_t tap) {
    const int64_t taps = map->kernel * map->kernel, kx = tap % map->kernel;
    return tap / taps * e->channel + tap % taps / map->kernel * e->row +
           kx % map->stride * e->width + kx / map->stride;
}

/* du [count, GROUP] (+)= taps [first, first + count) of all channels' kernels, `held` of them
 * computed; those beyond `count` repeat the first. */
KERNEL_INLINE void ACT(stem_accumulate_as)(const mos_stem_map *map, const int held, int64_t first,
                                           int64_t count, const mos_stem_phases *phases,
                                           const void *e, const void *p, int64_t stride_p,
                                           int64_t rows, float *du, bool add) {
    const int64_t pairs = (map->ow + 1) / 2, line = map->stride * phases->row;
    vec sum[STEM_TAPS][2];
    int64_t offset[STEM_TAPS];
#pragma GCC unroll 8
    for (int t = 0; t < held; t++) {
        offset[t] = ACT(stem_offset)(map, phases, first + (t < count ? t : 0));
        sum[t][0] = sum[t][1] = v_all(0);
    }
    for (int64_t r = 0; r < rows; r++) {
        const act_t *a[STEM_TAPS];
        const act_t *b = (const act_t *)p + r * pairs * 2 * LANES;
#pragma GCC unroll 8
        for (int t = 0; t < held; t++)
            a[t] = (const act_t *)e + r * line + offset[t];
        for (int64_t k = 0; k < pairs * 2; k += ACT_STEP) {
            const act_row b0 = ACT(columns_at)(b + k * LANES),
                          b1 = ACT(columns_at)(b + stride_p + k * LANES);
#pragma GCC unroll 8
            for (int t = 0; t < held; t++) {
                const act_row value = ACT(row_at)(a[t] + k);
                sum[t][0] = ACT(multiply_add)(sum[t][0], value, b0);
                sum[t][1] = ACT(multiply_add)(sum[t][1], value, b1);
            }
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < held; t++) {
        if (t >= count) break;
        float *to = du + t * GROUP;
        v_store(to, add ? v_load(to) + sum[t][0] : sum[t][0]);
        v_store(to + LANES, add ? v_load(to + LANES) + sum[t][1] : sum[t][1]);
    }
}

/* du [c, kernel, kernel, GROUP] (+)= the products of `rows` rows of outputs with what they read: e
 * at the first of them; p two blocks [rows, pairs, LANES, 2], stride_p apart. Products take a row
 * of the kernel at a time, or as many taps, of whichever rows and channels, as registers hold. */
static void ACT(stem_accumulate)(const mos_stem_map *map, const mos_stem_phases *phases,
                                 const void *e, const void *p, int64_t stride_p, int64_t rows,
                                 float *du, bool add) {
    const int64_t taps = map->c * map->kernel * map->kernel;
    const int64_t step = STEM_TAPS_HELD < STEM_TAPS ? STEM_TAPS_HELD : map->kernel;
    for (int64_t first = 0; first < taps; first += step) {
        const int64_t count = taps - first < step ? taps - first : step;
        float *to = du + first * GROUP;
        if (STEM_TAPS_HELD < STEM_TAPS) ACT(stem_accumulate_as)
        (map, STEM_TAPS_HELD, first, count, phases, e, p, stride_p, rows, to, add);
        else if (map->kernel == 7)
            ACT(stem_accumulate_as)(map, 7, first, 7, phases, e, p, stride_p, rows, to, add);
        else ACT(stem_accumulate_as)(map, STEM_TAPS, first, count, phases, e, p, stride_p, rows, to,
                                     add);
    }
}

static const mos_stem_kernels ACT(table_stem) = {
    .name = "stem:" KERNEL_ISA,
    .rows = STEM_ROWS,
    .strip = ACT(stem_strip),
    .forward = ACT(stem_forward),
    .points = ACT(stem_points),
    .weights = ACT(stem_weights),
    .phases = ACT(stem_phases),
    .pairs = ACT(stem_pairs),
    .accumulate = ACT(stem_accumulate),
};
